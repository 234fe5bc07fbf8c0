"""What a letter says: opening, what is asked and by when, signature, the questions and the slip to answer on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from xhcp_eval.chapters.kit.blocks import Block, Heading, PageBreak, Paragraph, Table
from xhcp_eval.files.safe_text import xml_text
from xhcp_eval.plan.monitoring import TO_FILL, Office
from xhcp_eval.report.documents.cover import Cover

GRAVE = "高"
# Column of the questions -> header, share of the width.
QUESTIONS: dict[str, tuple[str, float]] = {
    "number": ("序号", 0.06), "severity": ("级别", 0.06), "indicator_name": ("指标", 0.17), "region": ("地区", 0.11),
    "year": ("年份", 0.07), "finding": ("发现的问题", 0.29), "question": ("请核实或说明", 0.24),
}  # fmt: skip
# Header of the slip -> share; what stands below the first two is ours, the rest is typed in.
SLIP: dict[str, float] = {
    "序号": 0.1, "指标、地区和年份": 0.24, "核实结果": 0.14, "更正后数值": 0.13, "分子": 0.1, "分母": 0.1,
    "来源或原因": 0.19,
}  # fmt: skip
_SIGNED = ("单位负责人", "填表人", "联系电话", "报出日期")


@dataclass(frozen=True)
class Letter:
    """A letter of queries. number: 发文字号. addressee: 主送机关. plan, year: whose figures of which year are asked about.
    dated, due: 成文日期, 办理时限. questions: columns of `QUESTIONS`, all text. demonstration: the figures are made up.
    """

    office: Office
    number: str
    addressee: str
    plan: str
    year: int
    dated: date
    due: date
    questions: pd.DataFrame
    demonstration: bool = False

    @property
    def subject(self) -> str:
        """Title of the letter."""
        return f"关于核实{self.year}年儿童发展规划监测数据的函"

    @property
    def cover(self) -> Cover:
        """What stands outside."""
        return Cover(
            self.subject, unit=self.office.signature, date=day(self.dated), number=self.number,
            classification=self.office.classification, demonstration=self.demonstration, contents=False,
        )  # fmt: skip


def question_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Findings of a department as text, numbered from 1. rows: columns of `QUESTIONS` but the number."""
    lines = rows.reset_index(drop=True).astype({"severity": str})
    lines = lines.assign(number=range(1, len(lines) + 1))[list(QUESTIONS)]
    return lines.fillna("").astype(str).map(xml_text)


def letter_blocks(letter: Letter) -> list[Block]:
    """The letter below its head, in order."""
    return [*_body(letter), PageBreak(), *_questions(letter), PageBreak(), *_slip(letter)]


def day(on: date) -> str:
    """A day as official papers print it: 2026年3月1日."""
    return f"{on.year}年{on.month}月{on.day}日"


def _body(letter: Letter) -> list[Block]:
    count, grave = len(letter.questions), int((letter.questions["severity"] == GRAVE).sum())
    first = f"，其中{grave}处级别为“{GRAVE}”，请先办理" if grave else ""
    office = letter.office
    asked = f"联系人：{office.contact or TO_FILL}　联系电话：{office.phone or TO_FILL}"
    answers_to = f"　回函地址：{office.address}" if office.address else ""
    return [
        Paragraph(f"{_plain(letter.addressee)}：", style="addressee"),
        Paragraph(f"审核《{letter.plan}》{letter.year}年监测数据时，贵单位报送的数据有{count}处需要核实或说明{first}。"
                  "问题见附件1，请按下列要求办理。"),
        Paragraph("逐条核实。数据无误的，写明原因；有误的，写出更正后的数值、分子、分母和来源。均填入附件2（回执）。", "一、"),
        Paragraph(f"办理时限：{day(letter.due)}前。回执由单位负责人签字、加盖公章后函复我单位，并附电子文本。", "二、"),
        Paragraph("附件：1. 需要核实的监测数据"),
        Paragraph("　　　2. 回执"),
        Paragraph("　", style="addressee"),
        Paragraph(office.signature, style="signature"),
        Paragraph(day(letter.dated), style="signature"),
        Paragraph(f"（{asked}{answers_to}）"),
    ]  # fmt: skip


def _questions(letter: Letter) -> list[Block]:
    rows = tuple(letter.questions[list(QUESTIONS)].itertuples(index=False, name=None))
    heads, shares = zip(*QUESTIONS.values(), strict=True)
    note = f"{letter.number}附件1。级别“{GRAVE}”的请先办理。"
    return [Heading("附件1　需要核实的监测数据"), Table(heads, rows, shares, note=note, landscape=True)]


def _slip(letter: Letter) -> list[Block]:
    rows = tuple(
        (row.number, f"{row.indicator_name}，{row.region}，{row.year}年", *[""] * (len(SLIP) - 2))
        for row in letter.questions.itertuples()
    )
    return [
        Heading("附件2　回执"),
        Paragraph(f"{letter.office.signature}：", style="addressee"),
        Paragraph(f"你单位{letter.number}函收悉。经核实，答复如下："),
        Table(tuple(SLIP), rows, tuple(SLIP.values()),
              note="核实结果填“无误”或“更正”。没有更正的，数值、分子、分母空着，在最后一栏写明原因。"
              "更正作为新的一次填报入库，原填报值保留备查。"),
        Table(_SIGNED, (("　\n　",) * len(_SIGNED),), (0.25,) * len(_SIGNED)),
        Paragraph(f"{_plain(letter.addressee)}（盖章）", style="signature"),
    ]  # fmt: skip


def _plain(name: str) -> str:
    """A name as text that refers to no table."""
    return xml_text(name).replace("[[", "［［")
