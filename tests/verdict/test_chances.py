"""Chances are integrals of known laws: worked out by other means where levels are normal, and drawn by the thousand."""

from dataclasses import replace

import numpy as np
import pytest
from known_futures import PLAN, demonstration, fixed_levels, normal_levels
from scipy import integrate, stats
from small_plan import block_of, counted, deaths, foreseen, indicator, rate, rows

from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict import chances
from xhcp_eval.verdict.cells import ONE_YEAR, WALK, cells
from xhcp_eval.verdict.chances import SUREST, _open_stretch, _simulated, _whole, chance, chance_each_cell
from xhcp_eval.verdict.forecasts import look_ahead
from xhcp_eval.verdict.joint import NOISE
from xhcp_eval.verdict.questions import Question, needed_events, threshold
from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.windows import two_year_windows

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


@pytest.mark.parametrize("growing", [True, False])
@pytest.mark.parametrize(("first", "end"), [(2026, 2028), (2028, 2030), (2026, 2030)])
def test_every_year_of_a_level_is_an_orthant_of_the_walk_with_noise(block, first, end, growing):
    future, mean, size = normal_levels(block, growing=growing)
    rows, years = plain(block, size), np.arange(first, end + 1) - 2025
    noise = 0.0 if growing else NOISE
    assert (future.noise(rows) == noise).all()
    wide = np.sqrt(years) if growing else np.ones(len(years))
    tied = (1 - noise) * np.sqrt(np.minimum.outer(years, years) / np.maximum.outer(years, years))
    np.fill_diagonal(tied, 1)
    law = stats.multivariate_normal(np.zeros(len(years)), tied)
    for place in (-1.0, 0.0, 0.6):
        # P(every score >= place / spread) is that of their mirror images below
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
    block = demonstration(until=2018)
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


def test_questions_of_all_kinds_at_once_are_answered_as_one_by_one(block):
    """Years, windows, noise and sides differ: none may take another's."""
    future = look_ahead(block, PLAN.end_year)
    rows = np.flatnonzero(future.place >= 0)[::9]
    rng = np.random.default_rng(5)
    first = rng.integers(2026, 2029, len(rows))
    end = np.where(rng.random(len(rows)) < 0.5, first, rng.integers(2028, 2031, len(rows)))
    first, sign = np.minimum(first, end), rng.choice([-1, 1], len(rows))
    bound = future.level(rows, np.ones(len(rows), int))[:, rng.integers(4, 11)]
    together = asked(future, rows, first, end, sign, bound)
    assert len(np.unique(future.noise(rows))) > 2 and len(np.unique(block.window[rows])) > 1
    for k in range(len(rows)):
        one = asked(future, rows[k : k + 1], first[k], end[k], sign[k], bound[k])
        assert one[0] == pytest.approx(together[k], abs=1e-12, nan_ok=True)


# -- cell by cell ----------------------------------------------------------------------------------------------------

# id: lower, upper, unit multiplier, middle and spread of next year's level
SCALES = {
    "x": (0, 100, 100, 85.0, 12.0), "r": (0, 1000, 1000, 2.0, 2.0),
    "fixed": (0, 1000, 1000, 4.0, 0.0), "plain": (0, 100, 1, 95.0, 4.0), "flat": (-np.inf, np.inf, 1, 7.0, 0.0), "big": (0, 100, 100, 85.0, 12.0), "rbig": (0, 1000, 1000, 2.0, 2.0),
    "free": (-np.inf, np.inf, 1, 7.0, 2.0), "odd": (20, 100, 100, 24.0, 8.0), "capped": (0, 3, 1000, 2.0, 2.0),
}  # fmt: skip
CASES = {"x": 40, "r": 1000, "fixed": 1500, "big": 1_000_000, "rbig": 5_000_000, "odd": 30, "capped": 1000}


@pytest.fixture(scope="module")
def small():
    """Counted shares and rates and plain values whose levels pass the ends of their scales; all judged by one year."""
    free = {"kind": "mean", "unit": "hours_per_week", "lower": None, "upper": None}
    items = [
        indicator(), rate(id="r"), rate(id="fixed"), indicator(id="plain"),
        indicator(id="flat", **free), indicator(id="big"), rate(id="rbig"), indicator(id="free", **free),
        indicator(id="odd", lower=20), rate(id="capped", upper=3),
    ]  # fmt: skip
    parts = [
        counted([80] * 10, 40), deaths([2] * 10, 1000, name="r"),
        deaths([6] * 10, 1500, name="fixed"),
        counted([80] * 10, 1_000_000, name="big"), deaths([10_000] * 10, 5_000_000, name="rbig"),
        counted([30] * 10, 30, name="odd"), deaths([2] * 10, 1000, name="capped"),
        *(rows([SCALES[name][3]] * 10, name=name) for name in ("plain", "flat", "free")),
    ]  # fmt: skip
    block = block_of(items, *parts, settings=Settings(few_events=1))
    z = stats.norm.ppf(LEVELS)
    shape = z + 0.1 * np.where(z > 0, z**2, 0)
    levels = [SCALES[name][3] + SCALES[name][4] * shape for name in block.facts.id[block.indicator]]
    assert (block.window == 1).all() and block.counted.tolist() == [
        name in CASES for name in block.facts.id[block.indicator]
    ]
    return block, foreseen(block, np.array(levels)[:, None])


def edges_of(name, width):
    """The level at each edge: linear between the forecast's levels, and on beyond them."""
    z, knots = cells(width)[0], stats.norm.ppf(LEVELS)
    values = SCALES[name][3] + SCALES[name][4] * (knots + 0.1 * np.where(knots > 0, knots**2, 0))
    at = np.clip(np.searchsorted(knots, z) - 1, 0, len(knots) - 2)
    return values[at] + (values[at + 1] - values[at]) * (z - knots[at]) / (knots[at + 1] - knots[at])


def met_by_cell(name, sign, limit, width):
    """Share of each cell of the score that meets a limit; counts by a fine sum of their exact law."""
    low, high, per, _, _ = SCALES[name]
    left, right = edges_of(name, width)[:-1, None], edges_of(name, width)[1:, None]
    level = np.clip(left + (right - left) * (np.arange(1000) + 0.5) / 1000, low, high)
    if name not in CASES:
        reached = level >= limit
    else:
        need, cases = np.ceil(limit * CASES[name] / per), CASES[name]
        law = stats.binom(cases, level / per) if per == 100 else stats.poisson(level / per * cases)
        reached = law.sf(need - 1)
    return np.where(sign > 0, reached, 1 - reached).mean(axis=1)


@pytest.mark.parametrize("width", [ONE_YEAR, WALK])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", SCALES)
def test_every_cell_of_the_score_meets_a_bound_as_its_levels_do(small, name, sign, width):
    """Bounds about the middle, at both ends of the scale and beyond them, and those of one event or of all."""
    block, future = small
    low, high, per, middle, spread = SCALES[name]
    bounds = {middle + k * max(spread, 0.5) for k in (-3, -1.2, -0.3, 0, 0.4, 2)} | {middle}
    bounds |= {end for end in (low, low - 1, high, high + 1) if np.isfinite(end)}
    if name in CASES:
        bounds |= {count * per / CASES[name] for count in (0, 1, CASES[name] - 1, CASES[name])}
    limit = threshold(np.full(len(bounds), sign), np.array(sorted(bounds)), np.ones(len(bounds), bool))
    row = np.full(len(limit), block.find(name, "甲区"))
    one = np.ones(len(row), int)
    found = chance_each_cell(future, Question(row, one, one, sign * one, limit, 0 * one), one, width)
    edges = edges_of(name, width)
    # two nodes a cell can't see the end of the scale within one
    smooth = ~np.any([(edges[:-1] < end) & (end < edges[1:]) for end in (low, high)], axis=0)
    smooth |= name not in CASES
    for ours, each in zip(found, limit, strict=True):
        expected = met_by_cell(name, sign, each, width)
        # where counts are so large that chance fills a part of a cell only, neighbours make up for one another
        fine = 0.09 if name in ("big", "rbig") else 1e-3
        np.testing.assert_allclose(ours[smooth], expected[smooth], atol=fine)
        np.testing.assert_allclose(ours, expected, atol=0.1)
        assert ours @ cells(width)[1] == pytest.approx(expected @ cells(width)[1], abs=3e-3)


def test_a_bound_that_is_not_known_is_never_met(small):
    block, future = small
    row, one = np.arange(len(block)), np.ones(len(block), int)
    for sign in (1, -1):
        asked = Question(row, one, one, sign * one, np.full(len(row), np.nan), 0 * one)
        assert (chance_each_cell(future, asked, one, ONE_YEAR) == 0).all()


def reach(shape):
    """Quantiles of a Gamma 5.6 standard normal scores out, by Wilson & Hilferty's cube root, one event to spare."""
    a = max(shape, 1)
    low, high = (a * max(1 - 1 / (9 * a) + z / (3 * a**0.5), 0) ** 3 for z in (-5.6, 5.6))
    return max(low - 1, -1), high + 1


@pytest.mark.parametrize("need", [0.0, 1.0, 2.0, 30.0, 60.0, 400.0])
@pytest.mark.parametrize("people", [400.0, np.inf])
def test_counts_are_sure_beyond_the_stretch_that_is_looked_at(need, people):
    low, high = (part[0] for part in _open_stretch(np.array([need]), np.array([people])))
    if np.isinf(people):
        assert (low, high) == pytest.approx(reach(need), rel=1e-12)
        chances = stats.poisson.sf(need - 1, [max(low, 0), high])
    else:
        spare_low, spare_high = reach(people - need + 1)
        expected = max(reach(need)[0], people - spare_high), min(reach(need)[1], people - spare_low)
        assert (low, high) == pytest.approx(expected, rel=1e-12)
        chances = stats.binom.sf(need - 1, 400, np.clip([low / people, high / people], 0, 1))
    assert need == 0 or (chances[0] < 1e-6 and chances[1] > 1 - 1e-6)


# -- routes ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def routes():
    """Forecasts of series of every kind: judged by one, two and three years, with counts and without."""
    block = demonstration(Settings(draws=256, few_cases=400, few_events=60))
    future, _, size = normal_levels(block, 0.2)
    free = (size > 0) & ~block.facts.census[block.indicator] & (block.last == len(block.years) - 1)
    kinds = ((1, False, False), (1, True, True), (2, True, True), (3, True, False))
    rows = [
        np.flatnonzero(free & (block.window == w) & (block.counted == c) & (block.share == s))[:5] for w, c, s in kinds
    ]  # fmt: skip
    assert [len(some) for some in rows] == [5] * 4
    return future, np.concatenate(rows)


def test_a_bound_that_is_not_known_is_out_of_the_question_by_every_route(routes):
    future, rows = routes
    for first, end in ((2026, 2026), (2029, 2029), (2026, 2028), (2027, 2028)):
        for sign in (1, -1):
            assert (asked(future, rows, first, end, sign, np.nan) == SUREST).all()


@pytest.mark.parametrize(
    ("first", "end", "exact"), [(2026, 2028, True), (2028, 2028, True), (2027, 2028, False)]
)
def test_shares_of_two_years_are_worked_out_exactly_from_the_first_year_on(routes, first, end, exact):
    future, rows = routes
    block, row = future.block, rows[10:15]
    assert (block.window[row] == 2).all()
    bound = future.level(row, 2)[:, 6]
    start, stop, one = first - 2025, end - 2025, np.ones(len(row), int)
    question = Question(row, start * one, stop * one, one, threshold(one, bound, True), 0 * one)
    expected = two_year_windows(future, question) if exact else _simulated(future, question)
    found = asked(future, row, first, end, 1, bound)
    np.testing.assert_array_equal(found, np.clip(expected, SUREST, 1 - SUREST))


@pytest.mark.parametrize(("first", "end"), [(2026, 2026), (2028, 2028), (2026, 2028), (2027, 2029)])
def test_many_are_worked_out_a_few_at_a_time(routes, monkeypatch, first, end):
    future, rows = routes
    bound = future.level(rows, 2)[:, 6]
    whole = asked(future, rows, first, end, 1, bound)
    monkeypatch.setattr(chances, "CHUNK", 3)
    monkeypatch.setattr(chances, "CELLS", 2 * 256 * (end - first + 1))
    np.testing.assert_allclose(asked(future, rows, first, end, 1, bound), whole, rtol=1e-12)
