"""What every process of a batch has from the start; imported by the process that they are copies of."""

from __future__ import annotations

import gc

from xhcp_eval.batch import rows, unit  # noqa: F401
from xhcp_eval.report.engine import preload

preload()
gc.collect()
gc.freeze()  # what is never looked at by the collector stays shared between the copies
