"""Unmarked jumps: planted ones are found, habits and counting noise are not, and kinds are told apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xhcp_eval.forecast.breaks import OPEN, SHIFT, SPIKE, break_sentence, unmarked_breaks
from xhcp_eval.forecast.panel import make_panel

CALM = np.array([50.0, 51.2, 52.1, 53.4, 54.1, 55.5, 56.2, 57.6, 58.3, 59.5])


def panel_of(*rows, **columns):
    return make_panel(
        pd.concat(
            [
                pd.DataFrame(
                    {
                        "series": f"s{i}",
                        "year": np.arange(2016, 2016 + len(v)),
                        "value": np.asarray(v, float),
                        **columns,
                    }
                )
                for i, v in enumerate(rows)
            ]
        )
    )


def test_a_shift_a_spike_and_a_last_year():
    shift, spike, last = CALM.copy(), CALM.copy(), CALM.copy()
    shift[5:] -= 12
    spike[5] -= 12
    last[9] += 12
    found = unmarked_breaks(panel_of(CALM, shift, spike, last)).set_index("series")
    assert found.index.tolist() == ["s1", "s2", "s3"]
    assert found["kind"].tolist() == [SHIFT, SPIKE, OPEN]
    assert found["year"].tolist() == [2021, 2021, 2025]
    assert found.loc["s1", "jump"] == pytest.approx(1.4 - 12)
    assert found.loc["s1", "before"] == pytest.approx(54.1) and found.loc["s1", "after"] == pytest.approx(
        43.5
    )
    assert found.loc["s1", "typical"] == pytest.approx(
        (1.2 + 0.9 + 1.3 + 0.7 + 10.6 + 0.7 + 1.4 + 0.7 + 1.2) / 9
    )


def test_a_marked_break_is_not_asked_about_again():
    shift = CALM.copy()
    shift[5:] -= 12
    marked = [False] * 5 + [True] + [False] * 4
    assert unmarked_breaks(panel_of(shift, series_break=marked)).empty


def test_counting_noise_is_no_break():
    rng = np.random.default_rng(3)
    deaths = rng.binomial(400, 0.01, (300, 11)).astype(float)
    frame = pd.concat(
        [
            pd.DataFrame({"series": i, "year": range(2015, 2026), "value": 2.5 * d, "upper": 1000.0,
                          "numerator": d, "denominator": 400.0})
            for i, d in enumerate(deaths)
        ]
    )  # fmt: skip
    with_counts, without = (
        unmarked_breaks(make_panel(f)) for f in (frame, frame.drop(columns=["numerator", "denominator"]))
    )
    assert len(with_counts) == 0 and len(without) >= len(with_counts)


def test_few_random_walks_are_flagged_and_most_planted_shifts_found():
    rng = np.random.default_rng(7)
    walks = 50 + rng.standard_t(4, (1500, 11)).cumsum(axis=1)
    flagged = unmarked_breaks(panel_of(*walks))["series"].nunique() / 1500
    assert 0.001 < flagged < 0.05
    planted = 50 + rng.normal(0, 1, (300, 11)).cumsum(axis=1)
    planted[:, 6:] += 14
    found = unmarked_breaks(panel_of(*planted))
    assert (found["year"] == 2022).sum() > 285


@given(st.lists(st.floats(1, 99), min_size=2, max_size=12), st.sampled_from([0.01, 100.0]))
@settings(max_examples=50, deadline=None)
def test_units_do_not_matter_and_short_series_are_left_alone(values, unit):
    one, two = unmarked_breaks(panel_of(values)), unmarked_breaks(panel_of(np.array(values) * unit))
    assert one["year"].tolist() == two["year"].tolist() and one["kind"].tolist() == two["kind"].tolist()
    if len(values) < 6:
        assert one.empty


def test_the_question_names_what_to_do():
    row = {"year": 2021, "kind": SHIFT, "ratio": 9.2}
    words = break_sentence(row, "−10.6个百分点", "1.2个百分点")
    assert "2021年" in words and "9倍" in words and "series_break" in words and "exceptional" in words
