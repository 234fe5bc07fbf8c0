"""What chapters share: how things look, what a cell shows, figures and tables of more than one chapter."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "bars": "",
        "fan": "",
        "goals": "",
        "places": "",
        "precedents": "",
        "style": "",
        "svg": "",
        "tables": "",
        "views": "",
    },
)
