"""What may be printed: small counts suppressed, and enough others that none can be worked out from the rest.

The analyst's own database is not thinned; `suppress` is applied to a table on its way out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.observations.publish.figures import Cells, Figures, figures_of
from xhcp_eval.observations.publish.guard import Printed, Rule, guard
from xhcp_eval.observations.publish.margins import DIMENSIONS
from xhcp_eval.observations.publish.recovery import intervals
from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.identities import Identities
from xhcp_eval.plan.units import UNITS, format_value

HIDDEN = "…"
NEEDED: tuple[str, ...] = ("indicator", "region", "year", "value", "numerator", "denominator", "unit")
NO_RELATIONS = Identities()


def suppress(
    frame: pd.DataFrame,
    threshold: int = 5,
    *,
    smallest: int = 1,
    width: int | None = None,
    exempt: Collection[str] = (),
    identities: Identities = NO_RELATIONS,
    earlier: Sequence[pd.DataFrame] = (),
    tell: Callable[[int, int], object] = lambda done, of: None,
) -> pd.DataFrame:
    """Blank the small cells of a table to be published, and as many others as keep them from being recomputed.

    frame: observations with totals and groups; columns `NEEDED`, those of sex, age, residence, category default to
    the total. threshold: counts of `smallest` to threshold - 1 are small (smallest=0 hides zeros as well).
    A cell is suppressed first where its events, or those of its denominator without the event, are small: both tell
    of few children. Counts that were not given but follow from rate and denominator are counts like others.
    width: how many numbers must stay possible of every hidden cell, or as many as its bounds allow where these are fewer;
    by default as many as "<5" itself leaves. exempt: indicators that don't count people (schools, villages).
    identities: relations between indicators that a reader knows. earlier: editions published before, with the counts
    that stood behind them (results of `suppress` joined to its input, or `editions.read_editions`): what any of them showed is
    known, and what they hid is protected as well. tell: called with pieces done and pieces in all.
    Returns the frame with value and numerator blank in suppressed cells, the denominator too where it is small itself
    (or guards one that is), and two columns: `published`, the text to print ("<5", "…" or the value), and
    `suppressed` ("", "primary", "secondary"), which is for the analyst and is not to be published.
    A reader is taken to know all denominators, the counts behind every rate shown, which margins add up (sex, age, residence,
    category, units below their region and those of its urban and rural part), the relations and the rule.
    Hundepool et al. 2012, Statistical Disclosure Control, ch. 4 (sensitive cells, protection levels, audit).
    Raises ParamsError for bad parameters, DataError for missing columns or doubled cells.
    """
    width = max(2, threshold - smallest) if width is None else width
    if threshold < 2 or not 0 <= smallest < threshold or width < 2:
        raise ParamsError("须 threshold≥2、0≤smallest<threshold、width≥2")
    rule, table = Rule(threshold, smallest, width), _prepared(frame)
    events, cases = _events(table), table["denominator"].to_numpy(float)
    liable = ~table["indicator"].isin(list(exempt)).to_numpy()
    few, small_cases = _small(events, smallest, threshold) & liable, _small(cases, 1, threshold) & liable
    primary = few | (_small(cases - events, max(smallest, 1), threshold) & liable)
    no_cases = _hidden_populations(table, small_cases, rule, identities)
    before = [_prepared(one) for one in earlier]
    figures = _figures([table, *before], [events, *map(_events, before)], identities)
    printed = _printed(figures, primary | no_cases, few, before, smallest)
    hidden, coarse = printed.hidden.copy(), np.zeros(len(printed.hidden), bool)
    pieces = list(figures.pieces(hidden))
    for done, (where, cells) in enumerate(pieces):
        tell(done, len(pieces))
        hidden[where], coarse[where] = guard(cells, printed.at(where), rule)
    tell(len(pieces), len(pieces))
    own = figures.of_rows[0]
    hidden = hidden[own] | primary | no_cases
    texts = np.select([(printed.few & ~coarse)[own], hidden], [f"<{threshold}", HIDDEN], "")
    result = _blanked(frame, hidden, no_cases, texts)
    result["suppressed"] = np.select([primary, hidden], ["primary", "secondary"], "")
    return result


def _blanked(
    frame: pd.DataFrame, hidden: np.ndarray, no_cases: np.ndarray, texts: np.ndarray
) -> pd.DataFrame:
    """The frame without what is hidden, and what is printed of each row. texts: (n_rows,) for hidden ones, else ""."""
    shown = [
        text or format_value(value, unit)
        for text, value, unit in zip(texts, frame["value"], frame["unit"], strict=True)
    ]
    result = frame.copy()
    result.loc[hidden, ["value", "numerator"]] = np.nan
    result.loc[no_cases, "denominator"] = np.nan
    result["published"] = np.array(shown, object)
    return result


def audit(
    published: pd.DataFrame,
    original: pd.DataFrame | None = None,
    *,
    smallest: int = 1,
    identities: Identities = NO_RELATIONS,
    earlier: Sequence[pd.DataFrame] = (),
    width: int | None = None,
) -> pd.DataFrame:
    """Try to recover every suppressed cell from what was published, by integer programmes.

    published: result of `suppress`. original: the table before, in the same order: the reader then knows its
    denominators and which margins add up; otherwise these are taken to add up as the visible margins of the same
    indicator do, or, where none is visible, to do so. smallest, identities, earlier: as given to `suppress`.
    width: if given, limits are sought no further than so many numbers.
    Returns indicator, region, year, sex, age, residence, category, published, low, high (the events that are possible;
    infinite without a bound), allowed (how many numbers print and denominator alone allow) and recoverable (only one
    number is possible), a row a suppressed cell; cells that only earlier editions hold come last.
    """
    table, before = _prepared(published), [_prepared(one) for one in earlier]
    hidden = is_hidden(published["published"])
    if original is None:
        known = table.assign(**{name: table[name].mask(hidden) for name in ("value", "numerator")})
    else:
        known = _prepared(original)
    editions = [known, *before]
    figures = _figures(editions, [_events(one) for one in editions], identities)
    prints = [table, *before]
    state = _printed(figures, hidden, np.zeros(len(table), bool), before, smallest)
    secret, low, high = state.hidden, *_ranges(figures, prints, smallest)
    secret[figures.of_rows[0][~hidden]] = False  # an earlier edition hid what this one shows
    least, most, allowed = np.full((3, len(secret)), np.nan)
    for where, cells in figures.pieces(secret):
        most_here = np.minimum(high[where], cells.most)
        needed = None if width is None else np.minimum(width - 1.0, most_here - low[where])
        cells = _as_read(cells, secret[where])
        least[where], most[where] = intervals(cells, secret[where], low[where], high[where], needed)
        allowed[where] = most_here - low[where] + 1
    rows = _hidden_rows(figures, prints, secret)
    result = rows[["indicator", "year", *DIMENSIONS, "published"]]
    of = rows["figure"].to_numpy()
    result = result.assign(low=least[of], high=most[of], allowed=allowed[of])
    return result.assign(recoverable=result["low"] == result["high"])


def is_hidden(text: pd.Series) -> np.ndarray:
    """Whether printed texts are those of hidden cells; (n_rows,) bool."""
    return (text.str.startswith("<") | (text == HIDDEN)).to_numpy(bool)


def _hidden_rows(figures: Figures, prints: Sequence[pd.DataFrame], secret: np.ndarray) -> pd.DataFrame:
    """Rows of secret figures, each figure once, those of the first edition under its own index."""
    rows = [one.assign(figure=of) for one, of in zip(prints, figures.of_rows, strict=True)]
    rows[1:] = [one.set_axis(one.index + len(prints[0]) * k, axis=0) for k, one in enumerate(rows[1:], 1)]
    found = pd.concat(rows)
    return found[secret[found["figure"]]].drop_duplicates("figure")


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


def _figures(tables: Sequence[pd.DataFrame], counts: Sequence[np.ndarray], identities: Identities) -> Figures:
    """All figures with their upper bounds: the denominator, unless an indicator's events pass it (gross enrolment)."""
    mosts = []
    for table, events in zip(tables, counts, strict=True):
        cases = table["denominator"].to_numpy(float)
        passing = table["indicator"].isin(table.loc[events > cases, "indicator"])
        mosts.append(np.where(np.isnan(cases) | passing, np.inf, cases))
    return figures_of(tables, counts, mosts, identities)


def _hidden_populations(
    table: pd.DataFrame, small: np.ndarray, rule: Rule, identities: Identities
) -> np.ndarray:
    """Denominators that are not to be known: small ones, what guards them, and the same children under other indicators."""
    cases = table["denominator"].to_numpy(float)
    same = Identities(residence=identities.residence)
    figures = figures_of([table], [cases], [np.full(len(table), np.inf)], same)
    nothing = np.zeros(len(table), bool)
    hidden = small.copy()
    for where, cells in figures.pieces(small):
        limits = np.zeros(len(where)), np.full(len(where), np.inf)
        printed = Printed(small[where], nothing[where], nothing[where], *limits)
        hidden[where], _ = guard(cells, printed, rule)
    for group in identities.denominators:
        rows = table["indicator"].isin(group.indicators).to_numpy()
        place = table.loc[rows, ["year", *DIMENSIONS]].assign(hidden=hidden[rows])
        hidden[rows] = place.groupby(["year", *DIMENSIONS], sort=False)["hidden"].transform("any")
    return hidden


def _printed(
    figures: Figures, start: np.ndarray, few: np.ndarray, before: Sequence[pd.DataFrame], smallest: int
) -> Printed:
    """How figures stand in print to begin with. start, few: (n_rows,) of the new edition. before: earlier ones.

    What an earlier edition hid stays hidden, as it stood, so that an edition made again is the same.
    """
    size = len(figures.count)
    hidden, few_, new, known = np.zeros((4, size), bool)
    hidden[figures.of_rows[0]], few_[figures.of_rows[0]], new[figures.of_rows[0]] = start, few, True
    for one, of in zip(before, figures.of_rows[1:], strict=True):
        secret = is_hidden(one["published"])
        known[of[~secret]] = True
        hidden[of[secret]] = True
        few_[of[(one["published"] == HIDDEN).to_numpy(bool)]] = False
    low, high = _ranges(figures, [None, *before], smallest)
    return Printed(hidden & ~known, few_ & ~known, known | ~new, low, high)


def _ranges(
    figures: Figures, prints: Sequence[pd.DataFrame | None], smallest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Range of each figure that printed texts themselves give: (low, high), (n_figures,) each."""
    low, high = np.zeros(len(figures.count)), np.full(len(figures.count), np.inf)
    for one, of in zip(prints, figures.of_rows, strict=True):
        if one is not None:
            few = one["published"].str.startswith("<").to_numpy(bool)
            below = one["published"][few].str.removeprefix("<").astype(float).to_numpy()
            low[of[few]] = np.maximum(low[of[few]], smallest)
            high[of[few]] = np.minimum(high[of[few]], below - 1)
    return low, high


def _as_read(cells: Cells, hidden: np.ndarray) -> Cells:
    """Cells as a reader has them: counts of hidden ones unknown."""
    return replace(cells, count=np.where(hidden, np.nan, cells.count))
