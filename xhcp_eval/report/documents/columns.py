"""How wide the columns of a table are: as its author shares the width out, none narrower than four characters."""

from __future__ import annotations

from xhcp_eval.chapters.kit.blocks import Table
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.sheets import CELL_ROOM

LEAST = 4  # characters in a line of the narrowest column


def column_widths(table: Table, size: float, whole: float) -> list[float]:
    """Widths of a table's columns in points, together `whole`.

    size: of the letters, points. Raises RunError if a row or the widths don't fit the head, or the columns don't fit the page.
    """
    count = len(table.head)
    check_table(table)
    least = LEAST * size + 2 * CELL_ROOM + 0.5  # half a point: no rounding may break a line
    if least * count > whole:
        raise RunError(
            f"{_name(table)}有 {count} 列，版心宽 {whole:.0f} 磅，每列放不下 {LEAST} 个字："
            f"请减到 {int(whole / least)} 列以内，或改为横排（landscape）"
        )
    shares = [max(share, 0.001) for share in table.widths]  # none at all is as good as too little
    narrow: set[int] = set()
    while True:
        rest = whole - least * len(narrow)
        total = sum(share for k, share in enumerate(shares) if k not in narrow)
        widths = [least if k in narrow else rest * share / total for k, share in enumerate(shares)]
        fresh = {k for k, width in enumerate(widths) if width < least - 1e-9}
        if not fresh:
            return widths
        narrow |= fresh


def check_table(table: Table) -> None:
    """Raise RunError, with all faults at once, if rows, widths or links don't fit the head of a table."""
    count = len(table.head)
    problems = [] if count else ["没有列"]
    if len(table.widths) != count:
        problems.append(f"列宽有 {len(table.widths)} 个，表头有 {count} 列")
    problems += [
        f"第 {number} 行有 {len(row)} 格，表头有 {count} 列"
        for number, row in enumerate(table.rows, 1)
        if len(row) != count
    ]
    if table.links and len(table.links) != len(table.rows):
        problems.append(f"链接有 {len(table.links)} 个，表有 {len(table.rows)} 行")
    if problems:
        raise RunError(f"{_name(table)}不完整：", problems)


def _name(table: Table) -> str:
    return f"表“{table.caption}”" if table.caption else f"表头为“{'、'.join(table.head)}”的表"
