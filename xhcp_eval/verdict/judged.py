"""The value that a series is judged by in a year, pooled where counts are small, and that of its base year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.forecast.small_numbers import rate_interval
from xhcp_eval.verdict.demands import Demands
from xhcp_eval.verdict.series import Block, last_position


@dataclass(frozen=True)
class Values:
    """Judged values, all arrays (m,): NaN where a series has none. year, first_year: calendar years; numerator and
    denominator: NaN where the value stands for itself. rows: of the series. years: reported ones that were pooled.
    """

    rows: np.ndarray
    year: np.ndarray
    first_year: np.ndarray
    years: np.ndarray
    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether there is a judged value, (m,)."""
        return np.isfinite(self.year)


def value_at(
    block: Block,
    rows: np.ndarray,
    years: np.ndarray,
    width: np.ndarray | int | None = None,
    since: np.ndarray | int = 0,
    usable: np.ndarray | None = None,
) -> Values:
    """Judged values of series in calendar years, missing where no figure that may carry a verdict was reported.

    rows: (m,) positions of series, -1 for none. years: (m,). width: years pooled, by default the series' own. since:
    first year that may be pooled, (m,) or one for all: a promise of every year of the plan isn't held to what was
    before it. usable: (n, n_years) figures that count, by default all that may carry a verdict.
    """
    usable = block.trusted if usable is None else usable
    years = np.broadcast_to(years, rows.shape)
    known = block.look(usable, rows, years, False)
    if width is None:
        width = block.window[rows] if len(block) else np.ones(len(rows), int)
    # nothing is pooled across the start of a promise, but a year before it stands for itself
    width = np.where(known, np.minimum(width, np.where(years >= since, years - since + 1, width)), 0)
    value = np.where(known, block.look(block.values, rows, years, np.nan), np.nan)
    x, n, inside = np.zeros((3, len(rows)))
    first, own = years, np.zeros(len(rows), bool)
    for lag in range(int(width.max(initial=0))):
        here = (lag < width) & block.look(usable, rows, years - lag, False)
        more, cases = (block.look(g, rows, years - lag, np.nan) for g in (block.numerator, block.denominator))
        here &= np.isfinite(more) & np.isfinite(cases)
        # a year without counts of its own stands for itself
        own |= here & (lag == 0)
        x, n, inside = x + np.where(here, more, 0.0), n + np.where(here, cases, 0.0), inside + here
        first = np.where(here, years - lag, first)
    counts = known & own & (block.with_counts[rows] if len(block) else known)
    per = block.per[rows] if len(block) else np.ones(len(rows))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(counts & (inside != 1), per * x / n, value)
    return Values(
        rows=rows, year=np.where(known, years, np.nan), years=inside,
        first_year=np.where(known, np.where(counts, first, years), np.nan), value=value,
        numerator=np.where(counts, x, np.nan), denominator=np.where(counts, n, np.nan),
    )  # fmt: skip


def intervals(block: Block, judged: Values, where: np.ndarray | bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Limits of judged values from counts, (m,) each, NaN where chance has no part. where: (m,) the ones wanted.

    The same counts of series of one kind are worked out once.
    """
    low, high = np.full((2, len(judged.rows)), np.nan)
    wanted = where & np.isfinite(judged.numerator) & np.isfinite(judged.denominator)
    if len(block):
        wanted = np.flatnonzero(wanted & block.counted[judged.rows])
    if not len(block) or not len(wanted):
        return low, high
    rows = judged.rows[wanted]
    counts = np.stack([judged.numerator[wanted], judged.denominator[wanted], block.share[rows]])
    (x, n, share), back = np.unique(counts, axis=1, return_inverse=True)
    found = np.empty((2, len(x)))
    for kind, chosen in (("proportion", share > 0), ("rate", share == 0)):
        if chosen.any():
            found[:, chosen] = rate_interval(x[chosen], n[chosen], kind, block.settings.level)
    low[wanted], high[wanted] = found[:, back] * block.per[rows]
    return low, high


def base_of(block: Block, main: np.ndarray, demand: Demands) -> Values:
    """Base values: the one the target states, else the reported one of the base year, else the one that the plan prints,
    else that of the first reported year after it (base established later, A19) or of the last before; missing where the
    base year lies ahead. Exceptional years are no base as long as the series has others.

    main: (m,) series. demand: of the same pairs, (m,) each.
    """
    years = demand.base_year
    if not len(block):
        return value_at(block, main, years)
    grid, calendar = block.telling[main], block.years
    reported = block.look(block.telling, main, years, False)
    after, before = grid & (calendar > years[:, None]), grid & (calendar < years[:, None])
    first_after = calendar[np.argmax(after, axis=1)]
    last_before = calendar[last_position(before)]
    later = after.any(axis=1) & ~before.any(axis=1)
    # an exceptional base year that has come is replaced by the year before, one that hasn't come isn't
    come = (calendar[block.last[main]] > years) | block.has_year(main, years)
    chosen = np.where(reported | ~(later | come), years, np.where(later, first_after, last_before))
    found = value_at(block, main, chosen, usable=block.telling)
    stated = np.where(demand.stated, demand.value, np.where(reported, np.nan, demand.printed))
    plain = np.isfinite(stated)
    return Values(
        rows=main, year=np.where(plain, years, found.year), first_year=np.where(plain, years, found.first_year),
        years=found.years, value=np.where(plain, stated, found.value),
        numerator=np.where(plain, np.nan, found.numerator), denominator=np.where(plain, np.nan, found.denominator),
    )  # fmt: skip
