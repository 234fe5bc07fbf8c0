"""Will it be met: every target judged, for one region or all of a province, and what the coming years hold."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "COLUMNS": "schema",
        "judge": "judging",
        "OPERATORS": "operators",
        "Outlook": "outlook",
        "Settings": "settings",
        "SEVERITY": "status",
        "Status": "status",
        "unsure_verdicts": "footing",
        "Verdicts": "verdicts",
    },
)
