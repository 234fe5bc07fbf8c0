"""A document made from blocks as PDF, set by typst, without a browser. Typst is an extra: `pip install xhcp-eval[pdf]`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Picture, Table
from xhcp_eval.chapters.kit.style import ASSETS, FONT_FAMILY, symbol_font_file
from xhcp_eval.errors import RunError
from xhcp_eval.files.whole import whole_file
from xhcp_eval.report.documents.columns import column_widths
from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.drawings import bare_svg
from xhcp_eval.report.documents.layout import picture_size, turned
from xhcp_eval.report.documents.numbering import Numbering
from xhcp_eval.report.documents.sheets import Sheet, sheet_of
from xhcp_eval.report.export.picture import standalone_svg
from xhcp_eval.report.export.word_runs import balanced
from xhcp_eval.report.export.wordml import BLACK, FANG, KAI, LATIN, SONG, TITLE

TEMPLATE = ASSETS / "document.typ"
_HINT = "不用浏览器生成 PDF 需要 typst：请运行 pip install typst（或安装时写 xhcp-eval[pdf]）；也可用浏览器打印网页"
# Font of the standard -> those that stand in for it, in this order; the packaged one is last, so that no machine lacks one.
_STAND_INS = {
    TITLE: ("FZXiaoBiaoSong-B05S", "STZhongsong", "SimSun", "Noto Serif CJK SC", "Source Han Serif SC"),
    BLACK: ("SimHei", "STHeiti", "Noto Sans CJK SC", "Source Han Sans SC"),
    KAI: ("KaiTi_GB2312", "KaiTi", "STKaiti", "Noto Serif CJK SC", "Source Han Serif SC"),
    FANG: ("FangSong_GB2312", "FangSong", "STFangsong", "Noto Serif CJK SC", "Source Han Serif SC"),
    SONG: ("SimSun", "STSong", "Noto Serif CJK SC", "Source Han Serif SC"),
}
_LATIN = (LATIN, "Liberation Serif")


def has_typst() -> bool:
    """Whether typst is installed."""
    return find_spec("typst") is not None


def write_pdf(blocks: Sequence[Block], cover: Cover, path: Path) -> Path:
    """Write a document as PDF with contents, bookmarks and tags; returns its path.

    blocks: in order. cover: what stands outside; it also chooses the type. path: file to write; replaced if it is there.
    Raises RunError if typst isn't installed, a block doesn't fit or is broken, or the file is open elsewhere.
    """
    try:
        from typst import TypstError, compile
    except ImportError as error:
        raise RunError(_HINT) from error
    with tempfile.TemporaryDirectory(prefix="xhcp-pdf-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        main = _lay_out(blocks, cover, root)
        try:
            data = compile(main, root=root, font_paths=[ASSETS / "fonts", symbol_font_file().parent])
        except TypstError as error:
            raise RunError(f"文件“{cover.title}”不能生成 PDF：", [str(error)]) from error
    with whole_file(Path(path)) as made:
        made.write_bytes(data)
    return Path(path)


def _lay_out(blocks: Sequence[Block], cover: Cover, root: Path) -> Path:
    """Write what typst reads into a folder: the template, its data, pictures; returns the template's path."""
    sheet, numbering, ways = sheet_of(cover), Numbering(blocks), turned(blocks)
    logo = ""
    if cover.logo:
        logo = f"logo{cover.logo.suffix.lower()}"
        shutil.copyfile(cover.logo, root / logo)
    for k, block in enumerate(blocks):
        if isinstance(block, Picture):
            svg = standalone_svg(bare_svg(block), block.alt)
            (root / f"{k}.svg").write_text(svg, encoding="utf-8", newline="\n")
    data = {
        "cover": {**asdict(cover), "logo": logo, "mark": cover.mark, "broken": balanced(cover.title)},
        "sheet": _sheet_data(sheet),
        "blocks": [_block_data(k, block, sheet, ways[k], numbering) for k, block in enumerate(blocks)],
    }
    (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8", newline="\n")
    return Path(shutil.copyfile(TEMPLATE, root / "main.typ"))


def _sheet_data(sheet: Sheet) -> dict[str, Any]:
    looks = {
        key: {**asdict(look), "font": [*_LATIN, *_STAND_INS.get(look.font, ()), FONT_FAMILY, "DejaVu Sans"]}
        for key, look in sheet.looks.items()
    }
    return {"margins": dict(sheet.margins), "turned": dict(sheet.turned), "looks": looks}


def _block_data(k: int, block: Block, sheet: Sheet, way: bool, numbering: Numbering) -> dict[str, Any]:
    """A block as the template takes it: sizes in points, references as pieces."""
    caption = numbering.of(k)
    data: dict[str, Any] = {"kind": block.kind, "turned": way, "caption": caption.whole if caption else ""}
    data["anchor"] = caption.anchor if caption else ""
    if isinstance(block, Heading):
        data |= {"text": block.text, "level": block.level}
    elif isinstance(block, Paragraph):
        pieces = [asdict(piece) for piece in numbering.pieces(block.text)]
        data |= {"lead": block.lead, "pieces": pieces, "style": block.style}
    elif isinstance(block, Table):
        style = sheet.letters(len(block.head))
        widths = column_widths(block, sheet.looks[style].size, sheet.width(way))
        data |= {"head": block.head, "rows": block.rows, "widths": widths, "style": style, "note": block.note}
    elif isinstance(block, Picture):
        width, _ = picture_size(block, sheet, way)
        data |= {"file": f"{k}.svg", "width": width, "alt": block.alt, "source": block.source}
    return data
