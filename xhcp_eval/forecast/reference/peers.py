"""How other regions of the same indicator moved: a row of numbers for each series, added to its own features.

Peers speak through sums by group and year only (`Company`): made once, they serve any number of blocks of series.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.reference.features import Histories, typical_change
from xhcp_eval.forecast.reference.next_moves import FEATURES as NEXT
from xhcp_eval.forecast.reference.next_moves import (
    LAG,
    LAGS,
    ahead_of,
    next_columns,
    next_sums,
    standing,
    yardstick,
)
from xhcp_eval.forecast.reference.sums import Sums, of_group, of_year

FEATURES = 22 + NEXT
LARGEST_MOVE = 15.0
CHUNK = 4096


def peer_features(
    values: np.ndarray, anchor: np.ndarray, scale: np.ndarray, last: np.ndarray, group: np.ndarray
) -> np.ndarray:
    """Features (n, FEATURES) float32 from all series of a series' own group.

    values: (n, n_years) on a common grid of calendar years, missing as NaN. anchor, scale: (n,) as in `Histories`.
    last: (n,) position of each series' last value. group: (n,) codes 0, 1, ...; series of a group measure the same
    indicator in different regions. A series counts among its own peers. Moves are in typical changes of the series
    they belong to and cut at 15, so that one region's jump doesn't speak for all.
    """
    sums = _gather(values, scale, group, int(group.max()) + 1)
    features = np.empty((len(values), FEATURES), np.float32)
    for start in range(0, len(values), CHUNK):
        rows = slice(start, start + CHUNK)
        stands = Stands.of(values[rows], anchor[rows], scale[rows], last[rows], sums.yard[group[rows]])
        features[rows] = _columns(sums.seen_from(group[rows], last[rows]), stands)
    return features


@dataclass(frozen=True)
class GroupSums:
    """What groups of series tell: pooled over years, each Sums (g,); by year, each Sums (g, n_years); and what moving
    the centre of a group would change in `moved` and `apart` (see `_recentred`): count, sum of distances from the
    centre, sum of their changes, (3, g, n_years - lag). by_node: what followed a level or a move, each Sums
    (g, n_nodes) of `next_moves`, levels being told in the group's yardstick `yard`, (g, 2).
    """

    pooled: dict[str, Sums]
    by_year: dict[str, Sums]
    about: np.ndarray
    by_node: dict[str, Sums]
    yard: np.ndarray

    @property
    def lag(self) -> int:
        """Years over which it is seen whether those apart come together."""
        return self.by_year["value"].total.shape[1] - self.about.shape[2]

    def seen_from(self, group: np.ndarray, last: np.ndarray) -> dict[str, Sums]:
        """What series of these groups, (n,), whose last values stand at these columns, (n,), look at: Sums (n,) each."""
        seen = {name: sums.at(group) for name, sums in self.pooled.items()}
        seen |= {name: sums.at(group) for name, sums in self.by_node.items()}
        seen |= {name: sums.at(group, last) for name, sums in self.by_year.items()}
        return seen | {"move_before": self.by_year["move_1"].at(group, np.maximum(last - 1, 0))}

    def on(self, before: int, after: int) -> GroupSums:
        """With so many empty years more at either end."""
        edges = ((0, 0), (before, after))
        by_year = {k: Sums(np.pad(s.total, edges), np.pad(s.count, edges)) for k, s in self.by_year.items()}
        return replace(self, by_year=by_year, about=np.pad(self.about, ((0, 0), *edges)))


@dataclass(frozen=True)
class Company:
    """Regions beside a series, from which it learns; made by `Company.of`, small and picklable.

    code: (g,) indicator codes, increasing. size: (g,) series of two points or more. first_year: of the first column
    in `sums`. members: (m,) sorted fingerprints of indicator and key.
    """

    code: np.ndarray
    size: np.ndarray
    first_year: int
    sums: GroupSums | None
    members: np.ndarray

    @classmethod
    def of(cls, panel: Panel) -> Company:
        """The company that the series of a panel make; those of one point have nothing to tell.

        panel: with `indicator`, in the same code space as the panels that will be forecast beside it, and cut at what
        was known when they are forecast: of series that end earlier than others, the later years of those others are
        used too, as when the model was trained. Raises DataError where no indicator is named.
        """
        if panel.indicator is None:
            raise DataError("同伴数据没有指明指标（indicator），不知道谁与谁相比")
        rows = np.flatnonzero(np.isfinite(panel.values).sum(axis=1) >= 2)
        members = np.sort(_fingerprints(panel, rows))
        code, group, size = np.unique(panel.indicator[rows], return_inverse=True, return_counts=True)
        if not len(rows):
            return cls(code, size, int(panel.years[0]), None, members)
        scale = np.concatenate([_scale(panel, rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)])
        sums = _gather(panel.values[rows], scale, group, len(code))
        return cls(code, size, int(panel.years[0]), sums, members)

    def peers(self, indicator: np.ndarray) -> np.ndarray:
        """How many series of each indicator there are, (n,). indicator: (n,) codes."""
        at, known = self._group(indicator)
        return np.where(known, self.size[at], 0) if len(self.code) else np.zeros(len(indicator), int)

    def features(self, panel: Panel, rows: np.ndarray, own: Histories) -> np.ndarray:
        """Features (n, FEATURES) float32 of some series of a panel, whose indicators must be among `code`.

        rows: (n,) positions. own: their histories. As the networks learned it, a series counts among its own peers:
        one that isn't a member (same key and indicator) is added for its own features, as if it had been.
        """
        assert self.sums is not None and panel.indicator is not None
        first = min(self.first_year, int(panel.years[0]))
        width = self.sums.by_year["value"].total.shape[1]
        end = max(self.first_year + width, int(panel.years[-1]) + 1)
        sums = self.sums.on(self.first_year - first, end - self.first_year - width)
        start = int(panel.years[0]) - first
        values = np.full((len(rows), end - first), np.nan)
        values[:, start : start + len(panel.years)] = panel.values[rows]
        group, last = self._group(panel.indicator[rows])[0], panel.last[rows] + start
        seen = sums.seen_from(group, last)
        new = ~_is_in(_fingerprints(panel, rows), self.members)
        if new.any():
            seen = _joined(sums, seen, group, values, own.scale, last, new)
        nobody = seen["value"].count == 0
        # a member whose copy here ends earlier: nobody says where the peers stand, so they stand where it does
        seen["value"] = Sums(np.where(nobody, own.anchor, seen["value"].total), seen["value"].count)
        return _columns(seen, Stands.of(values, own.anchor, own.scale, last, sums.yard[group]))

    def _group(self, indicator: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Position in `code`, (n,), and whether it is there."""
        at = np.minimum(np.searchsorted(self.code, indicator), max(len(self.code) - 1, 0))
        return at, self.code[at] == indicator if len(self.code) else np.zeros(len(at), bool)


def _scale(panel: Panel, rows: np.ndarray) -> np.ndarray:
    values, upper = panel.values[rows], panel.upper[rows]
    noise, _ = counting_variance(values, panel.numerator[rows], panel.denominator[rows], upper)
    return typical_change(values, panel.lower[rows], upper, noise)


def _fingerprints(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """A number for the key and indicator of each series, (n,) uint64, the same on every machine."""
    assert panel.indicator is not None
    names = pd.DataFrame({"key": panel.keys[rows], "indicator": panel.indicator[rows].astype(np.int64)})
    names["key"] = names["key"].astype(str).astype(object)
    return pd.util.hash_pandas_object(names, index=False).to_numpy()


def _is_in(found: np.ndarray, members: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(members, found), len(members) - 1)
    return members[at] == found


def _gather(
    values: np.ndarray, scale: np.ndarray, group: np.ndarray, groups: int, yard: np.ndarray | None = None
) -> GroupSums:
    """Sums of groups. yard: (groups, 2) where levels are told in another yardstick than the group's own."""
    moves = {lag: _moves(values, scale, lag) for lag in LAGS}
    yard = yardstick(values, group, groups) if yard is None else yard
    pooled = {"scale": of_group(scale[:, None], group, groups), **_climate(moves, group, groups)}
    pooled |= _persistence(values, moves[LAG], scale, group, groups)
    by_year = {f"move_{lag}": of_year(moves[lag], group, groups) for lag in LAGS}
    by_year |= {"value": of_year(values, group, groups), "square": of_year(values**2, group, groups)}
    closing, about = _closing(values, by_year["value"].mean(), group, groups)
    by_node = next_sums(values, moves, group, groups, yard[group])
    return GroupSums(pooled | closing, by_year, about, by_node, yard)


def _moves(values: np.ndarray, scale: np.ndarray, lag: int) -> np.ndarray:
    move = np.full(values.shape, np.nan)
    if values.shape[1] > lag:
        move[:, lag:] = (values[:, lag:] - values[:, :-lag]) / scale[:, None]
    return np.clip(move, -LARGEST_MOVE, LARGEST_MOVE)


def _climate(moves: dict[int, np.ndarray], group: np.ndarray, groups: int) -> dict[str, Sums]:
    """Over all years and regions: moves and absolute moves by lag, rises, squares and products of changes in a row."""
    found = {f"mean_{lag}": of_group(moves[lag], group, groups) for lag in LAGS}
    found |= {f"absolute_{lag}": of_group(np.abs(moves[lag]), group, groups) for lag in LAGS}
    rises = np.where(np.isfinite(moves[5]), np.sign(moves[5]), np.nan)
    one = moves[1]
    return found | {
        "rise": of_group(rises, group, groups),
        "following": of_group(one[:, 1:] * one[:, :-1], group, groups),
        "change_square": of_group(one**2, group, groups),
    }


def _persistence(
    values: np.ndarray, moves: np.ndarray, scale: np.ndarray, group: np.ndarray, groups: int
) -> dict[str, Sums]:
    """Whether moves over three years, (n, n_years), go on, and whether series fall back to the mean of what they were."""
    ahead = ahead_of(moves, LAG)
    known = np.isfinite(values)
    mean = np.cumsum(np.where(known, values, 0), axis=1) / np.maximum(np.cumsum(known, axis=1), 1)
    off = np.clip((values - mean) / scale[:, None], -LARGEST_MOVE, LARGEST_MOVE)
    parts = {
        "going_on": ahead * moves,
        "move_square": np.where(np.isfinite(ahead), moves**2, np.nan),
        "falling_back": ahead * off,
        "off_square": np.where(np.isfinite(ahead), off**2, np.nan),
        "unmoved": np.where(np.isfinite(moves), np.abs(moves) <= 1e-9, np.nan),
    }
    return {name: of_group(part, group, groups) for name, part in parts.items()}


def _closing(
    values: np.ndarray, centre: np.ndarray, group: np.ndarray, groups: int
) -> tuple[dict[str, Sums], np.ndarray]:
    """Whether those apart come together, and `GroupSums.about`. centre: (groups, n_years)."""
    lag = min(LAGS[1], values.shape[1] - 1)
    apart = values[:, :-lag] - centre[group, :-lag]
    later = values[:, lag:] - centre[group, lag:]
    both = np.isfinite(apart) & np.isfinite(later)
    change = later - apart
    sums = {
        "moved": of_group(np.where(both, change * apart, np.nan), group, groups),
        "apart": of_group(np.where(both, apart**2, np.nan), group, groups),
    }
    distance = of_year(np.where(both, apart, np.nan), group, groups)
    return sums, np.stack([distance.count, distance.total, of_year(change, group, groups).total])


def _joined(
    sums: GroupSums,
    seen: dict[str, Sums],
    group: np.ndarray,
    values: np.ndarray,
    scale: np.ndarray,
    last: np.ndarray,
    new: np.ndarray,
) -> dict[str, Sums]:
    """What series see once those that are new, (n,) boolean, stand among their own peers."""
    alone = np.arange(len(values))
    own = _gather(values, scale, alone, len(values), sums.yard[group]).seen_from(alone, last)
    own |= _recentred(sums, group, values)
    return {name: sums.plus(own[name], new) for name, sums in seen.items()}


def _recentred(sums: GroupSums, group: np.ndarray, values: np.ndarray) -> dict[str, Sums]:
    """What each series, joining its group, adds to `moved` and `apart`, which it changes for all by moving the centre.

    With the centre moved by s a year and the members' distances w, changes e of distances (n of them, own ones apart):
    sum (e - ds)(w - s) = sum ew - s sum e - ds sum w + n s ds, and sum (w - s)^2 = sum w^2 - 2 s sum w + n s^2.
    """
    lag, centre = sums.lag, sums.by_year["value"].at(group)
    off = values - centre.mean()
    shift = np.nan_to_num(off / (centre.count + 1))
    off = off - shift
    before, change = shift[:, :-lag], shift[:, lag:] - shift[:, :-lag]
    count, distance, moved = (about[group] for about in sums.about)
    own, own_change = off[:, :-lag], off[:, lag:] - off[:, :-lag]
    both = np.isfinite(own_change)
    known = both.sum(axis=1)
    moves = count * before * change - before * moved - change * distance
    moves += np.where(both, own_change * own, 0.0)
    squares = before * (count * before - 2 * distance) + np.where(both, own**2, 0.0)
    return {"moved": Sums(moves.sum(axis=1), known), "apart": Sums(squares.sum(axis=1), known)}


@dataclass(frozen=True)
class Stands:
    """Where series stand, (n,) each: their level and typical change, the level in spreads of the group, the last move
    over three years (0 where unknown).
    """

    anchor: np.ndarray
    scale: np.ndarray
    level: np.ndarray
    move: np.ndarray

    @classmethod
    def of(
        cls, values: np.ndarray, anchor: np.ndarray, scale: np.ndarray, last: np.ndarray, yard: np.ndarray
    ) -> Stands:
        """From values (n, n_years) and the position of the last of each."""
        rows = np.arange(len(values))
        before = np.where(last >= 3, values[rows, np.maximum(last - 3, 0)], np.nan)
        move = np.clip((values[rows, last] - before) / scale, -LARGEST_MOVE, LARGEST_MOVE)
        level = standing(anchor[:, None], yard)[:, 0]
        return cls(anchor, scale, level, np.nan_to_num(move))


def _columns(seen: dict[str, Sums], stands: Stands) -> np.ndarray:
    """Features (n, FEATURES) of what each series sees of its group."""
    mean = {name: sums.mean() for name, sums in seen.items() if sums.total.ndim == 1}
    columns = [np.log(np.maximum(seen["scale"].count, 1))]
    for lag in LAGS:
        columns.append(mean[f"mean_{lag}"] / np.sqrt(lag))
        columns.append(np.log(mean[f"absolute_{lag}"] / np.sqrt(lag) + 0.1))
    columns += [mean["rise"], mean["following"] / np.maximum(mean["change_square"], 1e-6)]
    # mean move of the peers up to the calendar year in which the series ends, by lag, and the change before it
    columns += [mean[name] for name in ("move_1", "move_before", "move_3", "move_5")]
    columns += _position(mean, stands.anchor, stands.scale)
    for name, square in (("going_on", "move_square"), ("falling_back", "off_square")):
        columns.append(np.clip(mean[name] / np.maximum(mean[square], 1e-6), -2, 2))
    columns += [mean["unmoved"], *next_columns(seen, stands.level, stands.move)]
    return np.column_stack(columns).astype(np.float32)


def _position(mean: dict[str, np.ndarray], anchor: np.ndarray, scale: np.ndarray) -> list[np.ndarray]:
    """Where the series stands among its peers, how far apart they are, and whether those apart come together."""
    centre = mean["value"]
    wide = np.sqrt(np.maximum(mean["square"] - centre**2, 0))
    closing = np.clip(mean["moved"] / np.maximum(mean["apart"], 1e-12), -1.5, 1.5)
    off = centre - anchor
    return [
        np.arcsinh(off / scale),
        np.clip(off / np.maximum(wide, 1e-9 + 0.01 * scale), -4, 4),
        np.log(np.clip(wide / scale, 0.01, 1e3)),
        closing,
        np.arcsinh(closing * off / scale),
        np.log(scale / np.maximum(mean["scale"], 1e-12)),
    ]
