"""How several years, and several townships, hang together: what single chances leave open of a joint one.

Both were learned on real series, never by a model that saw the indicator (`benchmarks/calibration_joint.py` proves them).
"""

from __future__ import annotations

import numpy as np

from xhcp_eval.forecast.projection import LEVELS

NODES, SHARES = (np.polynomial.legendre.leggauss(2)[k] / 2 + (0.5, 0.0)[k] for k in (0, 1))
# Years over which the growth of a forecast's spread is looked at, and between which levels.
SPAN, LOW, HIGH = 5, LEVELS.index(0.1), LEVELS.index(0.9)
# Of the noise that the growth of the spread shows, so much is mixed into the walk; in steps of a tenth.
NOISE, STEP = 0.5, 0.1
# Common share of units: what those have that never moved together, and what is added by how they did.
COMMON, BY_STEPS, MOST = 0.2, 0.75, 0.9
FEWEST_STEPS = 4
# Nodes for the common factor
_FACTOR, _MASS = np.polynomial.hermite_e.hermegauss(48)


def noise_share(quantiles: np.ndarray, years: np.ndarray) -> np.ndarray:
    """How much of a forecast's yearly spread is noise of the year, that next year's doesn't share, (n,), in tenths.

    quantiles: (n, horizon, n_levels) of the forecast. years: (n,) that it is asked for. A spread that grows as a walk's
    leaves no noise; one that doesn't grow is nothing else. Were all of what is seen mixed in, chances of keeping a bound
    every year would be too small on real series, without any they are too large.
    """
    n, horizon = quantiles.shape[:2]
    span = np.clip(years, 1, min(SPAN, horizon))
    wide = (quantiles[:, :, HIGH] - quantiles[:, :, LOW]) ** 2
    first, last = wide[:, 0], wide[np.arange(n), span - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        noise = np.maximum(span * first - last, 0) / (span - 1)
        walk = np.maximum(last - first, 0) / (span - 1)
        share = noise / (noise + walk * (span + 1) / 2)
    return np.round(NOISE * np.where(np.isfinite(share), share, 0.0) / STEP) * STEP


def blur(edges: np.ndarray, share: float) -> np.ndarray:
    """Chance of a score to lie in each cell, given the cell of the walk that it is made of, (n_cells, n_cells).

    edges: (n_cells + 1,) of cells of a standard normal score. share: of noise in the score, which is
    sqrt(1 - share) walk + sqrt(share) noise, so that its own law stays the standard normal. Rows sum to one.
    """
    from scipy.special import ndtr

    if share == 0:
        return np.eye(len(edges) - 1)
    inside = edges[:-1, None] + np.diff(edges)[:, None] * NODES
    density = np.exp(-(inside**2) / 2) * SHARES
    density /= density.sum(axis=1, keepdims=True)
    outer = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    reached = ndtr((outer - np.sqrt(1 - share) * inside[..., None]) / np.sqrt(share))
    return (np.diff(reached, axis=2) * density[..., None]).sum(axis=1)


def together(p: np.ndarray, group: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Chance that all members of a group meet their bounds, (m,): a Gaussian copula with one factor (Vasicek 1987).

    p: (k,) chances of the members. group: (k,) codes 0..m-1. common: (m,) share of the factor in each; with 0 the members
    are strangers and chances multiply. Missing where a member's is.
    """
    from scipy.special import log_ndtr, ndtri

    share = common[group][:, None]
    score = (ndtri(p)[:, None] + np.sqrt(share) * _FACTOR) / np.sqrt(1 - share)
    logs = np.zeros((len(common), len(_FACTOR)))
    np.add.at(logs, group, log_ndtr(score))
    found = np.exp(logs) @ (_MASS / _MASS.sum())
    alone = np.bincount(group, minlength=len(common)) == 1
    found[group[alone[group]]] = p[alone[group]]
    return found


def common_share(steps: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Share of what moves the members of each group in common, (m,), from how their past steps went together.

    steps: (k, n_years) yearly steps, missing as NaN. group: (k,) codes 0..m-1. The mean correlation of two members'
    standardised steps in the same years, never below nothing, is added to what members have in common that didn't move
    together in the past: forecasts of one indicator err together.
    """
    known = np.isfinite(steps)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, steps, 0.0).sum(axis=1) / count
        off = np.where(known, steps - mean[:, None], 0.0)
        standard = off / np.sqrt((off**2).sum(axis=1) / count)[:, None]
    usable = known & np.isfinite(standard) & (count >= FEWEST_STEPS)[:, None]
    standard = np.where(usable, standard, 0.0)
    groups = int(group.max(initial=-1)) + 1
    total, square, members = np.zeros((3, groups, steps.shape[1]))
    for sums, values in ((total, standard), (square, standard**2), (members, usable)):
        np.add.at(sums, group, values)
    pairs = (members * (members - 1)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(pairs > 0, (total**2 - square).sum(axis=1) / pairs, 0.0)
    return np.clip(COMMON + BY_STEPS * np.maximum(correlation, 0.0), 0.0, MOST)
