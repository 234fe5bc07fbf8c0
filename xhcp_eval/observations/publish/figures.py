"""All figures that were or are to be published, each once however many editions hold it, and in pieces that hang together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from xhcp_eval.observations.publish.margins import Link, links_of
from xhcp_eval.observations.table import KEY
from xhcp_eval.plan.identities import Identities


@dataclass(frozen=True)
class Cells:
    """Figures that hang together: n_cells of them and what ties them.

    count: (n_cells,) events or population, NaN where unknown. most: (n_cells,) upper bound known to a reader.
    margins: (n_margins, n_cells), 1 at parts, -1 at their total. equal: (n_margins,) whether the parts make up the
    total, or are only among it. tells: (n_pairs, 2), a rate and the figure that is its denominator: the first shown
    tells the second.
    """

    count: np.ndarray
    most: np.ndarray
    margins: np.ndarray
    equal: np.ndarray
    tells: np.ndarray


@dataclass(frozen=True)
class Figures:
    """Figures of one or more editions. count, most: (n_figures,) as in `Cells`. links: between figures.

    of_rows: for each edition (n_rows,) the figure of each row. A figure that was corrected between two editions is
    two; one that stayed is the same in both, so that what either edition shows of it is known.
    """

    count: np.ndarray
    most: np.ndarray
    links: Sequence[Link]
    of_rows: Sequence[np.ndarray]

    @cached_property
    def _pieces(self) -> np.ndarray:
        """Number of the piece that each figure belongs to."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        ends = [(link.total, part) for link in self.links for part in link.parts]
        size, (a, b) = len(self.count), np.array(ends, int).reshape(-1, 2).T
        return connected_components(coo_array((np.ones(len(a)), (a, b)), (size, size)), directed=False)[1]

    def pieces(self, concerned: np.ndarray) -> Iterator[tuple[np.ndarray, Cells]]:
        """Pieces that hold a figure that is concerned ((n_figures,) bool): their positions, and the cells."""
        piece = self._pieces
        links: dict[int, list[Link]] = {}
        for link in self.links:
            links.setdefault(int(piece[link.total]), []).append(link)
        wanted = np.unique(piece[concerned])
        order = np.argsort(piece, kind="stable")
        starts, ends = (np.searchsorted(piece[order], wanted, side) for side in ("left", "right"))
        for number, start, end in zip(wanted, starts, ends, strict=True):
            where = order[start:end]
            yield where, self._cells(where, links.get(int(number), []))

    def _cells(self, where: np.ndarray, links: Sequence[Link]) -> Cells:
        position = {figure: k for k, figure in enumerate(where.tolist())}
        margins = np.zeros((len(links), len(where)))
        for row, link in zip(margins, links, strict=True):
            row[[position[part] for part in link.parts]] = 1.0
            row[position[link.total]] = -1.0
        pairs = [(position[p], position[k.total]) for k in links if k.denominator for p in k.parts]
        equal = np.array([link.equal for link in links], bool)
        return Cells(self.count[where], self.most[where], margins, equal, np.array(pairs, int).reshape(-1, 2))


def figures_of(
    tables: Sequence[pd.DataFrame],
    counts: Sequence[np.ndarray],
    mosts: Sequence[np.ndarray],
    identities: Identities,
) -> Figures:
    """Figures of several editions. tables: rows with `KEY` and level. counts, mosts: of each, (n_rows,)."""
    keys = pd.concat([t[list(KEY)] for t in tables], ignore_index=True).assign(
        count=np.round(np.concatenate(counts), 6)
    )
    figure = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(figure, return_index=True)[1]
    of_rows = np.split(figure, np.cumsum([len(t) for t in tables])[:-1])
    links: dict[Link, None] = {}
    for table, count, rows in zip(tables, counts, of_rows, strict=True):
        for link in links_of(table, count, identities):
            parts = tuple(rows[list(link.parts)].tolist())
            links[Link(parts, int(rows[link.total]), link.equal, link.denominator)] = None
    most = np.concatenate(mosts)[first]
    count = np.concatenate(counts)[first]
    # of what is its part's denominator the reader is told nothing else
    told = [part for link in links if link.denominator for part in link.parts]
    most[told] = np.inf
    return Figures(count, most, list(links), of_rows)
