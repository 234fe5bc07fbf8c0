"""Chances are integrals of known laws: worked out by other means where levels are normal, and drawn by the thousand."""

from dataclasses import replace

import numpy as np
import pytest
from known_futures import PLAN, demonstration, fixed_levels, normal_levels
from scipy import integrate, stats

from xhcp_eval.verdict.chances import SUREST, _simulated, _whole, chance
from xhcp_eval.verdict.forecasts import look_ahead
from xhcp_eval.verdict.joint import NOISE
from xhcp_eval.verdict.questions import Question, needed_events, threshold
from xhcp_eval.verdict.settings import Settings

DRAWS = 8192


@pytest.fixture(scope="module")
def block():
    return demonstration(Settings(draws=DRAWS))


@pytest.fixture(scope="module")
def known(block):
    return normal_levels(block)


def asked(future, rows, first, end, sign, bound, inclusive=True, since=0):
    """`chance` with one word for all of the rows."""
    many = [np.broadcast_to(part, rows.shape) for part in (first, end, sign, bound, inclusive)]
    return chance(future, rows, *many[:3], threshold(*many[2:]), since)


def plain(block, size):
    """Series without counts that tell chance, no census, some way from the ends of their scales."""
    free = ~block.counted & (size > 0) & ~block.facts.census[block.indicator]
    return np.flatnonzero(free & (block.last == len(block.years) - 1))[::5]


@pytest.mark.parametrize("place", [-2.0, -0.7, 0.0, 0.31, 1.5])
def test_one_year_of_a_level_is_a_normal_tail(block, known, place):
    future, mean, size = known
    rows = plain(block, size)
    assert len(rows) > 10
    for ahead in (1, 5):
        bound = mean[rows] + place * size[rows] * np.sqrt(ahead)
        for sign in (1, -1):
            found = asked(future, rows, 2025 + ahead, 2025 + ahead, sign, bound)
            np.testing.assert_allclose(found, stats.norm.cdf(-sign * place), atol=1e-3)


@pytest.mark.parametrize(("grows", "noise"), [(True, 0.0), (False, NOISE)])
@pytest.mark.parametrize(("first", "end"), [(2026, 2028), (2028, 2030), (2026, 2030)])
def test_every_year_of_a_level_is_an_orthant_of_the_walk_with_noise(block, first, end, grows, noise):
    """Spreads that grow as a walk's hold no noise, those that stay as they are as much as is ever mixed in."""
    future, mean, size = normal_levels(block, grows=grows)
    rows, years = plain(block, size), np.arange(first, end + 1) - 2025
    tied = (1 - noise) * np.sqrt(np.minimum.outer(years, years) / np.maximum.outer(years, years))
    np.fill_diagonal(tied, 1)
    law = stats.multivariate_normal(np.zeros(len(years)), tied)
    wide = np.sqrt(years) if grows else np.ones(len(years))
    for place in (-1.0, 0.0, 0.6):
        # P(every score >= place / wide) is that of their mirror images below
        expected = law.cdf(-place / wide)
        for sign in (1, -1):
            bound = mean[rows] + sign * place * size[rows]
            found = asked(future, rows, first, end, sign, bound)
            np.testing.assert_allclose(found, expected, atol=2e-3)


def test_one_year_of_a_count_is_a_mixture_of_binomials_or_poissons(block, known):
    future, mean, size = known
    free = block.counted & (block.window == 1) & (size > 0) & (block.last == len(block.years) - 1)
    rows = np.concatenate([np.flatnonzero(free & part)[::30] for part in (block.share, ~block.share)])
    assert len(rows) > 8
    scores = np.linspace(-6, 6, 2001)
    for place, ahead in ((-1.0, 1), (0.0, 2), (0.8, 5)):
        bound = mean[rows] + place * size[rows] * np.sqrt(ahead)
        found = asked(future, rows, 2025 + ahead, 2025 + ahead, 1, bound)
        for row, limit, ours in zip(rows, bound, found, strict=True):
            people, per = block.cases[row], block.per[row]
            need = np.ceil((limit - 1e-9) * people / per)
            share = np.maximum((mean[row] + np.sqrt(ahead) * size[row] * scores) / per, 0.0)
            if block.share[row]:
                reached = stats.binom.sf(need - 1, round(people), np.minimum(share, 1.0))
            else:
                reached = stats.poisson.sf(need - 1, share * people)
            truth = integrate.simpson(reached * stats.norm.pdf(scores), x=scores)
            assert ours == pytest.approx(truth, abs=1.5e-3)


def test_events_of_three_years_at_a_known_rate_are_poisson(block):
    """14 events or more of 3 x cases at 4 per mille, by the exact tail; what is counted already counts."""
    row = np.flatnonzero((block.facts.id == "infant_mortality_rate")[block.indicator] & ~block.unit)
    row = row[block.residence[row] == 0]
    future, births = fixed_levels(block, row, np.array([4.0])), block.cases[row[0]]
    at = len(block.years) - 1
    past_x, past_n = (grid[row[0], at - 1 :].sum() for grid in (block.numerator, block.denominator))
    for bound in (3.0, 4.0, 4.7):
        need = np.ceil((bound - 1e-9) * 3 * births / 1000)
        late = asked(future, row, 2030, 2030, 1, bound)
        assert late == pytest.approx(stats.poisson.sf(need - 1, 0.004 * 3 * births))
        need = np.ceil((bound - 1e-9) * (births + past_n) / 1000) - past_x
        soon = asked(future, row, 2026, 2026, 1, bound)
        assert soon == pytest.approx(np.clip(stats.poisson.sf(need - 1, 0.004 * births), SUREST, 1 - SUREST))


def test_no_year_before_a_promise_is_pooled():
    """In 2018 a promise for 2021 on: its first value is that of one year at a known rate, not of three."""
    block = demonstration(as_of=2018)
    row = np.flatnonzero((block.facts.id == "infant_mortality_rate")[block.indicator] & ~block.unit)
    row = row[block.residence[row] == 0]
    future, births = fixed_levels(block, row, np.array([4.0])), block.cases[row[0]]
    for since, wide in ((2018, 3), (2020, 2), (2021, 1)):
        need = np.ceil((5 - 1e-9) * wide * births / 1000)
        found = asked(future, row, 2021, 2021, 1, 5.0, since=since)
        assert found == pytest.approx(stats.poisson.sf(need - 1, 0.004 * wide * births), abs=1e-9)


def test_every_route_agrees_with_counts_drawn():
    """Real forecasts and settings that pool more: all series that can be looked ahead with, one year and every year."""
    block = demonstration(Settings(draws=DRAWS, few_cases=400, few_events=60), 2025)
    future = look_ahead(block, PLAN.end_year)
    census = block.facts.census[block.indicator]
    able = (future.place >= 0) & ~census & (block.last == len(block.years) - 1)
    kinds = ((1, False, False), (1, True, True), (2, True, True), (3, True, False))
    rows = np.concatenate([
        np.flatnonzero(able & (block.window == w) & (block.counted == c) & (block.share == s))[:200:12]
        for w, c, s in kinds
    ])  # fmt: skip
    assert {(int(block.window[r]), bool(block.counted[r]), bool(block.share[r])) for r in rows} == set(kinds)
    middle = future.level(rows, 2)[:, 7]
    for first, end in ((2026, 2026), (2030, 2030), (2026, 2030), (2028, 2030)):
        for sign, factor in ((1, 0.97), (-1, 1.02)):
            bound = middle * factor
            ours = asked(future, rows, first, end, sign, bound)
            question = Question(
                rows, np.full(len(rows), first - 2025), np.full(len(rows), end - 2025), np.full(len(rows), sign),
                threshold(np.full(len(rows), sign), bound, True), np.zeros(len(rows), int),
            )  # fmt: skip
            drawn = _simulated(future, question)
            error = np.sqrt(np.maximum(ours * (1 - ours), 1 / DRAWS) / DRAWS)
            # cells and 256 quasi-random paths leave an error of their own
            assert (np.abs(ours - drawn) <= 4.5 * error + 0.005).all(), (first, end, sign)


@pytest.mark.parametrize("inclusive", [True, False])
def test_both_sides_of_a_bound_make_one(block, inclusive):
    future = look_ahead(block, PLAN.end_year)
    rows = np.flatnonzero((future.place >= 0) & (block.last == len(block.years) - 1))[::3]
    bound = np.round(future.level(rows, 3)[:, 7], 1)
    met = asked(future, rows, 2028, 2028, 1, bound, inclusive)
    missed = asked(future, rows, 2028, 2028, -1, bound, not inclusive)
    np.testing.assert_allclose(met + missed, 1, atol=2.1 * SUREST)


def test_chances_fall_as_the_bound_rises_and_every_year_is_harder_than_one(block):
    future = look_ahead(block, PLAN.end_year)
    rows = np.flatnonzero((future.place >= 0) & (block.last == len(block.years) - 1))[::4]
    quantiles = future.level(rows, 3)
    one = np.array([asked(future, rows, 2028, 2028, 1, quantiles[:, k]) for k in range(0, 15, 2)])
    assert (np.diff(one, axis=0) <= 1e-9).all()
    every = asked(future, rows, 2026, 2028, 1, quantiles[:, 7])
    assert (every <= asked(future, rows, 2028, 2028, 1, quantiles[:, 7]) + 0.006).all()


def test_nothing_is_surer_than_one_in_ten_thousand(block, known):
    future, mean, size = known
    rows = plain(block, size)
    assert (asked(future, rows, 2026, 2026, 1, mean[rows] - 20 * size[rows]) == 1 - SUREST).all()
    assert (asked(future, rows, 2026, 2026, 1, mean[rows] + 20 * size[rows]) == SUREST).all()
    ends = block.facts.lower[block.indicator[rows]]
    assert (asked(future, rows, 2026, 2030, 1, ends) == 1 - SUREST).all()


def test_what_cannot_be_known_is_missing(block, known):
    future, _, size = known
    rows = np.array([-1, *plain(block, size)[:2]])
    assert np.isnan(asked(future, rows, 2026, 2026, 1, 0.5))[0]
    for first, end in ((2025, 2025), (2025, 2027), (2031, 2031), (2026, 2031)):
        assert np.isnan(asked(future, rows, first, end, 1, 0.5)).all()
    nothing = replace(future, place=np.full(len(block), -1))
    assert np.isnan(asked(nothing, rows, 2026, 2026, 1, 0.5)).all()


def test_of_46_schools_none_is_reported_by_halves(block):
    """At least 100% takes all 46: a level of 45.5 schools and more. A count of places goes by whole places."""
    facts = block.facts
    census = facts.census[block.indicator] & (block.facts.kind == "proportion")[block.indicator]
    row = np.flatnonzero(census & block.with_counts & ~block.unit)[:1]
    cases, at = block.denominator.copy(), block.last[row]
    cases[row, at] = 46.0
    schools = replace(block, denominator=cases)
    for bound, needed in ((100.0, 45.5), (97.0, 44.5), (45 / 46 * 100, 44.5), (45.1 / 46 * 100, 45.5)):
        limit = threshold(np.array([1]), np.array([bound]), np.array([True]))
        assert _whole(schools, row, limit)[0] == pytest.approx(needed / 46 * 100)
    for level, met in ((45.4, SUREST), (45.6, 1 - SUREST)):
        future = fixed_levels(schools, row, np.array([level / 46 * 100]))
        assert asked(future, row, 2026, 2030, 1, 100.0)[0] == met
    places = np.flatnonzero((facts.census & (facts.kind == "count"))[block.indicator] & ~block.unit)[:1]
    for bound, sign, inclusive, needed in (
        (12.0, 1, True, 11.5),
        (12.0, 1, False, 12.5),
        (12.0, -1, True, 12.5),
    ):
        limit = threshold(np.array([sign]), np.array([bound]), np.array([inclusive]))
        assert _whole(block, places, limit)[0] == pytest.approx(needed)
    sampled = np.flatnonzero(block.counted)[:1]
    assert _whole(block, sampled, np.array([99.0]))[0] == 99.0


def test_needed_events_by_hand(block):
    """At least 5 per mille over three years, of which one is counted: the rest has to come."""
    row = np.flatnonzero((block.facts.id == "infant_mortality_rate")[block.indicator] & ~block.unit)
    row = row[block.residence[row] == 0]
    future, births = fixed_levels(block, row, np.array([4.0])), block.cases[row[0]]
    limit = threshold(np.array([1]), np.array([5.0]), np.array([True]))
    question = Question(row, np.array([2]), np.array([2]), np.array([1]), limit, np.array([0]))
    past, people = block.numerator[row[0], -1], block.denominator[row[0], -1]
    need = needed_events(future, question, np.array([2]), 2)[0]
    assert need == np.ceil(0.005 * (people + 2 * births) - 1e-6) - past
