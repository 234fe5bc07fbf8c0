"""Shares pooled over two years: the exact pass agrees with plain enumeration, and with counts drawn by the thousand."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from known_futures import PLAN, demonstration, fixed_levels
from scipy import stats

from xhcp_eval.verdict.chances import _simulated
from xhcp_eval.verdict.forecasts import look_ahead
from xhcp_eval.verdict.questions import Question, threshold
from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.windows import two_year_windows

DRAWS = 4096


@pytest.fixture(scope="module")
def block():
    return demonstration(Settings(draws=DRAWS, few_cases=400))


@pytest.fixture(scope="module")
def future(block):
    return look_ahead(block, PLAN.end_year)


@pytest.fixture(scope="module")
def rows(block, future):
    """Series whose shares are judged by two years together."""
    found = np.flatnonzero((block.window == 2) & block.counted & block.share & (future.place >= 0))
    assert len(found) > 10
    return found[:: max(1, len(found) // 12)]


def question(rows, start, stop, sign, bound, inclusive=True):
    """The same question of every series; years from the last figure."""
    start, stop, sign, bound = (np.broadcast_to(part, rows.shape) for part in (start, stop, sign, bound))
    return Question(
        rows, start, stop, sign, threshold(sign, bound, np.array(inclusive)), np.zeros(len(rows), int)
    )


def limits(future, rows, place):
    """Bounds around the median of the third coming year; place: how far from it, in points."""
    return future.level(rows, 3)[:, 7] + place


@pytest.mark.parametrize(("start", "stop"), [(1, 5), (1, 2), (4, 4), (1, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_it_agrees_with_counts_drawn(future, rows, start, stop, sign):
    for place in (-1.5, 0.0, 2.0):
        asked = question(rows, start, stop, sign, limits(future, rows, place))
        ours, drawn = two_year_windows(future, asked), _simulated(future, asked)
        assert ((ours >= -1e-12) & (ours <= 1 + 1e-12)).all()
        error = np.sqrt(np.maximum(ours * (1 - ours), 1 / DRAWS) / DRAWS)
        # 256 quasi-random paths of the level leave an error of their own
        assert (np.abs(ours - drawn) <= 4.5 * error + 0.004).all()


@pytest.mark.parametrize(("start", "stop"), [(1, 3), (3, 3), (1, 1)])
@pytest.mark.parametrize(
    ("sign", "bound", "inclusive"), [(1, 70.0, True), (1, 70.0, False), (-1, 80.0, True), (-1, 80.0, False)]
)
def test_it_is_what_every_outcome_adds_up_to(block, rows, start, stop, sign, bound, inclusive):
    """Five children a year at a known 75%, four of five counted last year: all counts of three years, one by one."""
    row = rows[:1]
    at, x, n = block.last[row[0]], block.numerator.copy(), block.denominator.copy()
    x[row, at - 1 : at + 1], n[row, at - 1 : at + 1] = 4.0, 5.0
    school = replace(block, numerator=x, denominator=n)
    future = fixed_levels(school, row, np.array([75.0]))
    total = 0.0
    for counts in product(range(6), repeat=3):
        history = [4, *counts]
        shares = [10 * (history[year - 1] + history[year]) for year in range(start, stop + 1)]
        met = [sign * (share - bound) > 0 or (inclusive and share == bound) for share in shares]
        total += all(met) * np.prod(stats.binom.pmf(counts, 5, 0.75))
    found = two_year_windows(future, question(row, start, stop, sign, bound, inclusive))
    assert found == pytest.approx(total, abs=1e-9)


def test_a_bound_that_nothing_can_miss_or_meet(future, rows):
    assert two_year_windows(future, question(rows, 1, 5, 1, -1.0)) == pytest.approx(1)
    assert two_year_windows(future, question(rows, 1, 5, -1, -1.0)) == pytest.approx(0)
    assert two_year_windows(future, question(rows, 1, 5, 1, 1e6)) == pytest.approx(0)


def test_every_year_is_harder_than_the_last_alone(future, rows):
    bound = limits(future, rows, 0.0)
    every, last = (two_year_windows(future, question(rows, start, 5, 1, bound)) for start in (1, 5))
    assert (every <= last + 0.004).all()
    assert (every < last - 0.01).any()
