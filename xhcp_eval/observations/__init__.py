"""What was reported: read, checked at the door, kept, given out, published."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "audit": "publish.suppression",
        "COLUMNS": "table",
        "Database": "store.database",
        "freeze": "store.rounds",
        "import_file": "door.intake",
        "KEY": "table",
        "open_round": "store.rounds",
        "read_table": "table",
        "round_status": "store.rounds",
        "suppress": "publish.suppression",
        "write_workbook": "forms.workbook",
    },
)
