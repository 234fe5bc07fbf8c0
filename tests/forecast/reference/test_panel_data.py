"""The real histories that come with the package: named, attributed, within their bounds, and only what may be passed on."""

import pandas as pd
import pytest

from xhcp_eval.forecast.reference.model import reference_model
from xhcp_eval.forecast.reference.training import sources_of
from xhcp_eval.provenance import ROOT

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
    learned = pd.read_csv(FOLDER / "learned.csv").set_index("indicator")
    assert set(learned.index) == set(reference_model().fold_of) and learned.index.is_unique
    assert learned.notna().all().all() and set(book.index) <= set(learned.index)


def test_no_source_is_judged_by_a_network_that_saw_it():
    sources = sources_of(pd.read_csv(FOLDER / "learned.csv"))
    folds = pd.Series(reference_model().fold_of).groupby(sources).nunique()
    assert len(folds) > 10 and (folds == 1).all()


def test_names_of_the_shipped_indicators_are_chinese_and_have_terms(book):
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
    for word in ("Källa: Kolada", "Free data from Gapminder.org, CC BY 4.0", "UNESCO", "WHO/UNICEF"):
        assert word in text
    for prefix in ("kolada_", "gm_", "uis_", "wuenic_", "reported_"):
        assert prefix in text


def test_terms_follow_the_source(book):
    prefix = book.index.str.split("_").str[0]
    terms = book["terms"].groupby(prefix).unique().map(list)
    assert terms["gm"] == ["CC BY 4.0"] and "Källa: Kolada" in terms["kolada"][0]
    for kept in ("uis", "wuenic", "reported"):
        assert all("not redistributed" in text for text in terms[kept])


def test_names_tell_indicators_apart(book):
    """Two of one name would be one to a reader: the same vaccine is there as estimated and as reported."""
    assert book["name_zh"].is_unique and book["name_en"].is_unique
    kolada = book[book.index.str.startswith("kolada_")]
    codes = kolada.index.str.removeprefix("kolada_").str.upper()
    titles = zip(kolada["note"], codes, strict=True)
    assert all(note.startswith(f"Kolada {code}: ") for note, code in titles)


def test_every_region_is_named(panel):
    regions = pd.read_csv(FOLDER / "regions.csv", dtype=str, keep_default_na=False)
    assert regions["region"].is_unique and (regions["name"] != "").all()
    assert not regions.duplicated(["group", "name"]).any()
    pairs = panel[["group", "region"]].drop_duplicates()
    assert set(pairs.itertuples(index=False, name=None)) == set(
        zip(regions["group"], regions["region"], strict=True)
    )
    named = regions.set_index("region")["name"]
    assert named[["chn", "swe", "1280", "2584"]].tolist() == ["中国", "瑞典", "Malmö", "Kiruna"]


def test_smoothed_series_are_smoother(panel, book):
    """A model's estimates change direction less than counts do: second differences against first ones."""
    wide = panel.pivot(index="year", columns=["indicator", "region"], values="value")
    first, second = wide.diff().abs(), wide.diff().diff().abs()
    rough = (second.median() / first.median()).groupby("indicator").median()
    smoothed = book.loc[rough.index, "model_smoothed"]
    assert rough[smoothed].max() < 1 < rough[~smoothed].median()
