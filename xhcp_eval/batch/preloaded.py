"""What every process of a batch has from the start; imported by the process that they are copies of."""

from __future__ import annotations

import os

import nbformat  # noqa: F401
import papermill  # noqa: F401

from xhcp_eval import narrative, sections, tables  # noqa: F401
from xhcp_eval.batch import unit  # noqa: F401

if hasattr(os, "fork"):
    try:
        from xhcp_eval.report import engine
    except ImportError:
        pass
    else:
        engine.preload()
