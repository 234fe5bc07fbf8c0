"""Which way a criterion is wanted: more is better, or less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from xhcp_eval.errors import ParamsError

Better = Literal["higher", "lower"]


def signs(better: Sequence[Better], n: int) -> np.ndarray:
    """1 where more is better and -1 where less is, (n,). Raises ParamsError for other words or another number of them."""
    if len(better) != n or not set(better) <= {"higher", "lower"}:
        raise ParamsError(f"better 须为 {n} 个 higher（越大越好）或 lower（越小越好），现为 {list(better)}")
    return np.where(np.asarray(better) == "higher", 1, -1)
