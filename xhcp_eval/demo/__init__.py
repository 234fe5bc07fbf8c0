"""A generated district and province: made-up figures that behave like real ones, marked wherever they show."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "generate": "table",
        "generate_province": "province",
        "write_demo": "table",
    },
)
