"""What may be printed: small counts suppressed, and enough others that none can be had by subtraction.

The analyst's own database is not thinned; `suppress` is applied to a table on its way out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations.publish.guard import guard
from xhcp_eval.observations.publish.margins import DIMENSIONS, Cells, cells_of
from xhcp_eval.observations.publish.recovery import intervals
from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.units import UNITS, format_value

HIDDEN = "…"
NEEDED: tuple[str, ...] = ("indicator", "region", "year", "value", "numerator", "denominator", "unit")


def suppress(
    frame: pd.DataFrame,
    threshold: int = 5,
    *,
    smallest: int = 1,
    protection: int = 2,
    exempt: Collection[str] = (),
) -> pd.DataFrame:
    """Blank the small cells of a table to be published, and as many others as keep them from being recomputed.

    frame: observations with totals and groups; columns `NEEDED`, those of sex, age, residence, category default to
    the total. threshold: counts of `smallest` to threshold - 1 are small (smallest=0 hides zeros as well).
    A cell is suppressed first where its events, or those of its denominator without the event, are small: both tell
    of few children. Counts that were not given but follow from rate and denominator are counts like others.
    protection: what is left to a reader of a small cell must span at least this much (2: three possible numbers),
    or the whole printed range where that is narrower. exempt: indicators that don't count people (schools, villages).
    Returns the frame with value and numerator blank in suppressed cells, the denominator too where it is small itself
    (or guards one that is), and two columns: `published`, the text to print ("<5", "…" or the value), and
    `suppressed` ("", "primary", "secondary"), which is for the analyst and is not to be published.
    A reader is taken to know all denominators, which margins add up (sex, age, residence, category, units below
    their region) and the rule. Guarded is each indicator and year by itself: not against differences of pooled
    years, of indicators that contain one another, nor gaps published beside one of their sides.
    Hundepool et al. 2012, Statistical Disclosure Control, ch. 4 (hypercube-like search, audit by linear programmes).
    Raises ParamsError for bad parameters, DataError for missing columns or doubled cells.
    """
    if threshold < 2 or not 0 <= smallest < threshold or protection < 1:
        raise ParamsError("须 threshold≥2、0≤smallest<threshold、protection≥1")
    table = _prepared(frame)
    events, cases = _events(table), table["denominator"].to_numpy(float)
    liable = ~table["indicator"].isin(list(exempt)).to_numpy()
    few, small_cases = _small(events, smallest, threshold) & liable, _small(cases, 1, threshold) & liable
    rest = _small(cases - events, max(smallest, 1), threshold) & liable
    primary, hidden, coarse, no_cases = few | rest, few | rest, np.zeros(len(table), bool), small_cases.copy()
    limits = smallest, threshold - 1, protection
    for rows in _groups(table, primary | small_cases):
        some = table.iloc[rows]
        if small_cases[rows].any():
            population = cells_of(some, cases[rows], np.full(len(rows), np.inf))
            no_cases[rows], _ = guard(population, small_cases[rows], np.zeros(len(rows), bool), limits)
        counts = cells_of(some, events[rows], _most(events[rows], cases[rows]))
        start = hidden[rows] | no_cases[rows]
        hidden[rows], coarse[rows] = guard(counts, start, few[rows], limits, primary[rows])
    shown = [format_value(v, u) for v, u in zip(table["value"], table["unit"], strict=True)]
    result = frame.copy()
    result.loc[hidden, ["value", "numerator"]] = np.nan
    result.loc[no_cases, "denominator"] = np.nan
    result["suppressed"] = np.select([primary, hidden], ["primary", "secondary"], "")
    result["published"] = np.select([few & ~coarse, hidden], [f"<{threshold}", HIDDEN], shown)
    return result


def audit(
    published: pd.DataFrame, original: pd.DataFrame | None = None, *, smallest: int = 1
) -> pd.DataFrame:
    """Try to recover every suppressed cell from what was published, by integer programmes.

    published: result of `suppress`. original: the table before, in the same order: the reader then knows its
    denominators and which margins add up; otherwise these are taken to add up as the visible margins of the same
    indicator do, or, where none is visible, to do so. smallest: as given to `suppress`.
    Returns indicator, region, year, sex, age, residence, category, published, low, high (the events that are possible;
    infinite without a bound) and recoverable (only one number is possible), a row a suppressed cell.
    """
    table = _prepared(published)
    known = table if original is None else _prepared(original)
    cases = known["denominator"].to_numpy(float)
    hidden = (
        published["published"].str.startswith("<").to_numpy() | (published["published"] == HIDDEN).to_numpy()
    )
    events = np.where(hidden, np.nan, _events(table))
    reference = events if original is None else _events(known)
    low, high = np.full(len(table), np.nan), np.full(len(table), np.nan)
    for rows in _groups(table, hidden):
        most = _most(reference[rows], cases[rows])
        cells = cells_of(table.iloc[rows], reference[rows], most)
        cells = Cells(events[rows], most, cells.margins, cells.equal)
        few = _printed(published["published"].iloc[rows], smallest)
        low[rows], high[rows] = intervals(cells, hidden[rows], *few)
    result = table.loc[hidden, ["indicator", "year", *DIMENSIONS]].assign(
        published=published.loc[hidden, "published"]
    )
    result = result.assign(low=low[hidden], high=high[hidden])
    return result.assign(recoverable=result["low"] == result["high"])


def _prepared(frame: pd.DataFrame) -> pd.DataFrame:
    absent = [name for name in NEEDED if name not in frame.columns]
    if absent:
        raise DataError(f"待发布的表缺少列 {'、'.join(absent)}；需要 {'、'.join(NEEDED)}")
    table = frame.assign(**{name: TOTAL for name in DIMENSIONS if name not in frame.columns})
    table = table if "level" in table.columns else table.assign(level="")
    if table.duplicated(["indicator", "year", *DIMENSIONS]).any():
        raise DataError("待发布的表里同一指标、年份、地区、分组出现多次")
    counts = table[["numerator", "denominator"]].to_numpy(float)
    if np.any(counts < 0):
        raise DataError("待发布的表里分子、分母不能为负")
    return table


def _events(table: pd.DataFrame) -> np.ndarray:
    """Events of each row: numerator, or a reported number, or what rate and denominator give; NaN where unknown."""
    per = table["unit"].map({name: unit.per for name, unit in UNITS.items()}).astype(float)
    implied = (table["value"] * table["denominator"] / per).round()
    found = table["numerator"].where(table["numerator"].notna(), implied)
    return found.where(table["unit"] != "count", table["value"]).to_numpy(float)


def _small(count: np.ndarray, smallest: int, threshold: int) -> np.ndarray:
    return (count >= smallest) & (count < threshold)


def _most(events: np.ndarray, cases: np.ndarray) -> np.ndarray:
    """Upper bound of the events: the denominator, unless the indicator's events pass it (gross enrolment)."""
    passing = np.any(events > cases)
    return np.where(np.isnan(cases) | passing, np.inf, cases)


def _groups(table: pd.DataFrame, concerned: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of each indicator and year that has a cell to hide."""
    for rows in table.groupby(["indicator", "year"], sort=False).indices.values():
        if concerned[rows].any():
            yield rows


def _printed(text: pd.Series, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Range that the printed text itself gives: (low, high)."""
    few = text.str.startswith("<").to_numpy()
    below = pd.to_numeric(text.str.removeprefix("<").where(few), errors="coerce").to_numpy(float)
    return np.where(few, smallest, 0.0), np.where(few, below - 1, np.inf)
