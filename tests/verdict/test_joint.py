"""What ties years and townships: shares read off spreads and steps, and laws worked out by other means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.projection import LEVELS
from xhcp_eval.verdict.cells import WALK, cells
from xhcp_eval.verdict.joint import (
    BY_STEPS,
    COMMON,
    MOST,
    NOISE,
    SPAN,
    blur,
    common_share,
    noise_share,
    together,
)


def spreading(*wide):
    """Normal quantiles around 50 whose spread is given year by year, one series."""
    return 50 + np.array(wide)[None, :, None] * stats.norm.ppf(LEVELS)


def test_a_spread_that_grows_as_a_walks_leaves_no_noise():
    years = np.sqrt(np.arange(1, 11))
    assert noise_share(spreading(*years), np.array([10])) == 0
    assert noise_share(spreading(*(2 * years**2)), np.array([10])) == 0, "nor does one that grows faster"


def test_a_spread_that_does_not_grow_is_noise():
    assert noise_share(spreading(*[2.0] * 8), np.array([8])) == pytest.approx(NOISE)
    assert noise_share(spreading(*[2.0] * 8), np.array([2])) == pytest.approx(NOISE)


def test_noise_between_by_hand():
    # variances 3, ., ., ., 7: noise (5*3 - 7)/4 = 2, walk (7 - 3)/4 = 1; in the third year 2 of 5, half of it is 0.2
    wide = np.sqrt([3, 4, 5, 6, 7, 100])
    assert noise_share(spreading(*wide), np.array([6])) == pytest.approx(0.2)
    # variances 4 and 5 over two years: noise 3, walk 1; halfway 3 of 4.5, half of it a third, in tenths 0.3
    assert noise_share(spreading(2.0, np.sqrt(5), 9.0), np.array([2])) == pytest.approx(0.3)


def test_no_year_further_than_asked_for_is_looked_at():
    wide = [1.0, 1.0, 1.0, 9.0, 9.0]
    assert noise_share(spreading(*wide), np.array([3])) == pytest.approx(NOISE)
    assert noise_share(spreading(*wide), np.array([5])) == 0
    assert SPAN == 5


def test_nothing_to_read_it_off():
    assert noise_share(spreading(1.0), np.array([1])) == 0
    assert noise_share(spreading(0.0, 0.0, 0.0), np.array([3])) == 0
    both = np.concatenate([spreading(1.0, 1.0), spreading(1.0, np.sqrt(2))])
    np.testing.assert_allclose(noise_share(both, np.array([2, 2])), [NOISE, 0])


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7])
def test_a_blurred_score_stays_standard_normal(share):
    edges, mass = cells(WALK)
    table, middle = blur(edges, share), (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(mass @ table, mass, atol=1e-4)
    assert (mass * middle) @ table @ middle == pytest.approx(np.sqrt(1 - share), abs=3e-3)
    assert (share > 0) or (table == np.eye(len(mass))).all()


@pytest.mark.parametrize("common", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("p", [(0.5, 0.5), (0.9, 0.2), (0.99, 0.95)])
def test_two_members_are_an_orthant_of_the_bivariate_normal(p, common):
    law = stats.multivariate_normal([0, 0], [[1, common], [common, 1]])
    found = together(np.array(p), np.array([0, 0]), np.array([common]))
    assert found[0] == pytest.approx(law.cdf(stats.norm.ppf(p)), abs=2e-5)


def test_many_members_by_simulation():
    rng = np.random.default_rng(3)
    p, common = np.array([0.95, 0.9, 0.97, 0.8, 0.99]), 0.35
    factor = rng.standard_normal(400_000)[:, None]
    score = np.sqrt(common) * factor + np.sqrt(1 - common) * rng.standard_normal((400_000, 5))
    happened = (score <= stats.norm.ppf(p)).all(axis=1).mean()
    assert together(p, np.zeros(5, int), np.array([common]))[0] == pytest.approx(happened, abs=0.003)


def test_strangers_multiply_one_stands_alone_and_the_missing_are_missed():
    p = np.array([0.5, 0.7, 0.9, 0.4, np.nan])
    group = np.array([0, 1, 0, 2, 2])
    found = together(p, group, np.array([0.0, 0.6, 0.3]))
    np.testing.assert_allclose(found[:2], [0.45, 0.7], atol=1e-12)
    assert np.isnan(found[2])


@given(st.lists(st.floats(0.02, 0.98), min_size=2, max_size=8), st.floats(0, 0.8), st.randoms())
def test_in_common_is_likelier_than_among_strangers_and_never_than_the_weakest(p, common, rng):
    p = np.array(p)
    found = together(p, np.zeros(len(p), int), np.array([common]))[0]
    assert np.prod(p) - 1e-6 <= found <= p.min() + 1e-6
    shuffled = p.copy()
    rng.shuffle(shuffled)
    assert together(shuffled, np.zeros(len(p), int), np.array([common]))[0] == pytest.approx(found, abs=1e-12)


def test_strangers_steps_and_equal_steps():
    rng = np.random.default_rng(1)
    strangers = rng.normal(size=(200, 12))
    one = rng.normal(size=12)
    same = np.outer([1.0, 3.0, 0.2], one)
    steps, group = np.concatenate([strangers, same]), np.r_[np.zeros(200, int), np.ones(3, int)]
    found = common_share(steps, group)
    assert found[0] == pytest.approx(COMMON, abs=0.02)
    assert found[1] == pytest.approx(min(MOST, COMMON + BY_STEPS))
    assert common_share(-same[:2] * [[1], [-1]], np.array([0, 0]))[0] == COMMON, (
        "opposite steps are no less than none"
    )


def test_the_mean_correlation_of_pairs_by_hand():
    """Years that one of two hasn't reported count for the others only."""
    rng = np.random.default_rng(7)
    steps = rng.normal(size=(3, 9)) + rng.normal(size=9)
    steps[0, 0] = steps[2, 5] = np.nan
    standard = (steps - np.nanmean(steps, axis=1, keepdims=True)) / np.nanstd(steps, axis=1, keepdims=True)
    pairs = [standard[a] * standard[b] for a, b in ((0, 1), (0, 2), (1, 2))]
    correlation = np.nanmean(np.concatenate(pairs))
    assert 0 < correlation < 0.9
    found = common_share(steps, np.zeros(3, int))
    assert found[0] == pytest.approx(min(MOST, COMMON + BY_STEPS * correlation))


def test_too_few_steps_and_none_at_all_tell_nothing():
    steps = np.array([[1.0, 2, 3, np.nan], [1, 2, 3, np.nan], [0, 0, 0, 0], [1, 2, 4, 1]])
    np.testing.assert_allclose(common_share(steps, np.array([0, 0, 1, 1])), [COMMON, COMMON])
    four = np.array([[1.0, 2, 4, 1], [1, 2, 4, 1], [5, 1, 2, 2]])
    assert common_share(four, np.array([0, 0, 1]))[0] == pytest.approx(min(MOST, COMMON + BY_STEPS))
    assert common_share(four, np.array([0, 0, 1]))[1] == COMMON
