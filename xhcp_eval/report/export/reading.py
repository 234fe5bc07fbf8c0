"""A finished report read back from its one HTML file, so that every other form of it says the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from xhcp_eval.errors import RunError
from xhcp_eval.files.safe_text import xml_text
from xhcp_eval.pack.params import DATA_PAGE, FIRST_PAGE
from xhcp_eval.report.export.content import Chapter, Heading, Report, plain
from xhcp_eval.report.export.html_blocks import Reader, words

_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
# names within a drawing that nbconvert's parser has put in small letters, which only HTML forgives
_CASE = {name.lower(): name for name in ("viewBox", "clipPath", "clipPathUnits", "preserveAspectRatio")}
_SMALL = re.compile(rf"(?<=[<\s/])({'|'.join(_CASE)})(?=[\s=>])(?=[^<]*>)")


def read_report(folder: Path) -> Report:
    """Read a finished report.

    folder: of a pack, as `run_pack` leaves it (index.html, run.json). Raises RunError if there is no finished
    report, or one of an older form in several files.
    """
    folder = Path(folder)
    record, text = _opened(folder)
    page, drawings = _parsed(text)
    sections = page.xpath('//main//section[contains(concat(" ", @class, " "), " chapter ")]')
    if not sections:
        raise RunError(f"{_page(folder)} 中没有章节：报告由旧版程序生成，请重新运行 xhcp run")
    reader = Reader(drawings)
    banner = _first(page, '//div[@class="banner"]')
    return Report(
        pack=str(record.get("pack") or folder.name),
        title=_first(page, "//header//h1") or str(record.get("title", "")),
        subtitle=_first(page, '//p[@class="report-subtitle"]'),
        banner=banner,
        demo_short=_first(page, '//div[@class="watermark"]') if banner else "",
        chapters=tuple(_chapter(reader, section) for section in sections),
        footer=tuple(words(p) for p in page.xpath("//body/footer//p")),
        finished_at=str(record.get("finished_at", "")),
    )


def finished_page(folder: Path) -> Path:
    """The page of all data of a finished report; raises RunError if there is none."""
    _opened(folder)
    return _page(folder)


def _page(folder: Path) -> Path:
    """Beside a brief the page of all data has a name of its own."""
    beside = folder / DATA_PAGE
    return beside if beside.is_file() else folder / FIRST_PAGE


def _opened(folder: Path) -> tuple[dict, str]:
    """Record and page of a finished run."""
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        text = _page(folder).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        message = f"{folder} 中没有完整的报告（缺 index.html 或 run.json）：请先运行 xhcp run"
        raise RunError(message) from error
    if record.get("status") != "ok":
        raise RunError(f"{folder} 中的报告没有运行成功，不能导出：请先修正并重新运行 xhcp run")
    return record, text


def _parsed(text: str):
    """The page as a tree, and its drawings apart: an HTML parser would change the case of names within them."""
    from lxml import html

    drawings: list[str] = []

    def kept(found: re.Match) -> str:
        drawings.append(_SMALL.sub(lambda name: _CASE[name[1]], found[0]))
        return f'<svg data-number="{len(drawings) - 1}"></svg>'

    # scripts, which stand before, may speak of drawings as well
    before, main, after = text.partition("<main")
    whole = before + main + _SVG.sub(kept, xml_text(after))
    return html.document_fromstring(whole.encode("utf-8"), html.HTMLParser(encoding="utf-8")), drawings


def _first(page, path: str) -> str:
    found = page.xpath(path)
    return words(found[0]) if found else ""


def _chapter(reader: Reader, section) -> Chapter:
    """A chapter, its heading first and with the chapter's anchor."""
    blocks = list(reader.blocks(section))
    heading = next((b for b in blocks if isinstance(b, Heading)), None)
    title = plain(heading.line) if heading else ""
    name = section.get("id") or title
    if heading is not None:
        blocks.remove(heading)
        blocks.insert(0, replace(heading, anchors=tuple(dict.fromkeys((name, *heading.anchors)))))
    return Chapter(name, title, tuple(blocks))
