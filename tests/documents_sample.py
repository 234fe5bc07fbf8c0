"""A small finished report, made the way real ones are: views, notebook, page, record."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import pandas as pd
from nbformat import v4
from PIL import Image

from xhcp_eval.chapters.kit.style import PALETTE, new_figure
from xhcp_eval.chapters.kit.views import FigureView, figure_view, section, table, text_view
from xhcp_eval.report.page import render
from xhcp_eval.report.page.render import Page, Shell, render_chapter, render_notebook, render_page

TITLE = "新华区儿童发展规划（2021—2030年）中期评估报告"
PAGES = (
    Page("index", "评估结论摘要"),
    Page("30_domain_health", "儿童与健康"),
    Page("80_method", "方法与出处"),
)
FRAME = pd.DataFrame(
    {
        "status": ["难以达标", "已达标", "缺数据"],
        "name": ["初中生近视率\n〔近视防控〕", "=HYPERLINK(0)", "<b>婴儿</b>死亡率"],
        "people": [1234, 7, None],
        "change": [-0.73, 0.5, None],
        "reason": ["2025年67.86%（95%区间66.97–68.74%）；距目标差7.86个百分点", "达到", "未填报"],
    }
)
HEADERS = {"status": "状态", "name": "指标", "people": "折合人数", "change": "年均变化", "reason": "依据"}
SUMMARY = """
<ul class="tiles" aria-label="目标状态计数"><li class="met"><b>11</b><span class="symbol">●</span> 已达标</li>
<li class="likely"><b>8</b><span class="symbol">◕</span> 预期可达标</li></ul>
<p>散<mark>不认识的元素</mark>句。</p><article>裸文字<section><h3 id="facts">数据声明</h3></section>尾巴</article>
<dl class="facts"><dt>规划</dt><dd>新华区儿童发展规划</dd><dt>数据截至</dt><dd>2025年</dd></dl>
<details><summary>展开看</summary><p>折起来的话</p></details><p><a href="#goal.1">见第一项</a></p>
"""
PROSE = """# 分领域评估

## 怎么看

实心点为**已核实**值，*空心*点为 `待核实` 值，见[方法](80_method.html)。

- 第一点
- 第二点

1. 先看
2. 后看
"""
SPANS = """<table><thead><tr><th rowspan="2">组</th><th colspan="2">值</th></tr><tr><th>城</th><th>乡</th></tr></thead>
<tbody><tr><td rowspan="2">女</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></tbody></table>"""


def drawing() -> FigureView:
    """A figure with all that our drawings are made of: areas, dashes, marks, clipping, turned letters."""
    figure, axes = new_figure()
    axes.fill_between([2020, 2025, 2030], [1, 2, 1], [3, 5, 9], alpha=0.3, color=PALETTE[0], linewidth=0)
    axes.plot([2015, 2020, 2025], [3, 4, 2], marker="o", color="#1F2A37")
    axes.plot([2015, 2030], [2, 6], linestyle="--", color=PALETTE[1], linewidth=2)
    axes.bar([2018], [8], color=PALETTE[2])
    axes.set_ylim(0, 6)
    axes.set_ylabel("接种率（%）")
    axes.annotate("目标 $5 ◕", (2021, 5.5))
    alt, title = "接种率折线图：2015年3，2020年4，2025年2。", "接种率：历年值与预测区间"
    return figure_view(figure, alt, title, note="虚线为目标。资料来源：演示数据（程序生成）")


def picture() -> str:
    """A small PNG as a notebook keeps it."""
    buffer = BytesIO()
    Image.new("RGB", (40, 20), "#0072B2").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def write_report(folder: Path, demo: bool = True) -> Path:
    """Write a finished report of three chapters into a folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    footer = ("计算时间2026-01-02", "输入文件：a.csv 72441531")
    banner = render.DEMO_BANNER.format(region="新华区")
    shell = Shell(TITLE, "数据截至2025年", PAGES, demo, footer, demo_banner=banner)
    health, _ = render_notebook(_health(), PAGES[1], shell)
    method, _ = render_notebook(_method(), PAGES[2], shell)
    # cutting fonts takes most of a page's time and isn't what is looked at here
    with patch.object(render, "page_font_css", lambda text: ""):
        text = render_page([render_chapter(SUMMARY, PAGES[0]), health, method], shell)
    (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
    write_record(folder)
    return folder


def write_record(folder: Path, status: str = "ok") -> None:
    """Write the record of a run, whole or failed."""
    record = {"status": status, "pack": "small", "title": TITLE, "finished_at": "2026-01-02T03:04:05+00:00"}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8", newline="\n")


def _output(view):
    data, facts = view._repr_mimebundle_()
    return v4.new_output("display_data", data=data, metadata=facts)


def _code(source: str, *outputs):
    return v4.new_code_cell(source, outputs=list(outputs))


def _health():
    goals = table(FRAME, HEADERS, status=["status"], wide=["reason"], caption="各项目标")
    goal = section(
        "1. 免疫规划疫苗接种率",
        text_view(["总体状态：难以达标。", "统计口径　分子：接种人数。"]),
        goals,
        section("接种率", drawing(), level=4),
        level=3,
        anchor="goal.1",
    )
    other = section("7. 编号不连续的目标", table(FRAME.iloc[:0], HEADERS, caption="没有行的表"), level=3)
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell(PROSE),
            _code("xe.show(pack)\nprint(1 < 2)", _output(section("逐项评估", goal, other, level=2))),
        ]
    )


def _method():
    cells = [
        _code("raw()", v4.new_output("display_data", data={"text/html": SPANS})),
        _code("print()", v4.new_output("stream", name="stdout", text="两行\n  输出\n")),
        _code(
            "image()",
            v4.new_output(
                "display_data",
                data={"image/png": picture()},
                metadata={"image/png": {"alt": "一块蓝色", "caption": "色块", "width": 40, "height": 20}},
            ),
        ),
    ]
    return v4.new_notebook(cells=cells)
