"""How far the forecasts of this package can be trusted: the standing backtest on the real histories that come with it."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from xhcp_eval.files.home import SHIPPED
from xhcp_eval.forecast.backtests.backtest import Backtest, backtest
from xhcp_eval.forecast.other_rules import as_forecasts

PANEL = SHIPPED / "data" / "reference" / "panel.parquet"
METHODS: tuple[str, ...] = (
    "reference",
    "local_drift",
    "last_value",
    "drift",
    "linear",
    "logit_linear",
    "theta",
)
PER_INDICATOR = 60


@lru_cache(maxsize=4)
def validate_methods(together: bool = False, per_indicator: int = PER_INDICATOR) -> Backtest:
    """Backtest of our model and the classical ones on data/reference; each indicator by networks that never saw it.

    together: cases of whole years, in which the regions of an indicator learn from one another, in place of single
    series. per_indicator: cases an indicator. Other systems' rules are judged beside, as far as they tell whether
    a target will be met.
    """
    result = backtest(pd.read_parquet(PANEL), METHODS, together=together, per_indicator=per_indicator)
    cases = result.cases
    return result.add_probabilities(as_forecasts(cases.panel, cases.horizon, cases.target, cases.sign))
