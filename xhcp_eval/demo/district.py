"""The children of the demonstration district, and the counts drawn among them in the smallest cells."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from xhcp_eval.errors import ParamsError

YEARS = range(2015, 2031)
ADULT = 18


@dataclass(frozen=True)
class Entry:
    """One line of the profile, as its head explains; numbers that change over time are {year: number}.

    by: sex, urban_rural, township: the cuts that the plan's registry asks for.
    """

    by: tuple[str, ...] = ()

    path: dict[int, float] | float | None = None
    of: list[int] | str | dict[int, float] | float | None = None
    share: float = 1.0
    draw: str = ""
    noise: float = 0.02
    spread: float = 0.08
    rural: dict[int, float] | float = 0.0
    male: float = 0.0
    where: str = ""
    plus: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    first: int = 0
    exact: tuple[int, ...] = ()
    since: int | None = None
    schools: str = ""
    low: dict = field(default_factory=dict)
    repeat: int = 0
    series_break: dict = field(default_factory=dict)
    categories: dict = field(default_factory=dict)


class District:
    """The children of the district by year of birth, and the counts drawn among them.

    Counts are arrays (year, township, sex); an axis has length 1 where an indicator isn't reported by it.
    """

    def __init__(self, profile: dict, seed: int) -> None:
        self.seed = seed
        self.name: str = profile["region"]
        self.townships: list[str] = list(profile["townships"])
        sizes = np.array(list(profile["townships"].values()), float)
        self.rural = np.array([name in profile["rural"] for name in self.townships])
        self.weights = sizes / sizes.sum()
        self.male_share: float = profile["male_share"]
        self.years = np.array(YEARS)
        self.first_birth = YEARS[0] - ADULT + 1
        born = along(profile["births"], np.arange(self.first_birth, YEARS[-1] + 1))
        cells = self.weights[:, None] * np.array([self.male_share, 1 - self.male_share])
        self.births = self.stream("births").poisson(born[:, None, None] * cells)
        self.drawn: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}

    def stream(self, name: str) -> np.random.Generator:
        """The random numbers of one indicator."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode("utf-8"))])

    def aged(self, low: int, high: int) -> np.ndarray:
        """Children aged `low` to under `high` at the end of each year, (year, township, sex)."""
        at = self.years - self.first_birth
        return sum(self.births[at - age] for age in range(low, high))

    def counts(self, name: str, entry: Entry, per: float | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Draw numerator and denominator (None for plain counts) of one indicator or one of its categories.

        name: also names the random stream. per: what a value is per (100, 1000, ...), None for a plain count.
        """
        rng = self.stream(name)
        base = self._base(entry)
        chance, level = self._chances(entry, base, per or 1.0, rng)
        events = _draw(rng, entry.draw or ("binomial" if per == 100 else "poisson"), base, chance, level)
        for at in np.array(entry.exact, int) - self.years[0]:
            total = along(entry.path, self.years)[at] / (per or 1.0) * base[at].sum()
            events[at] = apportion(round(total), base[at] * chance[at])
        events = sum((_fit(self.drawn[other][0], base.shape) for other in entry.plus), events)
        if per == 100:
            events = np.minimum(events, base)
        self._plant(entry, events, base)
        self.drawn[name] = (events, None if per is None else base)
        return self.drawn[name]

    def _plant(self, entry: Entry, events: np.ndarray, base: np.ndarray) -> None:
        """Troubles that are in the counts: a low share in one township, a year that repeats the last."""
        if entry.low:
            cell = (entry.low["year"] - self.years[0], self.townships.index(entry.low["township"]))
            events[cell] = np.floor(base[cell] * entry.low["share"])
        if entry.repeat:
            at = entry.repeat - self.years[0]
            events[at], base[at] = events[at - 1], base[at - 1]

    def _base(self, entry: Entry) -> np.ndarray:
        """Whom it is counted among: an age group, the cases of another indicator, or a number shared out.

        A plain count (nothing given) is spread by the number of children: weights that sum to 1 each year.
        """
        if entry.of is None:
            children = self.aged(0, ADULT)
            return children / children.sum(axis=(1, 2), keepdims=True)
        if isinstance(entry.of, str):
            return self.drawn[entry.of][0].copy()
        if isinstance(entry.of, list):
            return np.rint(self.aged(*entry.of) * entry.share).astype(int)
        weights = self.weights if entry.where or {"township", "urban_rural"} & set(entry.by) else np.ones(1)
        if entry.where:
            weights = np.where(self.rural == (entry.where == "rural"), weights, 0)
        sexes = np.array([self.male_share, 1 - self.male_share]) if "sex" in entry.by else np.ones(1)
        cells = weights[:, None] * sexes
        # of things (a health centre, a school) every township has one at least
        least = (cells > 0).astype(int) * ("sex" not in entry.by)
        totals = np.rint(along(entry.of, self.years)).astype(int)
        return np.stack([least + apportion(total - least.sum(), cells) for total in totals])

    def _chances(
        self, entry: Entry, base: np.ndarray, per: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """True chance of each cell, and its mean over the base, the path with its wobble (year, 1, 1).

        Differences between cells and years act on the odds of a share, on the logarithm of a rate.
        """
        shares = per == 100
        level = (along(entry.path, self.years) / per)[:, None, None]
        level = _shift(level, entry.noise * rng.standard_normal(level.shape), shares)
        effect = entry.spread * rng.standard_normal((1, base.shape[1], 1))
        if base.shape[1] > 1:
            effect = effect + along(entry.rural, self.years)[:, None, None] * self.rural[None, :, None]
        if base.shape[2] > 1:
            effect = effect + entry.male * np.array([0.5, -0.5])
        chance = _shift(level, effect, shares)
        cases = np.maximum(base.sum(axis=(1, 2), keepdims=True), 1e-9)
        mean = np.maximum((chance * base).sum(axis=(1, 2), keepdims=True) / cases, 1e-12)
        chance = chance + level - mean if shares else chance * level / mean
        # rounded, so that the last bit of a machine's exp() can't change a draw
        return np.round(np.clip(chance, 0, 1 if shares else None), 12), np.round(level, 12)

    def cuts(self, counts: np.ndarray, by: Iterable[str]) -> Iterator[tuple[dict[str, str], np.ndarray]]:
        """The district total and each cut asked for: its labels and its counts by year."""
        yield {"region": self.name, "level": "district"}, counts.sum(axis=(1, 2))
        if "sex" in by:
            for i, sex in enumerate(("male", "female")):
                yield {"region": self.name, "level": "district", "sex": sex}, counts[:, :, i].sum(axis=1)
        if "urban_rural" in by:
            for inside, word in ((~self.rural, "urban"), (self.rural, "rural")):
                yield (
                    {"region": self.name, "level": "district", "residence": word},
                    counts[:, inside].sum(axis=(1, 2)),
                )
        if "township" in by:
            for i, name in enumerate(self.townships):
                yield {"region": f"{self.name}/{name}", "level": "township"}, counts[:, i].sum(axis=1)


def apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Whole numbers that sum to `total`, in proportion to weights of any shape, by largest remainder."""
    if weights.sum() <= 0:
        return np.zeros(weights.shape, int)
    quota = np.round(total * weights / weights.sum(), 9)
    result = np.floor(quota).astype(int)
    order = np.argsort((result - quota).ravel(), kind="stable")
    result.ravel()[order[: total - result.sum()]] += 1
    return result


def _draw(
    rng: np.random.Generator, how: str, base: np.ndarray, chance: np.ndarray, level: np.ndarray
) -> np.ndarray:
    if how == "binomial":
        return rng.binomial(base, chance)
    if how == "poisson":
        return rng.poisson(base * chance)
    # "fixed": what is there is there (stations, rooms, posts): the nearest whole number, without chance
    totals = np.rint(level[:, 0, 0] * base.sum(axis=(1, 2))).astype(int)
    return np.stack([apportion(*year) for year in zip(totals, base * chance, strict=True)])


def along(points: dict[int, float] | float | None, years: np.ndarray) -> np.ndarray:
    """A number for each year: straight lines between the points, level outside them. points: None is a fault in the profile."""
    if points is None:
        raise ParamsError("profile.yaml：有一项指标没有写 path（各年的水平）")
    if not isinstance(points, dict):
        return np.full(len(years), float(points))
    return np.interp(years, list(points), list(points.values()))


def _shift(level: np.ndarray, by: np.ndarray, shares: bool) -> np.ndarray:
    """Multiply the odds of a share, or a rate itself, by exp(by)."""
    if not shares:
        return level * np.exp(by)
    return level * np.exp(by) / (1 - level + level * np.exp(by))


def _fit(counts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the axes that the shape doesn't keep."""
    fitted = counts.sum(axis=tuple(axis for axis in (1, 2) if shape[axis] == 1), keepdims=True)
    if fitted.shape != shape:
        raise ValueError(f"{counts.shape} has no cells to make {shape} of")
    return fitted
