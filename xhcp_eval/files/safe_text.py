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
# what turns a text round or rings a bell; workbooks write such characters as _x0007_, and a line's end as _x000D_
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
    "|_x00(?:0[0-8BCEF]|1[0-9A-F])_"
)
# in a name also what nobody sees: lines, tabs, widths of nothing
_INVISIBLE = re.compile("[\t\r\n\x85\u2028\u2029\u200b-\u200f\u2060-\u2064\ufeff]")


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


def unreadable(text: str, name: bool) -> str:
    """The first character of a text that people can't see or that changes how the rest is read, e.g. U+0007; or empty.

    name: the text names something, so that lines, tabs and signs without width have no place in it either.
    """
    found = _UNREADABLE.search(text) or (_INVISIBLE.search(text) if name else None)
    if not found:
        return ""
    return f"U+{ord(found[0]):04X}" if len(found[0]) == 1 else f"U+{found[0][2:6]}"


def file_name(text: str, longest: int) -> str:
    """Letters, digits and Chinese characters of a text, at most `longest`: never a path, a device or a hidden file."""
    name = re.sub(r"[^\w（）-]+", "_", text)[:longest].strip("_-")
    return f"_{name}" if name.lower() in DEVICES else name
