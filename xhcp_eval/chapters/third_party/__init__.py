"""The chapter of the third party: recheck, scores on evidence, ranks, benefit, survey, conclusions."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "conclusions": "",
        "ranking": "",
        "recheck": "",
        "scores": "",
        "survey": "",
        "value": "",
    },
)
