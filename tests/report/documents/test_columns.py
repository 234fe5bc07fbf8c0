"""Columns share the width as they are told, none narrower than four characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.chapters.kit.blocks import Table
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.columns import LEAST, column_widths
from xhcp_eval.report.documents.sheets import CELL_ROOM


def table(*widths: float) -> Table:
    return Table(("列",) * len(widths), (("值",) * len(widths),), widths, "某表")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.sampled_from([9.0, 10.5]))
def test_columns_fill_the_width_and_hold_four_characters(shares, size):
    widths = column_widths(table(*shares), size, 480)
    assert sum(widths) == pytest.approx(480)
    assert min(widths) - 2 * CELL_ROOM >= LEAST * size


def test_shares_that_are_wide_enough_are_kept():
    assert column_widths(table(0.5, 0.3, 0.2), 9, 400) == pytest.approx([200, 120, 80])


def test_too_many_columns_are_refused_with_how_many_fit():
    with pytest.raises(RunError, match=r"表“某表”有 20 列.*请减到 9 列以内"):
        column_widths(table(*[0.05] * 20), 9, 400)


def test_all_that_does_not_fit_the_head_is_named():
    broken = Table(("a", "b"), (("1",), ("1", "2")), (1.0,), links=("x",))
    with pytest.raises(RunError) as caught:
        column_widths(broken, 9, 400)
    assert len(caught.value.problems) == 3
