"""The page and its other forms: chapters run, rendered, exported, for one region or many."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "run_pack": "run.runner",
        "write_letters": "letters.letters",
    },
)
