"""What ties figures together: margins of one indicator and year, and the relations between indicators that a plan names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.identities import Identities, Residence

DIMENSIONS: tuple[str, ...] = ("region", "sex", "age", "residence", "category")
_KEY = ["indicator", "year", *DIMENSIONS]
HALF = 0.5  # counts are whole, so that sums that differ by less are the same


@dataclass(frozen=True)
class Link:
    """Figures that add up: `parts` (positions) make up `total`, or are only among it where not `equal`.

    denominator: the total is also the denominator of its part.
    """

    parts: tuple[int, ...]
    total: int
    equal: bool
    denominator: bool = False


def links_of(table: pd.DataFrame, count: np.ndarray, identities: Identities) -> list[Link]:
    """Everything that a reader knows to hold between the figures of one edition.

    table: rows with `indicator`, `year`, `level` and `DIMENSIONS`. count: (n_rows,) events, NaN where unknown. What the
    counts themselves contradict is left out: parts beyond their total are none of it.
    """
    found: list[Link] = []
    for rows in table.groupby(["indicator", "year"], sort=False).indices.values():
        found += _margins(table.iloc[rows], count[rows], rows, identities.residence)
    place = {key: k for k, key in enumerate(table[_KEY].itertuples(index=False, name=None))}
    related = [*_orders(identities), *_wholes(identities)]
    for key, total in place.items():
        indicator, year, *rest = key
        for whole, parts, equal, denominator in related:
            if whole == indicator:
                named = [place.get((part, year, *rest)) for part in parts]
                here = tuple(k for k in named if k is not None)
                found += [Link(here, total, equal and len(here) == len(parts), denominator)] if here else []
        for moving in identities.moving:
            if moving.indicator == indicator:
                named = [place.get((moving.of, year - back, *rest)) for back in range(moving.years)]
                here = tuple(k for k in named if k is not None)
                found += [Link(here, total, len(here) == moving.years)] if here else []
    return [link for link in found if not _excess(link, count) > HALF]


def _orders(identities: Identities) -> Iterator[tuple[str, tuple[str, ...], bool, bool]]:
    """(whole, parts, equal, denominator): counts of the same children never fall along the list."""
    for order in identities.orders:
        for low, high in zip(order.indicators, order.indicators[1:], strict=False):
            yield high, (low,), False, False


def _wholes(identities: Identities) -> Iterator[tuple[str, tuple[str, ...], bool, bool]]:
    for whole in identities.wholes:
        yield whole.whole, whole.parts, whole.relation == "equal", whole.denominator


def _excess(link: Link, count: np.ndarray) -> float:
    return float(count[list(link.parts)].sum() - count[link.total])


def _margins(
    table: pd.DataFrame, count: np.ndarray, rows: np.ndarray, residence: Residence | None
) -> list[Link]:
    """Margins of one indicator and year, by positions in the whole table (`rows`)."""
    cells, levels = table[list(DIMENSIONS)].to_numpy(str), table["level"].to_numpy(str)
    found = [
        (dimension, parts, total)
        for position, dimension in enumerate(DIMENSIONS)
        for total, parts in _along(cells, levels, position)
    ]
    found += [("unit", parts, total) for total, parts in _by_residence(cells, levels, residence)]
    excess = np.array([count[parts].sum() - count[total] for _, parts, total in found])
    # a cell that isn't known makes its margins unknown
    guessed = _usual(excess, np.array([dimension for dimension, _, _ in found]))
    excess = np.where(np.isnan(excess), guessed, excess)
    return [
        Link(tuple(rows[parts].tolist()), int(rows[total]), bool(abs(over) <= HALF))
        for (_, parts, total), over in zip(found, excess, strict=True)
        if over <= HALF
    ]


def _usual(excess: np.ndarray, dimension: np.ndarray) -> np.ndarray:
    """What margins of the same dimension show: 0 adds up, 1 exceeds, -1 falls short; 0 where none is seen."""
    found = np.zeros(len(excess))
    for name in np.unique(dimension):
        seen = excess[(dimension == name) & ~np.isnan(excess)]
        if len(seen):
            found[dimension == name] = np.sign(np.median(np.where(np.abs(seen) <= HALF, 0, seen)))
    return found


def _along(cells: np.ndarray, levels: np.ndarray, position: int) -> Iterator[tuple[int, list[int]]]:
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


def _by_residence(
    cells: np.ndarray, levels: np.ndarray, residence: Residence | None
) -> Iterator[tuple[int, list[int]]]:
    """Positions of a region's urban and rural figure, and of the units that each is made up of."""
    if residence is None:
        return
    where = DIMENSIONS.index("residence")
    place = {tuple(labels): cell for cell, labels in enumerate(cells)}
    parts: dict[tuple, list[int]] = {}
    for cell, labels in enumerate(map(tuple, cells)):
        if levels[cell] != residence.level or labels[where] != TOTAL:
            continue
        for name, endings in (("urban", residence.urban), ("rural", residence.rural)):
            if labels[0].endswith(endings):
                above = (labels[0].rpartition("/")[0], *labels[1:where], name, *labels[where + 1 :])
                parts.setdefault(above, []).append(cell)
    for above, found in parts.items():
        if above in place:
            yield place[above], found
