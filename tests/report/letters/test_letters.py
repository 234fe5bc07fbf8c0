"""Letters: one a department, its lines only, harmless whatever stands in the findings."""

from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.plan.monitoring import Office
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.report.letters.letter import QUESTIONS
from xhcp_eval.report.letters.letters import _file_name, write_letters
from xhcp_eval.report.letters.register import FILE

PLAN = load_plan("xinhua_2021_2030")
OFFICE = Office(unit="甲区妇儿工委办公室", code="甲妇儿函", contact="王某", phone="0375-1", address="甲路1号",
                classification="内部资料", days=10)  # fmt: skip
GIVEN = PLAN.model_copy(update={"office": OFFICE})
DAY = date(2026, 3, 1)


def findings(*departments, **columns):
    """Two lines a department."""
    rows = [
        {"severity": s, "rule": "未填报", "department": d, "indicator": "x", "indicator_name": f"指标{n}",
         "region": "新华区", "year": 2025, "finding": f"{d}的问题{n}", "question": "请补报。"}
        for d in departments for n, s in enumerate(("高", "低"), 1)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


class Texts(HTMLParser):
    """Texts and tags of a page."""

    def __init__(self):
        super().__init__()
        self.texts, self.tags, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.texts.append(data)


def read_html(path):
    page = Texts()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def read_docx(path):
    """Texts of a letter as Word shows them: head, paragraphs, tables."""
    document = Document(str(path))
    head = [p.text for p in document.sections[0].first_page_header.paragraphs]
    cells = [[[c.text for c in row.cells] for row in table.rows] for table in document.tables]
    return head, [p.text for p in document.paragraphs], cells


@pytest.mark.parametrize("fmt", ["docx", "html"])
def test_one_letter_a_department_with_its_lines_only(tmp_path, fmt):
    found = findings("区卫健委", "区教体局")
    paths = write_letters(found, PLAN, 2025, tmp_path / "letters", fmt, dated=DAY)
    names = [f"{d}_2025年数据核实函_2026年第{n}号.{fmt}" for n, d in enumerate(("区卫健委", "区教体局"), 1)]
    assert [p.name for p in paths] == names
    assert {p.parent for p in paths} == {tmp_path / "letters"}
    path = next(p for p in paths if "卫健委" in p.name)
    if fmt == "html":
        text = "".join(read_html(path).texts)
    else:
        head, paragraphs, (questions, slip, _) = read_docx(path)
        assert questions[0] == [header for header, _ in QUESTIONS.values()]
        assert questions[1] == ["1", "高", "指标1", "新华区", "2025", "区卫健委的问题1", "请补报。"]
        assert len(questions) == len(slip) == 3
        assert slip[1] == ["1", "指标1，新华区，2025年", "", "", "", "", ""]
        text = "".join([*head, *paragraphs, *(c for row in questions for c in row)])
    assert "区卫健委的问题2" in text and "区教体局" not in text
    assert PLAN.name in text and "有2处需要核实" in text and "1处级别为“高”" in text


def test_a_letter_is_an_official_paper(tmp_path):
    (path,) = write_letters(findings("区卫健委"), GIVEN, 2025, tmp_path, dated=DAY)
    head, paragraphs, tables = read_docx(path)
    assert head == ["甲区妇儿工委办公室"]
    assert paragraphs[:3] == [
        "内部资料\t甲妇儿函〔2026〕1号",
        "关于核实2025年儿童发展规划监测数据的函",
        "区卫健委：",
    ]
    assert "办理时限：2026年3月11日前" in "".join(paragraphs)
    signed = paragraphs.index("甲区妇儿工委办公室")
    assert paragraphs[signed + 1] == "2026年3月1日"
    assert paragraphs[signed + 2] == "（联系人：王某　联系电话：0375-1　回函地址：甲路1号）"
    assert tables[-1][0] == ["单位负责人", "填表人", "联系电话", "报出日期"]
    facts = Document(str(path)).core_properties
    assert (facts.author, facts.subject) == ("甲区妇儿工委办公室", "甲妇儿函〔2026〕1号")


def test_what_the_plan_does_not_give_is_to_be_filled_in(tmp_path):
    (path,) = write_letters(findings("区卫健委"), PLAN, 2025, tmp_path, dated=DAY)
    head, paragraphs, _ = read_docx(path)
    assert head == ["发文机关（待填）"]
    assert paragraphs[0] == "\t发文代字（待填）〔2026〕1号"
    assert "（联系人：（待填）　联系电话：（待填））" in paragraphs


def test_a_letter_keeps_its_number_and_others_get_the_next(tmp_path):
    first = write_letters(findings("甲局", "乙局"), GIVEN, 2025, tmp_path, dated=DAY)
    again = write_letters(findings("乙局"), GIVEN, 2025, tmp_path, dated=date(2027, 5, 1))
    assert again == [p for p in first if "乙局" in p.name]
    assert read_docx(again[0])[1][0].endswith("〔2026〕1号") and "2026年3月1日" in read_docx(again[0])[1]
    other = write_letters(
        findings("乙局", question="请改正。"), GIVEN, 2025, tmp_path, dated=date(2026, 4, 1)
    )
    later = write_letters(findings("乙局"), GIVEN, 2026, tmp_path, dated=date(2027, 5, 1))
    assert read_docx(other[0])[1][0].endswith("甲妇儿函〔2026〕3号")
    assert read_docx(later[0])[1][0].endswith("甲妇儿函〔2027〕1号")
    register = pd.read_csv(tmp_path / FILE)
    assert register["文号"].tolist() == [
        *(f"甲妇儿函〔2026〕{n}号" for n in (1, 2, 3)),
        "甲妇儿函〔2027〕1号",
    ]
    assert register["文件"].map(lambda name: (tmp_path / name).is_file()).all()


def test_the_day_of_the_answer_can_be_given_and_is_not_before_the_letter(tmp_path):
    (path,) = write_letters(findings("局"), GIVEN, 2025, tmp_path, dated=DAY, due=date(2026, 4, 30))
    assert "办理时限：2026年4月30日前" in "".join(read_docx(path)[1])
    with pytest.raises(ParamsError, match="办理时限 2026-02-01 早于成文日期 2026-03-01"):
        write_letters(findings("局"), GIVEN, 2025, tmp_path, dated=DAY, due=date(2026, 2, 1))


def test_a_letter_about_made_up_figures_says_so_on_every_page(tmp_path):
    (path,) = write_letters(findings("局"), GIVEN, 2025, tmp_path, dated=DAY, demonstration=True)
    section = Document(str(path)).sections[0]
    for part in (section.first_page_footer, section.header, section.even_page_header):
        assert "演示数据，不得引用" in part.paragraphs[0].text


def test_no_findings_no_letters(tmp_path):
    assert write_letters(findings("区卫健委").iloc[:0], PLAN, 2025, tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_markup_in_names_is_text(tmp_path):
    nasty = "<script>alert(1)</script>&\"'<img src=x onerror=y>"
    (path,) = write_letters(
        findings("局", finding=nasty, indicator_name=nasty, department=nasty), PLAN, 2025, tmp_path, "html"
    )
    page = read_html(path)
    # no picture, script, sheet or link from elsewhere
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert not {"onerror", "src"} & set(page.attributes)
    assert nasty in "".join(page.texts)


def test_formulas_and_control_characters_stay_text_in_docx(tmp_path):
    table = findings("局", finding="=1+1\x00\x0b|cmd", question="@SUM(A1)")
    (path,) = write_letters(table, PLAN, 2025, tmp_path)
    row = read_docx(path)[2][0][1]
    assert row[5:7] == ["=1+1|cmd", "@SUM(A1)"]


@pytest.mark.parametrize(
    "name",
    [
        "[[局]]",
        "很长的名字" * 40,
        "../../etc/局",
        "..\\局",
        "C:\\局",
        "/局",
        "局\n二",
        "con",
        "..",
        "",
        "=cmd|1",
    ],
)
@pytest.mark.parametrize("fmt", ["docx", "html"])
def test_no_name_leaves_the_folder(tmp_path, name, fmt):
    folder = tmp_path / "out"
    (path,) = write_letters(findings("局", department=name), PLAN, 2025, folder, fmt)
    assert path.resolve().parent == folder.resolve()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert sorted(folder.iterdir()) == sorted([path, folder / FILE])


@given(st.text(max_size=200))
def test_file_names_are_plain(name):
    found = _file_name(name, 2025)
    assert not set(found) & set('/\\:*?"<>|\n\r\t\x00. ')
    assert len(found) < 100 and found.split("_")[0].lower() not in {"con", "nul", "aux"}
    assert not found.startswith(("-", "."))


def test_departments_whose_names_look_alike_keep_their_letters(tmp_path):
    paths = write_letters(findings("局/甲", "局:甲"), PLAN, 2025, tmp_path, "html")
    assert len({p.name for p in paths}) == 2
    texts = ["".join(read_html(p).texts) for p in paths]
    assert sum("局/甲：" in t for t in texts) == sum("局:甲：" in t for t in texts) == 1


def test_a_department_nobody_named(tmp_path):
    (path,) = write_letters(findings("局", department=None), PLAN, 2025, tmp_path, "html")
    assert path.name.startswith("未分工_2025年数据核实函_")


def test_what_is_not_allowed(tmp_path):
    with pytest.raises(ParamsError, match="'pdf'；允许 docx、html"):
        write_letters(findings("局"), PLAN, 2025, tmp_path, "pdf")
    with pytest.raises(DataError, match="缺少列 question"):
        write_letters(findings("局").drop(columns="question"), PLAN, 2025, tmp_path)
