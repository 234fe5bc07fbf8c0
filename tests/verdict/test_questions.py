"""Questions: the value that meets a bound, and the events that are still needed for it, by hand."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from small_plan import block_of, counted, deaths, indicator, rate, unforeseen

from xhcp_eval.verdict.questions import Question, needed_events, threshold

NAN = np.nan


def question(rows, limit, since=0):
    """Of the fourth to sixth year, at least the limit."""
    parts = (rows, 4, 6, 1, limit, since)
    return Question(*(np.array(np.broadcast_to(part, np.shape(rows))) for part in parts))


def test_some_questions_are_taken_with_all_that_belongs_to_them():
    asked = Question(*(np.arange(5) + 10 * k for k in range(6)))
    some = asked.take(np.array([3, 1]))
    assert (len(asked), len(some)) == (5, 2)
    for k, field in enumerate(fields(Question)):
        assert getattr(some, field.name).tolist() == [10 * k + 3, 10 * k + 1]
    with pytest.raises(FrozenInstanceError):
        asked.rows = np.arange(2)


@pytest.mark.parametrize(
    ("sign", "inclusive", "expected"), [(1, True, 5 - 1e-9), (1, False, 5 + 1e-9), (-1, True, 5 + 1e-9), (-1, False, 5 - 1e-9)]
)  # fmt: skip
def test_a_bound_is_met_a_hair_on_its_own_side(sign, inclusive, expected):
    found = threshold(np.array([sign]), np.array([5.0]), np.array([inclusive]))
    assert found[0] == pytest.approx(expected, rel=0, abs=1e-13)


def test_events_still_needed_by_hand():
    """Deaths of 1,000 births a year, three of them judged together; the last reported are 3, 4 and 5."""
    block = block_of([rate()], deaths([9] * 7 + [3, 4, 5], 1000))
    future, row = unforeseen(block), np.array([0])
    for ahead, coming, past_x, past_n in ((1, 1, 9, 2000), (2, 2, 5, 1000), (3, 3, 0, 0), (5, 3, 0, 0)):
        for limit in (6.0, 6.1, 0.0, 2.0):
            found = needed_events(future, question(row, limit), np.array([ahead]), coming)
            exact = limit * (coming * 1000 + past_n) / 1000
            assert found[0] == np.ceil(exact - 1e-12) - past_x
    # nothing from before the promise is pooled into it
    found = needed_events(future, question(row, 6.0, since=2026), np.array([2]), 1)
    assert found.tolist() == [6.0]
    found = needed_events(future, question(row, 6.0, since=2025), np.array([1]), np.array([1]))
    assert found.tolist() == [12.0 - 5]


def test_events_needed_by_many_at_once():
    """A share of one year, and two rates that ended at different years."""
    block = block_of(
        [indicator(), rate(id="r")], counted([80] * 10, 40), deaths([2] * 10, 1000, name="r", region="甲县"),
        deaths([2] * 8, 500, name="r", region="乙县", years=range(2016, 2024)), regions=["甲区", "甲县", "乙县"],
    )  # fmt: skip
    rows = np.array([2, 0, 1, 1])
    assert block.indicator[rows].tolist() == [1, 0, 1, 1] and block.last[rows].tolist() == [9, 9, 7, 7]
    found = needed_events(
        unforeseen(block), question(rows, np.array([4.0, 85.0, 4.0, NAN])), np.array([1, 1, 2, 2]), np.array([1, 1, 2, 2])
    )  # fmt: skip
    np.testing.assert_array_equal(found, [12 - 4, 34, 6 - 2, NAN])
