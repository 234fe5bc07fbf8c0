"""What every process of a batch has from the start; imported by the process that they are copies of."""

from __future__ import annotations

import gc

import fontTools.subset  # noqa: F401
import openpyxl  # noqa: F401
import pandera.pandas  # noqa: F401
from nbformat import v4

from xhcp_eval.batch import rows, unit  # noqa: F401
from xhcp_eval.reference.model import reference_model
from xhcp_eval.reference.similar import real_histories
from xhcp_eval.report.cells import render_cells
from xhcp_eval.report.engine import preload

preload()
reference_model()
real_histories()
render_cells(v4.new_notebook(cells=[v4.new_markdown_cell("甲"), v4.new_code_cell("1")]))
gc.collect()
gc.freeze()  # what is never looked at by the collector stays shared between the copies
