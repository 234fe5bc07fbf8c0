"""Do chances of keeping a bound every year, and of every unit keeping one, come true on real series?

Run: python benchmarks/calibration_joint.py [--panel FILE] [--years 11] [--cases 60] [--groups 50] [--seed 0]

Real histories are cut at an origin, projected by networks that never saw their indicator, and asked with the engine's
own functions for bounds drawn around the forecast; what followed is the answer. Pure walks and strangers stand beside
for comparison. The constants in `verdict/joint.py` are also chosen on half of the indicators and scored on the other.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from measure import machine, peak_memory

from xhcp_eval.forecast.projection import LEVELS, project_panel
from xhcp_eval.forecast.reference.model import ReferenceModel, reference_model
from xhcp_eval.verdict import joint
from xhcp_eval.verdict.chances import chance
from xhcp_eval.verdict.changes import yearly_steps
from xhcp_eval.verdict.demands import Facts
from xhcp_eval.verdict.forecasts import Forecasts, weights
from xhcp_eval.verdict.joint import common_share, together
from xhcp_eval.verdict.questions import threshold
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.settings import Settings

PANEL = Path(__file__).resolve().parents[1] / "data" / "reference" / "panel.parquet"
ORIGIN, LEAST = 2025, 8
HORIZONS, SIZES = (3, 5, 8), (6, 12, 20)
ASKED, REACH = (0.3, 0.5, 0.7, 0.9), 0.05
BOUNDS = 4  # asked of each series or group
NOISES = (0.0, 0.25, 0.5, 0.75, 1.0)
COMMONS, SLOPES = (0.0, 0.1, 0.2, 0.3, 0.4), (0.0, 0.25, 0.5, 0.75, 1.0)
SPLITS = 20


@dataclass(frozen=True)
class Source:
    """Values of an indicator by region and year (n_regions, n_years), its bounds, and networks that never saw it."""

    name: str
    values: np.ndarray
    lower: float
    upper: float
    model: ReferenceModel

    @classmethod
    def of(cls, name: str, frame: pd.DataFrame, model: ReferenceModel) -> Source:
        """One indicator of a long frame."""
        wide = frame.pivot_table(index="region", columns="year", values="value")
        wide = wide.reindex(columns=range(int(wide.columns.min()), int(wide.columns.max()) + 1))
        first = frame.iloc[0]
        return cls(name, wide.to_numpy(float), first["lower"], first["upper"], model.without(name))

    def able(self, years: int, ahead: int) -> tuple[np.ndarray, np.ndarray]:
        """Regions and origins with history enough and all of the years ahead known, (n,) each."""
        known = np.isfinite(self.values)
        seen = np.cumsum(np.pad(known, ((0, 0), (years, 0))), axis=1)
        recent = seen[:, years:] - seen[:, :-years]
        after = np.zeros(known.shape, bool)
        after[:, :-ahead] = np.lib.stride_tricks.sliding_window_view(known[:, 1:], ahead, axis=1).all(axis=2)
        return np.nonzero((recent >= LEAST) & known & after)

    def cut(self, region: np.ndarray, origin: np.ndarray, years: int) -> tuple[np.ndarray, np.ndarray]:
        """Histories up to the origin (n, years) and what followed (n, longest horizon), missing as NaN."""
        wide = np.pad(self.values, ((0, 0), (years, max(HORIZONS))), constant_values=np.nan)
        at = origin[:, None] + years
        past, coming = np.arange(1 - years, 1), np.arange(1, max(HORIZONS) + 1)
        return wide[region[:, None], at + past], wide[region[:, None], at + coming]


def look(source: Source, past: np.ndarray, kin: np.ndarray, cases=None, census: bool = False) -> Forecasts:
    """Forecasts of histories that end in `ORIGIN`, (n, years). kin: (n,) codes of those that learn from one another.

    cases: (n,) people or units that values are per cent of; None where no counts are told.
    """
    n, here = len(past), np.isfinite(past)
    cases = np.full(n, np.nan) if cases is None else cases
    zeros, total, one = np.zeros(n, int), np.array(["total"], object), np.array([False])
    facts = Facts(
        (), np.array([source.name], object), kind=np.array(["proportion"]), per=np.array([100.0]),
        lower=np.array([source.lower]), upper=np.array([source.upper]), ceiling=np.array([source.upper]),
        rounding=np.array([0.0]), falling=one, event_count=one, census=np.array([census]), survey=one, projected=~one,
        ahead_units=one, ahead_residence=one, years_out=((),),
    )  # fmt: skip
    block = Block(
        facts, Settings(), regions=np.arange(kin.max() + 1), years=np.arange(ORIGIN - past.shape[1] + 1, ORIGIN + 1),
        indicator=zeros, owner=kin, place=np.arange(n), places=np.arange(n), unit=zeros > 0, residence=zeros,
        category=zeros, categories=total, whole=zeros == 0, seen=here, trusted=here, exceptional=~here & False,
        values=past, numerator=past * cases[:, None] / 100, denominator=np.where(here, cases[:, None], np.nan),
        survey=zeros > 0, status=np.where(here, 0, -1), statuses=total,
    )  # fmt: skip
    horizon, rows = max(HORIZONS), np.arange(n)
    quantiles = project_panel(block.panel(rows), source.model, horizon, np.asarray(LEVELS), "level")
    return Forecasts(block, quantiles, rows, zeros, ORIGIN + horizon)


def until(future: Forecasts, horizon: int) -> Forecasts:
    """The same forecasts for a plan that ends so many years ahead."""
    return replace(future, quantiles=future.quantiles[:, :horizon], end=ORIGIN + horizon)


def said(future: Forecasts, rows, first: int, horizon: int, sign, bound) -> np.ndarray:
    """The engine's chance that bounds are met in every year from so many ahead to the last, (m,)."""
    ends = [np.full(len(rows), ORIGIN + ahead) for ahead in (first, horizon)]
    return chance(until(future, horizon), rows, *ends, sign, threshold(sign, bound, np.full(len(rows), True)))


def at_score(future: Forecasts, rows: np.ndarray, ahead: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Levels so many years ahead at normal scores, (m,)."""
    return (future.level(rows, ahead) * weights(score).T).sum(axis=1)


def met(values: np.ndarray, sign: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Whether values (m, n) are all on the right side, (m,); missing where one of them is."""
    inside = (sign[:, None] * (values - bound[:, None]) >= -1e-9).all(axis=1)
    return np.where(np.isfinite(values).all(axis=1), inside, np.nan)


def alone(source: Source, options, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regions and origins at random, each learning from itself only: region, origin, kin (n,)."""
    region, origin = source.able(options.years, 5)
    pick = rng.permutation(len(region))[: options.cases]
    return region[pick], origin[pick], np.arange(len(pick))


def beside(source: Source, options, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A few origins, as many regions of each, learning from one another."""
    region, origin = source.able(options.years, 5)
    found, count = [], np.bincount(origin)
    able = np.flatnonzero(count >= 20)
    for kin, t in enumerate(rng.permutation(able)[:3]):
        at = rng.permutation(np.flatnonzero(origin == t))[: options.cases // 2]
        found.append(np.stack([region[at], origin[at], np.full(len(at), kin)]))
    return tuple(np.concatenate(found, axis=1)) if found else (np.zeros(0, int),) * 3


def every_year(sources: list[Source], options, rng: np.random.Generator) -> pd.DataFrame:
    """Questions whether a bound is kept every year: how series learn, horizon, answer, and what each noise said."""
    parts = []
    for source in sources:
        for how in (alone, beside):
            region, origin, kin = how(source, options, rng)
            if not len(region):
                continue
            past, truth = source.cut(region, origin, options.years)
            future, rows = look(source, past, kin), np.repeat(np.arange(len(past)), BOUNDS)
            for horizon in HORIZONS:
                sign, score = rng.choice([-1, 1], len(rows)), rng.normal(0, 1.3, len(rows))
                bound = at_score(future, rows, rng.integers(1, horizon + 1, len(rows)), score)
                answers = {}
                for noise in NOISES:
                    with patch.multiple(joint, NOISE=noise):
                        answers[noise] = said(future, rows, 1, horizon, sign, bound)
                parts.append(
                    pd.DataFrame(answers).assign(
                        indicator=source.name, how=how.__name__, horizon=horizon,
                        happened=met(truth[rows, :horizon], sign, bound),
                        now=sign * (past[rows, -1] - bound) >= 0,
                    )
                )  # fmt: skip
    return pd.concat(parts, ignore_index=True).dropna()


@dataclass(frozen=True)
class Groups:
    """Questions whether every unit meets a bound. facts: a row each, with `happened`. p, group: (k,) chances of the units
    and which question they belong to. steps: (j, n_years) of units, of: (j,) the group of units, and whose: (n,) the group
    of units that each question is asked of.
    """

    facts: pd.DataFrame
    p: np.ndarray
    group: np.ndarray
    steps: np.ndarray
    of: np.ndarray
    whose: np.ndarray

    def said(self, common: np.ndarray | None = None) -> np.ndarray:
        """The engine's chances that all units meet their bounds, (n,). common: another share than it finds."""
        common = common_share(self.steps, self.of) if common is None else common
        return together(self.p, self.group, common[self.whose])


def hardest(future: Forecasts, group: np.ndarray, sign, wanted: np.ndarray, horizon: int) -> np.ndarray:
    """Bounds that all units of each group meet with about a wanted chance, (n_groups,), from forecasts alone."""
    rows = np.arange(len(group))
    spread = future.level(rows, horizon)
    low, high = np.full(len(wanted), np.inf), np.full(len(wanted), -np.inf)
    np.minimum.at(low, group, spread[:, 0])
    np.maximum.at(high, group, spread[:, -1])
    easy, hard = np.where(sign > 0, low, high), np.where(sign > 0, high, low)
    for _ in range(25):
        middle = (easy + hard) / 2
        p = said(future, rows, horizon, horizon, sign[group], middle[group])
        enough = together(p, group, np.full(len(wanted), 0.3)) >= wanted
        easy, hard = np.where(enough, middle, easy), np.where(enough, hard, middle)
    return easy


def every_unit(sources: list[Source], options, rng: np.random.Generator) -> Groups:
    """Groups of regions of one indicator and origin, asked for the last year and for every year until then."""
    facts, chances, groups, steps, of, whose = [], [], [], [], [], []
    asked = known = 0
    for source in sources:
        region, origin = source.able(options.years, 5)
        for size in SIZES:
            able = np.flatnonzero(np.bincount(origin) >= size)
            if not len(able):
                continue
            picks = [
                rng.permutation(np.flatnonzero(origin == rng.choice(able)))[:size]
                for _ in range(options.groups)
            ]
            group, at = np.repeat(np.arange(len(picks)), size), np.concatenate(picks)
            past, truth = source.cut(region[at], origin[at], options.years)
            future, rows = look(source, past, group), np.arange(len(at))
            steps.append(yearly_steps(future.block, rows))
            of.append(group + known)
            for _ in range(BOUNDS):
                sign, wanted = rng.choice([-1, 1], len(picks)), rng.uniform(0.03, 0.97, len(picks))
                horizon = int(rng.choice([3, 5]))
                bound = hardest(future, group, sign, wanted, horizon)
                for first in (1, horizon):
                    p = said(future, rows, first, horizon, sign[group], bound[group])
                    kept = met(truth[:, first - 1 : horizon], sign[group], bound[group])
                    happened = np.bincount(group, kept) == size
                    now = np.bincount(group, sign[group] * (past[:, -1] - bound[group]) >= 0) == size
                    facts.append(
                        pd.DataFrame({"happened": happened.astype(float), "now": now}).assign(
                            indicator=source.name, size=size, every=first == 1
                        )
                    )
                    chances.append(p)
                    groups.append(group + asked)
                    whose.append(np.arange(len(picks)) + known)
                    asked += len(picks)
            known += len(picks)
    flat = (np.concatenate(part) for part in (chances, groups, steps, of, whose))
    return Groups(pd.concat(facts, ignore_index=True), *flat)


def census(sources: list[Source], options, rng: np.random.Generator) -> pd.DataFrame:
    """Shares told as k of N units, 20 to 60: every-year chances without counts, as of a sample, and as of a census."""
    parts = []
    for source in (s for s in sources if s.upper == 100):
        region, origin, kin = alone(source, options, rng)
        past, truth = source.cut(region, origin, options.years)
        cases = rng.integers(20, 61, len(past)).astype(float)
        past, truth = (100 * np.round(v * cases[:, None] / 100) / cases[:, None] for v in (past, truth))
        rows = np.repeat(np.arange(len(past)), BOUNDS)
        ways = {"without": look(source, past, kin), "sample": look(source, past, kin, cases)}
        ways["census"] = look(source, past, kin, cases, census=True)
        sign, score = rng.choice([-1, 1], len(rows)), rng.normal(0, 1.3, len(rows))
        bound = np.round(at_score(ways["without"], rows, rng.integers(1, 6, len(rows)), score))
        open_ = np.where(sign > 0, bound > 0, bound < 100)
        found = pd.DataFrame({name: said(way, rows, 1, 5, sign, bound) for name, way in ways.items()})
        found = found.assign(
            indicator=source.name, happened=met(truth[rows, :5], sign, bound),
            now=sign * (past[rows, -1] - bound) >= -1e-9,
        )  # fmt: skip
        parts.append(found[open_])
    return pd.concat(parts, ignore_index=True).dropna()


def line(title: str, questions: pd.DataFrame, chances: np.ndarray) -> None:
    """What happened where about .3, .5, .7, .9 was said, with its standard error over indicators, and the Brier score."""
    chances, happened = np.asarray(chances), questions["happened"].to_numpy()
    codes, names = pd.factorize(questions["indicator"])
    again = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), 500)
    cells = []
    for level in ASKED:
        near = np.abs(chances - level) <= REACH
        sums = [np.bincount(codes[near], w, len(names)) for w in (happened[near], None)]
        with np.errstate(invalid="ignore"):
            error = np.nanstd((again @ sums[0]) / (again @ sums[1]))
        cells.append(f"{level:.1f}: {happened[near].mean():.3f}±{error:.3f} ({near.sum()})")
    print(f"{title:34s} {'  '.join(cells)}  Brier {np.mean((chances - happened) ** 2):.4f}", flush=True)


def both(title: str, questions: pd.DataFrame, chances: np.ndarray) -> None:
    """Lines of all questions, and of those whose bound is met at the origin."""
    now, chances = questions["now"].to_numpy(bool), np.asarray(chances)
    line(title, questions, chances)
    line(f"{title}, met now", questions[now], chances[now])


def crossed(questions: pd.DataFrame, losses: dict, plain, shipped) -> None:
    """Constants chosen on half of the indicators by their Brier score and scored on the other half, both ways.

    losses: (n,) squared errors by constants. plain, shipped: the keys of the naive answer and of ours.
    """
    rng, names = np.random.default_rng(0), questions["indicator"].unique()
    keys, table = list(losses), pd.DataFrame(losses).set_axis(range(len(losses)), axis=1)
    table = table.groupby(questions["indicator"].to_numpy()).agg(["sum", "count"]).swaplevel(axis=1)
    picked, scores = Counter(), []
    for _ in range(SPLITS):
        half = rng.permutation(names)[: len(names) // 2]
        parts = table.loc[half].sum(), table.drop(half).sum()
        for here, there in (parts, parts[::-1]):
            best = int((here["sum"] / here["count"]).to_numpy().argmin())
            picked[keys[best]] += 1
            score = (there["sum"] / there["count"]).to_numpy()
            scores.append([score[best], score[keys.index(plain)], score[keys.index(shipped)], score.min()])
    chosen, naive, ours, least = np.mean(scores, axis=0)
    print(f"chosen on one half, {2 * SPLITS} times: {dict(picked.most_common())}")
    print(
        f"Brier on the other: chosen {chosen:.4f}, {plain} {naive:.4f}, ours {shipped} {ours:.4f}, best there {least:.4f}"
    )


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", type=Path, default=PANEL)
    parser.add_argument(
        "--years", type=int, default=11, help="of history that are seen, as a plan's tables have"
    )
    parser.add_argument(
        "--cases", type=int, default=60, help="series alone of an indicator; half of it an origin beside"
    )
    parser.add_argument("--groups", type=int, default=50, help="of an indicator and size")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, start, model = np.random.default_rng(options.seed), time.perf_counter(), reference_model()
    frame = pd.read_parquet(options.panel)
    sources = [Source.of(name, part, model) for name, part in frame.groupby("indicator")]
    print(machine(), f"{len(sources)} indicators", sep="\n")

    years = every_year(sources, options, rng)
    print("\nEvery year: said, happened, (number)")
    for (how, horizon), part in years.groupby(["how", "horizon"]):
        for name, noise in (("walk", 0.0), ("ours", joint.NOISE)):
            both(f"{how} {horizon} {name}", part, part[noise])
    for name, noise in (("walk", 0.0), ("ours", joint.NOISE)):
        both(f"all {name}", years, years[noise])
    crossed(years, {n: (years[n] - years["happened"]) ** 2 for n in NOISES}, 0.0, joint.NOISE)

    units = every_unit(sources, options, rng)
    ours, strangers = units.said(), units.said(np.zeros(units.of.max() + 1))
    print("\nEvery unit")
    for every in (False, True):
        for size in (*SIZES, None):
            chosen = ((units.facts["size"] == size) | (size is None)) & (units.facts["every"] == every)
            title = f"{'every year' if every else 'last year'}, {size or 'all'}"
            show = line if size else both
            for name, chances in (("strangers", strangers), ("ours", ours)):
                show(f"{title} {name}", units.facts[chosen], chances[chosen])
    losses = {}
    for constants in [(c, s) for c in COMMONS for s in SLOPES]:
        with patch.multiple(joint, COMMON=constants[0], BY_STEPS=constants[1]):
            losses[constants] = (units.said() - units.facts["happened"]) ** 2
    crossed(units.facts, losses, (0.0, 0.0), (joint.COMMON, joint.BY_STEPS))

    counts = census(sources, options, rng)
    print("\nk of N units, every one of five years")
    for name in ("without", "sample", "census"):
        both(f"counts {name}", counts, counts[name])
    print(f"\n{time.perf_counter() - start:.0f} s, peak {peak_memory():.1f} GB")


if __name__ == "__main__":
    main()
