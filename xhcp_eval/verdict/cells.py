"""The normal score that a forecast is a function of, cut into cells, and laws of counts: tables for `chances`."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict.joint import blur

# Width of a cell where one year decides, and where a walk goes on from cell to cell and forgets where in it it was.
ONE_YEAR, WALK, OUTERMOST = 0.16, 0.08, 5.0
PATHS = 512
# Gauss-Legendre on [0, 1]
NODES, SHARES = (np.polynomial.legendre.leggauss(2)[k] / 2 + (0.5, 0.0)[k] for k in (0, 1))


@lru_cache(maxsize=4)
def cells(width: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges (n_cells + 1,) of cells of the normal score, the forecast's levels among them, and their masses."""
    from scipy.special import ndtr, ndtri

    knots = ndtri(np.asarray(LEVELS))
    stops = [-OUTERMOST, *knots, OUTERMOST]
    parts = []
    for left, right in pairwise(stops):
        widest = width if abs(left) < OUTERMOST and abs(right) < OUTERMOST else 2.5 * width
        parts.append(np.linspace(left, right, int(np.ceil((right - left) / widest)) + 1)[:-1])
    edges = np.append(np.concatenate(parts), OUTERMOST)
    mass = np.diff(ndtr(edges))
    return edges, mass / mass.sum()


@lru_cache(maxsize=32)
def transition(ahead: int, width: float) -> np.ndarray:
    """Chance to come from a cell so many years ahead into one a year later, (n_cells, n_cells)."""
    from scipy.special import ndtr

    edges, _ = cells(width)
    slope, spread = np.sqrt(ahead / (ahead + 1)), np.sqrt(1 / (ahead + 1))
    inside = edges[:-1, None] + np.diff(edges)[:, None] * NODES
    density = np.exp(-(inside**2) / 2) * SHARES
    density /= density.sum(axis=1, keepdims=True)
    outer = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    return (np.diff(ndtr((outer - slope * inside[..., None]) / spread), axis=2) * density[..., None]).sum(
        axis=1
    )


@lru_cache(maxsize=32)
def blurred(width: float, noise: float) -> np.ndarray:
    """Chance of each cell of the score, given a cell of the walk that it is made of, (n_cells, n_cells); see `joint`.

    noise: its share in the score.
    """
    return blur(cells(width)[0], noise)


@lru_cache(maxsize=128)
def pooled_scores(ahead: int, wide: int, noise: float) -> np.ndarray:
    """Normal scores of the last `wide` of `ahead` years on quasi-random paths, (wide, PATHS): a walk and noise."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    points = qmc.Sobol(2 * wide, scramble=True, rng=np.random.default_rng(0)).random(PATHS)
    steps, of_year = np.split(ndtri(points).T, 2)
    steps[0] *= np.sqrt(ahead - wide + 1)
    walk = np.cumsum(steps, axis=0) / np.sqrt(np.arange(ahead - wide + 1, ahead + 1))[:, None]
    return np.sqrt(1 - noise) * walk + np.sqrt(noise) * of_year


def tail(need: np.ndarray, mean: np.ndarray, people: np.ndarray | float) -> np.ndarray:
    """P(count >= need) of a Poisson (people infinite) or a binomial count; shapes broadcast, need > 0."""
    from scipy.special import betainc, gammainc

    need, mean, people = np.broadcast_arrays(need, mean, people)
    found = np.zeros(need.shape)
    poisson, share = np.isinf(people) & (need > 0), np.isfinite(people) & (need > 0) & (need <= people)
    found[poisson] = gammainc(need[poisson], mean[poisson])
    k, n = need[share], people[share]
    found[share] = betainc(k, n - k + 1, np.minimum(mean[share] / n, 1.0))
    return np.where(need <= 0, 1.0, found)


def count_at(chance: np.ndarray, mean: np.ndarray, people: np.ndarray | float) -> np.ndarray:
    """Smallest count whose distribution function reaches a chance, of a Poisson (people infinite) or binomial count.

    chance, mean, people: shapes that broadcast; people all infinite or all finite. The start is Cornish & Fisher's
    expansion (1938), mended by the exact law until it holds.
    """
    from scipy.special import bdtr, ndtri, pdtr

    chance, mean, people = np.broadcast_arrays(chance, mean, people)
    shape = mean.shape
    if not mean.size:
        return np.zeros(shape)
    poisson = bool(np.isinf(people).all())
    share = np.zeros(mean.shape) if poisson else np.clip(mean / np.maximum(people, 1), 0, 1)
    spread, z = np.sqrt(np.maximum(mean * (1 - share), 1e-12)), ndtri(chance)
    with np.errstate(invalid="ignore"):
        skew = (1 - 2 * share) * (z * z - 1) / 6
        found = np.clip(np.floor(mean + spread * z + skew + 0.5), 0, people)

    found, chance, mean, share, people = (np.ravel(a) for a in (found, chance, mean, share, people))

    def below(count: np.ndarray, at: np.ndarray) -> np.ndarray:
        return pdtr(count, mean[at]) if poisson else bdtr(count, people[at].astype(int), share[at])

    at = np.arange(found.size)
    for _ in range(60):
        here = found[at]
        up = (below(here, at) < chance[at]) & (here < people[at])
        down = ~up & (here > 0) & (below(np.maximum(here - 1, 0), at) >= chance[at])
        found[at] = here + up - down
        at = at[up | down]
        if not at.size:
            break
    return found.reshape(shape)
