"""Can it be believed: findings on a table that passed the reader's checks, completeness and timeliness."""

from xhcp_eval.quality.findings import COLUMNS, SEVERITIES
from xhcp_eval.quality.heaping import last_digits
from xhcp_eval.quality.identities import Identities, load_identities
from xhcp_eval.quality.reviewer import review
from xhcp_eval.quality.smoothness import dispersion
from xhcp_eval.quality.timeliness import completeness, timeliness
from xhcp_eval.quality.verification import verification_factor

__all__ = [
    "COLUMNS",
    "SEVERITIES",
    "Identities",
    "completeness",
    "dispersion",
    "last_digits",
    "load_identities",
    "review",
    "timeliness",
    "verification_factor",
]
