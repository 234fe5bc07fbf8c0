"""The cells of a score carry the normal law, walks and noise keep it, and laws of counts are those of scipy."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict.cells import (
    NODES,
    ONE_YEAR,
    SHARES,
    WALK,
    blurred,
    cells,
    count_at,
    pooled_scores,
    tail,
    transition,
)

YEARS = (1, 4, 9)


@pytest.mark.parametrize("width", [ONE_YEAR, WALK])
def test_cells_are_those_of_the_normal_law_and_meet_at_the_forecasts_levels(width):
    edges, mass = cells(width)
    assert (np.diff(edges) > 0).all() and mass.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.cumsum(mass)[:-1], stats.norm.cdf(edges[1:-1]), atol=1e-6)
    for level in LEVELS:
        assert np.abs(edges - stats.norm.ppf(level)).min() < 1e-12


@pytest.mark.parametrize("width", [0.16, 0.08])
def test_cells_are_as_few_as_their_width_allows(width):
    """Between two levels alike and none wider than asked for; beyond the outermost two and a half times as wide."""
    knots = [-5.0, *stats.norm.ppf(LEVELS), 5.0]
    expected = []
    for k, (left, right) in enumerate(pairwise(knots)):
        widest = 2.5 * width if k in (0, len(knots) - 2) else width
        n = math.ceil((right - left) / widest)
        expected += [left + (right - left) * part / n for part in range(n)]
    np.testing.assert_allclose(cells(width)[0], [*expected, 5.0], atol=1e-12)


def test_nodes_within_a_cell_integrate_cubic_curves():
    for power in range(4):
        assert SHARES @ NODES**power == pytest.approx(1 / (power + 1))


@pytest.mark.parametrize("ahead", YEARS)
def test_a_step_of_the_walk_keeps_the_score_standard_normal_and_ties_the_years(ahead):
    edges, mass = cells(WALK)
    table, middle = transition(ahead, WALK), (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(mass @ table, mass, atol=1e-4)
    # corr(W_h / sqrt(h), W_(h+1) / sqrt(h + 1)) = sqrt(h / (h + 1))
    together = (mass * middle) @ table @ middle
    assert together == pytest.approx(np.sqrt(ahead / (ahead + 1)), abs=2e-3)


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.5])
def test_noise_of_a_year_keeps_the_score_standard_normal(noise):
    edges, mass = cells(WALK)
    table, middle = blurred(WALK, noise), (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(mass @ table, mass, atol=1e-4)
    assert (mass * middle) @ table @ middle == pytest.approx(np.sqrt(1 - noise), abs=3e-3)


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_scores_of_pooled_years_are_a_walk_with_noise(noise):
    """512 quasi-random paths: marginals, and the tie of two years, (1 - s) sqrt(h / k)."""
    found = pooled_scores(5, 3, noise)
    assert found.shape[0] == 3
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=0.02)
    np.testing.assert_allclose(found.std(axis=1), 1, atol=0.05)
    expected = (1 - noise) * np.sqrt([3 / 4, 3 / 5, 4 / 5])
    tied = np.corrcoef(found)
    np.testing.assert_allclose([tied[0, 1], tied[0, 2], tied[1, 2]], expected, atol=0.06)


@given(st.integers(-2, 60), st.floats(0.01, 40), st.integers(1, 50))
def test_tails_are_those_of_scipy(need, mean, people):
    poisson = tail(np.array([need]), np.array([mean]), np.inf)[0]
    assert poisson == pytest.approx(stats.poisson.sf(need - 1, mean), abs=1e-10)
    share = min(mean / people, 1.0)
    binomial = tail(np.array([need]), np.array([mean]), np.array([people]))[0]
    assert binomial == pytest.approx(stats.binom.sf(need - 1, people, share), abs=1e-10)


chances = st.floats(1e-9, 1 - 1e-9)


@given(st.lists(st.tuples(chances, st.floats(0, 1e5)), min_size=1, max_size=5))
def test_poisson_counts_are_scipys_quantiles(asked):
    chance, mean = np.array(asked).T
    np.testing.assert_array_equal(count_at(chance, mean, np.inf), stats.poisson.ppf(chance, mean).clip(0))


@given(st.lists(st.tuples(chances, st.floats(0, 1), st.integers(1, 100_000)), min_size=1, max_size=5))
def test_binomial_counts_are_scipys_quantiles(asked):
    chance, share, people = np.array(asked).T
    found = count_at(chance, share * people, people)
    expected = stats.binom.ppf(chance, people.astype(int), np.clip(share * people / people, 0, 1)).clip(0)
    # where the distribution function equals the chance to rounding, either of two counts will do
    apart = np.flatnonzero(found != expected)
    for k in apart:
        assert abs(found[k] - expected[k]) == 1
        low = min(found[k], expected[k])
        assert stats.binom.cdf(low, int(people[k]), share[k]) == pytest.approx(chance[k], rel=1e-9)


def test_more_than_everybody_and_nobody_at_all():
    assert count_at(np.array([0.999999]), np.array([30.0]), np.array([30.0]))[0] == 30
    assert count_at(np.array([0.5, 0.999]), np.zeros(2), np.inf).tolist() == [0, 0]
    assert count_at(np.zeros((2, 0)), np.zeros((2, 0)), np.inf).shape == (2, 0)
