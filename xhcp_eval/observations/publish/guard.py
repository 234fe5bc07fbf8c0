"""Which further cells to hide so that no hidden one can be narrowed down."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from xhcp_eval.observations.publish.figures import Cells
from xhcp_eval.observations.publish.recovery import ENDLESS, intervals

SOME = 1e-6  # less than any count


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
    from scipy.optimize import Bounds, milp

    size, count = len(hidden), cells.count
    shown = ~hidden & ~np.isnan(count)
    open_ = np.flatnonzero(shown & ~printed.fixed & (count % 1 == 0))
    still = shown.copy()
    still[open_] = False
    least, most = np.where(hidden, limits[0], 0.0), np.where(hidden, limits[1], np.inf)
    most = np.minimum(np.minimum(most, cells.most), ENDLESS)
    most[open_] = np.maximum(most[open_], count[open_])
    least, most = (np.where(still, count, bound) for bound in (least, most))
    # a total is worth more to readers than a part as large
    cost = 1.0 + np.log2(1.0 + count[open_]) + (cells.margins[:, open_] < 0).sum(axis=0) / 2
    none = np.zeros(len(open_))
    found = milp(
        np.concatenate([np.zeros(2 * size), cost]),
        integrality=np.concatenate([np.ones(2 * size), none]),
        bounds=Bounds(np.concatenate([least, least, none]), np.concatenate([most, most, none + ENDLESS])),
        constraints=_twins(cells, cell, open_, needed_width(cells, *limits, rule)[cell]),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    more = np.zeros(size, bool)
    more[open_[found.x[2 * size :] > SOME]] = True
    return more


def _twins(cells: Cells, cell: int, open_: np.ndarray, apart: float) -> list:
    """Constraints on two tables, and on how far either is from the truth in the cells `open_`, as one row of unknowns.

    Both tables keep the margins; in `cell` the first is greater by `apart` at least.
    """
    from scipy.optimize import LinearConstraint

    size, count = len(cells.count), cells.count[open_]
    pick, away = np.eye(size)[open_], np.eye(len(open_))
    gap = np.zeros(2 * size + len(open_))
    gap[[cell, size + cell]] = 1.0, -1.0
    lower = np.where(cells.equal, 0.0, -np.inf)
    rules = [LinearConstraint(gap[None], apart, np.inf)]
    for which in (0, 1):
        columns = slice(which * size, (which + 1) * size)
        kept = np.zeros((len(lower), len(gap)))
        kept[:, columns] = cells.margins
        rules.append(LinearConstraint(kept, lower, 0.0))
        for sign in (1.0, -1.0):
            far = np.zeros((len(open_), len(gap)))
            far[:, columns], far[:, 2 * size :] = sign * pick, -away
            rules.append(LinearConstraint(far, -np.inf, sign * count))
    return rules


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
