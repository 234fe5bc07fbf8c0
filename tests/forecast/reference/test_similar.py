"""Real histories that moved alike: found by shape, counted rightly, never by what came after."""

import numpy as np
import pandas as pd
import pytest

from xhcp_eval.forecast.panel import make_panel
from xhcp_eval.forecast.reference.similar import find_similar, real_histories, region_names


@pytest.fixture(scope="module")
def book():
    return real_histories()


def panel_of(*rows, first=2010, upper=100.0):
    frames = [
        pd.DataFrame(
            {
                "series": f"s{i}",
                "year": np.arange(first, first + len(v)),
                "value": np.asarray(v, float),
                "lower": 0.0,
                "upper": upper,
            }
        )
        for i, v in enumerate(rows)
    ]
    return make_panel(pd.concat(frames, ignore_index=True))


def test_the_catalogue_is_of_redistributable_histories_and_ends_at_its_origins(book):
    assert set(book.names["indicator"].str.split("_").str[0]) == {"kolada", "gm"}
    pick = np.random.default_rng(0).integers(0, len(book.series), 50)
    here = book.values[book.series[pick], book.origin[pick]]
    np.testing.assert_allclose(book.seen.anchor[pick], here)
    later = np.minimum(book.origin[pick] + 5, book.values.shape[1] - 1)
    then = np.where(
        book.origin[pick] + 5 < book.values.shape[1], book.values[book.series[pick], later], np.nan
    )
    np.testing.assert_allclose(book.outcome[pick, 4], (then - here) / book.seen.scale[pick])


def test_a_history_of_the_catalogue_finds_itself(book):
    row = int(np.flatnonzero(np.isfinite(book.outcome[:, 4]) & (book.seen.column("still") == 0))[500])
    at = book.origin[row]
    values = book.values[book.series[row], max(0, at - 11) : at + 1]
    values = values[np.isfinite(values)]
    upper = book.names["upper"].iloc[book.series[row]]
    found = find_similar(panel_of(values, upper=upper), k=5, ahead=5)
    assert row in found.rows[0]


def test_no_real_series_is_shown_twice_and_the_nearest_come_first(book):
    found = find_similar(panel_of([50, 53, 51, 56, 58, 60], [12, 9, 10, 8, 8, 7]), k=200, ahead=5)
    assert found.rows.shape == (2, 200)
    for row in found.rows:
        assert len(set(book.series[row])) == 200
    assert np.isfinite(found.outcomes(5)).all()


def test_reached_counts_those_that_went_as_far():
    found = find_similar(panel_of([50, 52, 54, 56, 58, 60]), k=100, ahead=5)
    outcomes = found.outcomes(5)[0]
    target = float(np.quantile(outcomes, 0.3))
    assert found.reached(np.array([target]), np.array([1]), 5)[0] == (outcomes >= target).sum()
    assert found.reached(np.array([target]), np.array([-1]), 5)[0] == (outcomes <= target).sum()
    # a steady rise is mostly followed by more
    assert found.reached(np.array([60.0]), np.array([1]), 5)[0] > 60


def test_the_share_that_reached_is_a_fair_probability(book):
    """Asked of real histories themselves, leaving their own series out, the share must sort and be calibrated."""
    rng = np.random.default_rng(4)
    rows = rng.choice(
        np.flatnonzero(np.isfinite(book.outcome[:, 4]) & (book.origin % 6 == 0)), 150, replace=False
    )
    year = np.arange(book.values.shape[1])
    values = np.where(year <= book.origin[rows, None], book.values[book.series[rows]], np.nan)
    bounds = book.names[["lower", "upper"]].to_numpy(float)[book.series[rows]]
    frame = pd.DataFrame(values).stack().rename("value").rename_axis(["series", "year"]).reset_index()
    frame = frame.assign(
        lower=bounds[frame["series"], 0], upper=np.nan_to_num(bounds[frame["series"], 1], posinf=np.inf)
    )
    found = find_similar(make_panel(frame), k=200, ahead=5)
    target = found.own.anchor + rng.uniform(-2, 3, 150) * found.own.scale
    others = book.series[found.rows] != book.series[rows][:, None]
    share = ((found.outcomes(5) >= target[:, None]) & others).sum(axis=1) / others.sum(axis=1)
    met = book.values[book.series[rows], book.origin[rows] + 5] >= target
    assert np.mean((share - met) ** 2) < 0.21
    assert abs(share.mean() - met.mean()) < 0.12


def test_names_for_a_reader():
    name = region_names()
    assert name("gm_infant_mortality_rate_per_1000_births", "chn")[0] != ""
    assert name("nobody_knows", "x9") == ("nobody_knows", "x9")
