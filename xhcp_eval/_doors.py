"""The door of a room: its public names, each loaded from the file that defines it when first used (PEP 562)."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable

THIS = ""  # where a name is a file of the room itself


def door(
    room: str, names: dict[str, str]
) -> tuple[list[str], Callable[[str], object], Callable[[], list[str]]]:
    """`__all__`, `__getattr__` and `__dir__` of a room, so that entering it costs nothing.

    room: full name of the package. names: public name to the file below the room that defines it ("judge": "judging");
    for a name that is a file itself, the folder it lies in ("agreement": "methods."). An unknown name raises
    AttributeError with the nearest ones.
    """

    def find(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in names:
            near = difflib.get_close_matches(name, names) or sorted(names)
            raise AttributeError("{} 没有“{}”；可用的有：{}".format(room, name, "、".join(near)))
        is_file = names[name] == THIS or names[name].endswith(".")
        module = importlib.import_module(f"{room}.{names[name]}{name if is_file else ''}")
        found = module if is_file else getattr(module, name)
        setattr(sys.modules[room], name, found)
        return found

    return sorted(names), find, lambda: sorted(names)
