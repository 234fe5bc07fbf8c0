"""What is said of it: one file a notebook, and the kit that they share."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "data_quality": "",
        "disputed_readings": "",
        "domains": "",
        "early_warning": "",
        "equity": "",
        "explorer": "",
        "explorer_app": "",
        "figures": "",
        "findings": "",
        "forecast": "",
        "grounds": "",
        "kit": "",
        "method_and_sources": "",
        "method_validation": "",
        "outcomes": "",
        "overview": "",
        "public_figures": "",
        "strategy_effect": "",
        "third_party": "",
        "tutorial": "",
        "yearbook": "",
    },
)
