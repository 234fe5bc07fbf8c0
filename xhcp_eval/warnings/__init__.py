"""What needs attention now: six rules on a region's series, their evidence, and how good each rule is."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "COLUMNS": "warn",
        "early_warnings": "warn",
        "load_skill": "warn",
        "RULE_NAMES": "rules",
        "rule_table": "warn",
        "SEVERITIES": "rules",
        "WarningRules": "rules",
    },
)
