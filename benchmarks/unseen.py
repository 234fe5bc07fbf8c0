"""How right the learned model is on indicators of sources that its networks never saw, and in Chinese provinces.

Run: python benchmarks/unseen.py DATA... --first FILE [--model FILE...] [--draws 3] [--peer-python PATH]

DATA: the files that the model was trained on. FILE after --first: those of the first 43 indicators, which are left out.
Two sets, each asked alone and together: "mixed", at most nine indicators of each source but the Chinese ones, drawn by
seed, and all indicators of Chinese provinces. 30 cases an indicator, histories of 3 to 15 points, five years ahead,
answered by networks that saw nothing of the indicator's source. `--draws` draws sets and cases so often again and pools them:
one draw of nine a source is a sample of about 90 indicators. Of several models the first is ours, the others stand beside.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from corpus import PROVINCES, answers, check_sources, kinds, provincial, read
from measure import machine
from peers import Peer

from xhcp_eval.forecast.backtests import scores
from xhcp_eval.forecast.backtests.backtest import COVERED, LENGTHS
from xhcp_eval.forecast.backtests.cases import SEED, Cases, make_cases
from xhcp_eval.forecast.classical.trend import TREND_MODELS, TrendModel
from xhcp_eval.forecast.reference.model import ReferenceModel, load_model, reference_model
from xhcp_eval.forecast.reference.training import sources_of

HORIZON, POINTS = 5, (3, 15)
SLOW = ("damped_trend", "local_linear_trend")
PEERS = ("AutoETS", "AutoTheta", "AutoARIMA", "RandomWalkWithDrift", "DynamicOptimizedTheta")
LEVELS = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])  # of the WQL
ASKED = np.union1d(
    LEVELS, scores.SCORED_LEVELS
)  # probabilities are read off all of them, as in published backtests
LEAST_CHANGE = 0.002  # of the mean: below it a history is near-still, and a typical change measures nothing
MOST = 50.0  # what one forecast may weigh in the WQL
WORST = 0.05
OURS, BY_ITSELF = "ours", "ours, each alone"
SETS = (("mixed", False), ("mixed", True), ("provinces", False), ("provinces", True))
# Brier, WQL, coverage of 80% and of 95% intervals, calibration error
BARS = {
    ("mixed", False): (0.186, 1.080, (0.79, 0.82), (0.94, 0.965), 0.035),
    ("mixed", True): (0.165, 0.990, (0.79, 0.82), (0.94, 0.965), 0.035),
    ("provinces", False): (0.195, 1.82, (0.78, 0.83), (0.935, 0.965), 0.035),
    ("provinces", True): (0.168, 1.64, (0.78, 0.83), (0.935, 0.965), 0.030),
}
SUMMED = ["brier", "wql", "covered_80", "covered_95"]


def floored_scale(cases: Cases) -> np.ndarray:
    """Mean absolute yearly change of each history, (n,), at least a five-hundredth of its mean."""
    mean = np.abs(np.nanmean(cases.panel.values, axis=1))
    return np.maximum(cases.scale, LEAST_CHANGE * mean)


def judged(name: str, cases: Cases, found: np.ndarray, kind: pd.Series) -> pd.DataFrame:
    """One row a case and year ahead: wql (missing where all values are 0), covered_80, covered_95; in the last year's
    rows probability, met, brier as well. found: quantiles (n, horizon, len(ASKED))."""
    n, width, y = len(cases), cases.horizon, cases.outcomes
    of = {level: found[:, :, i] for i, level in enumerate(ASKED)}
    scored = found[:, :, np.isin(ASKED, LEVELS)]
    wql = scores.weighted_quantile_loss(y, scored, LEVELS, floored_scale(cases)[:, None])
    chance, met = np.full((2, n, width), np.nan)
    chance[:, -1] = scores.probability_beyond(found[:, -1], ASKED, cases.target, cases.sign)
    met[:, -1] = cases.met
    parts = {
        "wql": np.minimum(wql, MOST),
        "probability": chance,
        "met": met,
        "brier": scores.brier(chance, met),
    }
    parts |= {f"covered_{k}": scores.coverage(y, of[COVERED[k][0]], of[COVERED[k][1]]) for k in (80, 95)}
    facts = {
        "case": np.arange(n),
        "indicator": cases.indicator,
        "kind": kind.reindex(cases.indicator).to_numpy(),
    }
    facts["length"] = pd.cut(cases.points, [0, *LENGTHS.values()], labels=list(LENGTHS)).astype(str)
    facts["near_still"] = _near_still(cases)
    frame = pd.DataFrame({key: np.repeat(value, width) for key, value in facts.items()})
    frame = frame.assign(horizon=np.tile(np.arange(1, width + 1), n), method=name)
    return frame.assign(**{key: part.ravel() for key, part in parts.items()})[np.isfinite(y).ravel()]


def _near_still(cases: Cases) -> np.ndarray:
    """Whether a history hardly moved, (n,): less a year than the floor of the scale, or not at all in half of its steps."""
    values = pd.DataFrame(cases.panel.values).ffill(axis=1).to_numpy()
    known = np.isfinite(cases.panel.values)[:, 1:] & np.isfinite(values[:, :-1])
    same = known & (values[:, 1:] == values[:, :-1])
    return (floored_scale(cases) > cases.scale) | (2 * same.sum(axis=1) >= known.sum(axis=1))


def summary(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean scores of each cell of `by`, with 95% bootstrap intervals over indicators for Brier score and WQL."""

    def one(cell: pd.DataFrame) -> pd.Series:
        mean = cell[SUMMED].mean()
        low, high = scores.bootstrap_interval(cell[SUMMED], cell["indicator"], draws=500)
        error = scores.calibration_error(cell["probability"], cell["met"])
        ends = {
            f"{k}_{end}": limit[i]
            for i, k in enumerate(SUMMED[:2])
            for end, limit in (("low", low), ("high", high))
        }
        facts = {"calibration": error, "targets": cell["brier"].count(), "forecasts": cell["wql"].count()}
        return pd.Series(mean.to_dict() | ends | facts)

    order = ["brier", "brier_low", "brier_high", "wql", "wql_low", "wql_high", *SUMMED[2:]]
    order += ["calibration", "targets", "forecasts"]
    table = rows.groupby(by, sort=False).apply(one, include_groups=False)[order].reset_index()
    return table.astype({"targets": int, "forecasts": int})


def bars(ours: pd.DataFrame) -> pd.DataFrame:
    """Our figures beside the bars. ours: rows of our model.

    The WQL stands in four readings: of all years ahead or of the fifth alone, twice the quantile loss (as in published
    backtests) or once.
    """
    lines = []
    for (name, together), part in ours.groupby(["set", "together"], sort=False):
        brier, wql, in_80, in_95, calibration = BARS[name, together]
        whole, last = part["wql"].mean(), part.loc[part["horizon"] == HORIZON, "wql"].mean()
        found = [("brier", part["brier"].mean(), (0, brier))]
        found += [("wql", whole, (0, wql)), ("wql, fifth year", last, (0, wql))]
        found += [("wql / 2", whole / 2, (0, wql)), ("wql / 2, fifth year", last / 2, (0, wql))]
        found += [
            ("covered_80", part["covered_80"].mean(), in_80),
            ("covered_95", part["covered_95"].mean(), in_95),
        ]
        error = scores.calibration_error(part["probability"], part["met"])
        found.append(("calibration", error, (0, calibration)))
        for score, figure, (least, most) in found:
            held = "yes" if least <= figure <= most else "NO"
            lines.append((name, _way(together), score, figure, f"{least:g}–{most:g}", held))
    return pd.DataFrame(lines, columns=["set", "way", "score", "figure", "bar", "held"])


def savings(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of each other method's loss that ours saves on the same cases, with bootstrap intervals over indicators."""
    key, lines = ["draw", "case", "horizon"], []
    ours = rows[rows["method"] == OURS].set_index(key)
    for name, part in rows[rows["method"] != OURS].groupby("method", sort=False):
        other = part.set_index(key).reindex(ours.index)
        line: dict[str, object] = {"against": name}
        for score in SUMMED[:2]:
            both = ours[score].notna() & other[score].notna()
            mine, theirs = ours.loc[both, score], other.loc[both, score]
            low, high = scores.bootstrap_interval(mine, ours.loc[both, "indicator"], theirs, draws=500)
            line |= {
                score: 1 - mine.mean() / theirs.mean(),
                f"{score}_low": float(low),
                f"{score}_high": float(high),
            }
        lines.append(line)
    return pd.DataFrame(lines)


def worst(rows: pd.DataFrame) -> None:
    """Where the worst twentieth of the cases sit: their share of the loss, by kind, length, stillness and indicator."""
    facts = ["indicator", "kind", "length", "near_still"]
    case = rows.groupby(["draw", "case"]).agg({"wql": "mean", **dict.fromkeys(facts, "first")}).dropna()
    bad = case.nlargest(max(1, round(WORST * len(case))), "wql")
    share = bad["wql"].sum() / case["wql"].sum()
    print(
        f"worst {WORST:.0%} of the cases ({len(bad)}): {share:.0%} of the WQL, from {bad['wql'].min():.2f} on"
    )
    for name in facts[1:]:
        table = pd.DataFrame({
            "of_cases": case[name].value_counts(normalize=True),
            "of_worst": bad[name].value_counts(normalize=True),
            "of_loss": case.groupby(name)["wql"].sum() / case["wql"].sum(),
        })  # fmt: skip
        print(table.fillna(0).rename_axis(name).to_string(float_format=lambda v: f"{v:.2f}"))
    loss = case.groupby("indicator")["wql"].sum().nlargest(8) / case["wql"].sum()
    print("largest shares of the loss: " + ", ".join(f"{name} {v:.1%}" for name, v in loss.items()))


def drawn(frame: pd.DataFrame, first: set[str], per_source: int, seed: int) -> dict[str, pd.DataFrame]:
    """The two sets of one draw. first: indicators that are left out of the mixed one."""
    source = sources_of(frame[frame["group"] != PROVINCES])
    source = source[~source.index.isin(first)].sample(frac=1, random_state=seed)
    mixed = source.groupby(source).head(per_source).index
    return {"mixed": frame[frame["indicator"].isin(mixed)], "provinces": provincial(frame)}


def asked(
    frame: pd.DataFrame, first: Path, draws: int, per_source: int = 9, per_indicator: int = 30
) -> Iterator[tuple[dict, Cases]]:
    """Cases of every draw, set and way, with what tells them: set, together (regions learn from one another), draw.

    first: file of the indicators that are left out of the mixed set.
    """
    known = set(pd.read_parquet(first, columns=["indicator"])["indicator"].astype(str))
    for draw in range(draws):
        seed = SEED + draw
        of = drawn(frame, known, per_source, seed)
        for name, together in SETS:
            yield {"set": name, "together": together, "draw": draw}, make_cases(
                of[name], horizon=HORIZON, per_indicator=per_indicator,
                least_points=POINTS[0], most_points=POINTS[1], together=together, seed=seed,
            )  # fmt: skip


def beside_slow(
    slow: dict[str, TrendModel], number: int, cases: Cases, ours: pd.DataFrame, kind: pd.Series
) -> pd.DataFrame:
    """Rows of models that fit series one by one on `number` of the cases, and ours of the same ones. ours: of this draw."""
    rows = np.random.default_rng(SEED).permutation(len(cases))[:number]
    panel, parts = cases.panel, [ours[ours["case"].isin(rows)]]
    for name, model in slow.items():
        found = np.full((len(cases), HORIZON, len(ASKED)), np.nan)
        answer = model(panel.take(rows), HORIZON, ASKED)
        found[rows] = np.clip(answer, panel.lower[rows, None, None], panel.upper[rows, None, None])
        part = judged(name, cases, found, kind)
        parts.append(part[part["case"].isin(rows)])
    return pd.concat(parts)


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table with four decimals."""
    print(f"\n{title}\n{table.to_string(index=False, float_format=lambda v: f'{v:.4f}')}", flush=True)


def _way(together: bool) -> str:
    return "together" if together else "alone"


def main() -> None:
    """Judge the model and the others; print figures beside the bars, then by kind, horizon, length and where it is worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="files that the model was trained on")
    parser.add_argument(
        "--first", type=Path, required=True, help="file of the first indicators, left out of the mixed set"
    )
    parser.add_argument(
        "--model", type=Path, nargs="+", help="files of models; by default the one that is shipped"
    )
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--per-source", type=int, default=9)
    parser.add_argument("--per-indicator", type=int, default=30)
    parser.add_argument("--ours-only", action="store_true", help="without the classical models")
    parser.add_argument("--peer-python", type=Path, help="interpreter with statsforecast")
    parser.add_argument(
        "--slow-cases", type=int, default=300, help="cases of a set for models that fit one by one"
    )
    options = parser.parse_args()
    start, frame = time.perf_counter(), read(options.data)
    model, *rivals = [load_model(path) for path in options.model or []] or [reference_model()]
    for one in (model, *rivals):
        check_sources(frame, one)
    methods: dict[str, TrendModel] = {OURS: model}
    methods |= {str(path): rival for path, rival in zip((options.model or [])[1:], rivals, strict=True)}
    slow: dict[str, TrendModel] = {}
    if not options.ours_only:
        methods |= {name: m for name, m in TREND_MODELS.items() if name not in SLOW}
        slow = {name: TREND_MODELS[name] for name in SLOW}
    if options.peer_python:
        slow |= {name: Peer(options.peer_python, name, os.cpu_count() or 1) for name in PEERS}
    rows, beside = compared(options, frame, methods, slow)
    report(rows, beside)
    print(f"\n{machine()}\n{time.perf_counter() - start:.0f} s")


def compared(
    options: argparse.Namespace,
    frame: pd.DataFrame,
    methods: dict[str, TrendModel],
    slow: dict[str, TrendModel],
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows of learned models on all cases, of others on the first draw's; of slow ones on some of these, asked alone, by set."""
    kind, parts, beside = kinds(frame), [], []
    numbers = options.draws, options.per_source, options.per_indicator
    for facts, cases in asked(frame, options.first, *numbers):
        for method, judge in methods.items():
            if facts["draw"] and not isinstance(judge, ReferenceModel):
                continue
            parts.append(judged(method, cases, answers(judge, cases, ASKED), kind).assign(**facts))
            if method == OURS and slow and not facts["draw"] and not facts["together"]:
                found = beside_slow(slow, options.slow_cases, cases, parts[-1], kind)
                beside.append(found.assign(**facts))
        if facts["together"]:
            # what company gives: the same cases, each by itself
            found = answers(methods[OURS], replace(cases, peers=None), ASKED)
            parts.append(judged(BY_ITSELF, cases, found, kind).assign(**facts))
    return pd.concat(parts, ignore_index=True), beside


def report(rows: pd.DataFrame, beside: list[pd.DataFrame]) -> None:
    """Print all tables. rows: of all methods, sets and draws. beside: rows of the slow models and ours, by set."""
    ours = rows[rows["method"] == OURS]
    show("Bars", bars(ours))
    for (name, together), part in rows.groupby(["set", "together"], sort=False):
        title = f"{name}, {_way(together)}"
        mine = part[part["method"] == OURS]
        show(f"{title}, ours: {mine['indicator'].nunique()} indicators", summary(mine, ["method"]))
        if part["method"].nunique() > 1:
            show(f"{title}, first draw", summary(part[part["draw"] == 0], ["method"]))
            show(f"{title}, share of the loss saved by ours", savings(part))
        for by in ("kind", "length", "horizon", "draw"):
            table = summary(mine, [by]).dropna(axis=1, how="all")
            show(f"{title}, ours by {by}", table.sort_values(by))
        worst(mine)
    for part in beside:
        title = f"{part['set'].iloc[0]}, alone, beside models that fit one by one"
        show(title, summary(part, ["method"]))
        show(f"{title}, share of the loss saved by ours", savings(part))


if __name__ == "__main__":
    main()
