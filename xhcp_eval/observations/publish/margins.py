"""The figures of one indicator and year, and the margins that tie them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import TOTAL

DIMENSIONS: tuple[str, ...] = ("region", "sex", "age", "residence", "category")


@dataclass(frozen=True)
class Cells:
    """One indicator and year: n_cells figures and the margins between them.

    count: (n_cells,) events or population, NaN where unknown. most: (n_cells,) upper bound known to a reader.
    margins: (n_margins, n_cells), 1 at parts, -1 at their total. equal: (n_margins,) whether the parts make up the
    total, or are only among it.
    """

    count: np.ndarray
    most: np.ndarray
    margins: np.ndarray
    equal: np.ndarray


def cells_of(table: pd.DataFrame, count: np.ndarray, most: np.ndarray) -> Cells:
    """The margins of one indicator and year; those whose parts exceed their total are none."""
    cells, levels = table[list(DIMENSIONS)].to_numpy(str), table["level"].to_numpy(str)
    found, dimension_of = [], []
    for position, dimension in enumerate(DIMENSIONS):
        for total, parts in _margins(cells, levels, position):
            row = np.zeros(len(cells))
            row[parts], row[total] = 1.0, -1.0
            found.append(row)
            dimension_of.append(dimension)
    margins = np.array(found).reshape(-1, len(cells))
    # a cell that isn't known makes its margins unknown
    excess = np.array([row[row != 0] @ count[row != 0] for row in margins])
    excess = np.where(np.isnan(excess), _usual(excess, np.array(dimension_of)), excess)
    keep = excess <= 0.5
    return Cells(count, most, margins[keep], np.abs(excess[keep]) <= 0.5)


def _usual(excess: np.ndarray, dimension: np.ndarray) -> np.ndarray:
    """What margins of the same dimension show: 0 adds up, 1 exceeds, -1 falls short; 0 where none is seen."""
    found = np.zeros(len(excess))
    for name in np.unique(dimension):
        seen = excess[(dimension == name) & ~np.isnan(excess)]
        if len(seen):
            found[dimension == name] = np.sign(np.median(seen))
    return found


def _margins(cells: np.ndarray, levels: np.ndarray, position: int) -> Iterator[tuple[int, list[int]]]:
    """Positions of each total and of its parts along one dimension, the others alike.

    cells: (n_cells, n_dimensions) labels. levels: (n_cells,), of the region: towns and schools below one district
    are two ways to divide it. position: of the dimension.
    """
    totals: dict[tuple, int] = {}
    parts: dict[tuple, list[int]] = {}
    for cell, labels in enumerate(map(tuple, cells)):
        label, others = labels[position], labels[:position] + labels[position + 1 :]
        if DIMENSIONS[position] == "region":
            totals[others, label] = cell
            parts.setdefault((others, label.rpartition("/")[0], levels[cell]), []).append(cell)
        elif label == TOTAL:
            totals[others, TOTAL] = cell
        else:
            parts.setdefault((others, TOTAL, ""), []).append(cell)
    for (others, total, _), found in parts.items():
        if (others, total) in totals:
            yield totals[others, total], found
