"""Evaluation of children's development plans: what was promised, what was reported, what will be met.

Names are loaded when first used (PEP 562), so that importing the package costs nothing and its commands work
from a bare Python.
"""

from __future__ import annotations

import difflib
import importlib

__version__ = "0.1.0"

# Public name -> module that defines it.
_NAMES = {
    "Database": "database",
    "Pack": "pack",
    "Plan": "plan",
    "Status": "verdict.status",
    "XhcpError": "errors",
    "backtest": "backtesting",
    "early_warnings": "early_warning",
    "explore": "explorer_app",
    "find_similar": "reference.similar",
    "help": "finder",
    "import_file": "intake",
    "load_params": "params",
    "load_plan": "plan",
    "judge": "verdict.judge",
    "make_cases": "backtest_cases",
    "open_pack": "pack",
    "pool_years": "small_numbers",
    "project": "projection",
    "rate_interval": "small_numbers",
    "read_table": "observations",
    "review": "quality",
    "reference_model": "reference.model",
    "run_pack": "report.runner",
    "validate_methods": "validation",
}
# Modules that are used as a namespace: xhcp_eval.figures.fan_chart(...).
_MODULES = (
    "comparables_views",
    "effect_views",
    "equity_views",
    "evaluation",
    "explorer",
    "figures",
    "figures_goals",
    "figures_groups",
    "figures_raters",
    "findings_views",
    "narrative",
    "other_methods_views",
    "report",
    "sections",
    "survey_views",
    "tables",
    "third_party_views",
    "tutorial",
    "value_views",
    "validation_views",
    "warnings_views",
    "yearbook_views",
)

__all__ = ["__version__", *_NAMES, *_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _NAMES:
        near = difflib.get_close_matches(name, __all__) or sorted(__all__)
        raise AttributeError("{} 没有“{}”；可用的有：{}".format(__name__, name, "、".join(near)))
    value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
