"""Chinese precedents beside a target: followed to its year, in its unit, within its scale, and said whether as far."""

import numpy as np
import pandas as pd
import pytest
from small_plan import counted, indicator, rows, target, verdicts_of

from xhcp_eval.forecast.reference.features import Histories
from xhcp_eval.forecast.reference.precedents import AFTER as COURSE_COLUMNS
from xhcp_eval.forecast.reference.precedents import Book, Precedents
from xhcp_eval.forecast.reference.similar import MATCHED_ON
from xhcp_eval.verdict import precedents as module
from xhcp_eval.verdict.comparables import comparables
from xhcp_eval.verdict.precedents import AFTER, AS_FAR, COLUMNS, FARTHER, LESS_FAR, precedents

ITEMS = [
    indicator(targets=[target(2030, ">=", 85), target(2027, ">", 81)]),
    indicator(id="h", name="小时", kind="mean", unit="hours_per_week", lower=None, upper=None, direction="down",
              targets=[target(2028, "<=", 7)]),
]  # fmt: skip
DATA = (
    counted([70, 71, 73, 72, 75, 76, 79, 78, 80, 80], 100_000),
    rows([9.0] * 9 + [8], name="h", unit="hours_per_week"),
)
CHANGE = np.array([[1, 2, 3, 4, 6], [1, 1, 2, 2, 2], [0.5, 1, 1.5, 2, 2.5], [30] * 5], float)


def book():
    frame = pd.DataFrame(np.zeros((4, len(MATCHED_ON))), columns=list(MATCHED_ON)).assign(
        indicator="cnh_postnatal_visit_rate", region=["甲省", "乙省", "丙省", "丁省"], kind="share", first_year=2003, last_year=2009
    )  # fmt: skip
    course = pd.DataFrame(
        np.pad(CHANGE, ((0, 0), (0, 5)), constant_values=np.nan), columns=list(COURSE_COLUMNS)
    )
    return Book.of(pd.concat([frame, course], axis=1))


@pytest.fixture
def small(monkeypatch):
    """Each series stands at its last value with a typical change of 2; the first three of the book, or one, are near."""
    verdicts, asked = verdicts_of(ITEMS, *DATA), []
    known = book()
    order = [list(known.names["region"]).index(name) for name in ("甲省", "乙省", "丁省")]

    def find(panel, units, ahead):
        asked.append((list(units), ahead.tolist()))
        anchor = panel.values[np.arange(len(panel)), panel.last]
        near = np.array([[*order], [order[1], -1, -1]])
        distance = np.where(near >= 0, 0.5, np.nan)
        return Precedents(known, near, distance, Histories(np.zeros((2, 1)), anchor, np.full(2, 2.0), ("x",)))

    monkeypatch.setattr(module, "find_precedents", find)
    return verdicts, asked


def likes(verdicts):
    return pd.DataFrame([("x@2030", 5), ("x@2027", 2), ("h@2028", 3)], columns=["target_id", "ahead"])


def test_each_indicator_is_followed_to_its_last_target(small):
    verdicts, asked = small
    found = precedents(verdicts, likes(verdicts))
    assert list(found.columns) == list(COLUMNS) and asked == [(["percent", "hours_per_week"], [5, 3])]
    share = found[found["indicator"] == "x"]
    assert share[["place", "rank", "target_year", "from_year"]].values.tolist() == [
        ["甲省", 1, 2030, 2025], ["乙省", 2, 2030, 2025], ["丁省", 3, 2030, 2025],
    ]  # fmt: skip
    assert (
        (share["name"] == "产后访视率").all() and (share["start"] == 80).all() and (share["grain"] == 1).all()
    )
    # 80 and six, two or thirty typical changes of 2, within the scale; a target of 85
    assert share["then"].tolist() == [92, 84, 100] and share["went"].tolist() == [FARTHER, AS_FAR, FARTHER]
    assert share.loc[share["place"] == "甲省", list(AFTER)[:5]].to_numpy().tolist() == [[82, 84, 86, 88, 92]]
    assert share[list(AFTER)[5:]].isna().all(axis=None)
    hours = found[found["indicator"] == "h"]
    # down is wanted: twelve where seven is asked for
    assert hours["then"].tolist() == [12] and hours["went"].tolist() == [LESS_FAR]


def test_nothing_is_asked_of_targets_that_have_no_likes(small):
    verdicts, asked = small
    found = precedents(verdicts, likes(verdicts)[:0])
    assert found.empty and list(found.columns) == list(COLUMNS) and not asked


def test_real_ones_are_near_and_known_until_the_target():
    rising = counted([85, 86.1, 87, 88.2, 89, 89.8, 90.5, 91.2, 92, 92.4], 100_000)
    verdicts = verdicts_of([indicator(targets=[target(2030, ">=", 95)])], rising)
    found = precedents(verdicts, comparables(verdicts)[0])
    assert (
        len(found) == 3
        and (found.groupby("indicator")["place"].nunique() == found.groupby("indicator").size()).all()
    )
    for row in found.to_dict("records"):
        ahead = row["target_year"] - row["from_year"]
        assert row["then"] == row[AFTER[ahead - 1]] and row["last_year"] + ahead <= row["from_year"]


def test_forecasts_say_how_many_series_they_looked_at():
    """Alone, beside the units of its own region, and beside other regions."""
    item = indicator(targets=[target(2030, ">=", 85)])
    own = counted([70, 71, 73, 72, 75, 76, 79, 78, 80, 80], 100_000)
    others = [
        counted([60 + k, 62 + k, 63 + k], 50_000, region=f"{name}区", years=[2023, 2024, 2025])
        for k, name in enumerate("乙丙丁戊己")
    ]
    alone = comparables(verdicts_of([item], own))[0]
    together = comparables(verdicts_of([item], own, *others, regions="甲区"))[0]
    assert alone[["n_points", "company"]].values.tolist() == [[10, 0]]
    assert together[["n_points", "company"]].values.tolist() == [[10, 6]]
