"""One report's data: its params checked, everything computed once and shared by its chapters."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "compute_pack": "pack",
        "load_params": "params",
        "open_pack": "pack",
        "Pack": "pack",
        "PackParams": "params",
    },
)
