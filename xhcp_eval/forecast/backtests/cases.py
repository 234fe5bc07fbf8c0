"""Real histories cut at an origin, with what followed and a target that is an open question: cases to forecast."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.panel import Panel, make_panel, previous
from xhcp_eval.forecast.reference.still import is_still

COLUMNS: tuple[str, ...] = ("indicator", "region", "year", "value")
OPTIONAL = {"lower": -np.inf, "upper": np.inf, "group": ""}
SEED = 20260101
TARGET_REACH = (-0.5, 1.5)


@dataclass(frozen=True, eq=False)
class Cases:
    """Histories cut at an origin, and what followed. n = number of cases.

    Drawn one by one, a region may stand here at an early and at a later origin, so a method must answer each series by
    itself: what it learned from the others in the panel might be the answer. Drawn together, all regions of an
    indicator end in the same year and may learn from one another; `peers` says which.

    frame: histories: series (key of the case), indicator, region, year, value, lower, upper, origin. peers: (n,) codes
    of cases that may learn from one another, None where none may. keys, indicator, group: (n,), in the order of `frame`. outcomes: (n, horizon) values 1..horizon
    years after the origin, missing where not reported. target: (n,) for the last of these years; sign: (n,) 1 where
    the value is to be at least the target, -1 where at most. scale: (n,) mean absolute yearly change of the history.
    points: (n,) values in the history. met: (n,) 1 or 0; missing where the history never moved (scale 0).
    """

    frame: pd.DataFrame
    keys: np.ndarray
    indicator: np.ndarray
    group: np.ndarray
    outcomes: np.ndarray
    target: np.ndarray
    sign: np.ndarray
    scale: np.ndarray
    points: np.ndarray
    peers: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"<{len(self)} Cases of {len(set(self.indicator))} indicators, {self.horizon} years ahead>"

    @property
    def horizon(self) -> int:
        """Years ahead of the origin."""
        return self.outcomes.shape[1]

    @property
    def panel(self) -> Panel:
        """The histories as arrays, in the order of `keys`."""
        return replace(make_panel(self.frame.drop(columns="indicator")), indicator=self.peers)

    @property
    def met(self) -> np.ndarray:
        """Whether the last year's value reached its target, 1 or 0; a history that never moved asks no question."""
        last = self.outcomes[:, -1]
        reached = np.where(self.sign > 0, last >= self.target, last <= self.target).astype(float)
        return np.where((self.scale > 0) & np.isfinite(last), reached, np.nan)


def make_cases(
    frame: pd.DataFrame, *, horizon: int = 5, per_indicator: int = 60, least_points: int = 4, most_points: int = 30,
    together: bool = False, seed: int = SEED,
) -> Cases:  # fmt: skip
    """Draw forecast cases at rolling origins, the same number for every indicator.

    frame: columns indicator, region, year, value and optionally lower, upper (natural bounds), group (kind of
    indicator, by which scores are split); one row an indicator, region and year.
    horizon: years ahead; a case has an outcome in the last of them. per_indicator: cases of an indicator, drawn
    without replacement among all regions and origins; all of them where there are fewer. least_points, most_points:
    values up to the origin; each history is cut to a random length between the two, as far as it has values. together: draw years in place of single cases: for each
    indicator origins are drawn and all regions with a value there taken, up to half of `per_indicator` in each, all cut to
    the same length, as counties in a yearbook are. seed: with the indicator's name it fixes the draws, so
    that they don't depend on the other indicators in the frame.

    The target lies u * sqrt(horizon) typical yearly changes from the last value in the wanted direction, u even in
    [-0.5, 1.5], kept within the bounds: from a step back that needs only not to be lost to a stretch half as long
    again as a random walk's. So about a third of them are met and few questions answer themselves; at `horizon`
    changes in place of the root nearly three in four are out of reach and any forecaster looks good. The wanted
    direction is drawn, since it is unknown for most indicators.

    Tashman 2000, International Journal of Forecasting 16:437 (rolling origins). Raises DataError for missing columns,
    doubled rows or no case; ParamsError for numbers out of range.
    """
    if horizon < 1 or per_indicator < 1 or not 2 <= least_points <= most_points:
        raise ParamsError("回测参数：horizon、per_indicator 至少为 1，且 2 ≤ least_points ≤ most_points")
    facts, years, values = _grid(frame)
    row, origin = _origins(values, horizon, least_points)
    if not len(row):
        raise DataError(f"没有可回测的序列：需要至少 {least_points} 个数据点，且其后第 {horizon} 年有数据")
    owner, year = facts["indicator"].to_numpy()[row], origin if together else None
    picked, window, reach, sign = _draw(owner, year, per_indicator, (least_points, most_points), seed)
    row, origin = row[picked], origin[picked]
    history = _cut(values[row], origin, window)
    facts = facts.iloc[row].reset_index(drop=True).assign(origin=years[origin])
    facts["series"] = facts["indicator"] + "|" + facts["region"] + "|" + facts["origin"].astype(str)
    scale = mean_change(history)
    target = history[np.arange(len(row)), origin] + sign * reach * np.sqrt(horizon) * scale
    return Cases(
        frame=_long(facts, years, history),
        keys=facts["series"].to_numpy(),
        indicator=facts["indicator"].to_numpy(),
        group=facts["group"].to_numpy(),
        outcomes=values[row[:, None], origin[:, None] + np.arange(1, horizon + 1)],
        target=np.clip(target, facts["lower"].to_numpy(float), facts["upper"].to_numpy(float)),
        sign=sign,
        scale=scale,
        points=np.isfinite(history).sum(axis=1),
        peers=_peers(facts) if together else None,
    )


def _peers(facts: pd.DataFrame) -> np.ndarray:
    return facts.groupby(["indicator", "origin"], sort=False).ngroup().to_numpy()


def mean_change(values: np.ndarray) -> np.ndarray:
    """Mean absolute change a year, (n,), of series (n, n_years); a change over a gap is spread over its years.

    0 where values differ by rounding only: shares computed from counts come as 99.99999999999991.
    """
    before = previous(values)[:, 1:]
    known = before >= 0
    change = values[:, 1:] - np.take_along_axis(values, np.maximum(before, 0), axis=1)
    size = np.abs(change) / (np.arange(1, values.shape[1]) - before)
    mean = np.where(known, size, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(is_still(values), 0.0, mean)


def _grid(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Facts of each series (indicator, region, lower, upper, group), the years, values (n_series, n_years)."""
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        raise DataError(f"回测数据缺少列 {'、'.join(absent)}；需要 {'、'.join(COLUMNS)}")
    defaults = {name: default for name, default in OPTIONAL.items() if name not in frame.columns}
    data = frame[np.isfinite(frame["value"].to_numpy(float))].assign(**defaults)
    if data.duplicated(list(COLUMNS[:3])).any():
        double = data[data.duplicated(list(COLUMNS[:3]))].iloc[0]
        raise DataError(
            f"回测数据重复：{double['indicator']}、{double['region']}、{double['year']} 年出现多次"
        )
    if data.empty:
        raise DataError("回测数据里没有任何数值")
    # sorted, so that the draws don't depend on the order of rows
    series = data.astype({"indicator": str, "region": str}).groupby(["indicator", "region"], sort=True)
    facts = series[list(OPTIONAL)].first().reset_index().fillna(OPTIONAL)
    year = data["year"].to_numpy(int)
    years = np.arange(year.min(), year.max() + 1)
    values = np.full((len(facts), len(years)), np.nan)
    values[series.ngroup().to_numpy(), year - years[0]] = data["value"].to_numpy(float)
    return facts, years, values


def _origins(values: np.ndarray, horizon: int, least_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Every series and position that may be an origin: a value, enough values so far, and an outcome."""
    has = np.isfinite(values)
    outcome = np.zeros_like(has)
    outcome[:, :-horizon] = has[:, horizon:]
    row, origin = np.nonzero(has & (has.cumsum(axis=1) >= least_points) & outcome)
    return row, origin


def _draw(
    indicator: np.ndarray, year: np.ndarray | None, per_indicator: int, points: tuple[int, int], seed: int
) -> tuple[np.ndarray, ...]:
    """Positions of the cases drawn, most points of each, reach of the target and wanted sign."""
    found = []
    for name, at in pd.Series(np.arange(len(indicator))).groupby(indicator):
        rng = np.random.default_rng([seed, zlib.crc32(name.encode("utf-8"))])
        at = at.to_numpy()
        if year is None:
            picked = rng.choice(at, min(per_indicator, len(at)), replace=False)
            window = rng.integers(*points, len(picked), endpoint=True)
        else:
            picked = _draw_years(at, year[at], per_indicator, rng)
            of_year = rng.integers(*points, year.max() + 1, endpoint=True)
            window = of_year[year[picked]]
        n = len(picked)
        found.append((picked, window, rng.uniform(*TARGET_REACH, n), rng.choice([-1, 1], n)))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _draw_years(at: np.ndarray, year: np.ndarray, per_indicator: int, rng: np.random.Generator) -> np.ndarray:
    """Cases of whole years: years in random order, up to half of the cases in each, until there are enough."""
    picked: list[np.ndarray] = []
    for origin in rng.permutation(np.unique(year)):
        left = per_indicator - sum(map(len, picked))
        if left <= 0:
            break
        of_year = at[year == origin]
        picked.append(rng.choice(of_year, min(len(of_year), left, max(per_indicator // 2, 1)), replace=False))
    return np.concatenate(picked)


def _cut(values: np.ndarray, origin: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Histories up to the origin, of the last `window` values only."""
    past = np.isfinite(values) & (np.arange(values.shape[1]) <= origin[:, None])
    from_end = past[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.where(past & (from_end <= window[:, None]), values, np.nan)


def _long(facts: pd.DataFrame, years: np.ndarray, history: np.ndarray) -> pd.DataFrame:
    at, year = np.nonzero(np.isfinite(history))
    long = (
        facts[["series", "indicator", "region", "lower", "upper", "origin"]].iloc[at].reset_index(drop=True)
    )
    long.insert(3, "year", years[year])
    long.insert(4, "value", history[at, year])
    return long
