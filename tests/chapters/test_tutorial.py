"""National series of the tutorial, as the table of figures has them."""

import pytest

from xhcp_eval.chapters.tutorial import national_series
from xhcp_eval.errors import DataError


def test_a_series_is_in_ten_thousand_and_in_order_of_years():
    births = national_series("births").set_index("year")["value"]
    # communiqués of the National Bureau of Statistics
    assert births.loc[[2015, 2016, 2024]].tolist() == [1655, 1786, 954]
    assert births.index.is_monotonic_increasing


def test_the_first_indicator_that_has_a_year_is_taken():
    mixed = national_series("births_revised", "births").set_index("year")["value"]
    first = national_series("births").set_index("year")["value"]
    revised = national_series("births_revised").set_index("year")["value"]
    assert mixed.loc[2011:2019].tolist() == revised.tolist()
    assert mixed.loc[2020:].tolist() == first.loc[2020:].tolist()
    assert mixed.index.tolist() == first.index.tolist()


def test_an_unknown_series_is_told_with_those_that_there_are():
    with pytest.raises(DataError, match="births、births_revised"):
        national_series("marriages")
