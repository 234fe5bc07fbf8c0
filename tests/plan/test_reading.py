"""A plan is read whole or refused: every refusal names file, id and field, and all of them come at once."""

import math
import re
import shutil
from copy import deepcopy

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xhcp_eval.errors import PlanError
from xhcp_eval.files.home import plan_folder, plan_folders
from xhcp_eval.plan.reading import load_plan

TARGET = "{year: 2030, op: '>=', value: 90, level: district}"
MINI = {
    "plan.yaml": """\
id: mini
name: 小规划
region: 甲区
level: district
base_year: 2020
start_year: 2021
midterm_year: 2025
end_year: 2030
domains:
- {id: health, name: 健康}
""",
    "goals.yaml": """\
goals:
- {id: health.1, domain: health, number: 1, name: 目标一, kind: quantified, indicators: [a_rate]}
""",
    "indicators.yaml": f"""\
indicators:
- id: a_rate
  name: 甲率
  goal: health.1
  unit: percent
  kind: proportion
  lower: 0
  upper: 100
  direction: up
  targets:
  - {TARGET}
  anomalies: [A01]
""",
    "strategies.yaml": """\
strategies:
- id: health.s.1
  number: 1
  name: 措施一
  domain: health
  goals: [health.1]
  commitments:
  - {what: build, what_zh: 建成平台, op: milestone, milestone_id: platform}
""",
    "readings.yaml": """\
readings:
- {id: A01, severity: H, title_zh: 疑义一}
""",
}
INDICATORS, GOALS, STRATEGIES = "indicators.yaml", "goals.yaml", "strategies.yaml"


@pytest.fixture
def mini(tmp_path):
    """Write the small plan with places changed: (file, old, new); returns its folder."""

    def write(*changes):
        texts = dict(MINI)
        for file, old, new in changes:
            assert old in texts[file]
            texts[file] = texts[file].replace(old, new, 1)
        folder = tmp_path / "mini"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return write


def refusal(folder):
    with pytest.raises(PlanError) as caught:
        load_plan(folder)
    return caught.value


def test_the_small_plan_is_read(mini):
    plan = load_plan(mini())
    (target,) = plan.targets()
    assert (target.id, target.indicator, target.role) == ("a_rate@2030", "a_rate", "verdict")
    assert plan.indicator("a_rate").targets == (target,)
    assert plan.goal("health.1").indicators == ("a_rate",)
    assert plan.ambiguity("A01").title_zh == "疑义一"
    assert [m.id for m in plan.milestones] == ["platform"]
    assert [i.id for i in plan.reportable] == ["a_rate", "platform"]
    assert plan.domain_of(plan.indicator("a_rate")) == "health"


@pytest.mark.parametrize("kind", ["proportion", "rate", "ratio", "count"])
def test_an_indicator_is_a_census_only_where_it_says_so(mini, kind):
    assert not load_plan(mini((INDICATORS, "proportion", kind))).indicator("a_rate").census
    marked = mini((INDICATORS, "proportion", f"{kind}\n  census: true"))
    assert load_plan(marked).indicator("a_rate").census


def test_a_short_name_is_given_or_cut_from_the_name(mini):
    assert load_plan(mini()).indicator("a_rate").short_name == "甲率"
    named = mini((INDICATORS, "  goal:", "  short_name_zh: 短名\n  goal:"))
    assert load_plan(named).indicator("a_rate").short_name == "短名"


def test_a_plan_that_gives_short_names_gives_one_of_its_own_to_every_indicator_with_targets(mini):
    second = "- id: b_rate\n  name: 乙率\n  domain: health\n  unit: percent\n  kind: proportion\n  direction: up\n  targets: [{year: 2030, op: '>=', value: 1, level: district}]\n"
    first = "  short_name_zh: 短名\n  goal:"
    error = refusal(mini((INDICATORS, "  goal:", first), (INDICATORS, "- id:", second + "- id:")))
    assert any("b_rate：short_name_zh：缺少" in problem for problem in error.problems)
    twice = second.replace("  domain", "  short_name_zh: 短名\n  domain")
    error = refusal(mini((INDICATORS, "  goal:", first), (INDICATORS, "- id:", twice + "- id:")))
    assert any("短名 用了2次" in problem for problem in error.problems)


def test_a_plan_and_its_parts_cannot_be_changed(mini):
    plan = load_plan(mini())
    with pytest.raises(ValueError, match="frozen"):
        plan.name = "别的"
    with pytest.raises(ValueError, match="frozen"):
        plan.targets()[0].value = 1


def test_only_plan_and_indicators_are_required(mini):
    folder = mini((INDICATORS, "goal: health.1", "domain: health"), (INDICATORS, "  anomalies: [A01]\n", ""))
    for name in (GOALS, STRATEGIES, "readings.yaml"):
        (folder / name).unlink()
    plan = load_plan(folder)
    assert (plan.goals, plan.readings, len(plan.indicators)) == ((), (), 1)


# what is changed, the problem it is refused with
FAULTY = {
    "unknown field": ((INDICATORS, "  kind:", "  kinds: x\n  kind:"), "indicators.yaml：a_rate / kinds：不认识的字段；是不是 kind？允许：id、name、name_en、goal、domain、also_goals、basis、source_ref、unit、kind、lower、upper、direction、measurement_level、numerator、denominator、numerator_zh、denominator_zh、departments、disaggregation、targets、baselines、anomalies、derived_from、exceptional_years、census、short_name_zh、count_noun_zh、note、note_zh"),
    "long short name": ((INDICATORS, "  goal:", "  short_name_zh: 一二三四五六七八九\n  goal:"), "indicators.yaml：a_rate / short_name_zh：应短些，字数不超过 8，实为 '一二三四五六七八九'"),
    "number in a noun": ((INDICATORS, "  goal:", "  count_noun_zh: 5名学生\n  goal:"), "indicators.yaml：a_rate：count_noun_zh：'5名学生' 应为量词和名词，如 名学生、个村、例"),
    "missing field": ((INDICATORS, "  direction: up\n", ""), "indicators.yaml：a_rate / direction：缺少必填字段"),
    "missing field of the plan": (("plan.yaml", "region: 甲区\n", ""), "plan.yaml：region：缺少必填字段"),
    "unknown field of the plan": (("plan.yaml", "region:", "city: 乙市\nregion:"), "plan.yaml：city：不认识的字段；允许：id、name、region、level、base_year、start_year、midterm_year、end_year、source、definitions、official_midterm、domains"),
    "wrong op": (
        (INDICATORS, "'>='", "'=>'"),
        "indicators.yaml：a_rate / targets / a_rate@2030 / op：'=>' 不在允许的范围内；"
        "允许：<=、<、>=、>、relative_change_vs_base、no_worse_than、trend_up、trend_down、maintain",
    ),
    "wrong kind": (
        (INDICATORS, "proportion", "share"),
        "indicators.yaml：a_rate / kind：'share' 不在允许的范围内；允许：proportion、rate、ratio、count、mean、yes_no、gap、index",
    ),
    "mistyped value": (
        (INDICATORS, "value: 90", "value: 九十"),
        "indicators.yaml：a_rate / targets / a_rate@2030 / value：应为数字，实为 '九十'",
    ),
    "mistyped number": ((GOALS, "number: 1", "number: 一"), "goals.yaml：health.1 / number：应为整数，实为 '一'"),
    "mistyped yes or no": (
        (INDICATORS, "value: 90", "value: 90, disputed: 也许"),
        "indicators.yaml：a_rate / targets / a_rate@2030 / disputed：应为 true 或 false，实为 '也许'",
    ),
    "word for a list": (
        (INDICATORS, "[A01]", "A01"),
        "indicators.yaml：a_rate / anomalies：应为列表，实为 'A01'",
    ),
    "word for a target": (
        (INDICATORS, TARGET, "九成"),
        "indicators.yaml：a_rate / targets / 第1项：应为字段和值，实为 '九成'",
    ),
    "missing value": (
        (INDICATORS, "op: '>=', value: 90", "op: '<='"),
        "indicators.yaml：a_rate / targets / a_rate@2030：op 为 <= 时必须给出 value",
    ),
    "missing base year": (
        (INDICATORS, "op: '>=', value: 90", "op: trend_up"),
        "indicators.yaml：a_rate / targets / a_rate@2030：op 为 trend_up 时必须给出 base_year",
    ),
    "bounds the wrong way round": (
        (INDICATORS, "lower: 0", "lower: 200"),
        "indicators.yaml：a_rate：lower（200）必须小于 upper（100）",
    ),
    "gap of nothing": (
        (INDICATORS, "proportion", "gap"),
        "indicators.yaml：a_rate：kind 为 gap 时必须给出 derived_from",
    ),
    "census of what isn't counted": (
        (INDICATORS, "proportion", "mean\n  census: true"),
        "indicators.yaml：a_rate：kind 为 mean 时不得写 census；只用于 proportion、rate、ratio、count",
    ),
    "census neither yes nor no": (
        (INDICATORS, "proportion", "proportion\n  census: 也许"),
        "indicators.yaml：a_rate / census：应为 true 或 false，实为 '也许'",
    ),
    "id with a capital": (
        (INDICATORS, "id: a_rate", "id: A_rate"),
        "indicators.yaml：A_rate / id：'A_rate' 格式不对；须以小写字母开头，只用小写字母、数字、下划线和点",
    ),
    "doubled goal": (
        (GOALS, "goals:\n", "goals:\n- {id: health.1, domain: health, number: 1, name: 又一, kind: direction}\n"),
        "goals.yaml：health.1：编号重复",
    ),
    "doubled ambiguity": (
        ("readings.yaml", "readings:\n", "readings:\n- {id: A01, severity: L, title_zh: 又一}\n"),
        "readings.yaml：A01：编号重复",
    ),
    "unknown goal": (
        (INDICATORS, "goal: health.1", "goal: health.9"),
        "indicators.yaml：a_rate：goal：没有编号为 'health.9' 的主要目标",
    ),
    "unknown goal of a strategy": (
        (STRATEGIES, "[health.1]", "[health.9]"),
        "strategies.yaml：health.s.1：goals：没有编号为 'health.9' 的主要目标",
    ),
    "unknown indicator": (
        (GOALS, "[a_rate]", "[a_rate, b_rate]"),
        "goals.yaml：health.1：indicators：没有编号为 'b_rate' 的指标",
    ),
    "unknown indicator of a commitment": (
        (STRATEGIES, "op: milestone, milestone_id: platform", "indicator: b_rate, op: '>=', value: 1"),
        "strategies.yaml：health.s.1：commitments：没有编号为 'b_rate' 的指标",
    ),
    "unknown source of a gap": (
        (INDICATORS, "kind: proportion", "kind: gap\n  derived_from: {indicator: b_rate, gap: area}"),
        "indicators.yaml：a_rate：derived_from：没有编号为 'b_rate' 的指标",
    ),
    "unknown anomaly": (
        (INDICATORS, "[A01]", "[A99]"),
        "indicators.yaml：a_rate：anomalies：没有编号为 'A99' 的疑义",
    ),
    "unknown anomaly of a target": (
        (INDICATORS, "value: 90", "value: 90, anomaly: A98"),
        "indicators.yaml：a_rate：targets / a_rate@2030 / anomaly：没有编号为 'A98' 的疑义",
    ),
    "unknown domain": ((GOALS, "domain: health", "domain: wealth"), "goals.yaml：health.1：domain：没有编号为 'wealth' 的领域"),
    "year after the plan": (
        (INDICATORS, "year: 2030", "year: 2031"),
        "indicators.yaml：a_rate：targets / a_rate@2031 / year：2031 不在规划期内；允许 2021—2030 或 every_year",
    ),
    "year before the plan": (
        (INDICATORS, "year: 2030", "year: 2020"),
        "indicators.yaml：a_rate：targets / a_rate@2020 / year：2020 不在规划期内；允许 2021—2030 或 every_year",
    ),
    "section of a file of its own": (
        ("plan.yaml", "domains:", "readings: []\ndomains:"),
        "plan.yaml：readings 应写在 readings.yaml 里",
    ),
    "target of nobody": (
        (INDICATORS, ", level: district", ""),
        "indicators.yaml：a_rate / targets / a_rate@2030 / level：缺少必填字段",
    ),
    "no number": (
        (INDICATORS, "value: 90", "value: .nan"),
        "indicators.yaml：a_rate / targets / a_rate@2030 / value：应为有限的数字，实为 nan",
    ),
    "value that can't be reached": (
        (INDICATORS, "value: 90", "value: 900"),
        "indicators.yaml：a_rate：targets / a_rate@2030 / value：900 超出指标的范围；允许 0—100",
    ),
    "verdict on another level's target": (
        (INDICATORS, "level: district", "level: province, role: verdict"),
        "indicators.yaml：a_rate：targets / a_rate@2030.province / role：'verdict' 不可用于其他层级的目标；允许：comparison",
    ),
    "no worse than nothing": (
        (INDICATORS, "op: '>=', value: 90", "op: no_worse_than"),
        "indicators.yaml：a_rate / targets / a_rate@2030：op 为 no_worse_than 时必须给出 base_year",
    ),
    "milestone without an id": (
        (STRATEGIES, ", milestone_id: platform", ""),
        "strategies.yaml：health.s.1 / commitments / 第1项：op 为 milestone 时必须给出 milestone_id，其他情形不得给出",
    ),
    "years in disorder": (
        ("plan.yaml", "midterm_year: 2025", "midterm_year: 2035"),
        "plan.yaml：base_year、start_year、midterm_year、end_year 应先后相接，实为 2020、2021、2035、2030",
    ),
    "doubled domain": (
        ("plan.yaml", "- {id: health, name: 健康}", "- {id: health, name: 健康}\n- {id: health, name: 卫生}"),
        "plan.yaml：health：编号重复",
    ),
    "unknown domain of a strategy": (
        (STRATEGIES, "domain: health", "domain: wealth"),
        "strategies.yaml：health.s.1：domain：没有编号为 'wealth' 的领域",
    ),
    "unknown indicator of an ambiguity": (
        ("readings.yaml", "title_zh: 疑义一", "title_zh: 疑义一, affects: [b_rate]"),
        "readings.yaml：A01：affects：没有编号为 'b_rate' 的指标",
    ),
    "unknown default": (
        ("readings.yaml", "title_zh: 疑义一", "title_zh: 疑义一, default: [z]"),
        "readings.yaml：A01：default：没有编号为 'z' 的读法",
    ),
    "section of another file": (
        (INDICATORS, "indicators:\n", "goals: []\nindicators:\n"),
        "indicators.yaml：不认识的部分 goals；允许：indicators",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), FAULTY.values(), ids=FAULTY)
def test_each_fault_is_told_with_file_id_and_field(mini, change, expected):
    error = refusal(mini(change))
    assert error.problems == (expected,)
    assert "mini" in str(error)
    assert expected in str(error)


def test_a_year_that_is_a_word_is_told_with_what_is_allowed(mini):
    text = str(refusal(mini((INDICATORS, "year: 2030", "year: soon"))))
    assert text.endswith("a_rate@soon / year：应为整数年份或 every_year，实为 'soon'")


def test_a_doubled_indicator_is_told_with_its_targets(mini):
    body = MINI[INDICATORS].removeprefix("indicators:\n")
    error = refusal(mini((INDICATORS, body, body + body)))
    assert error.problems == ("indicators.yaml：a_rate：编号重复", "indicators.yaml：a_rate@2030：编号重复")


def test_the_same_target_thrice_is_refused(mini):
    error = refusal(mini((INDICATORS, f"  - {TARGET}\n", f"  - {TARGET}\n" * 3)))
    assert error.problems == ("indicators.yaml：a_rate@2030:>=：编号重复",)


def test_target_ids_tell_level_and_reading(mini):
    lines = "".join(
        f"  - {TARGET[:-1]}, {extra}}}\n" for extra in ("reading: literal", "reading: strict", "aggregation: null")
    )  # fmt: skip
    lines += "  - {year: every_year, op: '>=', value: 80, level: province}\n"
    plan = load_plan(mini((INDICATORS, f"  - {TARGET}\n", lines)))
    ids = [t.id for t in plan.targets()]
    assert ids == ["a_rate@2030#literal", "a_rate@2030#strict", "a_rate@2030", "a_rate@every_year.province"]
    assert [t.role for t in plan.targets()] == ["verdict", "verdict", "verdict", "comparison"]
    assert [t.id for t in plan.targets(year="every_year")] == ids[3:]
    assert [t.id for t in plan.targets(level="district", role="verdict")] == ids[:3]


def test_all_problems_of_all_files_come_at_once(mini):
    error = refusal(
        mini(
            ("plan.yaml", "level: district", "level: county"),
            (GOALS, "number: 1", "number: 一"),
            (INDICATORS, "unit: percent", "unit: procent"),
            (INDICATORS, "value: 90", "value: 九十"),
            (STRATEGIES, "  number: 1\n", ""),
            ("readings.yaml", "severity: H", "severity: X"),
        )
    )
    assert len(error.problems) == 6
    named = [text.split("：")[0] for text in error.problems]
    assert sorted(set(named)) == [
        "goals.yaml",
        "indicators.yaml",
        "plan.yaml",
        "readings.yaml",
        "strategies.yaml",
    ]
    assert "规划 mini 有 6 处错误" in str(error)
    assert "  6. " in str(error)


def test_all_broken_references_come_at_once(mini):
    error = refusal(
        mini(
            (INDICATORS, "[A01]", "[A99]"),
            (INDICATORS, "year: 2030", "year: 2035"),
            (GOALS, "[a_rate]", "[b_rate]"),
            (STRATEGIES, "[health.1]", "[health.9]"),
        )
    )
    assert len(error.problems) == 4
    assert "前后不一致，共 4 处" in str(error)


def test_a_doubled_key_is_told_with_its_line(mini):
    error = refusal(mini((INDICATORS, "  kind: proportion\n", "  kind: proportion\n  kind: rate\n")))
    assert (
        str(error)
        == "indicators.yaml 第 7 行第 3 列：YAML 语法错误，请检查缩进、冒号和引号：字段 'kind' 重复"
    )


def test_a_syntax_error_is_told_with_its_line(mini):
    text = str(refusal(mini((INDICATORS, "  kind: proportion\n", "  kind: proportion: x\n"))))
    assert text.startswith("indicators.yaml 第 6 行第 ")
    assert "YAML 语法错误" in text


def test_a_file_of_another_shape_or_encoding_is_refused(mini):
    folder = mini()
    (folder / GOALS).write_text("- 一\n- 二\n", encoding="utf-8")
    assert str(refusal(folder)) == "goals.yaml：最外层应为字段和值"
    (folder / GOALS).write_bytes(MINI[GOALS].encode("gbk"))
    assert str(refusal(folder)).startswith("goals.yaml 不是 UTF-8 编码（第 ")


def test_yaml_cannot_run_anything(mini):
    text = str(refusal(mini((INDICATORS, "甲率", "!!python/object/apply:os.getcwd []"))))
    assert text.startswith("indicators.yaml 第 3 行")


def test_missing_files_are_named_together(mini):
    folder = mini()
    (folder / INDICATORS).unlink()
    assert str(refusal(folder)) == "规划文件夹 mini 缺少文件：indicators.yaml"
    assert str(refusal(folder / "nowhere")) == "规划文件夹 nowhere 缺少文件：plan.yaml、indicators.yaml"


def test_an_unknown_name_is_told_with_the_near_one():
    text = str(refusal("xinhua_2021_203"))
    assert "没有名为 'xinhua_2021_203' 的规划；是否指 xinhua_2021_2030" in text
    assert text.endswith("china_2011_2020、china_2021_2030、xinhua_2021_2030")


@pytest.mark.parametrize(
    "name", ["../x", "..", ".", "", "/etc", "../plans/xinhua_2021_2030", "xinhua_2021_2030/", "a\\b"]
)
def test_a_name_is_no_path(name):
    assert f"没有名为 {name!r} 的规划" in str(refusal(name))


@given(st.text(max_size=30).filter(lambda name: name not in plan_folders()))
def test_no_text_but_a_plans_name_is_taken(name):
    assert str(refusal(name)).startswith(f"没有名为 {name!r} 的规划")


def places(entry, path=()):
    """Every place of nested fields and lists, as the path to it."""
    yield path
    steps = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
    for key, inner in steps:
        yield from places(inner, (*path, key))


CONTENT = {name: yaml.safe_load(text) for name, text in MINI.items()}
PLACES = [(name, path) for name, content in CONTENT.items() for path in places(content) if path]
ODD = [None, "", [], {}, -1, True, "x", 1.5, math.nan, math.inf, 10**40, [[1]], {"a": 1}, "../x", "DELETE"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=200)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_whatever_stands_anywhere_is_read_or_refused_in_chinese(mini, place, odd):
    name, path = place
    content = deepcopy(CONTENT[name])
    *outer, last = path
    entry = content
    for step in outer:
        entry = entry[step]
    if odd == "DELETE":
        del entry[last]
    else:
        entry[last] = odd
    folder = mini()
    (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    try:
        load_plan(folder)
    except PlanError as error:
        assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", str(error)), error


def test_unknown_ids_are_refused_with_help(mini):
    plan = load_plan(mini())
    with pytest.raises(PlanError, match=r"规划 mini 里没有指标 'a_rat'；相近的有：a_rate"):
        plan.indicator("a_rat")
    with pytest.raises(PlanError, match=r"规划 mini 里没有主要目标 'health.2'；允许：health.1"):
        plan.goal("health.2")
    with pytest.raises(PlanError, match=r"规划 mini 里没有疑义 'A02'"):
        plan.ambiguity("A02")


# one place of the shipped plan changed, in the file as it is
SHIPPED = {
    "op": (INDICATORS, "op: <=,", "op: =<,", "'=<' 不在允许的范围内；允许：<=、<、>=、>"),
    "kind of goal": (
        GOALS,
        "kind: qualitative",
        "kind: 定性",
        "goals.yaml：health.1 / kind：'定性' 不在允许的范围内",
    ),
    "duty": ("monitoring.yaml", "demand_zh:", "demand_cn:", "不认识的字段"),
    "ambiguity": ("readings.yaml", "severity: H", "severity: high", "readings.yaml：A01 / severity：'high'"),
    "reference": (STRATEGIES, "goals: [health.1", "goals: [health.99", "没有编号为 'health.99' 的主要目标"),
}


@pytest.mark.parametrize(("file", "old", "new", "expected"), SHIPPED.values(), ids=SHIPPED)
def test_one_place_changed_in_the_shipped_plan_is_found(tmp_path, file, old, new, expected):
    folder = shutil.copytree(plan_folder("xinhua_2021_2030"), tmp_path / "xinhua_2021_2030")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    error = refusal(folder)
    assert any(problem.startswith(file) and expected in problem for problem in error.problems)
    assert len(error.problems) <= 2
