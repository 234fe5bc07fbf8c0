"""A finished report in the forms that offices pass on: Word, PDF, figures, tables.

`export` makes them from the report's folder; nothing is computed anew, so they say what the report says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from xhcp_eval.errors import ParamsError
from xhcp_eval.files.whole import make_folder, refuse_other, whole_file, whole_folder
from xhcp_eval.report.export.content import INDEX

KINDS: tuple[str, ...] = ("word", "pdf", "figures", "tables")


def export(report: Path, out: Path, kinds: Collection[str] = KINDS) -> list[Path]:
    """Write a finished report in other forms; returns the files, or the folder of figures, in the order of KINDS.

    report: folder of a pack's report (with index.html and run.json). out: folder, made if missing; files of
    the same name are replaced once everything is written, so that nothing half-written stays. kinds: of KINDS;
    word: <pack>.docx, pdf: <pack>.pdf, figures: a folder with SVG, PNG and index.csv, tables: <pack>_tables.xlsx.
    Raises ParamsError for an unknown kind, RunError if there is no finished report, no browser for the PDF, a
    file is held open by another program, or a folder `figures` there holds other things.
    """
    report, out = Path(report), Path(out)
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ParamsError(f"不认识的导出格式 {'、'.join(unknown)}；允许 {'、'.join(KINDS)}")
    make_folder(out)
    if "figures" in kinds:
        refuse_other(out / "figures", INDEX)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=out, ignore_cleanup_errors=True) as work:
        made = [_WRITERS[kind](report, Path(work)) for kind in KINDS if kind in kinds]
        return [_place(one, out / one.name) for one in made]


def _word(report: Path, folder: Path) -> Path:
    from xhcp_eval.report.export.word import write_word

    return write_word(report, folder / f"{report.resolve().name}.docx")


def _pdf(report: Path, folder: Path) -> Path:
    from xhcp_eval.report.export.pdf import write_pdf

    return write_pdf(report, folder / f"{report.resolve().name}.pdf")


def _figures(report: Path, folder: Path) -> Path:
    from xhcp_eval.report.export.figure_files import write_figures

    return write_figures(report, folder / "figures")


def _tables(report: Path, folder: Path) -> Path:
    from xhcp_eval.report.export.table_sheets import write_tables

    return write_tables(report, folder / f"{report.resolve().name}_tables.xlsx")


_WRITERS: dict[str, Callable[[Path, Path], Path]] = {
    "word": _word,
    "pdf": _pdf,
    "figures": _figures,
    "tables": _tables,
}


def _place(made: Path, target: Path) -> Path:
    """Put a finished file or folder in its place."""
    if made.is_dir():
        with whole_folder(target, INDEX) as folder:
            for file in made.iterdir():
                file.replace(folder / file.name)
    else:
        with whole_file(target) as place:
            made.replace(place)
    return target
