"""How other regions of the same indicator moved: a row of numbers for each series, added to its own features."""

from __future__ import annotations

import numpy as np

FEATURES = 19
LAGS = (1, 3, 5)
LARGEST_MOVE = 15.0


def peer_features(
    values: np.ndarray, anchor: np.ndarray, scale: np.ndarray, last: np.ndarray, group: np.ndarray
) -> np.ndarray:
    """Features (n, FEATURES) float32 from all series of a series' own group.

    values: (n, n_years) on a common grid of calendar years, missing as NaN. anchor, scale: (n,) as in `Histories`.
    last: (n,) position of each series' last value. group: (n,) codes 0, 1, ...; series of a group measure the same
    indicator in different regions. A series counts among its own peers. Moves are in typical changes of the series
    they belong to and cut at 15, so that one region's jump doesn't speak for all.
    """
    groups = int(group.max()) + 1
    moves = {lag: _moves(values, scale, lag) for lag in LAGS}
    size = np.bincount(group, minlength=groups)
    columns = [np.log(np.maximum(size, 1))[group]]
    columns += [f[group] for f in _climate(moves, group, groups)]
    columns += _recent(moves, last, group, groups)
    columns += _position(values, anchor, scale, last, group, groups)
    return np.column_stack(columns).astype(np.float32)


def _moves(values: np.ndarray, scale: np.ndarray, lag: int) -> np.ndarray:
    move = np.full(values.shape, np.nan)
    if values.shape[1] > lag:
        move[:, lag:] = (values[:, lag:] - values[:, :-lag]) / scale[:, None]
    return np.clip(move, -LARGEST_MOVE, LARGEST_MOVE)


def _climate(moves: dict[int, np.ndarray], group: np.ndarray, groups: int) -> list[np.ndarray]:
    """Over all years and regions: mean and mean absolute move by lag, share of rises, how changes follow each other."""
    found = []
    for lag in LAGS:
        mean, absolute = _pooled(moves[lag], group, groups), _pooled(np.abs(moves[lag]), group, groups)
        found += [mean / np.sqrt(lag), np.log(absolute / np.sqrt(lag) + 0.1)]
    found.append(_pooled(np.where(np.isfinite(moves[5]), np.sign(moves[5]), np.nan), group, groups))
    one = moves[1]
    following = _pooled(one[:, 1:] * one[:, :-1], group, groups)
    return [*found, following / np.maximum(_pooled(one**2, group, groups), 1e-6)]


def _recent(
    moves: dict[int, np.ndarray], last: np.ndarray, group: np.ndarray, groups: int
) -> list[np.ndarray]:
    """Mean move of the peers up to the calendar year in which the series ends, by lag, and the change before it."""
    one, three, five = (_by_year(moves[lag], group, groups)[group, last] for lag in LAGS)
    before = _by_year(moves[1], group, groups)[group, np.maximum(last - 1, 0)]
    return [one, before, three, five]


def _position(
    values: np.ndarray,
    anchor: np.ndarray,
    scale: np.ndarray,
    last: np.ndarray,
    group: np.ndarray,
    groups: int,
) -> list[np.ndarray]:
    """Where the series stands among its peers, how far apart they are, and whether those apart come together."""
    centre = _by_year(values, group, groups)
    spread = np.sqrt(np.maximum(_by_year(values**2, group, groups) - centre**2, 0))
    lag = min(LAGS[1], values.shape[1] - 1)
    apart = values[:, :-lag] - centre[group, :-lag]
    later = values[:, lag:] - centre[group, lag:]
    both = np.isfinite(apart) & np.isfinite(later)
    moved = _pooled(np.where(both, (later - apart) * apart, np.nan), group, groups)
    closing = np.clip(
        moved / np.maximum(_pooled(np.where(both, apart**2, np.nan), group, groups), 1e-12), -1.5, 1.5
    )
    off = centre[group, last] - anchor
    wide = spread[group, last]
    return [
        np.arcsinh(off / scale),
        np.clip(off / np.maximum(wide, 1e-9 + 0.01 * scale), -4, 4),
        np.log(np.clip(wide / scale, 0.01, 1e3)),
        closing[group],
        np.arcsinh(closing[group] * off / scale),
        np.log(scale / np.maximum(_pooled(scale[:, None], group, groups)[group], 1e-12)),
    ]


def _pooled(a: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Mean over all known cells of a group, (groups,); 0 where there is none."""
    known = np.isfinite(a)
    count = np.bincount(group, known.sum(axis=1), minlength=groups)
    total = np.bincount(group, np.where(known, a, 0.0).sum(axis=1), minlength=groups)
    return total / np.maximum(count, 1)


def _by_year(a: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Mean over a group's known values by year, (groups, n_years); 0 where there is none."""
    known = np.isfinite(a)
    total, count = np.zeros((groups, a.shape[1])), np.zeros((groups, a.shape[1]))
    for t in range(a.shape[1]):
        total[:, t] = np.bincount(group, np.where(known[:, t], a[:, t], 0.0), minlength=groups)
        count[:, t] = np.bincount(group, known[:, t], minlength=groups)
    return total / np.maximum(count, 1)
