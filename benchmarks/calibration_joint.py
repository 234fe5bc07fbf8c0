"""Do chances of several years, and of several units, happen as often as they are said to?

Real series of `data/reference/panel.parquet`, cut at an origin, forecast by networks that never saw their indicator, alone
and beside the other regions of their indicator. Every year: does the series stay on one side of a bound in each of the
years that follow; with years tied as a pure walk, and as the engine ties them (`joint.noise_share`). Every unit: do all
members of a group of regions of one indicator meet a bound in the fifth year; as strangers, and as the engine ties them
(`joint.common_share`). Census: shares of N units, told as whole counts, are asked every year with the engine's law of whole
units, without any law, and as if they were a sample. Bounds are drawn around the forecast, so that chances spread over all.

Run: python benchmarks/calibration_joint.py [--panel FILE] [--per 60] [--groups 40] [--seed 1]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from xhcp_eval.panel import Panel, make_panel
from xhcp_eval.projection import LEVELS, project_panel
from xhcp_eval.reference.model import reference_model
from xhcp_eval.verdict.forecasts import futures, weights
from xhcp_eval.verdict.joint import common_share, noise_share, together

PANEL = Path(__file__).resolve().parents[1] / "data" / "reference" / "panel.parquet"
SAID, WIDTH = (0.1, 0.3, 0.5, 0.7, 0.9), 0.05
LEAST, DRAWS = 8, 1024
KNOTS = ndtri(np.asarray(LEVELS))


def grid(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Values of one indicator, (n_regions, n_years), and its years."""
    wide = frame.pivot_table(index="region", columns="year", values="value")
    years = np.arange(wide.columns.min(), wide.columns.max() + 1)
    return wide.reindex(columns=years).to_numpy(float), years


def origins(values: np.ndarray, after: int, least: int) -> list[int]:
    """Positions of years at which enough regions have a past and a whole future."""
    known = np.isfinite(values)
    found = []
    for t in range(LEAST - 1, values.shape[1] - after):
        if ready(known, t, after).sum() >= least:
            found.append(t)
    return found


def ready(known: np.ndarray, t: int, after: int) -> np.ndarray:
    """Regions with eight figures up to a year, the year itself among them, and all that follow, (n,)."""
    return (known[:, : t + 1].sum(axis=1) >= LEAST) & known[:, t : t + 1 + after].all(axis=1)


def panel_of(values: np.ndarray, years: np.ndarray, bounds: tuple[float, float], alone: bool) -> Panel:
    """Histories as the forecaster takes them; alone: none may learn from another."""
    which, at = np.nonzero(np.isfinite(values))
    kin = which if alone else np.zeros(len(which), int)
    return make_panel(
        pd.DataFrame(
            {"series": which, "year": years[at], "value": values[which, at], "lower": bounds[0], "upper": bounds[1],
             "indicator": kin.astype(str)}
        )
    )  # fmt: skip


def forecast(
    values: np.ndarray, years: np.ndarray, t: int, after: int, facts: pd.Series, alone: bool
) -> np.ndarray:
    """Quantiles (n, after, n_levels) of series cut after position t, by networks that never saw the indicator."""
    panel = panel_of(values[:, : t + 1], years[: t + 1], (facts["lower"], facts["upper"]), alone)
    model = reference_model().without(facts["indicator"])
    return project_panel(panel, model, after, np.asarray(LEVELS), "level")


def below(quantiles: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Chance that a level lies below a bound, (n,), by interpolation in normal scores. quantiles: (n, n_levels)."""
    return np.array(
        [ndtr(np.interp(b, q, KNOTS, left=-4, right=4)) for q, b in zip(quantiles, bound, strict=True)]
    )


def every_year(values: np.ndarray, limit: np.ndarray, sign: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Share of futures that meet a limit in every year, (n,). values: quantiles (n, after, n_levels). noise: (n,)."""
    n, after = values.shape[:2]
    found = np.empty(n)
    for share in np.unique(noise):
        score, _ = futures(DRAWS, after, 1, 0, float(share))
        mine, met = noise == share, True
        for h in range(after):
            level = values[mine, h] @ weights(score[:, h])
            met = met & (sign[mine, None] * (level - limit[mine, None]) >= 0)
        found[mine] = met.mean(axis=1)
    return found


def ask_every_year(frame: pd.DataFrame, after: int, options: argparse.Namespace, alone: bool) -> pd.DataFrame:
    """Said and happened of questions about every one of the coming years."""
    rng, found = np.random.default_rng(options.seed), []
    for _, part in frame.groupby("indicator"):
        values, years = grid(part)
        starts = origins(values, after, 20)
        for t in rng.choice(starts, min(3, len(starts)), replace=False) if starts else []:
            rows = rng.permutation(np.flatnonzero(ready(np.isfinite(values), t, after)))[: options.per]
            quantiles = forecast(values[rows], years, t, after, part.iloc[0], alone)
            truth, now = values[rows, t + 1 : t + 1 + after], values[rows, t]
            for _ in range(4):
                sign, year = rng.choice([-1, 1], len(rows)), rng.integers(0, after, len(rows))
                score = weights(rng.normal(0, 1.3, len(rows)))
                limit = np.einsum("nl,ln->n", quantiles[np.arange(len(rows)), year], score)
                noise = noise_share(quantiles, np.full(len(rows), after))
                found.append(
                    pd.DataFrame(
                        {"indicator": part["indicator"].iloc[0], "now": sign * (now - limit) >= 0,
                         "happened": (sign[:, None] * (truth - limit[:, None]) >= 0).all(axis=1),
                         "before": every_year(quantiles, limit, sign, 0 * noise),
                         "ours": every_year(quantiles, limit, sign, noise)}
                    )
                )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def ask_every_unit(frame: pd.DataFrame, size: int, options: argparse.Namespace) -> pd.DataFrame:
    """Said and happened of questions about every member of a group, five years ahead, regions learning together."""
    rng, found, after = np.random.default_rng(options.seed), [], 5
    for _, part in frame.groupby("indicator"):
        values, years = grid(part)
        starts = origins(values, after, size)
        for _ in range(options.groups if starts else 0):
            t = rng.choice(starts)
            rows = rng.choice(np.flatnonzero(ready(np.isfinite(values), t, after)), size, replace=False)
            quantiles = forecast(values[rows], years, t, after, part.iloc[0], False)[:, -1]
            common = common_share(np.diff(values[rows, max(0, t - 10) : t + 1], axis=1), np.zeros(size, int))
            sign = rng.choice([-1, 1])
            for wanted in rng.uniform(0.03, 0.97, 4):
                limit = group_limit(quantiles, sign, wanted)
                p = below(quantiles, np.full(size, limit))
                p = np.clip(1 - p if sign > 0 else p, 1e-4, 1 - 1e-4)
                happened = (sign * (values[rows, t + after] - limit) >= 0).all()
                ours = together(p, np.zeros(size, int), common)[0]
                found.append((part["indicator"].iloc[0], happened, np.prod(p), ours))
    return pd.DataFrame(found, columns=["indicator", "happened", "before", "ours"])


def group_limit(quantiles: np.ndarray, sign: int, wanted: float) -> float:
    """A bound that a group somewhat tied meets with about a wanted chance."""
    low, high = quantiles.min(), quantiles.max()
    for _ in range(30):
        middle = (low + high) / 2
        p = below(quantiles, np.full(len(quantiles), middle))
        p = np.clip(1 - p if sign > 0 else p, 1e-4, 1 - 1e-4)
        enough = together(p, np.zeros(len(p), int), np.array([0.3]))[0] > wanted
        low, high = (middle, high) if enough == (sign > 0) else (low, middle)
    return middle


def ask_census(frame: pd.DataFrame, options: argparse.Namespace) -> pd.DataFrame:
    """Shares of 20 to 60 units told in whole units: at least so many in every one of five years."""
    rng, found, after = np.random.default_rng(options.seed), [], 5
    for _, part in frame[frame["upper"] == 100].groupby("indicator"):
        values, years = grid(part)
        starts = origins(values, after, 20)
        for t in rng.choice(starts, min(3, len(starts)), replace=False) if starts else []:
            rows = rng.permutation(np.flatnonzero(ready(np.isfinite(values), t, after)))[: options.per]
            units = rng.integers(20, 61, len(rows))
            whole = np.round(values[rows] * units[:, None] / 100) * 100 / units[:, None]
            quantiles = forecast(whole, years, t, after, part.iloc[0], True)
            noise = noise_share(quantiles, np.full(len(rows), after))
            for _ in range(3):
                need = np.clip(np.round(whole[:, t] * units / 100) - rng.integers(0, 4, len(rows)), 0, units)
                limit, sign = 100 * need / units, np.ones(len(rows), int)
                found.append(
                    pd.DataFrame(
                        {"indicator": part["indicator"].iloc[0],
                         "happened": (whole[:, t + 1 : t + 1 + after] >= limit[:, None] - 1e-9).all(axis=1),
                         "ours": every_year(quantiles, 100 * (need - 0.5) / units, sign, noise),
                         "without": every_year(quantiles, limit, sign, noise),
                         "sample": as_sample(quantiles, need, units, noise)}
                    )
                )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def as_sample(values: np.ndarray, need: np.ndarray, units: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """`every_year` if each unit met the demand by chance, binomially."""
    found = np.empty(len(values))
    for share in np.unique(noise):
        score, _ = futures(DRAWS, values.shape[1], 1, 0, float(share))
        mine, chance = noise == share, 1.0
        for h in range(values.shape[1]):
            level = np.clip(values[mine, h] @ weights(score[:, h]) / 100, 0, 1)
            chance = chance * binom.sf(need[mine, None] - 1, units[mine, None], level)
        found[mine] = chance.mean(axis=1)
    return found


def tell(title: str, asked: pd.DataFrame, columns: dict[str, str]) -> None:
    """Print said, happened and how many, and the Brier score, for each way of saying."""
    print(f"\n{title}: {len(asked):,} questions on {asked['indicator'].nunique()} indicators", flush=True)
    for name, words in columns.items():
        said, cells = asked[name], []
        for level in SAID:
            near = (said - level).abs() <= WIDTH
            cells.append(f"{level}: {asked['happened'][near].mean():.3f} ({near.sum()})")
        brier = ((said - asked["happened"]) ** 2).mean()
        print(f"  {words:<28} {'  '.join(cells)}  Brier {brier:.4f}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", type=Path, default=PANEL)
    parser.add_argument("--per", type=int, default=60, help="series of an indicator and origin")
    parser.add_argument("--groups", type=int, default=40, help="groups of an indicator")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    frame, ways = pd.read_parquet(options.panel), {"before": "a pure walk", "ours": "walk and noise (ours)"}
    for alone in (True, False):
        for after in (5, 8) if alone else (5,):
            asked = ask_every_year(frame, after, options, alone)
            kind = "alone" if alone else "beside other regions"
            tell(f"every one of {after} years, series {kind}", asked, ways)
            tell("  of these, promises that are kept at the origin", asked[asked["now"]], ways)
    for size in (6, 12, 20):
        asked = ask_every_unit(frame, size, options)
        tell(f"every one of {size} regions", asked, {"before": "strangers", "ours": "in common (ours)"})
    tell(
        "whole units, every one of 5 years",
        ask_census(frame, options),
        {"ours": "census (ours)", "without": "without counts", "sample": "as a sample"},
    )


if __name__ == "__main__":
    main()
