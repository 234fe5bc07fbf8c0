"""Costs beside effects: the arithmetic by hand, price level and discount, and what is refused."""

import dataclasses

import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.studies.costs import cost_studies, costs_frame, read_prices
from xhcp_eval.evaluation.studies.effects import Measure, Study

MEASURE = Measure(
    id="m", name="流动体检车", goal="health.1", indicator="i", design="interrupted_series", since=2024
)
HEAD = "measure,year,kind,amount,price_year,source\n"


@dataclasses.dataclass(frozen=True)
class Found:
    estimate: float
    low: float
    high: float
    may_say_cause: bool = True


def observed(unit="percent"):
    rows = [(year, 1000.0) for year in (2023, 2024, 2025)]
    return pd.DataFrame(
        [("i", "区", y, n, unit, "total", "total", "total", "total") for y, n in rows],
        columns=["indicator", "region", "year", "denominator", "unit", "sex", "age", "residence", "category"],
    )


def studied(tmp_path, text, result=None, prices="", discount=0.0, table=None):
    path = tmp_path / "costs.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    if prices:
        (tmp_path / "prices.csv").write_text(prices, encoding="utf-8")
    study = Study(MEASURE, result or Found(5, 4, 6))
    return cost_studies([study], path, observed() if table is None else table, "区", discount)


def test_by_hand(tmp_path):
    """5 points of 1,000 children in two years are 100 children; 20,000 yuan are 200 a child."""
    (found,) = studied(tmp_path, "m,2024,人员,15000,2024,台账\nm,2025,耗材,5000,2025,台账\n")
    assert (found.total, found.years) == (20_000, (2024, 2025))
    assert found.result.effect.value == pytest.approx(100)
    assert found.result.ratio == pytest.approx(200)
    row = costs_frame([found]).iloc[0]
    assert row["low"] == pytest.approx(20_000 / 120, rel=0.02) and row["high"] == pytest.approx(
        20_000 / 80, rel=0.02
    )
    assert "2024—2025年共支出 2.0 万元" in row["sentence"]


def test_prices_and_discount(tmp_path):
    """At prices of 2025 15,000 of 2024 are 16,500; a year later counts less, money and children alike."""
    text = "m,2024,人员,15000,2024,台账\nm,2025,耗材,5000,2025,台账\n"
    (found,) = studied(tmp_path, text, prices="year,index\n2024,100\n2025,110\n", discount=0.1)
    assert found.total == pytest.approx(16_500 + 5_000 / 1.1)
    assert found.result.effect.value == pytest.approx(50 + 50 / 1.1)


def test_no_effect_has_no_price(tmp_path):
    (found,) = studied(tmp_path, "m,2024,人员,15000,2024,台账\n", Found(1, -3, 5))
    assert found.result.kind == "unbounded" and "没有上限" in found.sentence
    (found,) = studied(tmp_path, "m,2024,人员,15000,2024,台账\n", Found(1, float("nan"), float("nan")))
    assert found.result is None and "给不出效果的区间" in found.sentence
    (found,) = studied(tmp_path, "m,2024,人员,15000,2024,台账\n", table=observed("hours_per_day"))
    assert found.result is None and "不是百分比" in found.sentence
    (found,) = studied(tmp_path, "m,2024,人员,15000,2024,台账\n", table=observed().iloc[:1])
    assert "没有措施所及儿童数" in found.sentence


def test_no_causal_words_without_a_design(tmp_path):
    (found,) = studied(tmp_path, "m,2024,人员,15000,2024,台账\n", Found(5, 4, 6, may_say_cause=False))
    assert "不能说新增儿童来自这笔支出" in found.sentence and "措施每多覆盖" not in found.sentence


def test_other_measures_and_bad_tables(tmp_path):
    assert studied(tmp_path, "x,2024,人员,15000,2024,台账\n") == []
    with pytest.raises(DataError, match="不是不小于 0 的金额"):
        studied(tmp_path, "m,2024,人员,-1,2024,台账\n")
    (tmp_path / "p.csv").write_text("year,index\n2024,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="大于 0"):
        read_prices(tmp_path / "p.csv")
    (tmp_path / "p.csv").write_text("year\n2024\n", encoding="utf-8")
    with pytest.raises(DataError, match="year、index"):
        read_prices(tmp_path / "p.csv")
