"""Real histories beside each target: asked of the right series, counted rightly, shown by name."""

import numpy as np
import pandas as pd
import pytest
from small_plan import counted, indicator, rows, target, verdicts_of

from xhcp_eval.chapters.forecast import comparables_table, nearest_table
from xhcp_eval.chapters.grounds import grounds
from xhcp_eval.forecast.reference.features import Histories
from xhcp_eval.forecast.reference.similar import Catalogue, Similar
from xhcp_eval.observations.table import read_table
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict import comparables as module
from xhcp_eval.verdict.comparables import COLUMNS, NEAREST, comparables
from xhcp_eval.verdict.judging import judge
from xhcp_eval.verdict.scenarios import scenarios


@pytest.fixture(scope="module")
def verdicts():
    plan = load_plan("xinhua_2021_2030")
    return judge(read_table(ROOT / "data/demo/xinhua_2015_2025.csv", plan), plan)


@pytest.fixture(scope="module")
def found(verdicts):
    return comparables(verdicts)


def test_each_plain_target_ahead_has_its_two_hundred(verdicts, found):
    likes, nearest = found
    assert list(likes.columns) == list(COLUMNS) and list(nearest.columns) == list(NEAREST)
    assert len(likes) >= 30 and (likes["of"] == 200).all()
    assert likes["reached"].between(0, 200).all()
    assert (likes["low"] <= likes["median"]).all() and (likes["median"] <= likes["high"]).all()
    assert (likes["target_year"] - likes["ahead"] <= 2025).all()
    assert (nearest.groupby("target_id").size() == 5).all()


def test_the_share_goes_with_the_probability(verdicts, found):
    likes = found[0].set_index("target_id")
    probability = verdicts.explained().set_index("target_id")["probability"][likes.index]
    share = likes["reached"] / likes["of"]
    assert np.corrcoef(probability, share)[0, 1] > 0.8


def test_a_series_that_is_mostly_chance_has_no_likes(verdicts, found):
    assert (
        not found[0]["indicator"].isin(["child_poisoning_mortality_rate", "child_burn_mortality_rate"]).any()
    )


def test_the_best_quarter_is_a_scenario(verdicts, found):
    frame = scenarios(verdicts, found[0]).set_index(["target_id", "scenario"])
    target = "myopia_prevalence_primary@2030"
    likes = found[0].set_index("target_id")
    years = 2030 - 2025
    assert frame.loc[(target, "best_quarter"), "pace"] * years == pytest.approx(
        likes.loc[target, "best_quarter"]
        - (frame.loc[(target, "as_now"), "value"] - years * frame.loc[(target, "as_now"), "pace"]),
        abs=0.05,
    )
    assert (
        frame.loc[(target, "best_quarter"), "probability"]
        > frame.loc[(target, "as_now"), "probability"] - 0.2
    )
    assert "best_quarter" not in scenarios(verdicts).set_index("scenario").index


def test_a_reader_sees_counts_and_names():
    pack = open_pack("midterm_2025")
    table = comparables_table(pack).frame
    assert len(table) >= 10 and table["reached"].str.contains("/200（").all()
    named = nearest_table(pack, 3).frame
    assert len(named) == 15 and not named["name"].str.contains("kolada_|gm_").any()
    words = grounds(pack, "myopia_prevalence_primary")[0].sentences
    assert any("200条真实序列" in text for text in words)


# -- a catalogue by hand ---------------------------------------------------------------------------------------------

FIRST, CASES, LIKES = 1990, 40, 20
ITEMS = [
    indicator(targets=[target(2030, ">=", 82), target(2027, ">", 80), target(2035, ">=", 84), target(2036, ">=", 95)]),
    indicator(id="h", name="小时", kind="mean", unit="hours_per_week", lower=None, upper=None, direction="down",
              targets=[target(2026, "<=", 8)]),
    indicator(id="noisy", targets=[target(2030, ">=", 90)]),
    indicator(id="one", targets=[target(2030, ">=", 90)]),
    indicator(id="full", name="满", upper=80.5, lower=79.5, targets=[target(2030, ">=", 80)]),
]  # fmt: skip
NOISE = {"x": 0.0, "h": 0.499, "noisy": 0.5, "full": 0.2}
SIGN = {"x": 1, "h": -1, "full": 1}


def catalogue():
    """Twelve made-up histories of 30 years, cut at forty origins; outcomes are whole, so that sums are exact."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1000, (12, 30))
    values[3, [0, 1, 2, 5, 12, 17]] = np.nan
    names = pd.DataFrame(
        {name: [f"{name}{k}" for k in range(12)] for name in ("indicator", "region", "unit")}
    )
    outcome = (np.arange(CASES)[:, None] + np.arange(10)) % 7 - 3.0
    return Catalogue(None, outcome, np.arange(CASES) % 12, 3 + np.arange(CASES) % 17, values, FIRST, names)


def cases(row, ahead):
    """Those that moved most like a series, the most alike first."""
    return np.random.default_rng([row, ahead]).permutation(CASES)[:LIKES]


@pytest.fixture
def small(monkeypatch):
    """Verdicts on some series, and what was asked of the catalogue: each stands at its last value, typical change 2."""
    parts = [
        counted([70, 71, 73, 72, 75, 76, 79, 78, 80, 80], 1000), rows([9.0] * 9 + [8], name="h", unit="hours_per_week"),
        counted([70] * 10, 1000, name="noisy"), counted([70], 1000, name="one", years=[2025]),
        counted([80] * 10, 1000, name="full"),
    ]  # fmt: skip
    verdicts, asked = verdicts_of(ITEMS, *parts, plan={"end_year": 2036}), []
    block, book = verdicts.block, catalogue()

    def find(panel, k, ahead):
        names = block.facts.id[block.indicator[panel.keys]]
        asked.append((sorted(names), k, ahead))
        anchor = panel.values[np.arange(len(panel)), panel.last]
        noise = np.array([NOISE[name] for name in names])[:, None]
        own = Histories(noise, anchor, np.full(len(names), 2.0), ("noise_share",))
        return Similar(book, np.stack([cases(row, ahead) for row in panel.keys]), own)

    monkeypatch.setattr(module, "find_similar", find)
    return verdicts, asked, book


def quantile(values, share):
    """Between the two nearest, as far as the share lies between their places."""
    values, at = sorted(values), share * (len(values) - 1)
    low = int(at)
    return values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low])


EXPECTED = [
    ("x", 2030, 82, 5),
    ("x", 2027, 80, 2),
    ("x", 2035, 84, 10),
    ("h", 2026, 8, 1),
    ("full", 2030, 80, 5),
]
LAST = {"x": 80, "h": 8, "full": 80}


def test_every_column_is_counted_by_hand(small):
    """What is mostly noise, lies more than ten years ahead or was reported once is left out; the plan's order is kept."""
    verdicts, asked, book = small
    found, _ = comparables(verdicts)
    expected = []
    for name, year, bound, ahead in EXPECTED:
        item = next(item for item in ITEMS if item["id"] == name)
        row = verdicts.block.find(name, "甲区")
        went = [LAST[name] + 2 * book.outcome[case, ahead - 1] for case in cases(row, ahead)]
        reached = sum(SIGN[name] * (value - bound) >= 0 for value in went)
        assert 0 < reached < LIKES and bound in went, "some of them exactly"
        shares = (0.1, 0.5, 0.9, 0.75 if SIGN[name] > 0 else 0.25)
        low, high = (np.nan if item[end] is None else item[end] for end in ("lower", "upper"))
        spread = [np.fmin(np.fmax(quantile(went, share), low), high) for share in shares]
        expected.append(
            (
                f"{name}@{year}",
                name,
                item["name"],
                item["unit"],
                year,
                "",
                ahead,
                LIKES,
                reached,
                *spread,
                10,
                0,
            )
        )
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=list(COLUMNS)))
    assert asked == [
        (["h"], 200, 1), (["x"], 200, 2), (["full", "noisy", "x"], 200, 5), (["x"], 200, 10),
    ]  # fmt: skip


def test_the_five_most_alike_are_shown_with_what_came_of_them(small):
    verdicts, _, book = small
    _, found = comparables(verdicts)
    expected = []
    for name, year, bound, ahead in EXPECTED:
        for rank, case in enumerate(cases(verdicts.block.find(name, "甲区"), ahead)[:5]):
            series, at = case % 12, 3 + case % 17
            years = [k for k in range(max(at - 7, 0), at + 1) if not np.isnan(book.values[series, k])]
            went = LAST[name] + 2 * book.outcome[case, ahead - 1]
            expected.append(
                (f"{name}@{year}", rank + 1, f"indicator{series}", f"region{series}", FIRST + years[0],
                 FIRST + at, "、".join(f"{book.values[series, k]:.3g}" for k in years), f"unit{series}", ahead,
                 book.values[series, at + ahead], SIGN[name] * (went - bound) >= 0)
            )  # fmt: skip
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=list(NEAREST)))
    assert found["reached"].nunique() == 2


def test_without_a_target_ahead_there_is_nothing_beside_it(small):
    verdicts = verdicts_of([indicator(targets=[target(2025, ">=", 80)])], counted([80] * 10, 1000))
    for frame, names in zip(comparables(verdicts), (COLUMNS, NEAREST), strict=True):
        assert frame.empty and list(frame.columns) == list(names)
    nothing = verdicts_of([indicator(targets=[target(2030, ">=", 80)])], counted([80], 1000, name="y", years=[2025]),
                          counted([80], 1000, years=[2031]))  # fmt: skip
    assert not len(nothing.block) and comparables(nothing)[0].empty
