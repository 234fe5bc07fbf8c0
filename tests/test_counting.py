"""A forecast of what will be reported: chance in counting on top of what is uncertain about the rate itself."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xhcp_eval.counting import MIX_LEVELS, observed_quantiles
from xhcp_eval.projection import project

LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])


def observed(rate, cases, per=1000.0, binomial=False):
    """Quantiles where the rate is known for certain, so that only chance in counting is left."""
    mix, level = np.full((1, 1, len(MIX_LEVELS)), rate), np.full((1, 1, len(LEVELS)), rate)
    found = observed_quantiles(mix, level, LEVELS, np.array([cases]), np.array([per]), np.array([binomial]))
    return found[0, 0]


@pytest.mark.parametrize(("rate", "cases"), [(4.0, 50.0), (4.0, 500.0), (4.0, 3500.0), (12.0, 4000.0)])
def test_few_events_are_exactly_poisson(rate, cases):
    assert observed(rate, cases) * cases / 1000 == pytest.approx(
        stats.poisson.ppf(LEVELS, rate * cases / 1000)
    )


def test_few_members_are_exactly_binomial():
    assert observed(90.0, 40.0, 100.0, True) * 0.4 == pytest.approx(stats.binom.ppf(LEVELS, 40, 0.9))


def test_many_events_are_nearly_normal():
    deviation = np.sqrt(4.0 / 1000 / 350_000) * 1000
    assert observed(4.0, 350_000.0) == pytest.approx(4.0 + stats.norm.ppf(LEVELS) * deviation, rel=1e-6)


def test_an_uncertain_rate_is_mixed_in():
    # half the futures have 2 expected events, half have 8: the mixture's distribution function by hand
    mix = np.where(MIX_LEVELS < 0.5, 2.0, 8.0)[None, None, :]
    level = np.array([2.0, 2.0, 8.0, 8.0, 8.0])[None, None, :]
    found = observed_quantiles(mix, level, LEVELS, np.array([1000.0]), np.array([1000.0]), np.array([False]))[
        0, 0
    ]
    share = (MIX_LEVELS < 0.5).mean()
    counts = np.arange(40)
    chance = share * stats.poisson.cdf(counts, 2) + (1 - share) * stats.poisson.cdf(counts, 8)
    assert found == pytest.approx([counts[np.argmax(chance >= q)] for q in LEVELS])


@pytest.mark.parametrize("births", [50, 500, 3500])
def test_what_will_be_reported_is_less_certain_than_the_level(births):
    deaths = np.round(np.array([5.0, 4.6, 4.4, 4.5, 4.1, 4.0, 3.9, 4.2]) * births / 1000)
    frame = pd.DataFrame(
        {"series": "a", "year": range(2018, 2026), "value": 1000 * deaths / births, "lower": 0.0, "upper": 1000.0,
         "numerator": deaths, "denominator": float(births)}
    )  # fmt: skip
    value, level = (project(frame, 3, LEVELS, of=of)[list(LEVELS)].to_numpy() for of in ("value", "level"))
    # of 50 births a rate moves in steps of 20, so the ends of both intervals may fall a step apart
    step = 1000 / births if births == 50 else 0.0
    assert (value[:, -1] - value[:, 0] + step > level[:, -1] - level[:, 0]).all()
    assert np.allclose(value * births / 1000, np.round(value * births / 1000)), (
        "few events come in whole counts"
    )
