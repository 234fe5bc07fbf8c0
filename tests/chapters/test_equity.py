"""No interval is printed that leaves its own estimate out, none for full counts; nothing narrows by such a range."""

import re

import pandas as pd
import pytest

from xhcp_eval.chapters import equity
from xhcp_eval.chapters.equity import UNSOUND, equity_rows
from xhcp_eval.pack.pack import open_pack


@pytest.mark.parametrize("dimension", ["township", "residence", "sex"])
def test_an_interval_holds_its_estimate_or_is_not_printed(dimension):
    pack = open_pack("midterm_2025")
    for row in equity_rows(pack, dimension).itertuples():
        holds = row.low - 1e-9 <= row.estimate <= row.high + 1e-9
        printed = bool(re.search(r"（.+—.+）", row.gap_text))
        assert printed == (holds and not pack.plan.indicator(row.indicator).census), row.name
        if not holds:
            assert row.verdict == "看不出变化" and row.note == UNSOUND


def test_few_deaths_of_townships_do_not_narrow():
    rows = equity_rows(open_pack("midterm_2025"), "township").set_index("indicator")
    assert rows.loc["under5_mortality_rate", "verdict"] == "看不出变化"
    assert rows.loc["under5_mortality_rate", "gap_text"] == "10.87个千分点"


def test_a_pack_without_groups_says_so_once(monkeypatch):
    """One sentence a dimension; nothing is drawn, nothing fails."""
    pack = open_pack("midterm_2025")
    monkeypatch.setattr(equity, "equity_rows", lambda pack, dimension: pd.DataFrame())
    for dimension in equity.DIMENSIONS:
        assert len(equity.equity_sentence(pack, dimension).sentences) == 1
        assert equity.equity_table(pack, dimension).sentences == ()
    assert equity.township_figure(pack, "eye_exam_coverage_0_6").sentences == ()
