"""What was promised: a plan read from its folder and checked as a whole, with the units it is measured in."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "format_probability": "units",
        "format_value": "units",
        "Goal": "model",
        "Identities": "identities",
        "Indicator": "model",
        "load_identities": "identities",
        "load_plan": "reading",
        "Plan": "model",
        "Strategy": "model",
        "Target": "model",
        "Unit": "units",
        "UNITS": "units",
    },
)
