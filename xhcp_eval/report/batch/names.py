"""Names from data as names of folders: safe on every system, different for different regions."""

from __future__ import annotations

import hashlib
import unicodedata

from xhcp_eval.files.safe_text import DEVICES

MAX_LENGTH = 40  # a path of Windows has 260 characters in all
DIGITS = 8


def folder_name(region: str) -> str:
    """A folder's name for a region: letters (Chinese ones too), digits and "_", at most 49 characters.

    region: a path of names as data has it, whatever stands in it. A name that has to be changed ends in "-" and
    eight digits of its hash, so that two regions never share a folder, on disks that ignore case either; "-" occurs
    nowhere else. The name depends on nothing but the region.
    """
    plain = unicodedata.normalize("NFC", region)
    plain = "".join(c if c == "_" or c.isalnum() else "_" for c in plain)[:MAX_LENGTH]
    # what differs only by case, or by width (ＡＢ), is one name on some disks
    if plain == region == unicodedata.normalize("NFKC", plain).casefold() and plain and plain not in DEVICES:
        return plain
    digest = hashlib.sha256(region.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{plain or '_'}-{digest}"
