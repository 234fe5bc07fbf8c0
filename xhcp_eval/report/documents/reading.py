"""The blocks of a document, read from the outputs of an executed notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xhcp_eval.chapters.kit.blocks import KINDS, MIME, Block, from_data
from xhcp_eval.errors import RunError


def blocks_of(notebook: Path) -> list[Block]:
    """Blocks that an executed notebook shows, in the order of its cells and outputs; other outputs are passed over.

    notebook: .ipynb file after its run. Raises RunError if it can't be read, a cell failed or a block is broken, with all
    places at once, or if it hasn't run. A notebook that ran and had nothing to say has no blocks.
    """
    notebook = Path(notebook)
    blocks: list[Block] = []
    problems: list[str] = []
    cells = _cells(notebook)
    for number, cell in enumerate(cells, 1):
        for output in cell.get("outputs", ()):
            if output.get("output_type") == "error":
                problems.append(f"第{number}个单元格运行出错：{output.get('ename')}：{output.get('evalue')}")
            elif MIME in output.get("data", {}):
                try:
                    blocks.append(_block(output["data"][MIME]))
                except ValueError as error:
                    problems.append(f"第{number}个单元格：{error}")
    if problems:
        raise RunError(f"{notebook.name} 中的内容不能编入文件：", problems)
    if not blocks and not any(cell.get("execution_count") for cell in cells):
        raise RunError(f"{notebook.name} 中没有文件内容：须先运行")
    return blocks


def _cells(notebook: Path) -> list[dict[str, Any]]:
    from nbformat import NO_CONVERT, read
    from nbformat.reader import NotJSONError

    try:
        return read(str(notebook), NO_CONVERT).cells
    except (OSError, UnicodeDecodeError, NotJSONError, AttributeError) as error:
        raise RunError(f"不能读取 {notebook}：它不存在，或不是完整的笔记本文件") from error


def _block(data: Any) -> Block:
    """A block of its data; raises ValueError, in Chinese, for what is none."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in KINDS:
        raise ValueError(f"不认识的内容种类 {kind}；允许 {'、'.join(KINDS)}")
    try:
        return from_data(data)
    except TypeError as error:
        raise ValueError(f"{kind} 的字段不对：{error}") from error
