"""Early warnings: six rules on a region's series, their evidence, and how good each rule is."""

from xhcp_eval.early_warning.rules import RULE_NAMES, SEVERITIES, WarningRules
from xhcp_eval.early_warning.warn import COLUMNS, early_warnings, load_skill, rule_table

__all__ = [
    "COLUMNS",
    "RULE_NAMES",
    "SEVERITIES",
    "WarningRules",
    "early_warnings",
    "load_skill",
    "rule_table",
]
