"""Whatever a region is called, its folder stays where it belongs and is its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.report.batch.names import MAX_LENGTH, folder_name


@pytest.mark.parametrize("region", ["新华区", "示范01县", "a_b"])
def test_plain_names_stay_as_they_are(region):
    assert folder_name(region) == region


@pytest.mark.parametrize(
    "region",
    [
        "../x",
        "..",
        ".",
        "",
        "/etc",
        "C:\\x",
        "CON",
        "con",
        "nul",
        "COM1",
        "县" * 300,
        "甲\n乙",
        "a\0b",
        "<b>",
        "甲 ",
        "-",
    ],
)
def test_other_names_become_plain_ones_of_their_own(region, tmp_path):
    name = folder_name(region)
    (tmp_path / name).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert name != region
    assert len(name) <= MAX_LENGTH + 9


def test_names_alike_after_cleaning_or_but_for_case_differ():
    alike = ["甲/乙", "甲_乙", "甲:乙", "甲.乙", "甲 乙"], ["ab", "AB", "Ab", "ａｂ"], ["é", "e\u0301"]
    for names in alike:
        assert len({folder_name(name).casefold() for name in names}) == len(names)


@given(st.text(), st.text())
def test_any_name_is_safe_and_any_two_differ(one, other):
    name = folder_name(one)
    assert Path(name).name == name and name not in (".", "..")
    assert not set(name) & set('/\\:*?"<>|.\0') and name == name.strip()
    assert one == other or name.casefold() != folder_name(other).casefold()
