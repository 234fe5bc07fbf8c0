"""How a judged value compares with its base: what chance alone could have made of no change at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xhcp_eval.forecast.panel import previous
from xhcp_eval.forecast.small_numbers import difference_interval, rate_ratio_interval, tolerated
from xhcp_eval.verdict.judged import Values
from xhcp_eval.verdict.series import Block

FEWEST_STEPS = 5


@dataclass(frozen=True)
class Change:
    """Change from a base (or from a multiple of it), as a share of the size that changes are measured by; all (m,).

    value: of the figures. low, high: its limits, missing where no counts tell chance from movement.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def told(self) -> np.ndarray:
        """Whether there are limits, (m,)."""
        return ~np.isnan(self.low)

    def rises(self, least: float = 0.0) -> np.ndarray:
        """Whether it is surely up, and by more than `least` of the size, (m,)."""
        return np.where(self.told, self.low > 0, True) & (self.value > least)

    def falls(self, least: float = 0.0) -> np.ndarray:
        """Whether it is surely down, and by more than `least` of the size, (m,)."""
        return np.where(self.told, self.high < 0, True) & (self.value < -least)

    def stays(self, least: float) -> np.ndarray:
        """Whether it surely lies within `least` of the size on either side, (m,)."""
        within = np.abs(self.value) <= least
        return np.where(self.told, (-least < self.low) & (self.high < least), within)


def change_from(block: Block, latest: Values, base: Values, times: np.ndarray | float = 1.0) -> Change:
    """Change of judged values from `times` their base values.

    latest, base: (m,) of the same series. times: (m,) or one. Shares are compared by their difference (Newcombe's
    interval, the same whichever side of the share is told), rates of events by their ratio (exact). The size is the
    base value, of a bounded scale the distance to its nearer end: of 98% only 2 points are left to gain, and a loss of
    half a point is a quarter more without.
    """
    times = np.broadcast_to(np.asarray(times, float), latest.value.shape)
    size = _size(block, latest.rows, base.value) * np.abs(times)
    value = _per_size(latest.value - times * base.value, size)
    low, high = np.full((2, len(value)), np.nan)
    at = np.flatnonzero(comparable(block, latest, base))
    if len(at):
        share = block.share[latest.rows[at]]
        for chosen, limits in ((at[share], _of_shares), (at[~share], _of_rates)):
            if len(chosen):
                low[chosen], high[chosen] = limits(block, latest, base, times, size, chosen)
    return Change(value, low, high)


def comparable(block: Block, latest: Values, base: Values) -> np.ndarray:
    """Whether counts of both years tell chance from movement, (m,)."""
    drawn = block.counted[latest.rows] if len(block) else False
    counts = np.isfinite(base.numerator) & np.isfinite(latest.numerator)
    return drawn & counts & (base.year != latest.year)


def _size(block: Block, rows: np.ndarray, base: np.ndarray) -> np.ndarray:
    which = block.indicator[rows]
    bounded = np.isfinite(block.facts.lower[which]) & np.isfinite(block.facts.upper[which])
    bounded &= np.isin(block.facts.kind[which], ("proportion", "index"))
    ends = np.fmin(base - block.facts.lower[which], block.facts.upper[which] - base)
    return np.where(bounded, np.maximum(ends, 0.0), np.abs(base))


def _per_size(change: np.ndarray, size: np.ndarray) -> np.ndarray:
    """A change as a share of the size; of nothing any change is infinite."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0, change / size, np.where(change == 0, 0.0, np.sign(change) * np.inf))


def _counts(
    latest: Values, base: Values, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return latest.numerator[at], latest.denominator[at], base.numerator[at], base.denominator[at]


def _of_shares(block, latest, base, times, size, at) -> tuple[np.ndarray, np.ndarray]:
    _, low, high = difference_interval(*_counts(latest, base, at), block.settings.level, times[at])
    per = block.per[latest.rows[at]]
    return _per_size(low * per, size[at]), _per_size(high * per, size[at])


def _of_rates(block, latest, base, times, size, at) -> tuple[np.ndarray, np.ndarray]:
    _, low, high = rate_ratio_interval(*_counts(latest, base, at), block.settings.level)
    # no event in either period tells nothing
    low, high = np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), np.inf, high)
    return low / times[at] - 1, high / times[at] - 1


def tolerated_value(
    block: Block, rows: np.ndarray, base: Values, cases: np.ndarray, sign: np.ndarray
) -> np.ndarray:
    """The worst value that can't be told from the base, (m,), on the unit's scale.

    rows: (m,) series. base: judged values of the base year. cases: (m,) counted later. sign: +1 where more is better.
    Where no counts tell chance from movement it is half a step of the last digit beyond the base.
    """
    found = base.value - sign * block.facts.rounding[block.indicator[rows]]
    drawn = block.counted[rows] & np.isfinite(base.numerator) & np.isfinite(cases) & (cases > 0)
    share = block.share[rows]
    for kind, chosen in (("proportion", share), ("rate", ~share)):
        at = np.flatnonzero(drawn & chosen)
        if len(at):
            counts = base.numerator[at], base.denominator[at], cases[at]
            found[at] = tolerated(*counts, block.settings.level, sign[at], kind) * block.per[rows[at]]
    return found


def own_swing(block: Block, rows: np.ndarray) -> np.ndarray:
    """Change that a series makes by itself from one year to another, (m,): 1.96 times the spread of its yearly steps.

    Large counts make any swing "significant"; a change within the usual swing is no trend all the same. Zero where
    fewer than five steps between usual years are known, or where pooling already takes the unrest out.
    """
    steps = yearly_steps(block, rows)
    known = np.isfinite(steps)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, steps, 0.0).sum(axis=1) / count
        spread = np.sqrt((np.where(known, steps - mean[:, None], 0.0) ** 2).sum(axis=1) / (count - 1))
    return np.where((count < FEWEST_STEPS) | (block.window[rows] > 1), 0.0, 1.96 * spread)


def yearly_steps(block: Block, rows: np.ndarray) -> np.ndarray:
    """Change a year up to each usual year from the usual one before, (m, n_years), missing elsewhere."""
    values = np.where(block.usual[rows], block.values[rows], np.nan)
    before = previous(values)
    earlier = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    steps = (values - earlier) / (np.arange(values.shape[1]) - before)
    return np.where(before >= 0, steps, np.nan)
