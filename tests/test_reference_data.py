"""The real histories that come with the package: named, attributed, within their bounds, and only what may be passed on."""

import pandas as pd
import pytest

from xhcp_eval.provenance import ROOT
from xhcp_eval.reference.model import reference_model

FOLDER = ROOT / "data" / "reference"


@pytest.fixture(scope="module")
def panel():
    return pd.read_parquet(FOLDER / "panel.parquet")


@pytest.fixture(scope="module")
def book():
    return pd.read_csv(FOLDER / "indicators.csv").set_index("indicator")


def test_only_what_may_be_redistributed_is_there(panel, book):
    assert set(panel["indicator"].str.split("_").str[0]) == {"kolada", "gm"}
    assert set(panel["indicator"]) == set(book.index[book["redistributed"]])


def test_every_indicator_the_model_saw_is_named(book):
    assert set(book.index) == set(reference_model().fold_of)
    assert book["name_zh"].str.contains("[\u4e00-\u9fff]").all() and book["terms"].notna().all()


def test_values_are_unique_and_within_bounds(panel):
    assert not panel.duplicated(["indicator", "region", "year"]).any()
    assert (panel["value"] >= panel["lower"]).all() and (panel["value"] <= panel["upper"]).all()


def test_years_and_counts_are_as_told(panel, book):
    found = panel.groupby("indicator").agg(
        regions=("region", "nunique"),
        first_year=("year", "min"),
        last_year=("year", "max"),
        observations=("year", "size"),
    )
    told = book.loc[found.index, found.columns]
    pd.testing.assert_frame_equal(found, told, check_dtype=False)


def test_attribution_is_given():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for word in ("Kolada", "Gapminder", "CC BY 4.0", "UNESCO", "WHO/UNICEF"):
        assert word in text
