"""Evaluation of children's development plans: what was promised, what was reported, what will be met.

Names are loaded when first used, so that importing the package costs nothing and its commands work from a bare Python.
"""

from xhcp_eval._doors import THIS, door

__version__ = "0.1.0"

# The twelve rooms, in the order in which a figure goes through them: each imports only from those before it.
ROOMS = (
    "plan",
    "observations",
    "forecast",
    "quality",
    "verdict",
    "warnings",
    "evaluation",
    "pack",
    "chapters",
    "report",
    "demo",
    "commands",
)

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "Database": "observations.store.database",
        "Pack": "pack.pack",
        "Plan": "plan.model",
        "Status": "verdict.status",
        "XhcpError": "errors",
        "backtest": "forecast.backtests.backtest",
        "cohorts": "forecast.known",
        "early_warnings": "warnings.warn",
        "explore": "chapters.explorer_app",
        "find_similar": "forecast.reference.similar",
        "help": "commands.finder",
        "import_file": "observations.door.intake",
        "judge": "verdict.judging",
        "load_params": "pack.params",
        "load_plan": "plan.reading",
        "make_cases": "forecast.backtests.cases",
        "open_pack": "pack.pack",
        "pool_years": "forecast.small_numbers",
        "project": "forecast.projection",
        "project_known": "forecast.known",
        "rate_interval": "forecast.small_numbers",
        "read_table": "observations.table",
        "reference_model": "forecast.reference.model",
        "review": "quality.reviewer",
        "run_pack": "report.run.runner",
        "validate_methods": "forecast.backtests.validation",
        **dict.fromkeys(ROOMS, THIS),
    },
)
