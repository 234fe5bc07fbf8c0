"""What a reader can work out: least and greatest value of each hidden cell, by integer programmes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xhcp_eval.observations.publish.figures import Cells

# Nothing counted here comes near; stands for "no limit", which integer programmes don't like.
ENDLESS = 1e8
FEW = 4  # unknowns that are asked one by one at once


def intervals(
    cells: Cells,
    hidden: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    needed: np.ndarray | None = None,
    hasty: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest count of each hidden cell that the shown ones allow; (n_cells,) each, NaN where shown.

    low, high: printed range of each cell. needed: width that suffices; a programme is spared where the solutions
    of others show it already, so that the limits are then only reached ones. hasty: no more is asked once a cell is found
    to be narrower; those not asked yet stay NaN.
    """
    low, high = low.copy(), np.minimum(high, cells.most)
    rates, wholes = cells.tells.T
    told = wholes[hidden[wholes] & ~hidden[rates] & ~np.isnan(cells.count[wholes])]
    low[told] = high[told] = cells.count[told]
    result = np.full((2, len(hidden)), np.nan)
    for free in _together(cells, hidden | np.isnan(cells.count)):
        if hidden[free].any():
            reached = _solve(cells, free, hidden, (low, high), needed, hasty)
            asked = hidden[free]
            result[:, free[asked]] = reached[:, asked]
            if hasty and needed is not None and (reached[1] - reached[0] < needed[free])[asked].any():
                break
    return result[0], np.where(result[1] >= ENDLESS / 2, np.inf, result[1])


def _together(cells: Cells, free: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of unknown cells that a margin ties directly or through other unknown ones."""
    from scipy.sparse.csgraph import connected_components

    where = np.flatnonzero(free)
    tied = (cells.margins[:, where] != 0).astype(np.int32)
    numbers = connected_components(tied.T @ tied, directed=False)[1]
    for number in np.unique(numbers):
        yield where[numbers == number]


def _solve(
    cells: Cells,
    free: np.ndarray,
    hidden: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    needed: np.ndarray | None,
    hasty: bool,
) -> np.ndarray:
    """Least and greatest count of unknown cells that hang together (`free`), (2, n_free); arguments as of `intervals`."""
    problem = _Problem(cells, free, *limits)
    reached = np.array([np.full(len(free), np.inf), np.full(len(free), -np.inf)])
    if needed is not None and len(free) > FEW:
        for aim in _sweeps(len(free)):
            if (reached[1] - reached[0] >= needed[free])[hidden[free]].all():
                break
            found = problem.solve(aim)
            reached = np.array([np.minimum(reached[0], found), np.maximum(reached[1], found)])
    for place, cell in enumerate(free):
        if not hidden[cell]:
            continue
        for sign in (1, -1):
            if needed is None or reached[1, place] - reached[0, place] < needed[cell]:
                found = problem.solve(sign * (np.arange(len(free)) == place))
                reached = np.array([np.minimum(reached[0], found), np.maximum(reached[1], found)])
        if hasty and needed is not None and reached[1, place] - reached[0, place] < needed[cell]:
            break
    return reached


class _Problem:
    """Unknown cells as unknowns of an integer programme."""

    def __init__(self, cells: Cells, free: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        from scipy.optimize import Bounds, LinearConstraint

        shown = np.setdiff1d(np.arange(len(cells.count)), free)
        rows = (cells.margins[:, free] != 0).any(axis=1)
        left = -cells.margins[rows][:, shown] @ np.nan_to_num(cells.count[shown])
        self.limits = []
        if rows.any():
            lower = np.where(cells.equal[rows], left, -np.inf)
            self.limits = [LinearConstraint(cells.margins[rows][:, free], lower, left)]
        self.bounds = Bounds(low[free], np.minimum(high[free], ENDLESS))
        # fractional counts, should there be any, leave no whole solution
        self.whole = int(np.all(left == np.round(left)))

    def solve(self, aim: np.ndarray) -> np.ndarray:
        """A solution that makes `aim` @ unknowns least; (n_unknowns,)."""
        from scipy.optimize import milp

        if not self.limits:
            return np.where(aim >= 0, self.bounds.lb, self.bounds.ub)
        found = milp(
            aim,
            integrality=np.full(len(aim), self.whole),
            bounds=self.bounds,
            constraints=self.limits,
            options={"mip_rel_gap": 0.0},
        )
        if found.x is None:
            # margins that were taken to add up don't: they tell nothing
            self.limits = []
            return self.solve(aim)
        return np.round(found.x, 6)


def _sweeps(size: int) -> Iterator[np.ndarray]:
    """Aims that move many unknowns at once, by which most are seen to be wide enough without asking one by one."""
    place = np.arange(size)
    for half in (0 * place, place % 2, place // 2 % 2, place // 4 % 2):
        yield from (1.0 - 2 * half, 2.0 * half - 1)
