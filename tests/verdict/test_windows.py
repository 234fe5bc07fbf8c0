"""Shares pooled over two years: the exact pass agrees with plain enumeration, and with counts drawn by the thousand."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from known_futures import PLAN, demonstration, fixed_levels
from scipy import stats
from small_plan import block_of, counted, foreseen, indicator

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict import windows
from xhcp_eval.verdict.cells import pooled_scores
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
    for sign in (1, -1):
        assert (two_year_windows(future, question(rows, 1, 5, sign, np.nan)) == 0).all()


def test_every_year_is_harder_than_the_last_alone(future, rows):
    bound = limits(future, rows, 0.0)
    every, last = (two_year_windows(future, question(rows, start, 5, 1, bound)) for start in (1, 5))
    assert (every <= last + 0.004).all()
    assert (every < last - 0.01).any()


@pytest.fixture(scope="module")
def schools():
    """Three small townships whose levels move apart and past both ends of the scale."""
    parts = [
        counted([60] * 10, 5, region="甲区/东镇", level="township"), counted([75] * 10, 4, region="甲区/西镇", level="township"),
        counted([100] * 10, 3, region="甲区/南镇", level="township"),
    ]  # fmt: skip
    block = block_of([indicator()], *parts, regions=["甲区"])
    assert (block.window == 2).all() and sorted(block.cases) == [3, 4, 5]
    years = np.arange(1, 6)[:, None]
    z = stats.norm.ppf(LEVELS)
    wide = np.array([30 * np.sqrt(years), 20 + 0 * years, 10 * years])
    return block, foreseen(block, np.array([40, 70, 95])[:, None, None] + wide * z)


def naive_share(future, row, start, stop, sign, bound, inclusive):
    """All counts of all years, one by one, on each of 256 paths."""
    block, people = future.block, int(future.block.cases[row])
    scores = pooled_scores(stop, stop, float(future.noise(np.array([row]))[0]))[:, :256]
    knots, shares = stats.norm.ppf(LEVELS), []
    for year, score in enumerate(scores):
        q = future.quantiles[row, year]
        at = np.clip(np.searchsorted(knots, score) - 1, 0, len(knots) - 2)
        level = q[at] + (q[at + 1] - q[at]) * (score - knots[at]) / (knots[at + 1] - knots[at])
        shares.append(np.clip(level, 0, 100) / 100)
    law = np.array([stats.binom.pmf(np.arange(people + 1)[:, None], people, share) for share in shares])
    total = 0.0
    for counts in product(range(people + 1), repeat=stop):
        history = [int(block.numerator[row, -1]), *counts]
        pooled = [100 * (history[y - 1] + history[y]) / (2 * people) for y in range(start, stop + 1)]
        if all(
            sign * (share - bound) > 1e-6 or (inclusive and abs(share - bound) < 1e-6) for share in pooled
        ):
            total += np.prod([law[y, count] for y, count in enumerate(counts)], axis=0).mean()
    return total


@pytest.mark.parametrize(("start", "stop"), [(1, 1), (1, 2), (2, 2), (1, 4), (4, 4)])
@pytest.mark.parametrize("sign", [1, -1])
def test_levels_that_are_not_known_are_averaged_over_their_paths(schools, start, stop, sign):
    """Several at once: bounds that pooled shares lie on, beyond the first and beyond the last."""
    _, future = schools
    for bound, inclusive in (
        (50.0, True),
        (50.0, False),
        (75.0, True),
        (0.0, True),
        (0.0, False),
        (100.0, True),
        (100.0, False),
    ):
        rows = np.arange(3)
        found = two_year_windows(future, question(rows, start, stop, sign, bound, inclusive))
        expected = [naive_share(future, row, start, stop, sign, bound, inclusive) for row in rows]
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_many_are_worked_out_a_few_at_a_time(future, rows, monkeypatch):
    asked = question(rows, 1, 3, 1, limits(future, rows, 0.0))
    whole = two_year_windows(future, asked)
    monkeypatch.setattr(windows, "CELLS", 2 * 256 * 64)
    np.testing.assert_allclose(two_year_windows(future, asked), whole, rtol=1e-12)
