"""Small files made to hang a reader or to exhaust its memory: each must be refused in 2 s and 200 MB.

    python benchmarks/hostile_files.py

Each file goes through `xhcp_eval` in a process of its own; seconds and peak memory are those of reading alone, after a good
file of a few rows has been read by the same process.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}<sheetData>{}</sheetData>{}</worksheet>'
SECONDS, MEGABYTES = 2.0, 200.0


def workbook(path: Path, rows: str, before: str = "", after: str = "", **parts: bytes | str) -> None:
    """A workbook whose only sheet has this XML; parts: other parts by name, with _ for /."""
    import openpyxl

    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name == "xl/worksheets/sheet1.xml":
                target.writestr(name, SHEET.format(before, rows, after))
            elif name.replace("/", "_") not in parts:
                target.writestr(name, source.read(name))
        for name, content in parts.items():
            target.writestr(name.replace("xl_", "xl/"), content)


def cell(place: str, text: str = "x", row: str = "1") -> str:
    """A cell of text in a row."""
    return f'<row r="{row}"><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'


def form(path: Path, change: Callable) -> None:
    """A department's form, changed."""
    import openpyxl
    import pandas as pd

    from xhcp_eval.observations.forms.workbook import form_rows, write_workbook
    from xhcp_eval.observations.table import COLUMNS
    from xhcp_eval.plan.reading import load_plan

    plan, none = (
        load_plan("xinhua_2021_2030"),
        pd.DataFrame(columns=list(COLUMNS)).astype({"year": int, "region": str}),
    )
    assert len(form_rows(plan, "区医保局", 2025, none))
    write_workbook(plan, "区医保局", 2025, none, path)
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def zeros(path: Path, megabytes: int, compression: int = zipfile.ZIP_DEFLATED) -> None:
    """An archive of zeros that calls itself a workbook."""
    workbook(path, cell("A1"))
    with zipfile.ZipFile(path, "a", compression) as archive, archive.open("xl/media/x.bin", "w") as stream:
        for _ in range(megabytes):
            stream.write(b"\0" * (1 << 20))


def lying(path: Path) -> None:
    """A bomb whose index says that it is small."""
    zeros(path, 300)
    raw = bytearray(path.read_bytes())
    size = (300 << 20).to_bytes(4, "little")
    while (at := raw.find(size)) >= 0:
        raw[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(raw)


def sparse_parquet(path: Path) -> None:
    """Forty million rows of nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("indicator", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        part = pa.table({"indicator": pa.nulls(2_000_000, pa.string())}, schema=schema)
        for _ in range(20):
            writer.write_table(part)


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + '<!ENTITY z "&j;">]>'
)
FILES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a cell at XFD1048576": ("t.xlsx", lambda p: workbook(p, cell("A1") + cell("XFD1048576", row="1048576"))),
    "a cell at A1048576": ("t.xlsx", lambda p: workbook(p, cell("A1") + cell("A1048576", row="1048576"))),
    "a cell at IV400000": ("t.xlsx", lambda p: workbook(p, cell("A1") + cell("IV400000", row="400000"))),
    "a far cell in the first row": ("t.xlsx", lambda p: workbook(p, cell("XFD1048576"))),
    "a cell beyond every sheet": ("t.xlsx", lambda p: workbook(p, cell("A1") + cell("AAAAA99999999", row="99999999"))),
    "16,384 columns": ("t.xlsx", lambda p: workbook(p, '<row r="1">' + "".join(f'<c r="{letters(n)}1"><v>1</v></c>' for n in range(1, 16_385)) + "</row>")),
    "16,384 columns of CSV": ("t.csv", lambda p: p.write_text(",".join(f"c{n}" for n in range(16_384)) + "\n1\n", encoding="utf-8")),
    "one endless line among 50,000": ("t.csv", lambda p: p.write_text("a\n" * 50_000 + "," * 100_000 + "\n", encoding="utf-8")),
    "everything merged": ("t.xlsx", lambda p: workbook(p, cell("A1"), after='<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>')),
    "a form with a far cell": ("f.xlsx", lambda p: form(p, lambda b: b.worksheets[1].cell(1_048_576, 16_384, 1))),
    "a form merged to its end": ("f.xlsx", lambda p: (form(p, lambda b: None), merged(p))),
    "zip bomb": ("t.xlsx", lambda p: zeros(p, 1500)),
    "zip bomb in bzip2": ("t.xlsx", lambda p: zeros(p, 1500, zipfile.ZIP_BZIP2)),
    "zip bomb in lzma": ("t.xlsx", lambda p: zeros(p, 1500, zipfile.ZIP_LZMA)),
    "zip bomb with a false index": ("t.xlsx", lying),
    "entity bomb": ("t.xlsx", lambda p: workbook(p, cell("A1"), **{"xl_sharedStrings.xml": ENTITIES + '<sst><si><t>&z;</t></si></sst>'})),
    "entity bomb in the sheet": ("t.xlsx", lambda p: workbook_raw(p, ENTITIES + SHEET.format("", cell("A1", "&z;"), ""))),
    "5,000 parts": ("t.xlsx", lambda p: workbook(p, cell("A1"), **{f"xl_p{n}": "" for n in range(5_000)})),
    "a text of 30 MB": ("t.xlsx", lambda p: workbook(p, '<row r="1"><c r="A1" t="s"><v>0</v></c></row>' * 3, **{"xl_sharedStrings.xml": "<sst><si><t>" + "x" * 30_000_000 + "</t></si></sst>"})),
    "sparse Parquet": ("t.parquet", sparse_parquet),
    "pipe as CSV": ("t.csv", lambda p: os.mkfifo(p)),
    "pipe as workbook": ("t.xlsx", lambda p: os.mkfifo(p)),
    "link to an endless device": ("t.csv", lambda p: p.symlink_to("/dev/zero")),
    "link to a device as workbook": ("t.xlsx", lambda p: p.symlink_to("/dev/zero")),
    "folder as workbook": ("t.xlsx", lambda p: p.mkdir()),
    "no workbook": ("t.xlsx", lambda p: p.write_bytes(b"PK\x03\x04" + b"\0" * 100)),
}  # fmt: skip
LEVELS = "".join(
    f"{chr(97 + i)}: &{chr(97 + i)} [{', '.join([f'*{chr(96 + i)}'] * 9)}]\n" for i in range(1, 9)
)
MERGES = "".join(
    f"{chr(97 + i)}: &{chr(97 + i)}\n  <<: [{', '.join([f'*{chr(96 + i)}'] * 9)}]\n" for i in range(1, 9)
)
YAML: dict[str, tuple[str, Callable[[Path], object]]] = {
    "alias bomb": ("p.yaml", lambda p: p.write_text("a: &a [x, x, x, x, x, x, x, x, x]\n" + LEVELS, encoding="utf-8")),
    "merge bomb": ("p.yaml", lambda p: p.write_text("a: &a {x: 1}\n" + MERGES, encoding="utf-8")),
    "a list within itself": ("p.yaml", lambda p: p.write_text("a: &a [*a]\n", encoding="utf-8")),
    "20,000 lists in one another": ("p.yaml", lambda p: p.write_text("a: " + "[" * 20_000 + "]" * 20_000, encoding="utf-8")),
    "a number of 5,000 digits": ("p.yaml", lambda p: p.write_text("a: " + "1" * 5_000, encoding="utf-8")),
    "a day that never was": ("p.yaml", lambda p: p.write_text("a: 2026-13-45", encoding="utf-8")),
    "pipe as YAML": ("p.yaml", lambda p: os.mkfifo(p)),
    "20 MB of YAML": ("p.yaml", lambda p: p.write_text("a:\n" + "- x\n" * 5_000_000, encoding="utf-8")),
}  # fmt: skip


def letters(number: int) -> str:
    """Letters of a column."""
    from openpyxl.utils import get_column_letter

    return get_column_letter(number)


def workbook_raw(path: Path, sheet: str) -> None:
    """A workbook with this as its sheet."""
    workbook(path, "")
    rewrite(path, lambda name, content: sheet.encode() if name == "xl/worksheets/sheet1.xml" else content)


def merged(path: Path) -> None:
    """Everything merged in the second sheet of a workbook, which a writer would refuse to do."""
    end = b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    rewrite(
        path,
        lambda name, content: (
            content.replace(b"</worksheet>", end) if name.endswith("sheet2.xml") else content
        ),
    )


def rewrite(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Change parts of an archive."""
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, change(name, content))


def read(path: Path) -> str:
    """What comes of a file: the first line of the refusal, or nothing."""
    from xhcp_eval.errors import XhcpError
    from xhcp_eval.files.yaml_door import read_yaml
    from xhcp_eval.observations.door.intake import inspect_file
    from xhcp_eval.plan.reading import load_plan

    try:
        if path.suffix == ".yaml":
            read_yaml(path)
        else:
            seen = inspect_file(path, load_plan("xinhua_2021_2030"))
            return f"refused: {seen.faults[0].text}" if seen.faults else ""
    except XhcpError as error:
        return f"refused: {str(error).splitlines()[0]}"
    return ""


def timed(path: Path) -> None:
    """Read a good file, then the hostile one; print seconds, megabytes more than before, and the answer."""
    import resource

    good = path.parent / "good.csv"
    good.write_text("indicator,region\nx,y\n", encoding="utf-8")
    read(good)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    said = read(path)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{time.monotonic() - began:.2f}\t{more:.0f}\t{said[:150]}")


def main() -> None:
    """Make each file, read it in a process of its own, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args().read
    if given:
        timed(given)
        return
    held = 0
    for kind, (name, make) in (FILES | YAML).items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            make(path)
            command = [sys.executable, __file__, "--read", str(path)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=60, encoding="utf-8")
                seconds, more, said = (
                    done.stdout.strip("\n") or f"99\t0\tdied {done.returncode} {done.stderr[-150:]}"
                ).split("\t")
            except subprocess.TimeoutExpired:
                seconds, more, said = "60", "0", "hangs"
        fine = said.startswith("refused") and float(seconds) < SECONDS and float(more) < MEGABYTES
        held += fine
        print(f"{'held' if fine else 'FAILED'}  {seconds} s  {more} MB  {kind}: {said}", flush=True)
    print(f"{held} of {len(FILES | YAML)} refused in {SECONDS:g} s and {MEGABYTES:g} MB")


if __name__ == "__main__":
    main()
