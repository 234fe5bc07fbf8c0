"""What the coming years hold: quantiles turn chances round, the median course, and questions in plain words."""

import numpy as np
import pytest
from known_futures import PLAN, demonstration, fixed_levels, normal_levels
from scipy import stats

from xhcp_eval.errors import DataError, ParamsError, PlanError
from xhcp_eval.forecast.projection import LEVELS
from xhcp_eval.verdict.forecasts import look_ahead
from xhcp_eval.verdict.outlook import DIGITS, Outlook

DEATHS = "infant_mortality_rate"
ASKED = np.array([0.025, 0.1, 0.5, 0.9, 0.975])


@pytest.fixture(scope="module")
def block():
    return demonstration()


@pytest.fixture(scope="module")
def outlook(block):
    return Outlook(look_ahead(block, PLAN.end_year))


@pytest.fixture(scope="module")
def rows(block, outlook):
    """The district's own series, every third."""
    found = block.main[block.main >= 0]
    return found[outlook.forecasts.place[found] >= 0][::3]


def test_chances_are_rounded_alike_whoever_is_asked_beside(outlook, rows):
    bound = outlook.forecasts.level(rows, 4)[:, 7]
    found = outlook.chance(rows, 2026, 2029, 1, bound)
    np.testing.assert_array_equal(found, found.round(DIGITS))
    for k in range(0, len(rows), 7):
        assert outlook.chance(rows[k : k + 1], 2026, 2029, 1, bound[k : k + 1])[0] == found[k]


def test_quantiles_of_normal_levels_are_normal(block):
    future, mean, size = normal_levels(block)
    rows = np.flatnonzero(~block.counted & (size > 0) & ~block.facts.census[block.indicator])
    rows = rows[block.last[rows] == len(block.years) - 1][:12]
    found = Outlook(future).quantiles(rows, 2029, ASKED)
    expected = mean[rows, None] + 2 * size[rows, None] * stats.norm.ppf(ASKED)
    np.testing.assert_allclose((found - expected) / size[rows, None], 0, atol=0.02)


def test_quantiles_turn_chances_round(block, outlook, rows):
    """At a quantile the chance to be at least there is what is left; one more event and it is less."""
    found = outlook.quantiles(rows, 2028, ASKED)
    assert (np.diff(found, axis=1) >= 0).all()
    facts, which = block.facts, block.indicator[rows]
    assert ((found >= facts.lower[which][:, None]) & (found <= facts.upper[which][:, None])).all()
    for k, level in enumerate(ASKED):
        value = found[:, k]
        here = outlook.chance(rows, 2028, 2028, 1, value)
        beyond = outlook.chance(
            rows, 2028, 2028, 1, value + 1e-6 * np.maximum(1, np.abs(value)), inclusive=False
        )
        inside = value < facts.upper[which]
        assert (here >= 1 - level - 1e-9).all() and (beyond[inside] <= 1 - level + 1e-6).all()


def test_quantiles_of_counts_at_a_known_rate_are_poissons(block):
    """Events of 2028 to 2030 together, as scipy has them."""
    row = np.array([block.find(DEATHS, PLAN.region)])
    births = block.cases[row[0]]
    found = Outlook(fixed_levels(block, row, np.array([4.0]))).quantiles(row, 2030, ASKED)
    events = stats.poisson.ppf(ASKED, 0.004 * 3 * births)
    np.testing.assert_allclose(found[0] * 3 * births / 1000, events, atol=1e-3)


def test_the_hardest_bound_of_either_side(outlook, rows):
    years, wanted = np.full(len(rows), 2029), np.full(len(rows), 0.8)
    for sign in (1, -1):
        bound = outlook.hardest(rows, years, np.full(len(rows), sign), wanted)
        met = outlook.chance(rows, 2029, 2029, sign, bound)
        harder = outlook.chance(rows, 2029, 2029, sign, bound + sign * 1e-5 * np.maximum(1, np.abs(bound)))
        facts, which = outlook.block.facts, outlook.block.indicator[rows]
        inside = (bound > facts.lower[which]) & (bound < facts.upper[which])
        assert (met >= 0.8 - 1e-9).all() and (harder[inside] <= 0.8 + 1e-4).all()


def test_the_median_course_by_hand(block):
    """Rates of the coming years at 4, pooled with 2024 and 2025 while these are in the window of three."""
    row = np.array([block.find(DEATHS, PLAN.region)])
    outlook = Outlook(fixed_levels(block, row, np.array([4.0])))
    events, births = block.numerator[row[0], -2:], block.denominator[row[0], -2:]
    last = births[1]
    expected = [
        1000 * (0.004 * last + events.sum()) / (last + births.sum()),
        1000 * (0.008 * last + events[1]) / (2 * last + births[1]),
        4.0,
        np.nan,
    ]
    found = outlook.middle(np.repeat(row, 4), np.array([2026, 2027, 2028, 2031]))
    np.testing.assert_allclose(found, expected)
    assert np.isnan(outlook.middle(row, np.array([2025]))).all()


def test_the_median_course_lies_in_the_middle_of_what_is_drawn(block, outlook, rows):
    plain = rows[~block.counted[rows] & ~block.facts.census[block.indicator[rows]]]
    drawn = outlook.draws(plain, np.array([2028]))[:, :, 0]
    below = (drawn < outlook.middle(plain, np.full(len(plain), 2028))[:, None]).mean(axis=1)
    upto = (drawn <= outlook.middle(plain, np.full(len(plain), 2028))[:, None]).mean(axis=1)
    assert (below <= 0.54).all() and (upto >= 0.46).all()


def test_chance_of_asks_in_plain_words(block, outlook):
    row = np.array([block.find(DEATHS, PLAN.region)])
    most, least = (outlook.chance_of(DEATHS, 2030, **{side: 4.0}) for side in ("at_most", "at_least"))
    assert most == outlook.chance(row, 2030, 2030, -1, 4.0)[0]
    assert least == outlook.chance(row, 2030, 2030, 1, 4.0)[0]
    # 4 per mille of three times as many births needn't be a whole number of deaths
    assert most + least >= 1
    assert np.isnan(outlook.chance_of(DEATHS, 2031, at_most=4.0))
    assert np.isnan(outlook.chance_of(DEATHS, 2025, at_most=4.0, region=PLAN.region))


def test_chance_of_refuses_what_it_cannot_understand(outlook):
    for given in ({}, {"at_least": 1.0, "at_most": 2.0}):
        with pytest.raises(ParamsError, match="之一"):
            outlook.chance_of(DEATHS, 2030, **given)
    with pytest.raises(DataError, match="没有地区“新华”；相近的有：新华区"):
        outlook.chance_of(DEATHS, 2030, at_most=4.0, region="新华")
    with pytest.raises(PlanError, match=f"没有指标 'infant_mortality'；相近的有：.*{DEATHS}"):
        outlook.chance_of("infant_mortality", 2030, at_most=4.0)


def test_the_frame_of_forecasts_is_what_chances_are_asked_of(block, outlook):
    frame = outlook.frame(PLAN.region)
    assert frame.columns.tolist() == ["series", "year", *LEVELS]
    row = block.find(DEATHS, PLAN.region)
    mine = frame[frame["series"] == block.series(row).key]
    assert mine["year"].tolist() == list(range(2026, 2031))
    np.testing.assert_array_equal(mine[list(LEVELS)].to_numpy(), outlook.forecasts.of(row))
    assert len(frame) > 100 and (np.diff(frame[list(LEVELS)].to_numpy(), axis=1) >= 0).all()
