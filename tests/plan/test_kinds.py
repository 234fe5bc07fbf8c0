"""Kinds as data say what the rules of many rooms hang on."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from xhcp_eval.plan.kinds import KINDS, kinds_that
from xhcp_eval.plan.model import Indicator


def plain(kind):
    """Fields of an indicator of a kind, as few as it needs."""
    more = {"derived_from": {"indicator": "b", "gap": "area"}} if kind == "gap" else {}
    return {"id": "a", "name": "甲", "unit": "percent", "direction": "up", "kind": kind} | more


@pytest.mark.parametrize("kind", KINDS)
def test_an_indicator_may_be_of_every_kind_and_of_no_other(kind):
    assert Indicator(**plain(kind)).kind == kind
    with pytest.raises(ValidationError):
        Indicator(**plain(kind) | {"kind": kind + "s"})


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_made_of_counts_can_be_a_census(kind):
    if KINDS[kind].countable:
        assert Indicator(**plain(kind), census=True).census
    else:
        with pytest.raises(ValidationError, match="不得写 census"):
            Indicator(**plain(kind), census=True)


def test_traits_hang_together():
    assert set(kinds_that("law")) == {"proportion", "rate"}
    for kind in KINDS.values():
        assert kind.with_parts or not kind.law  # a chance law needs numerator and denominator
        assert kind.between or not kind.with_parts
        assert kind.drawn or not kind.projected
        assert kind.reported or not kind.drawn
