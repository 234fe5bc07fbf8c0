"""Where it will be: predictive quantiles for short series, the models behind them, and how right they would have been."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "Backtest": "backtests.backtest",
        "backtest": "backtests.backtest",
        "call_all": "other_rules",
        "cohorts": "known",
        "Cases": "backtests.cases",
        "difference_interval": "small_numbers",
        "find_precedents": "reference.precedents",
        "find_similar": "reference.similar",
        "make_cases": "backtests.cases",
        "make_panel": "panel",
        "MODEL_LABELS": "projection",
        "OTHER_METHODS": "other_rules",
        "Panel": "panel",
        "pool_years": "small_numbers",
        "project": "projection",
        "project_known": "known",
        "project_panel": "projection",
        "rate_interval": "small_numbers",
        "rate_ratio_interval": "small_numbers",
        "reference_model": "reference.model",
        "ReferenceModel": "reference.model",
        "sample_paths": "projection",
        "unmarked_breaks": "breaks",
        "validate_methods": "backtests.validation",
    },
)
