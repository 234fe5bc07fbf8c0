"""Letters: one a department, its lines only, harmless whatever stands in the findings."""

from html.parser import HTMLParser

import pandas as pd
import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.quality.letters import HEADERS, _file_name, write_letters

PLAN = load_plan("xinhua_2021_2030")


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


@pytest.mark.parametrize("fmt", ["docx", "html"])
def test_one_letter_a_department_with_its_lines_only(tmp_path, fmt):
    paths = write_letters(findings("区卫健委", "区教体局"), PLAN, 2025, tmp_path / "letters", fmt)
    assert sorted(p.name for p in paths) == [f"{d}_2025年数据核实函.{fmt}" for d in ("区卫健委", "区教体局")]
    assert {p.parent for p in paths} == {tmp_path / "letters"}
    path = next(p for p in paths if "卫健委" in p.name)
    if fmt == "html":
        text = "".join(read_html(path).texts)
    else:
        document = Document(str(path))
        cells = [[c.text for c in row.cells] for row in document.tables[0].rows]
        assert cells[0] == list(HEADERS.values())
        assert cells[1] == ["1", "高", "指标1", "新华区", "2025", "区卫健委的问题1", "请补报。", ""]
        assert len(cells) == 3
        text = "".join([*(p.text for p in document.paragraphs), *(c for row in cells for c in row)])
    assert "区卫健委的问题2" in text and "区教体局" not in text
    assert PLAN.name in text and "有2处需要核实" in text and "1项级别为“高”" in text


def test_no_findings_no_letters(tmp_path):
    assert write_letters(findings("区卫健委").iloc[:0], PLAN, 2025, tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_markup_in_names_is_text(tmp_path):
    nasty = "<script>alert(1)</script>&\"'<img src=x onerror=y>"
    (path,) = write_letters(
        findings("局", finding=nasty, indicator_name=nasty, department=nasty), PLAN, 2025, tmp_path, "html"
    )
    page = read_html(path)
    assert not {"script", "img"} & set(page.tags) and "onerror" not in page.attributes
    assert nasty in "".join(page.texts)
    # no picture, script, sheet or link from elsewhere
    assert set(page.attributes) <= {"lang", "charset", "class"}


def test_formulas_and_control_characters_stay_text_in_docx(tmp_path):
    table = findings("局", finding="=1+1\x00\x0b|cmd", question="@SUM(A1)")
    (path,) = write_letters(table, PLAN, 2025, tmp_path)
    row = [c.text for c in Document(str(path)).tables[0].rows[1].cells]
    assert row[5:7] == ["=1+1|cmd", "@SUM(A1)"]


@pytest.mark.parametrize(
    "name", ["../../etc/局", "..\\局", "C:\\局", "/局", "局\n二", "con", "..", "", "=cmd|1"]
)
@pytest.mark.parametrize("fmt", ["docx", "html"])
def test_no_name_leaves_the_folder(tmp_path, name, fmt):
    folder = tmp_path / "out"
    (path,) = write_letters(findings("局", department=name), PLAN, 2025, folder, fmt)
    assert path.resolve().parent == folder.resolve()
    assert [p.name for p in tmp_path.iterdir()] == ["out"] and list(folder.iterdir()) == [path]


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
    assert path.name == "未分工_2025年数据核实函.html"


def test_what_is_not_allowed(tmp_path):
    with pytest.raises(ParamsError, match="'pdf'；允许 docx、html"):
        write_letters(findings("局"), PLAN, 2025, tmp_path, "pdf")
    with pytest.raises(DataError, match="缺少列 question"):
        write_letters(findings("局").drop(columns="question"), PLAN, 2025, tmp_path)
