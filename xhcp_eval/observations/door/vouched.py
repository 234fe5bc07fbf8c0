"""Who may call a figure verified: not the file that brings it, but a person who entered that very file in a list."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.home import ROOT, SHIPPED
from xhcp_eval.files.yaml_door import read_yaml
from xhcp_eval.observations.cells import Fault
from xhcp_eval.provenance import file_hash

# The project's own list, and that of the files which the package brings.
LISTS = tuple(dict.fromkeys(folder / "data" / "verified.yaml" for folder in (ROOT, SHIPPED)))


def vouched(sha256: str) -> bool:
    """Whether a person stands for a file's verified figures.

    sha256: of the file, so that an entry ends with the file's first change. The list has `files`, each with file, sha256,
    by and on. Raises DataError for a list that can't be read.
    """
    lists = [read_yaml(path, DataError, empty=True, what="核实登记") for path in LISTS if path.is_file()]
    entries = [one for listed in lists for one in listed.get("files") or [] if isinstance(one, dict)]
    return any(str(one.get("sha256")) == sha256 and one.get("by") for one in entries)


def claimed(path: Path, table: pd.DataFrame) -> list[Fault]:
    """Rows that call themselves verified in a file that nobody stands for.

    path: the file. table: its typed rows, index = row numbers.
    """
    rows = table.index[table["status"] == "verified"]
    if not len(rows) or vouched(sha256 := file_hash(path)):
        return []
    text = f"文件不能自称已核实(verified)；应写 reported。确已核实的，由核实人在 data/verified.yaml 登记此文件（sha256: {sha256}）"
    return [Fault(row, "status", text) for row in rows]
