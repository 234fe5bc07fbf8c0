"""Judged values of many series at once: `evidence.judge_at` and `criterion.find_base` over arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.province.facts import Demands
from xhcp_eval.province.series import Block
from xhcp_eval.small_numbers import rate_interval


@dataclass(frozen=True)
class Values:
    """Judged values, all arrays (m,): NaN where a series has none. year, first_year: calendar years; numerator and
    denominator: NaN where the value stands for itself. rows, width: of the series and the years pooled.
    """

    rows: np.ndarray
    width: np.ndarray
    year: np.ndarray
    first_year: np.ndarray
    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether there is a judged value, (m,)."""
        return np.isfinite(self.year)


def judge(block: Block, rows: np.ndarray, years: np.ndarray, width: np.ndarray | int | None = None) -> Values:
    """Judged values of series in calendar years, missing where no figure that may carry a verdict was reported.

    rows: (m,) positions of series, -1 for none. years: (m,). width: years pooled, by default the series' own.
    """
    years = np.broadcast_to(years, rows.shape)
    known = block.has_year(rows, years)
    if width is None:
        width = block.window[rows] if len(block) else np.ones(len(rows), int)
    width = np.where(known, width, 0)
    value = np.where(known, block.look(block.values, rows, years, np.nan), np.nan)
    x, n, inside, first, events = (
        np.zeros(len(rows)),
        np.zeros(len(rows)),
        np.zeros(len(rows), int),
        years,
        False,
    )
    for lag in range(int(width.max(initial=0))):
        here = (lag < width) & block.has_year(rows, years - lag)
        more, cases = (block.look(g, rows, years - lag, np.nan) for g in (block.numerator, block.denominator))
        events |= here & np.isfinite(more)
        here &= np.isfinite(more) & np.isfinite(cases)
        x, n, inside = x + np.where(here, more, 0.0), n + np.where(here, cases, 0.0), inside + here
        first = np.where(here, years - lag, first)
    counts = known & events & (block.counted[rows] if len(block) else False)
    per = block.per[rows] if len(block) else np.ones(len(rows))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(counts & (inside != 1), per * x / n, value)
    return Values(
        rows=rows, width=width, year=np.where(known, years, np.nan),
        first_year=np.where(known, np.where(counts, first, years), np.nan), value=value,
        numerator=np.where(counts, x, np.nan), denominator=np.where(counts, n, np.nan),
    )  # fmt: skip


def intervals(block: Block, judged: Values, where: np.ndarray | bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Limits of judged values from counts, (m,) each, NaN without counts. where: (m,) the ones that are wanted.

    The same value judged for several targets is worked out once.
    """
    low, high = np.full((2, len(judged.rows)), np.nan)
    wanted = np.flatnonzero(where & np.isfinite(judged.numerator) & np.isfinite(judged.denominator))
    if not len(wanted):
        return low, high
    key = (judged.rows[wanted] * 10_000 + judged.year[wanted].astype(int)) * 10 + judged.width[wanted]
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    at = wanted[first]
    rows = judged.rows[at]
    share = block.facts.kind[block.indicator[rows]] == "proportion"
    found = np.empty((2, len(at)))
    for kind, chosen in (("proportion", share), ("rate", ~share)):
        if chosen.any():
            x, n = judged.numerator[at[chosen]], judged.denominator[at[chosen]]
            found[:, chosen] = rate_interval(x, n, kind, block.settings.level, block.per[rows[chosen]])
    low[wanted], high[wanted] = found[:, back]
    return low, high


def base_of(block: Block, main: np.ndarray, demand: Demands) -> Values:
    """Base values, see `criterion.find_base`; missing where the base year lies ahead.

    main: (m,) series. demand: of the same pairs, (m,) each.
    """
    years = demand.base_year
    reported = block.has_year(main, years)
    grid = block.trusted[main] if len(block) else np.zeros((len(main), 1), bool)
    calendar = block.years
    after = grid & (calendar > years[:, None])
    before = grid & (calendar < years[:, None])
    first_after = np.where(after.any(axis=1), calendar[np.argmax(after, axis=1)], -1)
    last_before = np.where(
        before.any(axis=1), calendar[grid.shape[1] - 1 - np.argmax(before[:, ::-1], axis=1)], -1
    )
    end = calendar[block.last[main]] if len(block) else np.zeros(len(main))
    later = after.any(axis=1) & ~before.any(axis=1)
    earlier = before.any(axis=1) & (end > years)
    chosen = np.where(reported, years, np.where(later, first_after, np.where(earlier, last_before, -1)))
    found = judge(block, main, chosen)
    stated = np.where(demand.stated, demand.value, np.where(reported, np.nan, demand.printed))
    plain = np.isfinite(stated)
    return Values(
        rows=main, width=found.width, year=np.where(plain, years, found.year),
        first_year=np.where(plain, years, found.first_year), value=np.where(plain, stated, found.value),
        numerator=np.where(plain, np.nan, found.numerator), denominator=np.where(plain, np.nan, found.denominator),
    )  # fmt: skip
