"""The thresholds of judgement: the values that apply where a pack sets none, and which values are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xhcp_eval.verdict.settings import Settings


def test_what_applies_where_a_pack_sets_nothing():
    """A changed default changes published verdicts: it has to be changed here too, and told in CHANGELOG."""
    assert Settings().model_dump() == {
        "secure": 0.9,
        "likely": 0.7,
        "unlikely": 0.3,
        "undecidable": (0.1, 0.9),
        "few_events": 30,
        "pool_years": 3,
        "few_cases": 50,
        "minimal_change": 0.02,
        "level": 0.95,
        "draws": 1000,
        "seed": 2030,
    }


@pytest.mark.parametrize(
    "allowed",
    [
        {"likely": 0.9},
        {"unlikely": 0.01},
        {"secure": 0.99},
        {"few_events": 1},
        {"pool_years": 1},
        {"pool_years": 5},
        {"few_cases": 1},
        {"minimal_change": 0},
        {"minimal_change": 0.99},
        {"level": 0.51},
        {"level": 0.99},
        {"draws": 200},
        {"draws": 100_000},
        {"seed": 0},
        {"undecidable": (0, 1)},
    ],
    ids=str,
)
def test_ends_of_the_ranges_are_allowed(allowed):
    assert Settings(**allowed).model_dump().items() >= allowed.items()


@pytest.mark.parametrize(
    "refused",
    [
        {"secure": 1},
        {"secure": 0},
        {"likely": 1},
        {"likely": 0},
        {"unlikely": 0},
        {"few_events": 0},
        {"pool_years": 0},
        {"pool_years": 6},
        {"few_cases": 0},
        {"minimal_change": -0.01},
        {"minimal_change": 1},
        {"level": 0.5},
        {"level": 1},
        {"draws": 199},
        {"draws": 100_001},
        {"seed": -1},
        {"threshold": 0.5},
    ],
    ids=str,
)
def test_beyond_them_is_refused_by_name(refused):
    with pytest.raises(ValidationError) as told:
        Settings(**refused)
    assert [error["loc"] for error in told.value.errors()] == [tuple(refused)]


@pytest.mark.parametrize(
    ("disorder", "said"),
    [
        ({"unlikely": 0.7}, "阈值须满足 unlikely < likely ≤ secure"),
        ({"likely": 0.3}, "阈值须满足 unlikely < likely ≤ secure"),
        ({"likely": 0.91}, "阈值须满足 unlikely < likely ≤ secure"),
        ({"undecidable": (0.5, 0.5)}, "undecidable 须为"),
        ({"undecidable": (-0.1, 0.5)}, "undecidable 须为"),
        ({"undecidable": (0.5, 1.1)}, "undecidable 须为"),
    ],
    ids=str,
)
def test_thresholds_out_of_order_are_refused(disorder, said):
    with pytest.raises(ValidationError, match=said):
        Settings(**disorder)


@given(st.lists(st.floats(0.001, 0.999), min_size=3, max_size=3, unique=True))
def test_any_three_in_order_stand_as_given(values):
    unlikely, likely, secure = sorted(values)
    given_ones = Settings(unlikely=unlikely, likely=likely, secure=secure)
    assert (given_ones.unlikely, given_ones.likely, given_ones.secure) == (unlikely, likely, secure)


def test_settings_are_not_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().likely = 0.8
