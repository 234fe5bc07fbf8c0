"""The findings sent back: one letter a department, to be answered line by line."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.files.safe_text import file_name, xml_text
from xhcp_eval.files.whole import whole_file
from xhcp_eval.plan.model import Plan

FORMATS: tuple[str, ...] = ("docx", "html")
HEADERS: dict[str, str] = {
    "number": "序号", "severity": "级别", "indicator_name": "指标", "region": "地区", "year": "年份",
    "finding": "发现的问题", "question": "请核实或说明", "answer": "答复",
}  # fmt: skip
NEEDED = ("department", "severity", "indicator_name", "region", "year", "finding", "question")
UNASSIGNED = "未分工"
_LONGEST_NAME = 60
_STYLE = """
body { font-family: "Noto Serif CJK SC", "Songti SC", SimSun, serif; max-width: 60em; margin: 2em auto; line-height: 1.6; }
h1 { font-size: 1.3em; text-align: center; } table { border-collapse: collapse; width: 100%; font-size: 0.9em; }
th, td { border: 1px solid #888; padding: 0.3em 0.5em; text-align: left; vertical-align: top; }
th { background: #eee; } td.answer { min-width: 10em; }
"""


def write_letters(
    findings: pd.DataFrame, plan: Plan, year: int, folder: str | Path, fmt: str = "docx"
) -> list[Path]:
    """Write one letter of queries to each department that has findings.

    findings: result of `quality.review`. plan: named in the heading. year: the data year. folder: made if missing; a
    letter of the same name there is replaced. fmt: "docx", or "html" (one file without outside parts).
    Returns the files, in the order of departments; none when there are no findings.
    File names are made of the department's name and the year and stay in the folder whatever the name holds.
    Raises ParamsError for an unknown fmt, DataError for missing columns.
    """
    if fmt not in FORMATS:
        raise ParamsError(f"不认识的格式 {fmt!r}；允许 {'、'.join(FORMATS)}")
    absent = [name for name in NEEDED if name not in findings.columns]
    if absent:
        raise DataError(f"质量问题表缺少列 {'、'.join(absent)}；应为 review 的结果")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write = _write_docx if fmt == "docx" else _write_html
    written: list[Path] = []
    taken: set[str] = set()
    departments = findings["department"].fillna("").astype(str).where(lambda d: d != "", UNASSIGNED)
    for department, rows in findings.groupby(departments, sort=True):
        path = folder / f"{_free(_file_name(department, year), taken)}.{fmt}"
        with whole_file(path) as unfinished:
            write(unfinished, department, _title(plan, year), _lines(rows))
        written.append(path)
    return written


def _title(plan: Plan, year: int) -> str:
    return f"《{plan.name}》{int(year)}年监测数据核实函"


def _file_name(department: str, year: int) -> str:
    """Letters, digits and Chinese characters of a name, never a path, a device or a hidden file."""
    name = file_name(department, _LONGEST_NAME) or UNASSIGNED
    return f"{name}_{int(year)}年数据核实函"


def _free(name: str, taken: set[str]) -> str:
    """A name not used before in this run: two departments may differ only in characters left out."""
    found, number = name, 2
    while found.lower() in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found.lower())
    return found


def _lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Text of the letter's table, the columns of `HEADERS`."""
    lines = rows.reset_index(drop=True).astype({"severity": str})
    lines = lines.assign(number=range(1, len(lines) + 1), answer="")[list(HEADERS)]
    return lines.fillna("").astype(str).map(xml_text)


def _opening(department: str, lines: pd.DataFrame) -> list[str]:
    grave = int((lines["severity"] == "高").sum())
    first = f"，其中{grave}项级别为“高”，请优先核实" if grave else ""
    return [
        f"{xml_text(department)}：",
        f"审核贵单位报送的监测数据时，有{len(lines)}处需要核实或说明{first}。请在“答复”栏逐条填写：数据无误的说明原因，"
        "有误的写出更正后的数值、分子、分母及来源。更正作为新的一次填报入库，原填报值保留备查。",
    ]


def _write_docx(path: Path, department: str, title: str, lines: pd.DataFrame) -> None:
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = Document()
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = (
        WD_ORIENT.LANDSCAPE,
        page.page_height,
        page.page_width,
    )
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "SimSun", Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "SimSun")
    heading = document.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = heading.add_run(xml_text(title))
    run.bold, run.font.size = True, Pt(15)
    for text in _opening(department, lines):
        document.add_paragraph(text)
    _add_table(document, lines)
    document.save(str(path))


def _add_table(document, lines: pd.DataFrame) -> None:
    from docx.oxml import OxmlElement

    table = document.add_table(rows=1, cols=len(HEADERS), style="Table Grid")
    # the header is printed again on every page
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, header in zip(table.rows[0].cells, HEADERS.values(), strict=True):
        cell.paragraphs[0].add_run(header).bold = True
    for line in lines.itertuples(index=False):
        for cell, text in zip(table.add_row().cells, line, strict=True):
            cell.text = text


def _write_html(path: Path, department: str, title: str, lines: pd.DataFrame) -> None:
    opening = "\n".join(f"<p>{escape(text)}</p>" for text in _opening(department, lines))
    headers = "".join(f"<th>{name}</th>" for name in HEADERS.values())
    body = "\n".join(
        "<tr>"
        + "".join(f'<td class="{n}">{escape(t)}</td>' for n, t in zip(HEADERS, line, strict=True))
        + "</tr>"
        for line in lines.itertuples(index=False)
    )
    page = (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n{opening}\n"
        f"<table><thead><tr>{headers}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n</body>\n</html>\n"
    )
    path.write_text(page, encoding="utf-8", newline="\n")
