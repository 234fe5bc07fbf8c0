"""Relations between figures: each broken on purpose, each kept without a word, and declared without mistakes."""

import pandas as pd
import pytest
from pydantic import ValidationError

from xhcp_eval.errors import PlanError
from xhcp_eval.observations.table import COLUMNS, DEFAULTS
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality import identities
from xhcp_eval.quality.consistency import inconsistencies
from xhcp_eval.quality.identities import Identities, load_identities

PLAN = load_plan("xinhua_2021_2030")
DECLARED = load_identities(PLAN)
NEONATAL, INFANT, UNDER5 = "neonatal_mortality_rate", "infant_mortality_rate", "under5_mortality_rate"
EYES = "eye_exam_coverage_0_6"


def row(indicator, numerator=None, denominator=None, value=None, unit="permille", **columns):
    """One figure of the district in 2025; its value from the counts unless given."""
    per = {"permille": 1000, "percent": 100, "per_100k": 100_000}.get(unit)
    value = round(per * numerator / denominator, 2) if value is None else value
    facts = {"indicator": indicator, "region": "新华区", "level": "district", "year": 2025, "value": value, "unit": unit,
             "status": "reported", "source": "表"}  # fmt: skip
    counts = {"numerator": numerator, "denominator": denominator}
    return DEFAULTS | facts | {k: v for k, v in counts.items() if v is not None} | columns


def found(*rows, declared=DECLARED):
    table = pd.DataFrame(list(rows))[list(COLUMNS)].astype({"numerator": float, "denominator": float})
    return inconsistencies(table, PLAN, declared)


def deaths(neonatal=8, infant=12, under5=17, births=3000, **columns):
    counts = {NEONATAL: neonatal, INFANT: infant, UNDER5: under5}
    return [row(name, count, births, **columns) for name, count in counts.items()]


def test_deaths_by_age_in_order():
    assert found(*deaths()) == []
    assert found(*deaths(12, 12, 12)) == []


def test_more_newborns_than_infants_died():
    (one,) = found(*deaths(neonatal=13, infant=12))
    assert (one.severity, one.rule, one.indicator, one.year) == ("高", "大小关系", NEONATAL, 2025)
    assert one.finding == (
        "2025年新生儿死亡率 4.33‰ 高于婴儿死亡率 4‰，应为新生儿死亡率≤婴儿死亡率≤5岁以下儿童死亡率"
    )


def test_one_finding_a_place_with_its_years():
    rows = [*deaths(13, year=2023), *deaths(13, year=2024), *deaths(13), *deaths(13, region="新华区/一街道")]
    one, two = found(*rows)
    assert one.finding.endswith("（另有2023、2024年）") and two.region == "新华区/一街道"


def test_births_that_differ_between_indicators():
    rows = [*deaths()[:2], row(UNDER5, 17, 3010)]
    (one,) = found(*rows)
    assert (one.rule, one.indicator, one.severity) == ("分母一致", UNDER5, "中")
    assert "3010" in one.finding and "（3000）" in one.finding


def test_causes_exceed_injury_deaths():
    whole, drowning = "child_injury_mortality_rate", "child_drowning_mortality_rate"
    traffic = "child_road_traffic_mortality_rate"
    parts = [row(drowning, 4, 60000, unit="per_100k"), row(traffic, 3, 60000, unit="per_100k")]
    assert found(row(whole, 7, 60000, unit="per_100k"), *parts) == []
    (one,) = found(row(whole, 6, 60000, unit="per_100k"), *parts)
    assert one.indicator == whole and "各部分之和 7" in one.finding and "分子 6" in one.finding


def test_a_whole_that_equals_its_parts():
    declared = Identities.model_validate(
        {"wholes": [{"id": "x", "name": "甲等于乙加丙", "whole": UNDER5, "parts": [INFANT, NEONATAL]}]}
    )
    assert found(*deaths(5, 12, 17), declared=declared) == []
    (one,) = found(*deaths(5, 11, 17), declared=declared)
    assert "应等于" in one.finding
    # a part that wasn't reported makes no wrong sum
    assert found(*deaths(5, 11, 17)[1:], declared=declared) == []


def cover(numerator, denominator, **columns):
    return row(EYES, numerator, denominator, unit="percent", **columns)


@pytest.mark.parametrize(
    ("dimension", "parts"), [("sex", ("male", "female")), ("residence", ("urban", "rural"))]
)
def test_parts_that_do_not_add_up(dimension, parts):
    one, two = (cover(n, d, **{dimension: p}) for n, d, p in zip((900, 700), (1000, 800), parts, strict=True))
    assert found(cover(1600, 1800), one, two) == []
    (off,) = found(cover(1500, 1800), one, two)
    assert (off.severity, off.rule) == ("高", "分项合计") and "分子之和 1600 与合计 1500 不符" in off.finding
    (slight,) = found(cover(1600, 1805), one, two)
    assert slight.severity == "中" and "分母之和 1800 与合计 1805" in slight.finding
    # a sex that wasn't reported is missing, not wrong
    assert found(cover(1500, 1800), one) == []


def town(name, numerator, denominator, **columns):
    return cover(numerator, denominator, region=f"新华区/{name}", level="township", **columns)


def test_townships_add_up_to_the_district():
    towns = [town("甲", 900, 1000), town("乙", 700, 800)]
    assert found(cover(1600, 1800), *towns) == []
    (off,) = found(cover(1610, 1800), *towns)
    assert off.region == "新华区" and "各乡镇街道分子之和 1600 与合计 1610 不符" in off.finding


def test_a_year_in_which_a_township_is_missing_is_not_summed():
    before = [town("甲", 900, 1000, year=2024), town("乙", 700, 800, year=2024), cover(1600, 1800, year=2024)]
    assert found(*before, town("甲", 900, 1000), cover(1600, 1800)) == []


def test_totals_without_counts_lie_between_their_parts():
    parts = [row(EYES, value=v, unit="percent", sex=s) for v, s in ((80.0, "male"), (84.0, "female"))]
    assert found(row(EYES, value=82.0, unit="percent"), *parts) == []
    assert found(row(EYES, value=84.0, unit="percent"), *parts) == []
    (off,) = found(row(EYES, value=86.0, unit="percent"), *parts)
    assert "合计 86% 不在男女各项的 80%—84% 之间" in off.finding


def test_reported_numbers_add_up():
    name = "left_behind_children_count"
    towns = [
        row(name, value=v, unit="count", region=f"新华区/{t}", level="township")
        for v, t in ((30, "甲"), (12, "乙"))
    ]
    assert found(row(name, value=42.0, unit="count"), *towns) == []
    (off,) = found(row(name, value=40.0, unit="count"), *towns)
    assert "数值之和 42 与合计 40 不符" in off.finding


def test_exempt_and_chosen_indicators():
    partition = {"id": "sex", "name": "男女", "dimension": "sex", "parts": ["male", "female"]}
    rows = [cover(1500, 1800), cover(900, 1000, sex="male"), cover(700, 800, sex="female")]
    for more, count in (
        ({}, 1),
        ({"exempt": [EYES]}, 0),
        ({"indicators": [EYES]}, 1),
        ({"indicators": [INFANT]}, 0),
    ):
        declared = Identities.model_validate({"partitions": [partition | more]})
        assert len(found(*rows, declared=declared)) == count


# --- the declarations


def test_every_plan_has_relations_that_can_be_read():
    assert {p.dimension for p in DECLARED.partitions} == {"sex", "residence", "region"}
    assert DECLARED.named() <= {i.id for i in PLAN.indicators}
    assert load_identities(load_plan("china_2021_2030")) == Identities()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("orders: [{id: a, name: 甲, indicators: [infant_mortality_rate]}]", "indicators"),
        ("sums: []", "sums"),
        ("partitions: [{id: a, name: 甲, dimension: region}]", "须写 level"),
        ("partitions: [{id: a, name: 甲, dimension: sex, parts: [male]}]", "须写 parts"),
        ("wholes: [{id: a, name: 甲, whole: nobody, parts: [infant_mortality_rate]}]", "没有的指标：nobody"),
        ("orders: [", "YAML 语法错误"),
        ("!!python/object/apply:os.getcwd []", "YAML 语法错误"),
    ],
)
def test_wrong_declarations_are_refused(tmp_path, monkeypatch, text, message):
    folder = tmp_path / PLAN.id
    folder.mkdir()
    (folder / identities.FILE).write_text(text, encoding="utf-8", newline="\n")
    monkeypatch.setattr(identities, "plan_folder", lambda name: tmp_path / name)
    with pytest.raises(PlanError, match=message):
        load_identities(PLAN)


def test_relations_are_frozen():
    with pytest.raises(ValidationError):
        DECLARED.orders[0].id = "other"
