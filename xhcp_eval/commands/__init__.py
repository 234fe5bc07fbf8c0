"""What is typed: the command line, thin over the rooms."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "help": "finder",
        "main": "start",
    },
)
