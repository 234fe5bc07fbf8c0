"""A question put to the forecasts: does each series meet its bound in every one of some coming years."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from xhcp_eval.verdict.bounds import TOLERANCE
from xhcp_eval.verdict.forecasts import Forecasts, past_counts


@dataclass(frozen=True)
class Question:
    """Does each series meet its bound in every year from `start` to `stop`; all arrays (m,).

    rows: series. start, stop: years from the last figure, equal where only one decides. sign, limit: +1 at least the
    limit, -1 less than it (`threshold`). since: first calendar year that pooled values may reach back to.
    """

    rows: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    sign: np.ndarray
    limit: np.ndarray
    since: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, at: np.ndarray) -> Question:
        """Some of the questions, by position."""
        return Question(**{f.name: getattr(self, f.name)[at] for f in fields(self)})


def threshold(sign: np.ndarray, bound: np.ndarray, inclusive: np.ndarray) -> np.ndarray:
    """The value from which on a bound is met (sign +1), or no longer met (sign -1); see `bounds.reaches`."""
    return bound - np.where(inclusive, sign, -sign) * TOLERANCE


def needed_events(
    future: Forecasts, asked: Question, ahead: np.ndarray, coming: np.ndarray | int
) -> np.ndarray:
    """Fewest coming events that bring the judged value so many years ahead to the limit, (m,). coming: years to come."""
    block, rows = future.block, asked.rows
    past_x, past_n = past_counts(block, rows, block.years[block.last[rows]] + ahead, asked.since)
    cases = coming * block.cases[rows] + past_n
    return np.ceil(asked.limit * cases / block.per[rows]) - past_x
