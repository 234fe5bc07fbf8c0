"""Text from data that is safe elsewhere: in a spreadsheet, in XML, as the name of a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet program would take for a formula
# names that Windows keeps for devices, whatever the ending
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def plain_cell(value: object) -> object:
    """A value that no spreadsheet program runs: a text that begins like a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def put_text(sheet: Worksheet, row: int, column: int, text: str | float):
    """A cell of text, which stays text even where it begins like a formula. Returns the cell."""
    cell = sheet.cell(row, column, text)
    if isinstance(text, str):
        cell.data_type = "s"
    return cell


def xml_text(text: str) -> str:
    """A text without what XML 1.0 can't hold."""
    return _CONTROL.sub("", text)


def file_name(text: str, longest: int) -> str:
    """Letters, digits and Chinese characters of a text, at most `longest`: never a path, a device or a hidden file."""
    name = re.sub(r"[^\w（）-]+", "_", text)[:longest].strip("_-")
    return f"_{name}" if name.lower() in DEVICES else name
