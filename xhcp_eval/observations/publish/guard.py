"""Which further cells to hide so that no hidden one can be narrowed down."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from xhcp_eval.observations.publish.figures import Cells
from xhcp_eval.observations.publish.recovery import ENDLESS, intervals


@dataclass(frozen=True)
class Rule:
    """What is to be hidden. Counts of `smallest` to threshold - 1 are small; of a hidden one at least `width` numbers
    must stay possible, or as many as its bounds allow.
    """

    threshold: int = 5
    smallest: int = 1
    width: int = 4


@dataclass(frozen=True)
class Printed:
    """How cells stand in print; (n_cells,) each. hidden. few: to be printed as "<5". fixed: may not be changed any more,
    because an earlier edition has printed it or because it isn't in this one. low, high: what earlier editions told.
    """

    hidden: np.ndarray
    few: np.ndarray
    fixed: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def at(self, where: np.ndarray) -> Printed:
        """Those of some positions."""
        return Printed(*(getattr(self, field.name)[where] for field in fields(self)))

    def limits(self, rule: Rule, coarse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Range that print itself tells of each cell. coarse: (n_cells,) few ones printed as "…"."""
        told = self.few & ~coarse
        return (
            np.where(told, np.maximum(self.low, rule.smallest), self.low),
            np.where(told, np.minimum(self.high, rule.threshold - 1), self.high),
        )


def needed_width(cells: Cells, low: np.ndarray, high: np.ndarray, rule: Rule) -> np.ndarray:
    """Difference of greatest and least count that must stay possible in each cell; (n_cells,)."""
    return np.minimum(rule.width - 1.0, np.minimum(high, cells.most) - low)


def guard(cells: Cells, printed: Printed, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Hide more cells until no hidden one can be narrowed down; returns (hidden, coarse), (n_cells,) each.

    coarse: few ones to be printed as "…", since "<5" would tell too much. Where nothing helps, cells stay narrow:
    `recovery.intervals` finds them. Each cell that can be narrowed is helped by the cheapest set of further cells
    (an integer programme of its own), then those that turn out not to be needed are shown again: Fischetti and Salazar 2001,
    Management Science 47(7), for the programme; Kelly, Golden and Assad 1992, Networks 22(4), for the clean-up.
    """
    hidden = _with_their_rates(cells, printed.hidden, printed.fixed)
    # of two children, "<5" would tell nearly all
    told = np.minimum(rule.threshold - 1, cells.most) - rule.smallest
    coarse = printed.few & (told < rule.width - 1) & ~printed.fixed
    hopeless = np.zeros(len(hidden), bool)
    while True:
        failing = _failing(cells, hidden, printed, coarse, rule, hopeless)
        if not failing.any():
            break
        for cell in np.flatnonzero(failing):
            more = _cheapest(cells, int(cell), hidden, printed, printed.limits(rule, coarse), rule)
            if more is not None:
                hidden = _with_their_rates(cells, hidden | more, printed.fixed)
            elif printed.few[cell] and not coarse[cell] and not printed.fixed[cell]:
                coarse[cell] = True
            else:
                hopeless[cell] = True
    return _spared(cells, hidden, printed, coarse, rule, hopeless), coarse


def _with_their_rates(cells: Cells, hidden: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Rates whose denominator is a hidden figure are hidden with it."""
    hidden = hidden.copy()
    rates, wholes = cells.tells.T
    hidden[rates[hidden[wholes] & ~fixed[rates]]] = True
    return hidden


def _failing(
    cells: Cells,
    hidden: np.ndarray,
    printed: Printed,
    coarse: np.ndarray,
    rule: Rule,
    hopeless: np.ndarray,
    hasty: bool = False,
) -> np.ndarray:
    """Which hidden cells can be narrowed down too far, beside hopeless ones; (n_cells,) bool. hasty: whether any suffices."""
    low, high = printed.limits(rule, coarse)
    needed = np.where(hopeless, 0.0, needed_width(cells, low, high, rule))
    reached = intervals(cells, hidden, low, high, needed, hasty)
    return hidden & (reached[1] - reached[0] < needed)


def _cheapest(
    cells: Cells,
    cell: int,
    hidden: np.ndarray,
    printed: Printed,
    limits: tuple[np.ndarray, np.ndarray],
    rule: Rule,
) -> np.ndarray | None:
    """The cheapest shown cells that, hidden too, leave `cell` wide enough; (n_cells,) bool, None if none do.

    Two tables that print alike are sought whose `cell` differs by the width needed; shown cells in which either differs
    from the truth have to be hidden, and cost the more the larger they are.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    size, count = len(hidden), cells.count
    shown = ~hidden & ~np.isnan(count)
    still = shown & (printed.fixed | (count % 1 != 0))
    least, most = np.where(hidden, limits[0], 0.0), np.where(hidden, limits[1], np.inf)
    most = np.minimum(np.minimum(most, cells.most), ENDLESS)
    least, most = (np.where(still, count, bound) for bound in (least, most))
    most = np.where(shown & ~still, np.maximum(most, count), most)
    open_ = np.flatnonzero(shown & ~still)
    # a total is worth more to readers than a part as large
    cost = 1.0 + np.log2(1.0 + count[open_]) + (cells.margins[:, open_] < 0).sum(axis=0) / 2
    none, unit, pick = np.zeros((len(open_), size)), np.eye(len(open_)), np.eye(size)[open_]
    lower = np.where(cells.equal, 0.0, -np.inf)
    empty = np.zeros_like(cells.margins)
    gap = np.zeros(2 * size)
    gap[cell], gap[size + cell] = 1.0, -1.0
    needed = needed_width(cells, *limits, rule)[cell]
    wide = np.hstack([cells.margins, empty, np.zeros((len(lower), len(open_)))])
    twin = np.hstack([empty, cells.margins, np.zeros((len(lower), len(open_)))])
    rules = [
        LinearConstraint(np.vstack([wide, twin]), np.tile(lower, 2), 0.0),
        LinearConstraint(np.hstack([gap, np.zeros(len(open_))])[None], needed, np.inf),
    ]
    for first, second in ((pick, none), (none, pick)):
        for sign in (1.0, -1.0):
            away = np.hstack([sign * first, sign * second, -unit])
            rules.append(LinearConstraint(away, -np.inf, sign * count[open_]))
    found = milp(
        np.concatenate([np.zeros(2 * size), cost]),
        integrality=np.concatenate([np.ones(2 * size), np.zeros(len(open_))]),
        bounds=Bounds(np.concatenate([least, least, np.zeros(len(open_))]), np.concatenate([most, most, np.full(len(open_), ENDLESS)])),
        constraints=rules,
        options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    if found.x is None:
        return None
    more = np.zeros(size, bool)
    more[open_[found.x[2 * size :] > 1e-6]] = True
    return more


def _spared(
    cells: Cells,
    hidden: np.ndarray,
    printed: Printed,
    coarse: np.ndarray,
    rule: Rule,
    hopeless: np.ndarray,
) -> np.ndarray:
    """What is hidden once those cells are shown again that, as it turned out, needn't be hidden, the largest first."""
    added = np.flatnonzero(hidden & ~_with_their_rates(cells, printed.hidden, printed.fixed))
    for cell in added[np.argsort(-cells.count[added], kind="stable")]:
        fewer = hidden.copy()
        fewer[cell] = False
        if (_with_their_rates(cells, fewer, printed.fixed) != fewer).any():
            continue
        if not _failing(cells, fewer, printed, coarse, rule, hopeless, hasty=True).any():
            hidden = fewer
    return hidden
