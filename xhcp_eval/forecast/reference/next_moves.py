"""What regions of an indicator did next from the level at which a series stands, or after moving as it did.

Levels and moves are put on a few nodes, so that everything stays a sum by group: regions add up, and one that joins is added.
A kernel regression on binned data (Nadaraya 1964; Fan & Marron 1994, Journal of Computational and Graphical Statistics 3:35).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from xhcp_eval.forecast.reference.sums import Sums

LAGS = (1, 3, 5)
LAG = 3  # years of a move that is followed by the next
LEVELS = np.linspace(-3, 3, 13)  # spreads of the indicator from its mean
MOVES = np.linspace(-6, 6, 9)  # typical changes over three years
LEVEL_WIDTH, MOVE_WIDTH = 0.4, 1.5
EVERYONE = 1e-3  # weight of regions at any other level: where there are none near, all speak
FEATURES = 3 * len(LAGS) + 3
CHUNK = 65536


def yardstick(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Mean and spread of all values of each group, (groups, 2); values (n, n_years), group (n,) codes."""
    known = np.isfinite(values)
    count = np.maximum(np.bincount(group, known.sum(axis=1), minlength=groups), 1)
    mean = np.bincount(group, np.where(known, values, 0).sum(axis=1), minlength=groups) / count
    off = np.where(known, values - mean[group, None], 0)
    return np.column_stack(
        [mean, np.sqrt(np.bincount(group, (off**2).sum(axis=1), minlength=groups) / count)]
    )


def standing(values: np.ndarray, yard: np.ndarray) -> np.ndarray:
    """Levels in spreads from the mean, as `yard` (n, 2) tells them; 0 in groups where all are equal."""
    mean, spread = yard[:, 0], yard[:, 1]
    flat = spread <= 1e-12 * np.abs(mean)
    off = values.T - mean
    return np.where(flat, 0 * off, off / np.where(flat, 1, spread)).T


def next_sums(
    values: np.ndarray, moves: Mapping[int, np.ndarray], group: np.ndarray, groups: int, yard: np.ndarray
) -> dict[str, Sums]:
    """What followed, by node: Sums (groups, n_nodes) of moves and of their sizes.

    values: (n, n_years). moves: by lag, (n, n_years) moves up to each year. yard: (n, 2), of each series' group.
    """
    level = standing(values, yard)
    found: dict[str, Sums] = {}
    for lag in LAGS:
        ahead = ahead_of(moves[lag], lag)
        found |= _by_node(f"next_{lag}", ahead, level, LEVELS, group, groups)
    return found | _by_node("after", ahead_of(moves[LAG], LAG), moves[LAG], MOVES, group, groups)


def next_columns(seen: Mapping[str, Sums], level: np.ndarray, move: np.ndarray) -> list[np.ndarray]:
    """Features, (n,) each. seen: what series see of `next_sums`, (n, n_nodes). level: (n,) where each stands, in spreads.
    move: (n,) its last move over three years, 0 where unknown.
    """
    near = _kernel(level, LEVELS, LEVEL_WIDTH)
    columns = []
    for lag in LAGS:
        columns += [*_mean_and_size(seen, f"next_{lag}", near, lag), _weight(seen[f"next_{lag}"], near)]
    columns += _mean_and_size(seen, "after", _kernel(move, MOVES, MOVE_WIDTH), LAG)
    return [*columns, _rank(seen["next_1"].count, level)]


def ahead_of(moves: np.ndarray, lag: int) -> np.ndarray:
    """Moves over the next years at the year from which they go, (n, n_years), of moves up to each year."""
    ahead = np.full(moves.shape, np.nan)
    if moves.shape[1] > lag:
        ahead[:, :-lag] = moves[:, lag:]
    return ahead


def _by_node(
    name: str, what: np.ndarray, where: np.ndarray, nodes: np.ndarray, group: np.ndarray, groups: int
) -> dict[str, Sums]:
    """Sums of `what` and of its size, each cell shared between the two nodes beside `where`, (n, n_years)."""
    size = groups * len(nodes)
    total = np.zeros((3, size))
    step = nodes[1] - nodes[0]
    for start in range(0, len(what), CHUNK):
        part = slice(start, start + CHUNK)
        row, year = np.nonzero(np.isfinite(what[part]) & np.isfinite(where[part]))
        value = what[part][row, year]
        place = (np.clip(where[part][row, year], nodes[0], nodes[-1]) - nodes[0]) / step
        left = np.minimum(place.astype(int), len(nodes) - 2)
        share, at = place - left, group[part][row] * len(nodes) + left
        for k, weight in enumerate((np.ones(len(row)), value, np.abs(value))):
            total[k] += np.bincount(at, weight * (1 - share), minlength=size)
            total[k] += np.bincount(at + 1, weight * share, minlength=size)
    count, sums, sizes = total.reshape(3, groups, len(nodes))
    return {name: Sums(sums, count), f"{name}_size": Sums(sizes, count)}


def _kernel(at: np.ndarray, nodes: np.ndarray, width: float) -> np.ndarray:
    """Weights of the nodes, (n, n_nodes)."""
    apart = np.clip(at, nodes[0], nodes[-1])[:, None] - nodes
    return np.exp(-0.5 * (apart / width) ** 2) + EVERYONE


def _weight(sums: Sums, near: np.ndarray) -> np.ndarray:
    return np.log1p((near * sums.count).sum(axis=1))


def _rank(count: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Share of the cells, (n, n_nodes), at lower levels, (n,)."""
    below = np.clip((level[:, None] - LEVELS) / (LEVELS[1] - LEVELS[0]) + 0.5, 0, 1)
    return (count * below).sum(axis=1) / np.maximum(count.sum(axis=1), 1)


def _mean_and_size(seen: Mapping[str, Sums], name: str, near: np.ndarray, lag: int) -> list[np.ndarray]:
    sums, sizes = seen[name], seen[f"{name}_size"]
    weight = np.maximum((near * sums.count).sum(axis=1), 1e-6)
    mean, size = ((near * s.total).sum(axis=1) / weight for s in (sums, sizes))
    return [mean / np.sqrt(lag), np.log(size / np.sqrt(lag) + 0.1)]
