"""Which further cells to hide so that the small ones can't be narrowed down."""

from __future__ import annotations

import numpy as np

from xhcp_eval.observations.publish.margins import Cells
from xhcp_eval.observations.publish.recovery import ENDLESS, intervals


def guard(
    cells: Cells,
    hidden: np.ndarray,
    few: np.ndarray,
    limits: tuple[int, int, int],
    primary: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Hide more cells until no small one can be narrowed down; returns (hidden, coarse).

    hidden: (n_cells,) to start with. few: those printed as "<5", whose range is known. limits: smallest, largest
    small count, protection. primary: those to be protected, default hidden. coarse: few ones to be printed as "…".
    """
    smallest, largest, protection = limits
    hidden = hidden.copy()
    needed_small = min(protection, largest - smallest)
    # of two children, "<5" would tell nearly all
    coarse = few & (np.minimum(largest, cells.most) - smallest < needed_small)
    primary = hidden.copy() if primary is None else primary
    while hidden.any():
        told = few & ~coarse
        low, high = np.where(told, smallest, 0.0), np.where(told, largest, np.inf)
        needed = np.where(primary, needed_small, 1.0)
        needed = np.minimum(needed, np.minimum(high, cells.most) - low)
        reached = intervals(cells, hidden, low, high, needed)
        failing = np.flatnonzero(hidden & (reached[1] - reached[0] < needed))
        before = hidden.sum() + coarse.sum()
        for cell in failing:
            _widen(cells, int(cell), hidden, coarse, few)
        if hidden.sum() + coarse.sum() == before:
            break
    return hidden, coarse


def _widen(cells: Cells, cell: int, hidden: np.ndarray, coarse: np.ndarray, few: np.ndarray) -> None:
    """Hide the cheapest cell that stands in a margin with this one, or next to those; in place.

    Cheap are small counts that aren't zero: a zero gives nothing away to its neighbours. Where all are hidden
    already, the printed range goes.
    """
    reach = np.arange(len(hidden)) == cell
    while True:
        touched = cells.margins[(cells.margins[:, reach] != 0).any(axis=1)]
        # the margin with the fewest gaps is the one that gives the cell away
        order = np.argsort([np.sum(hidden & (row != 0)) for row in touched], kind="stable")
        for row in touched[order]:
            shown = np.flatnonzero((row != 0) & ~hidden & ~np.isnan(cells.count))
            if len(shown):
                # a total is worth more to readers than a part as large
                worth = cells.count[shown] + (row[shown] < 0) / 2
                cost = np.where(cells.count[shown] > 0, worth, ENDLESS)
                hidden[shown[np.argmin(cost)]] = True
                return
        wider = reach | (touched != 0).any(axis=0)
        if (wider == reach).all():
            coarse |= few & reach
            return
        reach = wider
