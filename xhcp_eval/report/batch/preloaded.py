"""What every process of a batch has from the start; imported by the process that they are copies of."""

from __future__ import annotations

import gc

import fontTools.subset  # noqa: F401
import openpyxl  # noqa: F401
import pandera.pandas  # noqa: F401
from nbformat import v4

from xhcp_eval.chapters.kit import style, views
from xhcp_eval.files.home import plan_folders
from xhcp_eval.forecast.reference.model import reference_model
from xhcp_eval.forecast.reference.precedents import provinces
from xhcp_eval.forecast.reference.similar import real_histories
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.report.batch import index_page, rows, unit, verdicts, whole  # noqa: F401
from xhcp_eval.report.page.cells import render_cells
from xhcp_eval.report.page.fonts import shared_faces
from xhcp_eval.report.run.engine import preload
from xhcp_eval.verdict.schema import plan_columns


def draw_once(plans: list[Plan]) -> None:
    """Look up fonts and templates and measure names by drawing them, and leave no setting behind."""
    import matplotlib

    with matplotlib.rc_context():
        figure, axes = style.new_figure()
        axes.barh(["甲", "乙"], [1, 2], label="●")
        axes.set_xlabel("丙")
        axes.legend()
        for plan in plans:
            for facts in plan_columns(plan).itertuples():
                axes.text(0, 0, facts.indicator_name)
        _ = views.figure_view(figure, "甲").html
    style.use_style.cache_clear()
    for name in ("table.html.j2", "text.html.j2", "chapter.html.j2", "page.html.j2", "index.html.j2"):
        views.template(name)


preload()
reference_model()
real_histories()
provinces()
plans = [load_plan(name) for name in plan_folders()]
render_cells(v4.new_notebook(cells=[v4.new_markdown_cell("甲"), v4.new_code_cell("1")]))
draw_once(plans)
shared_faces()
gc.collect()
gc.freeze()  # what is never looked at by the collector stays shared between the copies
