"""Lines of a report as runs of a Word document, and the few words that are set otherwise there."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.sax.saxutils import escape

from xhcp_eval.report.export.content import Line, Run
from xhcp_eval.report.export.wordml import KAI, MONO, SONG, fonts_xml

TITLE_LETTERS = 19  # of the title's size on a line
# signs that are narrow in Latin text and a character wide in Chinese
_AMBIGUOUS = re.compile("[‘’“”—…·×±≥≤→■-◿⚖⚠]")
_DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """A number from 1 to 99 in Chinese, as Word numbers headings."""
    tens, ones = divmod(number, 10)
    return (
        (_DIGITS[tens] if tens > 1 else "")
        + ("十" if tens else "")
        + (_DIGITS[ones] if ones or not tens else "")
    )


def balanced(title: str) -> str:
    """A title of more than a line broken where its sense allows, nearest to the middle."""
    if len(title) <= TITLE_LETTERS:
        return title
    places = [found.start() for found in re.finditer(r"(?<=[：）》])|(?=[（《])", title)]
    places = [place for place in places if 0 < place < len(title)]
    if not places:
        return title
    middle = min(places, key=lambda place: abs(place - len(title) / 2))
    return f"{title[:middle]}\n{title[middle:]}"


def without(line: Line, count: int) -> Line:
    """A line without its first characters."""
    kept = []
    for run in line:
        text = run.text[count:]
        count = max(count - len(run.text), 0)
        if text:
            kept.append(replace(run, text=text))
    return tuple(kept)


def run_xml(run: Run, looks: str = "") -> str:
    """A run; emphasis is set in 楷体, since slanted Chinese is hard to read. Lines within it are kept."""
    hint = bool(_AMBIGUOUS.search(run.text))
    fonts, rest = _split(looks)
    if run.code:
        fonts = fonts_xml(SONG, MONO, hint)
    elif run.italic:
        fonts = fonts_xml(KAI, hint=hint)
    elif hint:
        fonts = fonts.replace("/>", ' w:hint="eastAsia"/>') if fonts else '<w:rFonts w:hint="eastAsia"/>'
    bold = "<w:b/><w:bCs/>" if run.bold else ""
    script = {"sub": "subscript", "sup": "superscript"}.get(run.script)
    raised = f'<w:vertAlign w:val="{script}"/>' if script else ""
    properties = f"<w:rPr>{fonts}{bold}{rest}{raised}</w:rPr>"
    pieces = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in run.text.split("\n")
    )
    return f"<w:r>{properties}{pieces}</w:r>"


def _split(looks: str) -> tuple[str, str]:
    """Fonts, which come first in a run's properties, and the rest."""
    end = looks.find("/>") + 2 if looks.startswith("<w:rFonts") else 0
    return looks[:end], looks[end:]
