"""The door of a room: its public names, each loaded from the file that defines it when first used (PEP 562)."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable


def door(
    room: str, names: dict[str, str]
) -> tuple[list[str], Callable[[str], object], Callable[[], list[str]]]:
    """`__all__`, `__getattr__` and `__dir__` of a room, so that entering it costs nothing.

    room: full name of the package. names: public name to the module that defines it, relative to the room; a module's
    own name is the module itself ("agreement": "methods.agreement"), unless something in it has that name. An unknown name raises
    AttributeError with the nearest ones.
    """

    def find(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in names:
            near = difflib.get_close_matches(name, names) or sorted(names)
            raise AttributeError("{} 没有“{}”；可用的有：{}".format(room, name, "、".join(near)))
        module = importlib.import_module(f"{room}.{names[name]}")
        own = names[name].rpartition(".")[2] == name
        found = getattr(module, name, module) if own else getattr(module, name)
        setattr(sys.modules[room], name, found)
        return found

    return sorted(names), find, lambda: sorted(names)
