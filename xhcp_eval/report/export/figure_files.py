"""The figures of a finished report as files: SVG for layout programs, PNG at 300 dpi, and a list of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from xhcp_eval.files.safe_text import file_name, plain_cell
from xhcp_eval.files.whole import whole_folder
from xhcp_eval.report.export.content import INDEX, Chapter, Figure
from xhcp_eval.report.export.picture import standalone_svg, svg_png
from xhcp_eval.report.export.reading import read_report

HEADERS = ("章", "图号", "图题", "SVG 文件", "PNG 文件", "资料来源", "图的说明")
_LONGEST = 40  # characters of a caption in a file's name


def write_figures(report: Path, folder: Path) -> Path:
    """Write every figure of a finished report as <chapter>_<number>_<caption>.svg and .png, and index.csv.

    report: folder of a pack's report. folder: put there as a whole; figures exported before are
    replaced. A figure that is a picture
    already (no drawing) has its PNG or JPEG only. Returns the folder. Raises RunError if there is no finished
    report, or a folder of that name holds other things.
    """
    content = read_report(Path(report))
    with whole_folder(folder, INDEX) as work:
        rows = [HEADERS]
        for chapter, number, figure in numbered_figures(content.chapters):
            title = file_name(figure.caption or figure.alt, _LONGEST)
            name = f"{file_name(chapter.name, _LONGEST)}_{number:03d}_{title}".rstrip("_")
            files = _write(figure, work, name)
            rows.append((chapter.title, f"图{number}", figure.caption, *files, figure.source, figure.alt))
        # the mark at the start tells Excel that the file is UTF-8
        with (work / INDEX).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([plain_cell(value) for value in row] for row in rows)
    return Path(folder)


def numbered_figures(chapters: tuple[Chapter, ...]) -> Iterator[tuple[Chapter, int, Figure]]:
    """Figures in order, numbered through the report as in the Word document."""
    number = 0
    for chapter in chapters:
        for block in chapter.blocks:
            if isinstance(block, Figure):
                number += 1
                yield chapter, number, block


def _write(figure: Figure, folder: Path, name: str) -> tuple[str, str]:
    """Names of the SVG and the picture written."""
    if not figure.svg:
        picture = folder / f"{name}{'.jpg' if figure.picture.startswith(bytes((0xFF, 0xD8))) else '.png'}"
        picture.write_bytes(figure.picture)
        return "", picture.name
    svg, picture = folder / f"{name}.svg", folder / f"{name}.png"
    svg.write_text(standalone_svg(figure.svg, figure.alt), encoding="utf-8", newline="\n")
    picture.write_bytes(svg_png(figure.svg))
    return svg.name, picture.name
