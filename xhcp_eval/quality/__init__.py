"""Can it be believed: findings on a table that passed the door, completeness, timeliness."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "COLUMNS": "findings",
        "completeness": "reporting",
        "dispersion": "smoothness",
        "documents": "sourcing",
        "last_digits": "heaping",
        "read_missing": "sourcing",
        "review": "reviewer",
        "SEVERITIES": "findings",
        "timeliness": "reporting",
        "verification_factor": "verification",
    },
)
