"""What chapters share: how things look, what a cell shows, figures and tables of more than one chapter."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "course": "",
        "fan": "",
        "goals": "",
        "labels": "",
        "pictures": "",
        "places": "",
        "precedents": "",
        "raster": "",
        "sparklines": "",
        "style": "",
        "svg": "",
        "tables": "",
        "units": "",
        "views": "",
    },
)
