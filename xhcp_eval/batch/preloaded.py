"""What every process of a batch has from the start; imported by the process that they are copies of."""

from __future__ import annotations

from xhcp_eval.batch import unit  # noqa: F401
from xhcp_eval.report.engine import preload

preload()
