"""What is looked at in a short history: a row of plain numbers, free of the unit, for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LONGEST = 30
PRIOR_CHANGE = 0.02
PRIOR_POINTS = 0.5
FARTHEST = 1e4
# the longest scale with an end that the networks learned from; theirs per 100,000 have none
LONGEST_SCALE = 1e3
FEATURES = 36


@dataclass(frozen=True)
class Histories:
    """Series as the model sees them.

    x: (n, FEATURES) float32 features. anchor: (n,) where the series stands now: its last value, or its level
    with counting noise filtered out. scale: (n,) typical yearly change, same unit as the values, positive. All
    are missing for series of fewer than two points. names: of the features.
    """

    x: np.ndarray
    anchor: np.ndarray
    scale: np.ndarray
    names: tuple[str, ...]

    def column(self, name: str) -> np.ndarray:
        """One feature of all series, (n,)."""
        return self.x[:, self.names.index(name)]

    def columns(self, names: Sequence[str]) -> np.ndarray:
        """Some features of all series, (n, len(names))."""
        return self.x[:, [self.names.index(name) for name in names]]

    def take(self, series: np.ndarray) -> Histories:
        """Only some of the series, by position."""
        return Histories(self.x[series], self.anchor[series], self.scale[series], self.names)


def histories(values: np.ndarray, lower: np.ndarray, upper: np.ndarray, noise: np.ndarray) -> Histories:
    """Features of series on a common grid of years.

    values: (n, n_years), missing as NaN; only the last 30 values count. lower, upper: (n,) ends of the scale,
    infinite where there are none. noise: (n, n_years) variance of each value from counting few events, 0 where
    unknown. All features are ratios to the typical change or between counts of points, so a change of unit leaves
    them as they are.
    """
    m = _movements(values, lower, upper, noise)
    v, t, r, n, seen, step, gap = m.v, m.t, m.r, m.n, m.seen, m.step, m.gap
    anchor, scale, steps = m.anchor, m.scale, np.maximum(n - 1, 1)
    z = np.where(seen, np.clip((v - anchor[:, None]) / scale[:, None], -FARTHEST, FARTHEST), 0.0)
    years = np.where(seen, t - t[:, -1:], 0.0)
    c = m.change / scale[:, None]
    columns = {
        **_changes(c, step, steps),
        **_places(z, years, seen, n),
        **_timing(gap, t, n, steps),
        **_room(anchor, scale, np.abs(v).max(axis=1), lower, upper),
        "prior_share": m.prior_share,
        "noise_share": m.noise_share,
        "anchor_noise": np.sqrt(m.variance) / scale,
        "last_noise": np.log1p(np.sqrt(r[:, -1]) / scale),
    }
    x = np.column_stack(list(columns.values())).astype(np.float32)
    few = n < 2
    x[few], anchor[few], scale[few] = np.nan, np.nan, np.nan
    return Histories(x, anchor, scale, tuple(columns))


def typical_change(values: np.ndarray, lower: np.ndarray, upper: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """`Histories.scale` of series, (n,), without their features. Arguments as in `histories`."""
    found = _movements(values, lower, upper, noise)
    return np.where(found.n < 2, np.nan, found.scale)


@dataclass(frozen=True)
class _Movements:
    """Series pushed together to the right, (n, width): values v, years t, noise r, which cells are seen; from one value
    to the next, (n, width - 1): whether there is a step, its years, change a year. n: points. The rest is (n,).
    """

    v: np.ndarray
    t: np.ndarray
    r: np.ndarray
    n: np.ndarray
    seen: np.ndarray
    step: np.ndarray
    gap: np.ndarray
    change: np.ndarray
    anchor: np.ndarray
    variance: np.ndarray
    scale: np.ndarray
    prior_share: np.ndarray
    noise_share: np.ndarray


def _movements(values: np.ndarray, lower: np.ndarray, upper: np.ndarray, noise: np.ndarray) -> _Movements:
    v, t, r, n = _compact(values, noise)
    width = v.shape[1]
    seen = np.arange(width) >= (width - n)[:, None]
    step = seen[:, 1:] & seen[:, :-1]
    gap = np.where(step, t[:, 1:] - t[:, :-1], 1.0)
    change = np.where(step, (v[:, 1:] - v[:, :-1]) / gap, 0.0)
    steps = np.maximum(n - 1, 1)
    movement, prior, share = _movement(
        change, np.where(step, (r[:, 1:] + r[:, :-1]) / gap**2, 0), steps, v, seen, lower, upper
    )
    drift = _visible_trend(v, t, r, seen, n)
    anchor, variance = _level(v, r, gap, seen, movement**2, drift)
    scale = np.sqrt(movement**2 + variance + drift**2)
    return _Movements(v, t, r, n, seen, step, gap, change, anchor, variance, scale, prior, share)


def _compact(values: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Values, years and noise pushed together to the right, (n, width), and the number of points, (n,)."""
    seen = np.isfinite(values)
    pad = max(5 - values.shape[1], 0)
    t = np.broadcast_to(np.arange(values.shape[1], dtype=float), values.shape)
    v, r = np.where(seen, values, 0.0), np.where(seen, noise, 0.0)
    if not seen.all():
        order = np.argsort(seen, axis=1, kind="stable")
        v, t, r = (np.take_along_axis(a, order, axis=1) for a in (v, t, r))
    v, t, r = (np.pad(a[:, -LONGEST:], ((0, 0), (pad, 0))) for a in (v, t, r))
    return v, t, r, np.clip(seen.sum(axis=1), 1, LONGEST)


def _movement(
    change: np.ndarray,
    noise: np.ndarray,
    steps: np.ndarray,
    v: np.ndarray,
    seen: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean absolute yearly change without its counting noise; share of the prior in it; share of noise in changes.

    It is drawn towards 2% of the room (distance of the mean to the nearer bound, at most the largest value's own size)
    as if half a change more had been seen: without that, two equal values would promise that nothing ever moves.
    """
    size = np.abs(change).sum(axis=1) / steps
    square = (change**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(square > 0, np.clip(noise.sum(axis=1) / square, 0, 1), (noise.sum(axis=1) > 0) * 1.0)
    mean = v.sum(axis=1) / seen.sum(axis=1)
    # the mean beside the largest value: of equal values it may be the larger one in the last digit
    largest = np.maximum(np.abs(v).max(axis=1), np.abs(mean))
    room = _room_to_move(np.abs(mean - lower), np.abs(upper - mean), largest)
    # without a single event the room is what half an event would give
    room = np.maximum(room, np.sqrt(noise.max(axis=1)))
    real = size * np.sqrt(1 - share)
    weight = steps * (1 - share) + PRIOR_POINTS
    movement = (real * steps * (1 - share) + PRIOR_POINTS * PRIOR_CHANGE * room) / weight
    nothing = movement <= 1e-12 * np.abs(mean)
    movement = np.where(nothing, 0.01 * np.abs(mean), movement)
    movement = np.where(movement > 0, movement, 1.0)
    return movement, np.minimum(PRIOR_POINTS * PRIOR_CHANGE * room / weight / movement, 1.0), share


def _room_to_move(below: np.ndarray, above: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Distance to the nearer of two bounds; 2% of that to the other one for a series that sits on a bound; else 0.

    largest: (n,) largest size of a value. A bound farther off than that says nothing of how far values move: natural
    increase of 1 per mille lies between -1,000 and 1,000. Where values can't be negative no nearer bound is so far. Nor
    does an end beyond 1,000 for a series on the other one: after eight years without a death, 2% of 100,000 would let
    thousands be foreseen.
    """
    near, far = np.minimum(below, above), np.maximum(below, above)
    # values that are all 0 have no size to go by
    within = np.where(np.isfinite(near) & (largest > 0), np.minimum(near, largest), near)
    room = np.where(near > 1e-9 * far, within, np.where(far <= LONGEST_SCALE, 0.02 * far, 0.0))
    return np.where(np.isfinite(room), room, 0.0)


def _visible_trend(
    v: np.ndarray, t: np.ndarray, r: np.ndarray, seen: np.ndarray, n: np.ndarray
) -> np.ndarray:
    """Slope a year that shows through counting noise, (n_series,); 0 where there is no such noise.

    The least-squares slope, drawn to 0 by the share of chance in its square: a steady rise over ten years is seen
    though noise hides every single step of it.
    """
    if not r.any():
        return np.zeros(len(v))
    x = np.where(seen, t - (np.where(seen, t, 0).sum(axis=1) / n)[:, None], 0.0)
    square = np.maximum((x**2).sum(axis=1), 1e-9)
    slope = (x * np.where(seen, v, 0.0)).sum(axis=1) / square
    chance = (x**2 * r).sum(axis=1) / square**2
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(1 - chance / slope**2, 0, 1)
    return np.where(chance > 0, slope * np.nan_to_num(share), 0.0)


def _level(
    v: np.ndarray, r: np.ndarray, gap: np.ndarray, seen: np.ndarray, q: np.ndarray, drift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Level now and its variance: Kalman filter of a random walk with drift and movement q under known noise r.

    Without noise that is the last value and 0. Source: Harvey 1989, ch. 4 (local level model).
    """
    if not r.any():
        return v[:, -1].copy(), np.zeros(len(v))
    level, p = v[:, 0].copy(), r[:, 0].copy()
    for k in range(1, v.shape[1]):
        first = seen[:, k] & ~seen[:, k - 1]
        ahead = p + q * gap[:, k - 1]
        gain = ahead / np.maximum(ahead + r[:, k], 1e-300)
        gain = np.where(first | ~seen[:, k], 1.0, gain)
        expected = level + drift * gap[:, k - 1]
        level = expected + gain * (v[:, k] - expected)
        p = np.where(first | ~seen[:, k], r[:, k], (1 - gain) * ahead)
    return level, p


def _changes(c: np.ndarray, step: np.ndarray, steps: np.ndarray) -> dict[str, np.ndarray]:
    """The last changes, how evenly they are spread, how often there was none, whether they alternate."""
    size = np.abs(c)
    mean = np.maximum(size.sum(axis=1) / steps, 1e-6)
    ordered = np.sort(np.where(step, size, np.inf), axis=1)
    recent = size[:, -3:].sum(axis=1) / np.minimum(steps, 3)
    return {
        **{f"change_{k}": np.arcsinh(c[:, -k]) for k in range(1, 5)},
        "recent_size": np.log((recent + 0.05) / (mean + 0.05)),
        "largest": np.log(size.max(axis=1) / mean + 0.1),
        "middle": np.minimum(ordered[np.arange(len(c)), (steps - 1) // 2] / mean, 3.0),
        "still": (step & (size <= 1e-9)).sum(axis=1) / steps,
        "alternation": (c[:, 1:] * c[:, :-1]).sum(axis=1) / np.maximum((c**2).sum(axis=1), 1e-12),
        "signs": np.sign(c).sum(axis=1) / steps,
    }


def _places(z: np.ndarray, years: np.ndarray, seen: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
    """Slopes over 3, 5 and all points; where means, line and extremes stand; spread. z: scaled, anchor at 0."""
    slope_3, _, _ = _line(z, years, seen, 3)
    slope_5, _, _ = _line(z, years, seen, 5)
    slope, end_of_line, residual = _line(z, years, seen, z.shape[1])
    mean = z.sum(axis=1) / n
    ordered = np.sort(np.where(seen, z, np.inf), axis=1)
    rows = np.arange(len(z))
    places = {
        "slope_3": slope_3,
        "slope_5": slope_5,
        "slope": slope,
        "curvature": slope_3 - slope,
        "mean": mean,
        "median": (ordered[rows, (n - 1) // 2] + ordered[rows, n // 2]) / 2,
        "smooth_3": _smooth(z, seen, 0.3),
        "smooth_6": _smooth(z, seen, 0.6),
        "end_of_line": end_of_line,
        "lowest": ordered[:, 0],
        "highest": ordered[rows, n - 1],
    }
    spread = np.sqrt(np.where(seen, (z - mean[:, None]) ** 2, 0).sum(axis=1) / n)
    return {
        **{name: np.arcsinh(place) for name, place in places.items()},
        "spread": np.log1p(spread),
        "residual": np.log1p(residual),
    }


def _line(z: np.ndarray, years: np.ndarray, seen: np.ndarray, k: int) -> tuple[np.ndarray, ...]:
    """Least-squares slope a year over the last k points, its value at the last point, spread around it."""
    z, x, on = z[:, -k:], years[:, -k:], seen[:, -k:]
    n = on.sum(axis=1)
    x_mean, z_mean = x.sum(axis=1) / n, z.sum(axis=1) / n
    dx, dz = np.where(on, x - x_mean[:, None], 0), np.where(on, z - z_mean[:, None], 0)
    slope = (dx * dz).sum(axis=1) / np.maximum((dx * dx).sum(axis=1), 1e-9)
    left = ((dz - slope[:, None] * dx) ** 2).sum(axis=1)
    return slope, z_mean - slope * x_mean, np.sqrt(left / np.maximum(n - 1, 1))


def _smooth(z: np.ndarray, seen: np.ndarray, keep: float) -> np.ndarray:
    """Exponentially weighted mean of the values, weight `keep` to the power of points back."""
    weight = np.where(seen, keep ** np.arange(z.shape[1] - 1, -1, -1), 0)
    return (z * weight).sum(axis=1) / weight.sum(axis=1)


def _timing(gap: np.ndarray, t: np.ndarray, n: np.ndarray, steps: np.ndarray) -> dict[str, np.ndarray]:
    """How many points there are and how far apart in years."""
    span = t[:, -1] - t[np.arange(len(t)), t.shape[1] - n]
    return {
        "points": np.log(n),
        "last_gap": np.log(gap[:, -1]),
        "mean_gap": np.log(np.maximum(span, 1) / steps),
    }


def _room(
    anchor: np.ndarray, scale: np.ndarray, largest: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> dict[str, np.ndarray]:
    """Distance to either end of the scale in typical changes (1,000 where there is no end), and place between.

    largest: (n,) largest size of a value. The typical change is set against the distance to the lower end, which for
    values from 0 up is their own size; where that end lies far below them, against their size.
    """
    below, above = anchor - lower, upper - anchor
    own = np.minimum(below, np.maximum(largest, np.abs(anchor)))
    both = np.isfinite(below) & np.isfinite(above) & (below + above > 0)
    with np.errstate(invalid="ignore"):
        place = np.where(both, np.clip((below - above) / np.where(both, below + above, 1), -1.5, 1.5), 0.0)
        relative = np.log(scale / np.maximum(own, 0.01 * scale) + 1e-4)
    return {
        "room_below": _log_room(below / scale),
        "room_above": _log_room(above / scale),
        "has_below": np.isfinite(lower) * 1.0,
        "has_above": np.isfinite(upper) * 1.0,
        "place": place,
        "relative_change": np.where(np.isfinite(lower), relative, -3.0),
    }


def _log_room(ratio: np.ndarray) -> np.ndarray:
    return np.log1p(np.clip(np.where(np.isfinite(ratio), ratio, 1e3), 0, 1e3))
