"""Styles and numbers of headings of our Word documents: the layout of official documents (GB/T 9704-2012).

Body 16 pt 仿宋 on lines of 28 pt with two characters indented, headings 一、（一）1.（1） in 黑体, 楷体, bold 仿宋, 仿宋, title
22 pt 小标宋.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xhcp_eval.report.export.wordml import (
    BLACK,
    FANG,
    KAI,
    LATIN,
    MONO,
    SONG,
    TEXT_WIDTH,
    TITLE,
    W,
    element,
    fonts_xml,
    twips,
)

if TYPE_CHECKING:
    from docx.document import Document

BODY, LINE = 16.0, 28.0  # points
# Level -> form of the number in Word, its text, its number in the list of styles.
NUMBERS = (
    ("chineseCountingThousand", "%1、"),
    ("chineseCountingThousand", "（%2）"),
    ("decimal", "%3."),
    ("decimal", "（%4）"),
)
NUMBERING = 90
SINGLE = 'w:line="240" w:lineRule="auto"'


@dataclass(frozen=True)
class Look:
    """A paragraph style. line: exact points, 0 single. indent: characters on the first line. level: of a heading."""

    name: str
    font: str = FANG
    size: float = BODY
    bold: bool = False
    align: str = "both"
    indent: int = 0
    line: float = LINE
    before: float = 0
    after: float = 0
    with_next: bool = False
    new_page: bool = False
    level: int = 0
    left: float = 0  # characters
    colour: str = "000000"
    latin: str = LATIN
    tab: float = 0  # millimetres from the left: one that text ends at
    numbered: bool = True  # a heading that Word numbers
    alone: bool = False  # a line of a paragraph may stand alone on a page


LOOKS: dict[str, Look] = {
    "Normal": Look("Normal"),
    "Title": Look("Title", TITLE, 22, align="center", line=36, before=56, after=14),
    "Subtitle": Look("Subtitle", KAI, align="center", after=28),
    "BodyText": Look("Body Text", indent=2),
    "Heading1": Look("heading 1", BLACK, indent=2, before=0, after=7, with_next=True, new_page=True, level=1),
    "Heading2": Look("heading 2", KAI, indent=2, before=7, with_next=True, level=2),
    "Heading3": Look("heading 3", FANG, bold=True, indent=2, before=7, with_next=True, level=3),
    "Heading4": Look("heading 4", FANG, indent=2, with_next=True, level=4),
    "Heading5": Look("heading 5", FANG, indent=2, with_next=True, level=5),
    "Kicker": Look("所属部分", KAI, indent=2, with_next=True),
    "ListBullet": Look("List Bullet", left=2),
    "Warning": Look("演示数据声明", BLACK, 14, colour="A3161F", line=24, after=14),
    "TableCaption": Look("表题", BLACK, 12, align="center", line=20, before=8, after=4, with_next=True),
    "FigureCaption": Look("图题", BLACK, 12, align="center", line=20, before=4, after=10),
    "Picture": Look("图", align="center", line=0, before=8, with_next=True),
    "TableText": Look("表格文字", SONG, 10.5, align="left", line=0),
    "Code": Look("代码", SONG, 9, align="left", line=12, latin=MONO),
    "ContentsTitle": Look("目录标题", BLACK, align="center", after=14, new_page=True),
    "TOC1": Look("toc 1", BLACK, 14, align="left", line=26, tab=TEXT_WIDTH),
    "TOC2": Look("toc 2", FANG, 14, align="left", line=24, left=2, tab=TEXT_WIDTH),
    "Header": Look("header", SONG, 9, align="left", line=0, tab=TEXT_WIDTH),
    "Footer": Look("footer", SONG, 14, align="left", line=0),
}  # fmt: skip


def set_styles(document: Document, looks: Mapping[str, Look] = LOOKS) -> None:
    """Ours in place of the ones python-docx brings, so that nothing of another look is in the document.

    looks: paragraph styles by id.
    """
    from docx.oxml.ns import qn

    styles = document.styles.element
    for tag in ("w:docDefaults", "w:style"):
        for old in styles.findall(qn(tag)):
            styles.remove(old)
    styles.insert(0, element(_DEFAULTS))
    for text in (*_OTHER_STYLES, *(_style_xml(key, look) for key, look in looks.items())):
        styles.append(element(text))


_DEFAULTS = (
    f"<w:docDefaults {W}><w:rPrDefault><w:rPr>{fonts_xml(FANG)}"
    f'<w:sz w:val="{BODY * 2:.0f}"/><w:szCs w:val="{BODY * 2:.0f}"/>'
    '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
    "<w:pPrDefault/></w:docDefaults>"
)
_OTHER_STYLES = (
    f'<w:style {W} w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/>'
    '<w:uiPriority w:val="1"/><w:semiHidden/></w:style>',
    f'<w:style {W} w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/>'
    '<w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>',
    f'<w:style {W} w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/><w:semiHidden/></w:style>',
)


def _style_xml(key: str, look: Look) -> str:
    """A paragraph style."""
    custom = "" if look.name.isascii() else ' w:customStyle="1"'
    default = ' w:default="1"' if key == "Normal" else ""
    based = "" if key == "Normal" else '<w:basedOn w:val="Normal"/>'
    after = '<w:next w:val="BodyText"/>' if look.level else ""
    bold = "<w:b/><w:bCs/>" if look.bold else ""
    size = f"{look.size * 2:.0f}"
    return (
        f'<w:style {W} w:type="paragraph"{default}{custom} w:styleId="{key}"><w:name w:val="{look.name}"/>{based}{after}'
        f"<w:qFormat/><w:pPr>{_paragraph_xml(key, look)}</w:pPr><w:rPr>{fonts_xml(look.font, look.latin)}{bold}"
        f'<w:color w:val="{look.colour}"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


def _paragraph_xml(key: str, look: Look) -> str:
    """How a style sets paragraphs; the order of elements is the schema's."""
    numbered = look.numbered and 0 < look.level <= len(NUMBERS)
    number = f'<w:numPr><w:ilvl w:val="{look.level - 1}"/><w:numId w:val="{NUMBERING}"/></w:numPr>'
    bullet = f'<w:numPr><w:numId w:val="{NUMBERING + 1}"/></w:numPr>'
    exact = f'w:line="{look.line * 20:.0f}" w:lineRule="exact"'
    dots = ' w:leader="dot"' if "toc" in look.name else ""
    parts = (
        "<w:keepNext/>" if look.with_next else "",
        "<w:keepLines/>" if look.level else "",
        "<w:pageBreakBefore/>" if look.new_page else "",
        '<w:widowControl w:val="0"/>' if look.alone else "",
        number if numbered else bullet if key == "ListBullet" else "",
        f'<w:tabs><w:tab w:val="right"{dots} w:pos="{twips(look.tab)}"/></w:tabs>' if look.tab else "",
        f'<w:spacing w:before="{look.before * 20:.0f}" w:after="{look.after * 20:.0f}"',
        f" {exact if look.line else SINGLE}/>",
        _indent_xml(look),
        f'<w:jc w:val="{look.align}"/>',
        f'<w:outlineLvl w:val="{look.level - 1}"/>' if look.level else "",
    )
    return "".join(parts)


def _indent_xml(look: Look) -> str:
    """Indents in characters, which follow the font size, and in twips for programs that don't know these."""
    one = look.size * 20
    return (
        f'<w:ind w:leftChars="{look.left * 100:.0f}" w:left="{look.left * one:.0f}"'
        f' w:firstLineChars="{look.indent * 100}" w:firstLine="{look.indent * one:.0f}"/>'
    )


def set_numbering(document: Document) -> None:
    """一、（一）1.（1） as one list of levels tied to the heading styles, and a plain bullet."""
    from docx.oxml.ns import qn

    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:pStyle w:val="Heading{level + 1}"/>'
        f'<w:suff w:val="nothing"/><w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl>'
        for level, (form, text) in enumerate(NUMBERS)
    )
    bullet = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:pStyle w:val="ListBullet"/><w:suff w:val="space"/>'
        f'<w:lvlText w:val="·"/><w:lvlJc w:val="left"/><w:rPr>{fonts_xml(SONG, SONG)}</w:rPr></w:lvl>'
    )
    first = numbering.find(qn("w:num"))
    for number, kind, text in ((NUMBERING, "multilevel", levels), (NUMBERING + 1, "singleLevel", bullet)):
        made = element(
            f'<w:abstractNum {W} w:abstractNumId="{number}"><w:multiLevelType w:val="{kind}"/>{text}</w:abstractNum>'
        )
        first.addprevious(made)
        numbering.append(
            element(f'<w:num {W} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>')
        )
