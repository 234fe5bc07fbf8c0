"""A params file is taken whole or refused with every problem named, in Chinese."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from xhcp_eval.errors import ParamsError
from xhcp_eval.files import home
from xhcp_eval.pack import params
from xhcp_eval.pack.params import PackParams, check_params, load_params, notebook_parameters

PACKS = (
    "national_hindcast_2015",
    "national_hindcast_2022",
    "national_final_2020",
    "national_midterm",
    "midterm_2025",
    "final_2030",
)


def notebook(*cells: tuple[str, list[str]]) -> str:
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {"tags": tags}, "source": source, "outputs": [],
         "execution_count": None}
        for i, (source, tags) in enumerate(cells)
    ]  # fmt: skip
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project folder with a plan, a table and two notebooks."""
    for folder in ("data/plans/small", "notebooks", "params"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/plans/small/plan.yaml").write_text("id: small", encoding="utf-8", newline="\n")
    (tmp_path / "data/table.csv").write_text("x", encoding="utf-8", newline="\n")
    whole = notebook(
        ('pack = ""\nsnapshot = ""\ndomain = "健康"\nyear: int = 2025\nshare = 0.5', ["parameters"])
    )
    (tmp_path / "notebooks/30_domain.ipynb").write_text(whole, encoding="utf-8", newline="\n")
    (tmp_path / "notebooks/99_bare.ipynb").write_text(notebook(("1", [])), encoding="utf-8", newline="\n")
    monkeypatch.setattr(params, "ROOT", tmp_path)
    monkeypatch.setattr(home, "ROOT", tmp_path)
    monkeypatch.setattr(params, "NOTEBOOKS", tmp_path / "notebooks")
    return tmp_path


GOOD = {
    "pack": "small_2025",
    "title": "小报告",
    "plan": "small",
    "data": ["data/table.csv"],
    "data_until": 2025,
    "sections": [{"notebook": "30_domain.ipynb", "title": "健康", "parameters": {"domain": "health"}}],
}


def problems(project: Path, **changes) -> str:
    """What is said of the good file with some values changed; None takes one away."""
    values = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    path = project / "params" / "p.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError) as caught:
        load_params(path)
    return str(caught.value)


def one_section(**changes) -> dict:
    return {"sections": [{**GOOD["sections"][0], **changes}]}


def test_a_good_file_is_taken(project):
    path = project / "params" / "p.yaml"
    path.write_text(yaml.safe_dump(GOOD, allow_unicode=True), encoding="utf-8-sig", newline="\n")
    found = load_params(path)
    assert found.title == "小报告"
    assert found.sections[0].page == "30_domain_health"
    assert PackParams.model_validate_json(found.model_dump_json()) == found


def test_documents_are_notebooks_of_their_own_and_move_the_page_of_all_data(project):
    (project / "notebooks/21_brief.ipynb").write_text(
        (project / "notebooks/30_domain.ipynb").read_text(encoding="utf-8"), encoding="utf-8", newline="\n"
    )
    path = project / "params" / "p.yaml"
    brief = {"documents": {"brief": [{"notebook": "21_brief.ipynb", "title": "简报"}]}}
    path.write_text(yaml.safe_dump({**GOOD, **brief}, allow_unicode=True), encoding="utf-8", newline="\n")
    found = load_params(path)
    assert [one.page for one in found.notebooks] == ["30_domain_health", "21_brief"]
    assert found.data_page == "data.html" and PackParams.model_validate(GOOD).data_page == "index.html"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"documents": {"brief": [{"notebook": "22_brief.ipynb", "title": "x"}]}}, "documents / brief 第 1 项：没有笔记本 22_brief.ipynb"),
        ({"documents": {"breif": []}}, "documents / breif：不认识的字段；是不是 brief？"),
        ({"documents": {"formal": GOOD["sections"]}}, "sections、documents：页面 30_domain_health.html 重名"),
        ({"cover": {"date": "三月"}}, "cover / date：'三月' 格式不对；写作 2026年3月 或 2026年3月1日"),
        ({"cover": {"classification": "很密"}}, "cover / classification：'很密' 格式不对；写作 公开、内部资料、秘密 或 机密，可加期限"),
        ({"cover": {"logo": "data/none.png"}}, "cover / logo：没有文件 data/none.png"),
        ({"cover": {"logo": "data/table.csv"}}, "cover / logo：data/table.csv 不是图片；允许 .png、.jpg、.jpeg"),
        ({"cover": {"number": "一" * 41}}, "cover / number：应短些，字数不超过 40"),
    ],
)  # fmt: skip
def test_faults_of_documents_and_cover_are_told(project, changes, said):
    assert said in problems(project, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"boundaries": "data/none.geojson", "approval": "冀S（2024）012号"}, "map / boundaries：没有文件 data/none.geojson"),
        ({"boundaries": "data/table.csv"}, "map / approval：画行政区域边界须写审图号，如 冀S（2024）012号；现在是“”"),
        ({"boundaries": "data/table.csv", "approval": "012"}, "现在是“012”。没有审图号请去掉 boundaries，用方格图"),
        ({"tiles": {"甲镇": [0, 1], "乙镇": [0, 1]}}, "map / tiles：有两个乡镇街道排在同一格"),
    ],
)  # fmt: skip
def test_faults_of_the_map_are_told(project, changes, said):
    assert said in problems(project, map=changes)


@pytest.mark.parametrize(
    "number", ["GS(2019)1822号", "GS京（2022）0123号", "冀S（2024）012号", "京S(2021)023号"]
)
def test_numbers_of_approved_maps_are_taken(project, number):
    path = project / "params" / "p.yaml"
    given = {**GOOD, "map": {"boundaries": "data/table.csv", "approval": number}}
    path.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8", newline="\n")
    assert load_params(path).map.approval == number


@pytest.mark.parametrize("name", PACKS)
def test_the_packs_of_the_project_are_good(root, name):
    found = load_params(root / "params" / f"{name}.yaml")
    assert found.pack == name
    assert len({section.page for section in found.sections}) == len(found.sections)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"titel": "x"}, "titel：不认识的字段；是不是 title？允许：pack、title"),
        ({"title": None}, "title：缺少必填字段"),
        ({"title": " "}, "title：不能为空，实为 ' '"),
        ({"data_until": "2025"}, "data_until：应为整数，实为 '2025'"),
        ({"data_until": 1066}, "data_until：应不小于 1990，实为 1066"),
        ({"use_recollection": "yes"}, "use_recollection：应为 true 或 false，实为 'yes'"),
        ({"data": "data/table.csv"}, "data：应为列表，实为 'data/table.csv'"),
        ({"data": []}, "data：不能为空，实为 []"),
        ({"jobs": 0}, "jobs：应不小于 1，实为 0"),
        ({"pack": "../x"}, "pack：'../x' 格式不对；只能用小写字母、数字和下划线"),
        ({"pack": "x\n"}, "pack：'x\\n' 格式不对；只能用小写字母、数字和下划线"),
        ({"settings": {"likly": 0.8}}, "settings / likly：不认识的字段；是不是 likely？"),
        ({"settings": {"likely": 1.5}}, "settings / likely：应小于 1，实为 1.5"),
        ({"settings": {"likely": 0.2}}, "settings：阈值须满足 unlikely < likely ≤ secure"),
        ({"plan": "smal"}, "plan：没有规划 smal；是不是 small？"),
        ({"data": ["data/tabel.csv"]}, "data：没有文件 data/tabel.csv；data/ 中有：table.csv"),
        ({"data": ["../secret.csv"]}, "data：../secret.csv 不在本项目中"),
        ({"learn_from": ["data/tabel.csv"]}, "learn_from：没有文件 data/tabel.csv；data/ 中有：table.csv"),
        ({"learn_from": ["../secret.csv"]}, "learn_from：../secret.csv 不在本项目中"),
        ({"learn_from": "data/table.csv"}, "learn_from：应为列表，实为 'data/table.csv'"),
        ({"forecast_published": "../secret.csv"}, "forecast_published：../secret.csv 不在本项目中"),
        ({"outcome_year": 2020}, "outcome_year：2020 应在 data_until（2025）之后"),
        ({"outcome_data": ["data/table.csv"]}, "还须给出 outcome_year"),
        ({"forecast_origin": 2025}, "forecast_origin：2025 应在 data_until（2025）之前"),
        (one_section(notebok="x"), "sections / 第1项 / notebok：不认识的字段；是不是 notebook？"),
        (one_section(notebook="30_domains.ipynb"), "没有笔记本 30_domains.ipynb；是不是 30_domain.ipynb？"),
        (one_section(notebook="../notebooks/30_domain.ipynb"), "没有笔记本 ../notebooks/30_domain.ipynb"),
        (one_section(notebook="99_bare.ipynb"), "没有带 parameters 标签的参数格"),
        (one_section(parameters={"domian": "x"}), "没有参数 domian；是不是 domain？"),
        (one_section(parameters={"snapshot": "x"}), "没有参数 snapshot"),
        (one_section(parameters={"year": "2025"}), "参数 year：'2025' 应为整数，如 2025"),
        (one_section(parameters={"year": True}), "参数 year：True 应为整数"),
        (one_section(parameters={"domain": 3}), "参数 domain：3 应为文字"),
        (one_section(parameters={"domain": ["a"]}), "sections / 第1项 / parameters / domain"),
        ({"sections": GOOD["sections"] * 2}, "页面 30_domain_health.html 重名"),
    ],
)
def test_each_fault_is_named_with_what_is_allowed(project, changes, said):
    assert said in problems(project, **changes)


def test_a_whole_number_does_for_a_fraction(project):
    path = project / "params" / "p.yaml"
    values = {**GOOD, **one_section(parameters={"share": 1})}
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8", newline="\n")
    assert load_params(path).sections[0].parameters == {"share": 1}


def test_all_faults_are_told_at_once(project):
    text = problems(project, titel="x", data_until="x", pack="大写")
    assert [line[:4] for line in text.splitlines()[1:]] == ["  1.", "  2.", "  3."]


def test_parameters_made_in_code_are_checked_as_well(project):
    found = PackParams.model_validate({**GOOD, "plan": "other"})
    with pytest.raises(ParamsError, match="没有规划 other"):
        check_params(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pack: a\npack: b\n", "字段 'pack' 重复"),
        ("pack: [\n", "YAML 语法错误"),
        ("- a\n", "最外层应为字段和值"),
        ("", "最外层应为字段和值"),
        ("pack: !!python/object/apply:os.getcwd []\n", "YAML 语法错误"),
    ],
)
def test_a_file_that_is_no_params_file(tmp_path, text, said):
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match=said):
        load_params(path)


def test_a_missing_file_and_a_foreign_encoding(tmp_path):
    (tmp_path / "there.yaml").write_bytes("title: 报告".encode("gbk"))
    with pytest.raises(ParamsError, match=r"没有参数文件 gone\.yaml；同一文件夹中有：there\.yaml"):
        load_params(tmp_path / "gone.yaml")
    with pytest.raises(ParamsError, match="不是 UTF-8 编码"):
        load_params(tmp_path / "there.yaml")


def test_defaults_of_a_notebook_are_read_without_running_it(project):
    found = notebook_parameters(project / "notebooks/30_domain.ipynb")
    assert found == {"pack": "", "snapshot": "", "domain": "健康", "year": 2025, "share": 0.5}
    assert notebook_parameters(project / "notebooks/99_bare.ipynb") is None


def test_as_of_is_for_databases_only(tmp_path):
    text = (params.ROOT / "params" / "midterm_2025.yaml").read_text(encoding="utf-8")
    path = tmp_path / "midterm_2025.yaml"
    path.write_text(text + "\nas_of: 2026-03-31\n", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match=r"as_of：只用于 data 中的数据库"):
        load_params(path)
    path.write_text(text + "\nas_of: 三月\n", encoding="utf-8", newline="\n")
    with pytest.raises(ParamsError, match="as_of"):
        load_params(path)
