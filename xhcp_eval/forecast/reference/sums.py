"""Totals and how many numbers went into each: what groups of regions tell of themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sums:
    """Totals and counts of the same shape, by group along the first axis; two of the same shape add up."""

    total: np.ndarray
    count: np.ndarray

    def mean(self) -> np.ndarray:
        """0 where there is nothing."""
        return self.total / np.maximum(self.count, 1)

    def at(self, *where: np.ndarray) -> Sums:
        """Those at some positions."""
        return Sums(self.total[where], self.count[where])

    def plus(self, other: Sums, where: np.ndarray) -> Sums:
        """With the other's added in those places, (n,) boolean, and nothing changed elsewhere."""
        where = where.reshape(-1, *(1,) * (self.total.ndim - 1))
        return Sums(
            np.where(where, self.total + other.total, self.total),
            np.where(where, self.count + other.count, self.count),
        )


def of_group(a: np.ndarray, group: np.ndarray, groups: int) -> Sums:
    """All known cells of a group, (groups,); a: (n, n_years), missing as NaN; group: (n,) codes."""
    known = np.isfinite(a)
    count = np.bincount(group, known.sum(axis=1), minlength=groups)
    return Sums(np.bincount(group, np.where(known, a, 0.0).sum(axis=1), minlength=groups), count)


def of_year(a: np.ndarray, group: np.ndarray, groups: int) -> Sums:
    """A group's known values by year, (groups, n_years)."""
    known = np.isfinite(a)
    total, count = np.zeros((groups, a.shape[1])), np.zeros((groups, a.shape[1]))
    for t in range(a.shape[1]):
        total[:, t] = np.bincount(group, np.where(known[:, t], a[:, t], 0.0), minlength=groups)
        count[:, t] = np.bincount(group, known[:, t], minlength=groups)
    return Sums(total, count)
