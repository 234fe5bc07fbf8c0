"""What years and members share: spreads and steps worked out by hand, normal orthants by other means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict.joint import BY_STEPS, COMMON, MOST, NOISE, blur, common_share, noise_share, together

ONE = np.zeros(1, int)


def spreads(*variances, middle=0.0):
    """A forecast whose variance so many years ahead is given, (1, horizon, n_levels)."""
    return middle + np.sqrt(np.array(variances, float))[None, :, None] * stats.norm.ppf(LEVELS)


def noise(*variances, years=None, middle=0.0):
    return noise_share(spreads(*variances, middle=middle), np.array([years or len(variances)]))[0]


def test_what_was_learned_is_what_the_benchmark_proves():
    assert (NOISE, COMMON, BY_STEPS, MOST) == (0.5, 0.2, 0.75, 0.9)


def test_a_spread_that_grows_as_a_walk_holds_no_noise_and_one_that_does_not_is_nothing_else():
    for years in (2, 3, 5):
        assert noise(*range(1, years + 1), middle=40) == 0
        assert noise(*[7] * years, middle=-3) == NOISE
    # faster than a walk; narrower with time
    assert noise(1, 3, 8, 12, 20) == 0
    assert noise(9, 8, 7, 6, 5) == NOISE


@pytest.mark.parametrize(
    ("variances", "seen"),
    [
        # walk 1 a year, noise 12: 12 / (12 + 3); the mean of 1 to 5 years of walk is 3
        ((13, 14, 15, 16, 17), 12 / 15),
        # walk 1, noise 3: the mean of 1 to 3 years is 2; the year between isn't looked at
        ((4, 99, 6), 3 / 5),
        # walk 1, noise 2: the mean of 1 to 2 years is 1.5
        ((3, 4), 2 / 3.5),
        # walk 4, noise 1
        ((5, 9, 13, 17, 21), 1 / 13),
    ],
)
def test_noise_by_hand_in_tenths(variances, seen):
    assert noise(*variances) == pytest.approx(round(10 * NOISE * seen) / 10, abs=1e-12)


def test_years_asked_for_decide_how_far_the_spread_is_looked_at_and_five_are_enough():
    flat_then_wide = (6, 6, 8, 100, 10, 1000, 1000, 1000)
    assert noise(*flat_then_wide, years=2) == NOISE
    # walk 1, noise 5: 5 / (5 + 2)
    assert noise(*flat_then_wide, years=3) == pytest.approx(0.4)
    # walk 1, noise 5: 5 / (5 + 3)
    for years in (5, 6, 8, 30):
        assert noise(*flat_then_wide, years=years) == pytest.approx(0.3)


@pytest.mark.parametrize("years", [-2, 0, 1])
def test_a_single_year_shares_nothing_with_another(years):
    assert noise_share(spreads(4, 4, 4), np.array([years])).tolist() == [0]
    assert noise_share(spreads(4), np.array([5])).tolist() == [0]


def test_without_a_spread_or_a_forecast_there_is_no_noise():
    assert noise(0, 0, 0, 0, 0, middle=50) == 0
    assert noise(*[np.nan] * 5) == 0
    assert noise_share(np.empty((0, 5, len(LEVELS))), np.empty(0, int)).shape == (0,)


def test_noise_is_read_off_the_middle_eight_tenths():
    quantiles = spreads(13, 14, 15, 16, 17)
    outer = (np.array(LEVELS) < 0.1) | (np.array(LEVELS) > 0.9)
    quantiles[..., outer] *= np.array([1, 3, 1, 1, 7.0])[:, None]
    assert noise_share(quantiles, np.array([5])) == pytest.approx(0.4)
    # skewed: 5 above and 5 below the median are 10 in all, as 8 and 2 are, or 2 and 8
    skewed = np.zeros((2, 2, len(LEVELS)))
    skewed[..., LEVELS.index(0.9)] = (5, 8), (5, 2)
    skewed[..., LEVELS.index(0.1)] = (-5, -2), (-5, -8)
    assert noise_share(skewed, np.array([2, 2])).tolist() == [NOISE, NOISE]


variances = st.lists(st.floats(0.01, 100), min_size=6, max_size=6)


@given(st.lists(st.tuples(variances, st.integers(0, 8)), min_size=2, max_size=5), st.data())
def test_noise_of_a_series_does_not_hang_on_others_and_stays_between_none_and_most(series, data):
    quantiles = np.concatenate([spreads(*v) for v, _ in series])
    years = np.array([y for _, y in series])
    whole = noise_share(quantiles, years)
    assert ((whole >= 0) & (whole <= NOISE)).all()
    np.testing.assert_allclose(10 * whole, np.round(10 * whole), atol=1e-9)
    some = data.draw(st.permutations(range(len(series))))[: len(series) - 1]
    np.testing.assert_array_equal(noise_share(quantiles[some], years[some]), whole[some])


EDGES = np.linspace(-6, 6, 121)
MASSES = np.diff(stats.norm.cdf(EDGES)) / np.diff(stats.norm.cdf(EDGES)).sum()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_noise_keeps_the_score_standard_normal_and_loosens_its_tie_to_the_walk(share):
    table, middle = blur(EDGES, share), (EDGES[1:] + EDGES[:-1]) / 2
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(MASSES @ table, MASSES, atol=1e-4)
    assert (MASSES * middle) @ table @ middle == pytest.approx(np.sqrt(1 - share), abs=2e-3)


def test_without_noise_the_score_is_the_walk():
    np.testing.assert_array_equal(blur(EDGES, 0), np.eye(120))


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_cells_of_the_score_given_those_of_the_walk_are_rectangles_of_a_bivariate_normal(share):
    """Within a wide cell the walk lies where the normal law is denser; what is beyond the ends is theirs."""
    edges = np.concatenate([[-3], np.cumsum([0.2, 0.3] * 12) - 3])
    tied = np.sqrt(1 - share)
    law = stats.multivariate_normal([0, 0], [[1, tied], [tied, 1]])
    ends = np.concatenate([[-9], edges[1:-1], [9]])
    below = np.array([[law.cdf([a, b]) for b in ends] for a in edges])
    mass = np.diff(stats.norm.cdf(edges))
    expected = np.diff(np.diff(below, axis=0), axis=1) / mass[:, None]
    np.testing.assert_allclose(blur(edges, share), expected, atol=3e-4)


def joint_by_integration(p, common):
    """P(all) by the textbook: given the factor, members are strangers."""
    scores, z = stats.norm.ppf(p), np.linspace(-9, 9, 8001)
    given_factor = stats.norm.cdf((scores[:, None] + np.sqrt(common) * z) / np.sqrt(1 - common)).prod(axis=0)
    return integrate.simpson(given_factor * stats.norm.pdf(z), x=z)


inner = st.floats(0.005, 0.995)


@given(st.lists(inner, min_size=2, max_size=20))
def test_strangers_multiply(p):
    found = together(np.array(p), np.zeros(len(p), int), np.zeros(1))
    np.testing.assert_allclose(found, [np.prod(p)], rtol=1e-9)


@given(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0])), st.floats(0, 0.9))
def test_a_member_alone_keeps_its_chance(p, common):
    assert together(np.array([p]), ONE, np.array([common])).tolist() == [p]


@given(inner, inner, st.floats(0, 0.7))
def test_two_members_are_an_orthant_of_a_bivariate_normal(p, q, common):
    law = stats.multivariate_normal([0, 0], [[1, common], [common, 1]])
    expected = law.cdf(stats.norm.ppf([p, q]))
    found = together(np.array([p, q]), np.zeros(2, int), np.array([common]))
    assert found[0] == pytest.approx(expected, abs=1e-6)


@given(st.lists(inner, min_size=3, max_size=25), st.floats(0.01, 0.5))
def test_many_members_share_one_factor(p, common):
    found = together(np.array(p), np.zeros(len(p), int), np.array([common]))
    assert found[0] == pytest.approx(joint_by_integration(np.array(p), common), abs=1e-5)


def test_at_the_most_that_members_share_the_integral_is_good_to_half_a_point():
    for p, members in ((0.5, 12), (0.9, 12), (0.95, 30)):
        p = np.full(members, p)
        found = together(p, np.zeros(members, int), np.array([MOST]))[0]
        assert found == pytest.approx(joint_by_integration(p, MOST), abs=5e-3)


@given(st.lists(inner, min_size=2, max_size=12), st.lists(st.floats(0, 0.7), min_size=2, max_size=4))
def test_the_more_in_common_the_likelier_all_of_them_between_strangers_and_the_weakest(p, commons):
    """Slepian's inequality (1962)."""
    p, many = np.array(p), np.sort(commons)
    found = together(np.tile(p, len(many)), np.repeat(np.arange(len(many)), len(p)), many)
    assert (np.diff(found) >= -1e-4).all()
    assert (found >= p.prod() - 1e-4).all() and (found <= p.min() + 1e-4).all()


def test_groups_keep_to_themselves_in_any_order():
    p = np.array([0.9, 0.6, 0.8, 0.7, 0.95, 0.5])
    group, common = np.array([2, 0, 2, 0, 1, 2]), np.array([0.1, 0.6, 0.4])
    whole = together(p, group, common)
    expected = [
        joint_by_integration(p[[1, 3]], 0.1), 0.95, joint_by_integration(p[[0, 2, 5]], 0.4)
    ]  # fmt: skip
    np.testing.assert_allclose(whole, expected, atol=1e-8)
    assert whole[1] == 0.95
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(p))
        np.testing.assert_allclose(together(p[order], group[order], common), whole, rtol=1e-12)


def test_one_that_cannot_leaves_no_chance_and_one_that_must_does_not_matter():
    both = together(np.array([0.0, 0.7, 1.0, 0.7, 0.6]), np.array([0, 0, 1, 1, 1]), np.array([0.3, 0.3]))
    assert both[0] == 0
    assert both[1] == pytest.approx(joint_by_integration(np.array([0.7, 0.6]), 0.3), abs=1e-8)


def test_what_is_missing_of_a_member_is_missing_of_its_group_only():
    p = np.array([0.7, np.nan, 0.8, np.nan, 0.5, 0.5])
    found = together(p, np.array([0, 0, 1, 2, 3, 3]), np.array([0.3, 0.3, 0.3, 0.0]))
    np.testing.assert_allclose(found, [np.nan, 0.8, np.nan, 0.25], rtol=1e-12)


NAN = np.nan


def share_of(*steps, group=None):
    steps = np.array(steps, float)
    return common_share(steps, np.zeros(len(steps), int) if group is None else np.array(group))


def test_members_that_never_moved_together_have_in_common_what_all_have():
    assert share_of([1, -1, 1, -1], [1, 1, -1, -1]).tolist() == [COMMON]
    # against each other is no less than nothing
    assert share_of([1, -1, 1, -1, 2], [-1, 1, -1, 1, -2]).tolist() == [COMMON]


@pytest.mark.parametrize("members", [2, 5])
def test_members_whose_steps_went_together_have_most_in_common_whatever_their_size(members):
    step = np.array([3.0, 1.0, -2.0, 0.5, 0.7])
    found = share_of(*[10 * k + (k + 1) * step for k in range(members)])
    np.testing.assert_allclose(found, [min(MOST, COMMON + BY_STEPS)])


def test_three_members_by_hand():
    """Standardised steps are +-1, +-1 and, of five years with one at the mean, +-sqrt(5/4).

    In 4 years of 3 pairs each only the first and the last member go together: sqrt(5/4) in each; the pairs with the
    second cancel out. So the mean correlation is 4 sqrt(5/4) / 12.
    """
    steps = [11, 9, 11, 9, NAN], [7, 3, 3, 7, NAN], [3, -3, 3, -3, 0]
    expected = COMMON + BY_STEPS * np.sqrt(5 / 4) / 3
    np.testing.assert_allclose(share_of(*steps), [expected])
    np.testing.assert_allclose(share_of(*steps[::-1]), [expected])


def test_only_years_that_both_have_count():
    """Standardised by its own years each; products are averaged over the years that both know."""
    first = [1, -1, 1, -1, NAN, NAN]
    second = [NAN, NAN, 4, -4, -4, 4]
    np.testing.assert_allclose(share_of(first, second), [min(MOST, COMMON + BY_STEPS)])
    half = [NAN, 4, 4, -4, -4, NAN]
    np.testing.assert_allclose(share_of(first, half), [COMMON + BY_STEPS / 3])
    apart = [NAN, NAN, NAN, NAN, NAN, NAN, 1, 2, 4, 1], [1, 2, 4, 1, NAN, NAN, NAN, NAN, NAN, NAN]
    assert share_of(*apart).tolist() == [COMMON]


def test_fewer_than_four_steps_tell_nothing():
    three = [1.0, 2.0, 6.0, NAN]
    assert share_of(three, three).tolist() == [COMMON]
    four = [1.0, 2.0, 6.0, -1.0]
    np.testing.assert_allclose(share_of(four, four), [MOST])
    # nor do they blur what others tell
    np.testing.assert_allclose(share_of(four, four, [6.0, 2.0, 1.0, NAN]), [MOST])


@pytest.mark.parametrize("still", [0.0, 3.0])
def test_units_that_never_move_tell_nothing(still):
    moving, never = [1.0, 2.0, 6.0, -1.0], [still] * 4
    assert share_of(never, never).tolist() == [COMMON]
    assert share_of(moving, never).tolist() == [COMMON]
    np.testing.assert_allclose(share_of(moving, moving, never), [MOST])


def test_one_member_or_none_has_nothing_to_go_together_with():
    assert share_of([1, -1, 1, -1]).tolist() == [COMMON]
    assert share_of([NAN] * 5, [NAN] * 5).tolist() == [COMMON]
    assert common_share(np.empty((0, 4)), np.empty(0, int)).shape == (0,)


def test_groups_are_told_apart():
    moves, waves, wave = [1, 2, 6, -1], [11, 9, 11, 9], [1, 1, -1, -1]
    found = share_of(moves, waves, moves, wave, waves, group=[3, 0, 3, 0, 2])
    np.testing.assert_allclose(found, [COMMON, COMMON, COMMON, MOST])
