"""Chinese provinces whose series moved like one: which, when, and how far they went afterwards. No figure is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.reference.features import Histories
from xhcp_eval.forecast.reference.lessons import YEARS_AHEAD
from xhcp_eval.forecast.reference.similar import (
    FOLDER,
    LONGEST_MATCH,
    MATCHED_ON,
    cut_at,
    on_a_grid,
    usual_histories,
)

FILE = FOLDER / "precedents.csv"
# how many years were seen says when a series was cut, not how it moved
MOVED_ON: tuple[str, ...] = tuple(name for name in MATCHED_ON if name != "points")
SHOWN = 3
FEWEST_BEFORE, FEWEST_AFTER = 4, 5
# what tells how high a series stands is kept in wide classes, shape in narrow ones: see `data/reference/README.md`
CLASS = {"room_below": 1.0, "room_above": 1.0, "relative_change": 1.0, "place": 0.5}
SHAPE, COURSE = 0.1, 0.5
AT_THE_END = 0.01
NEAREST_PART = 0.1
NEEDED = ("indicator", "region", "year", "value", "unit", "lower", "upper")
AFTER: tuple[str, ...] = tuple(f"after_{k}" for k in range(1, YEARS_AHEAD + 1))


@dataclass(frozen=True, eq=False)
class Book:
    """Cuts of provincial series, those of a province together.

    names: frame with one row a cut: indicator, region, kind, first_year and last_year of what was seen before the cut.
    seen: (m, len(MOVED_ON)) in classes. outcome: (m, 10) change over the years after it in typical changes, missing as NaN.
    near: distance within which a case counts as near.
    """

    names: pd.DataFrame
    seen: np.ndarray
    outcome: np.ndarray
    near: float

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Book:
        """The book of a frame as `make_precedents` gives it."""
        frame = frame.sort_values("region", kind="stable").reset_index(drop=True)
        seen, outcome = frame[list(MOVED_ON)].to_numpy(float), frame[list(AFTER)].to_numpy(float)
        names = frame[["indicator", "region", "kind", "first_year", "last_year"]]
        return cls(names, seen, outcome, _near(seen, names))


@dataclass(frozen=True, eq=False)
class Precedents:
    """The cuts nearest to each of n series (`own`), of k different provinces.

    rows: (n, k) rows of the book, nearest first, -1 where no further one is near. distance: (n, k), NaN there.
    """

    book: Book
    rows: np.ndarray
    distance: np.ndarray
    own: Histories

    def courses(self) -> np.ndarray:
        """Where each series would stand if it went on as its precedents did, (n, k, 10), in its own unit; missing as NaN.

        The ends of its scale aren't applied.
        """
        change = np.where(self.rows[..., None] >= 0, self.book.outcome[self.rows], np.nan)
        return self.own.anchor[:, None, None] + self.own.scale[:, None, None] * change


def find_precedents(
    panel: Panel, units: Sequence[str], ahead: np.ndarray | int = 5, k: int = SHOWN, book: Book | None = None
) -> Precedents:
    """The provinces that moved most like each series, that far and no further than is near.

    panel: n series. units: (n,) as in the plan, which with the end of the scale tell the kind (`kind_of`): only cases of
    its kind are compared. ahead: (n,) years that have to be known after the cut, 1 to 10; what came after must not be
    later than the series' own last year. k: of so many different provinces. book: by default `provinces()`.
    Distance is Euclidean in the standardised classes of `MOVED_ON`; near is what is nearer than nine in ten pairs of the
    book's own cases (of one kind, of different indicators and provinces).
    """
    book = book or provinces()
    own = usual_histories(panel)
    kinds = [
        kind_of(unit, end) for unit, end in zip(units, np.minimum(panel.upper, panel.ceiling), strict=True)
    ]
    ahead = np.broadcast_to(ahead, len(panel)).astype(int)
    names, last = book.names, panel.years[panel.last]
    fit = names["kind"].to_numpy() == np.array(kinds, object)[:, None]
    fit &= np.isfinite(book.outcome[:, ahead - 1]).T
    fit &= names["last_year"].to_numpy() + ahead[:, None] <= last[:, None]
    distance = np.where(
        fit, _distances(in_classes(own.columns(MOVED_ON).astype(float)), book.seen, book.seen), np.inf
    )
    rows, distance = _nearest_by_province(distance, names["region"].to_numpy(), k)
    near = distance <= book.near
    return Precedents(book, np.where(near, rows, -1), np.where(near, distance, np.nan), own)


def _nearest_by_province(distance: np.ndarray, region: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Nearest case of each province, of these the nearest k: rows and distances, (n, k). distance: (n, m), by province."""
    starts = np.flatnonzero(np.r_[True, region[1:] != region[:-1]])
    best = [
        start + part.argmin(axis=1)
        for start, part in zip(starts, np.split(distance, starts[1:], axis=1), strict=True)
    ]
    rows = np.stack(best, axis=1)
    least = np.take_along_axis(distance, rows, axis=1)
    order = np.argsort(least, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(least, order, axis=1)


def kind_of(unit: str, end: float) -> str:
    """How a quantity moves: a share of a whole, a rate per so many people, a count, or a measure (mean, ratio, area).

    unit: as in the plan. end: upper end of its scale, infinite where there is none.
    """
    if end <= 100:
        return "share"
    if unit.startswith("per") and unit != "percent":
        return "rate"
    return "count" if unit == "count" else "measure"


def in_classes(seen: np.ndarray) -> np.ndarray:
    """Features rounded to the middle of their class, (n, len(MOVED_ON))."""
    width = np.array([CLASS.get(name, SHAPE) for name in MOVED_ON])
    return np.round(np.round(seen / width) * width, 1)


def _distances(rows: np.ndarray, others: np.ndarray, book: np.ndarray) -> np.ndarray:
    """Distances, (n, m), in spreads of the book's cases."""
    mean, spread = book.mean(axis=0), book.std(axis=0) + 1e-9
    a, b = (np.nan_to_num((part - mean) / spread) for part in (rows, others))
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(square, 0))


def _near(seen: np.ndarray, names: pd.DataFrame) -> float:
    """The distance below which a tenth of all pairs lie: of one kind, but of different indicators and provinces."""
    pairs = []
    for _, part in names.groupby("kind"):
        other = np.ones((len(part), len(part)), bool)
        for name in ("indicator", "region"):
            code = pd.factorize(part[name])[0]
            other &= code[:, None] != code
        rows = seen[part.index]
        pairs.append(_distances(rows, rows, seen)[other])
    found = np.concatenate([*pairs, []])
    return float(np.quantile(found, NEAREST_PART)) if len(found) else 0.0


def make_precedents(frame: pd.DataFrame) -> pd.DataFrame:
    """One cut of each series: what it looked like before, in classes, and how far it went after, in half typical changes.

    frame: columns `NEEDED`, one row an indicator, region and year. A series is cut where its later half begins: five years
    at least, ten at most, come after; series with fewer than four before are left out, and shares within a point of an end
    of their scale, whose level would be told by that. One cut a series, neither level nor typical change: the figures can't
    be had back. Raises DataError for missing columns or if no series is long enough.
    """
    if absent := [name for name in NEEDED if name not in frame.columns]:
        raise DataError(f"先例数据缺少列 {'、'.join(absent)}；需要 {'、'.join(NEEDED)}")
    values, names, first_year = on_a_grid(frame.sort_values(["indicator", "region", "year"]))
    known = np.isfinite(values)
    count = known.sum(axis=1)
    before = count - np.clip((count + 1) // 2, FEWEST_AFTER, YEARS_AHEAD)
    series = np.flatnonzero(before >= FEWEST_BEFORE)
    if not len(series):
        raise DataError(f"没有一条序列够长：切分点之前至少{FEWEST_BEFORE}个数，之后至少{FEWEST_AFTER}个")
    order = np.cumsum(known, axis=1)
    origin = np.argmax(order[series] == before[series, None], axis=1)
    bounds = names[["lower", "upper"]].to_numpy(float)[series]
    seen, outcome = cut_at(values, bounds, series, origin)
    told = names.iloc[series].reset_index(drop=True)
    ends = told["upper"].fillna(np.inf)
    past = (np.arange(values.shape[1]) > (origin - LONGEST_MATCH)[:, None]) & known[series]
    head = pd.DataFrame(
        {
            "indicator": told["indicator"].astype(str), "region": told["region"].astype(str),
            "kind": [kind_of(unit, end) for unit, end in zip(told["unit"].astype(str), ends, strict=True)],
            "first_year": first_year + np.argmax(past, axis=1), "last_year": first_year + origin,
        }
    )  # fmt: skip
    features = pd.DataFrame(in_classes(seen.columns(MOVED_ON).astype(float)) + 0.0, columns=list(MOVED_ON))
    course = pd.DataFrame(np.round(outcome / COURSE) * COURSE + 0.0, columns=list(AFTER))
    found = pd.concat([head, features, course], axis=1)
    room = np.abs(bounds - seen.anchor[:, None]).min(axis=1) / (bounds[:, 1] - bounds[:, 0])
    return found[(head["kind"] != "share") | (room >= AT_THE_END)].reset_index(drop=True)


def write_precedents(data: Sequence[Path], path: Path = FILE, folder: Path = FOLDER) -> int:
    """Make the file of precedents from real figures; returns how many there are.

    data: parquet files with columns `NEEDED`. path: file to write. Only indicators that `indicators.csv` in `folder` names
    are taken: a code tells a reader nothing, and those whose definition changed midway aren't named there.
    Raises DataError for files that can't be used.
    """
    named = pd.read_csv(folder / "indicators.csv", dtype=str)["indicator"]
    frame = pd.concat([pd.read_parquet(file) for file in data], ignore_index=True)
    if "indicator" in frame.columns and not (frame := frame[frame["indicator"].isin(named)]).size:
        raise DataError("数据里没有 data/reference/indicators.csv 写明名称的指标")
    found = make_precedents(frame)
    with whole_file(path) as unfinished:
        found.to_csv(unfinished, index=False, encoding="utf-8", lineterminator="\n", float_format="%g")
    return len(found)


@lru_cache(maxsize=1)
def provinces(path: Path = FILE) -> Book:
    """The precedents that come with the package, read once."""
    return Book.of(pd.read_csv(path, encoding="utf-8"))
