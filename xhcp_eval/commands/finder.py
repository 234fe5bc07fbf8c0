"""Which function does what: a search in Chinese or English over everything public."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd

import xhcp_eval
from xhcp_eval.files.yaml_door import read_yaml

NAMES_FILE = Path(__file__).with_name("help.yaml")


def help(query: str = "") -> pd.DataFrame:
    """Public functions and classes that answer to some words, best first.

    query: words in Chinese or English, such as "差距" or "interval"; empty for all. Returns name, what (Chinese where
    there is one, else the docstring's first line), call (with its arguments); `help(xe.name)` of Python tells the rest.
    """
    rows, words = [], _chinese()
    for name, item in _public():
        first = (inspect.getdoc(item) or "").partition("\n")[0]
        chinese = words.get(name, "")
        score = _score(query, name, chinese, inspect.getdoc(item) or "")
        if score > 0:
            rows.append((-score, name, chinese or first, f"xe.{name}{_signature(item)}"))
    frame = pd.DataFrame(sorted(rows), columns=["_score", "name", "what", "call"])
    return frame.drop(columns="_score").reset_index(drop=True)


def _chinese() -> dict[str, str]:
    return read_yaml(NAMES_FILE)


def _public() -> Iterator[tuple[str, object]]:
    """Every function and class behind a door, once: the top level's, then the rooms', then those of the files they show."""
    seen: set[int] = {id(help)}
    doors: deque[tuple[str, ModuleType]] = deque([("", xhcp_eval)])
    while doors:
        prefix, room = doors.popleft()
        for name in getattr(room, "__all__", None) or _own(room):
            item = getattr(room, name)
            if inspect.ismodule(item):
                doors.append((f"{prefix}{name}.", item))
            elif callable(item) and id(item) not in seen:
                seen.add(id(item))
                yield prefix + name, item


def _own(module: ModuleType) -> list[str]:
    """Public functions that a file defines itself."""
    return [
        name
        for name, item in vars(module).items()
        if inspect.isfunction(item) and item.__module__ == module.__name__ and not name.startswith("_")
    ]


def _signature(item) -> str:
    try:
        return str(inspect.signature(item)) if inspect.isfunction(item) else "(…)"
    except (TypeError, ValueError):
        return "(…)"


def _score(query: str, name: str, chinese: str, text: str) -> float:
    """Words found, those in the name and the Chinese line counting most; Chinese words also by pairs of characters."""
    words = query.lower().split()
    if not words:
        return 1.0
    total = 0.0
    for word in words:
        pairs = [word[i : i + 2] for i in range(len(word) - 1)] if not word.isascii() else []
        near = sum(pair in chinese for pair in pairs) / len(pairs) if pairs else 0.0
        total += (
            3.0 * (word in name.lower())
            + 3.0 * (word in chinese.lower())
            + near
            + 1.0 * (word in text.lower())
        )
    return total
