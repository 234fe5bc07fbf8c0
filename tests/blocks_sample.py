"""A small document of every kind of block, and a longer one of a report's size."""

from __future__ import annotations

from itertools import cycle, islice

from xhcp_eval.chapters.kit.blocks import Block, Heading, PageBreak, Paragraph, Picture, Table
from xhcp_eval.report.documents.cover import Cover

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="560" height="200"><rect width="560" height="200" fill="#eef"/>'
    '<text x="20" y="60" font-size="20">初中近视 67.9→60 ◕</text></svg>'
)
COVER = Cover(
    "新华区儿童发展规划（2021—2030年）中期评估报告",
    "（2021—2025年）",
    "新华区妇女儿童工作委员会",
    "2026年3月",
    "新妇儿工委〔2026〕1号",
    "内部资料",
    demonstration=True,
)
BRIEF_COVER = Cover(
    "中期评估简报", unit="区妇儿工委", date="2026年3月", with_cover_page=False, contents=False
)
SMALL: list[Block] = [
    Heading("一、总体情况"),
    Paragraph("12项目标中5项达到，见[[各项目标]]、[[附表1]]和[[近视仍高]]。", lead="达到：", link=""),
    Heading("（一）<健康> & 安全", 2),
    Paragraph("第一点", style="item"),
    Paragraph("第二点", style="item"),
    Table(
        ("指标", "2025年"), (("近视率", "67.9%"), ("<b>", "1 & 2")), (0.9, 0.1), "各项目标", "注：演示数据。"
    ),
    Picture(SVG, 560, 200, "近视率高于目标", "近视仍高", "资料来源：演示数据"),
    PageBreak(),
    Heading("附表"),
    Table(
        ("序号", *("栏目",) * 9), (("1", *("值",) * 9),) * 3, (0.1,) * 10, "附表1　全部指标", landscape=True
    ),
]
SENTENCES = (
    "初中近视率2025年为67.9%，比2020年下降3.4个百分点，距目标差7.9个百分点（约842名学生）。",
    "教室照明受检2404间，达标2222间；乡镇街道评议2024年起全覆盖。",
    "普惠托位由2020年的330个增至1520个，托育机构由7家增至26家，覆盖12个乡镇街道。",
    "三年合并婴儿死亡率3.57‰（27例），低于4‰的上限，但区间跨过上限，按数值达到、不能断定。",
    "第三方对“控制儿童近视”评1分（自评2分），有待区教体局、区卫健委补充材料。",
)
CELLS = ("初中近视率", "67.9%", "60%", "年均需降1.57个百分点，为近五年的2.3倍", "区教体局·区卫健委", "有风险")


def long_document() -> list[Block]:
    """A report of ten chapters with tables, pictures and a wide annex: about 35 pages."""
    said, lengths = cycle(SENTENCES), cycle((2, 5, 3, 4, 7))
    blocks: list[Block] = []
    for chapter, number in enumerate("一二三四五六七八九十"):
        blocks.append(Heading(f"{number}、第{number}章评估的结果"))
        for section, name in enumerate("一二三"[: 1 + chapter % 3]):
            blocks.append(Heading(f"（{name}）第{chapter + 1}章第{section + 1}节近视和体重是短板", 2))
            blocks += [Paragraph("".join(islice(said, next(lengths)))) for _ in range(3)]
            count = 4 + 3 * section
            rows = tuple(CELLS[k % 3 :] + CELLS[: k % 3] for k in range(count))
            widths = (0.16, 0.14, 0.14, 0.22, 0.2, 0.14)
            blocks.append(
                Table(
                    ("指标", "2025年", "目标", "还差", "建议牵头", "判断"),
                    rows,
                    widths,
                    f"表{chapter}{section}"[1:] + "节指标",
                )
            )
        if chapter % 3 == 0:
            blocks.append(Picture(SVG, 560, 200, "图", f"第{number}章的发现", "资料来源：演示数据"))
    wide = tuple((str(k), *CELLS, "2026年") for k in range(1, 54))
    widths = (0.07, 0.13, 0.1, 0.1, 0.24, 0.16, 0.1, 0.1)
    blocks.append(Heading("附表"))
    blocks.append(
        Table(
            ("序号", "指标", "2025年", "目标", "还差", "牵头", "判断", "时限"),
            wide,
            widths,
            "附表1　全部指标",
            "注：演示数据。",
            True,
        )
    )
    blocks += [Heading("附：说明"), *(Paragraph(text) for text in SENTENCES)]
    return blocks
