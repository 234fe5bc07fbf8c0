"""Yearly figures of the district as tests of the quality review make them up."""

import numpy as np
import pandas as pd

from xhcp_eval.observations.table import COLUMNS, DEFAULTS

EYES, INFANT = "eye_exam_coverage_0_6", "infant_mortality_rate"
STEADY = [80.0, 81.0, 82.5, 83.4, 84.6, 85.4, 86.5]


def series(values, indicator=EYES, unit="percent", last=2025, **columns):
    """Yearly figures of the district."""
    years = np.arange(last - len(values) + 1, last + 1)
    facts = {"indicator": indicator, "region": "新华区", "level": "district", "unit": unit, "status": "reported",
             "source": "表"}  # fmt: skip
    table = pd.DataFrame({"year": years, "value": np.asarray(values, float)}).assign(
        **(DEFAULTS | facts | columns)
    )
    return table[list(COLUMNS)].astype({"numerator": float, "denominator": float})
