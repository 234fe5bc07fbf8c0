"""What regions did next from a level, or after a move: by hand, and against a kernel regression without bins."""

import numpy as np
import pytest

from xhcp_eval.forecast.reference.next_moves import (
    FEATURES,
    LEVEL_WIDTH,
    LEVELS,
    MOVES,
    next_columns,
    next_sums,
    standing,
    yardstick,
)
from xhcp_eval.forecast.reference.sums import Sums, of_group, of_year


def moves_of(values):
    found = {}
    for lag in (1, 3, 5):
        found[lag] = np.full(values.shape, np.nan)
        found[lag][:, lag:] = values[:, lag:] - values[:, :-lag]
    return found


def columns(values, level, move):
    group = np.zeros(len(values), int)
    yard = yardstick(values, group, 1)
    sums = next_sums(values, moves_of(values), group, 1, yard[group])
    at = np.zeros(len(level), int)
    return np.column_stack(next_columns({k: s.at(at) for k, s in sums.items()}, level, move))


def test_a_series_that_rises_by_one_a_year_rises_by_one_from_every_level():
    found = columns(np.arange(12.0)[None], np.array([-1.0, 0.0, 1.0]), np.full(3, 3.0))
    assert found.shape == (3, FEATURES)
    for k, lag in enumerate((1, 3, 5)):
        np.testing.assert_allclose(found[:, 3 * k], lag / np.sqrt(lag))
        np.testing.assert_allclose(found[:, 3 * k + 1], np.log(lag / np.sqrt(lag) + 0.1))
    # after three up came three more
    np.testing.assert_allclose(found[:, 9], 3 / np.sqrt(3))
    # twice as high stands above more of what was seen
    assert (np.diff(found[:, 11]) > 0).all() and found[0, 11] > 0 and found[2, 11] < 1


def test_who_stands_high_is_told_that_those_up_there_fell():
    rng = np.random.default_rng(3)
    values = np.zeros((60, 12))
    values[:, 0] = rng.normal(0, 3, 60)
    for year in range(1, 12):
        values[:, year] = 0.6 * values[:, year - 1] + rng.normal(0, 1, 60)
    found = columns(values, np.array([-2.0, 0.0, 2.0]), np.array([2.0, 0.0, -2.0]))
    assert found[0, 0] > 0.5 and abs(found[1, 0]) < 0.2 and found[2, 0] < -0.5
    # a fall back to the mean after a move up
    assert found[0, 9] < 0 < found[2, 9]


def test_the_binned_regression_is_the_one_without_bins():
    rng = np.random.default_rng(4)
    values = np.cumsum(rng.normal(0, 1, (40, 15)), axis=1)
    yard = yardstick(values, np.zeros(40, int), 1)
    level = standing(values, np.repeat(yard, 40, axis=0))
    at = np.linspace(-1.5, 1.5, 7)
    found = columns(values, at, np.zeros(7))
    for k, lag in enumerate((1, 3, 5)):
        here, ahead = level[:, :-lag].ravel(), (values[:, lag:] - values[:, :-lag]).ravel()
        weight = np.exp(-0.5 * ((at[:, None] - here) / LEVEL_WIDTH) ** 2) + 1e-3
        mean = (weight * ahead).sum(axis=1) / weight.sum(axis=1)
        size = (weight * np.abs(ahead)).sum(axis=1) / weight.sum(axis=1)
        np.testing.assert_allclose(found[:, 3 * k], mean / np.sqrt(lag), atol=0.12)
        np.testing.assert_allclose(found[:, 3 * k + 1], np.log(size / np.sqrt(lag) + 0.1), atol=0.08)
        np.testing.assert_allclose(found[:, 3 * k + 2], np.log1p(weight.sum(axis=1)), atol=0.15)


def test_no_cell_is_lost_between_nodes_and_groups_keep_apart():
    rng = np.random.default_rng(5)
    values = rng.normal(0, 1, (9, 8))
    values[rng.random(values.shape) < 0.2] = np.nan
    group = np.repeat([0, 1, 2], 3)
    yard = yardstick(values, group, 3)
    sums = next_sums(values, moves_of(values), group, 3, yard[group])
    for lag in (1, 3, 5):
        move = moves_of(values)[lag]
        known = np.isfinite(move)
        by_group = [known[group == g].sum() for g in range(3)]
        np.testing.assert_allclose(sums[f"next_{lag}"].count.sum(axis=1), by_group)
        np.testing.assert_allclose(
            sums[f"next_{lag}"].total.sum(axis=1), [np.nansum(move[group == g]) for g in range(3)]
        )
    assert sums["next_1"].count.shape == (3, len(LEVELS)) and sums["after"].count.shape == (3, len(MOVES))
    for g in range(3):
        rows = group == g
        alone = next_sums(values[rows], moves_of(values[rows]), group[rows] * 0, 1, yard[group[rows]])
        np.testing.assert_allclose(alone["after"].total[0], sums["after"].total[g], atol=1e-12)


def test_equal_values_stand_at_their_mean():
    yard = yardstick(np.full((2, 4), 7.0), np.zeros(2, int), 1)
    np.testing.assert_array_equal(standing(np.array([[7.0, np.nan]]), yard), [[0.0, np.nan]])
    mean, spread = yardstick(np.array([[1.0, 3.0], [np.nan, 5.0]]), np.zeros(2, int), 1)[0]
    assert mean == pytest.approx(3) and spread == pytest.approx(np.std([1, 3, 5]))


def test_sums_add_up_where_told_and_only_there():
    one, two = Sums(np.ones((3, 2)), np.full((3, 2), 2.0)), Sums(np.full((3, 2), 5.0), np.ones((3, 2)))
    found = one.plus(two, np.array([True, False, True]))
    np.testing.assert_array_equal(found.total, [[6, 6], [1, 1], [6, 6]])
    np.testing.assert_array_equal(found.count, [[3, 3], [2, 2], [3, 3]])
    np.testing.assert_array_equal(Sums(np.array([4.0, 0]), np.array([2.0, 0])).mean(), [2, 0])


def test_groups_and_years_by_hand():
    a, group = np.array([[1.0, np.nan], [2.0, 3.0], [np.nan, 10.0]]), np.array([0, 0, 1])
    np.testing.assert_array_equal(of_group(a, group, 2).total, [6, 10])
    np.testing.assert_array_equal(of_group(a, group, 2).count, [3, 1])
    np.testing.assert_array_equal(of_year(a, group, 2).total, [[3, 3], [0, 10]])
    np.testing.assert_array_equal(of_year(a, group, 2).count, [[2, 1], [0, 1]])
