"""Figures of the brief and the official report: one file a kind, each with a finding as its title and labels in place of legends."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "chances": "",
        "dots": "",
        "gaps": "",
        "quadrant": "",
        "results": "",
        "shortfalls": "",
        "slopes": "",
        "timeline": "",
        "townships": "",
        "trends": "",
    },
)
