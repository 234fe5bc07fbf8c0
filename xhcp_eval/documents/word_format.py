"""How a Word document of ours is set: the layout of official documents (GB/T 9704-2012), as Word's own styles.

A4 with margins 37/35/28/26 mm, body 16 pt 仿宋 on lines of 28 pt with two characters indented, headings 一、（一）1.（1）
in 黑体, 楷体, bold 仿宋, 仿宋, title 22 pt 小标宋, page numbers — 1 — outside at the foot. Where a font is missing,
Word takes the one named beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docx.document import Document

TITLE, BLACK, KAI, FANG, SONG = "方正小标宋简体", "黑体", "楷体_GB2312", "仿宋_GB2312", "宋体"
LATIN, MONO = "Times New Roman", "Consolas"
# Font -> what stands in for it where it isn't installed.
STAND_INS = {TITLE: "宋体", BLACK: "SimHei", KAI: "楷体", FANG: "仿宋", SONG: "SimSun"}
BODY, LINE = 16.0, 28.0  # points
MARGINS = {"top": 37, "bottom": 35, "left": 28, "right": 26}  # millimetres
PAGE = (210, 297)
TEXT_WIDTH = PAGE[0] - MARGINS["left"] - MARGINS["right"]
TEXT_HEIGHT = PAGE[1] - MARGINS["top"] - MARGINS["bottom"]
# Level -> form of the number in Word, its text, its number in the list of styles.
NUMBERS = (
    ("chineseCountingThousand", "%1、"),
    ("chineseCountingThousand", "（%2）"),
    ("decimal", "%3."),
    ("decimal", "（%4）"),
)
NUMBERING = 90
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


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
    tab: bool = False  # one at the right end of the line


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
    "TOC1": Look("toc 1", BLACK, 14, align="left", line=26, tab=True),
    "TOC2": Look("toc 2", FANG, 14, align="left", line=24, left=2, tab=True),
    "Header": Look("header", SONG, 9, align="left", line=0, tab=True),
    "Footer": Look("footer", SONG, 14, align="left", line=0),
}  # fmt: skip


def new_document(title: str, mark: str = "") -> Document:
    """An empty document in this layout. title: in the header. mark: beside it on every page, such as 演示数据."""
    from docx import Document

    document = Document()
    _set_styles(document)
    _set_numbering(document)
    _set_fonts(document)
    _set_settings(document)
    _set_page(document, title, mark)
    return document


def fonts_xml(font: str, latin: str = LATIN, hint: bool = False) -> str:
    """Fonts of a run: for Chinese, and for Latin letters and digits. hint: quotes and dashes are Chinese."""
    extra = ' w:hint="eastAsia"' if hint else ""
    return f'<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:cs="{latin}" w:eastAsia="{font}"{extra}/>'


def field_xml(instruction: str, shown: str = "", looks: str = "") -> str:
    """Runs of a field that Word computes. shown: what stands there until it has. looks: XML of run properties."""
    from xml.sax.saxutils import escape

    parts = [
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        f'<w:t xml:space="preserve">{escape(shown)}</w:t>',
        '<w:fldChar w:fldCharType="end"/>',
    ]
    return "".join(f"<w:r>{looks}{part}</w:r>" for part in parts)


def _set_styles(document: Document) -> None:
    """Ours in place of the ones python-docx brings, so that nothing of another look is in the document."""
    from docx.oxml.ns import qn

    styles = document.styles.element
    for tag in ("w:docDefaults", "w:style"):
        for element in styles.findall(qn(tag)):
            styles.remove(element)
    styles.insert(0, _xml(_DEFAULTS))
    for text in (*_OTHER_STYLES, *(_style_xml(key, look) for key, look in LOOKS.items())):
        styles.append(_xml(text))


_DEFAULTS = (
    f"<w:docDefaults {_W}><w:rPrDefault><w:rPr>{fonts_xml(FANG)}"
    f'<w:sz w:val="{BODY * 2:.0f}"/><w:szCs w:val="{BODY * 2:.0f}"/>'
    '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
    "<w:pPrDefault/></w:docDefaults>"
)
_OTHER_STYLES = (
    f'<w:style {_W} w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/>'
    '<w:uiPriority w:val="1"/><w:semiHidden/></w:style>',
    f'<w:style {_W} w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/>'
    '<w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>',
    f'<w:style {_W} w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/><w:semiHidden/></w:style>',
)


def _style_xml(key: str, look: Look) -> str:
    """A paragraph style; the order of elements is the schema's."""
    custom = "" if look.name.isascii() else ' w:customStyle="1"'
    default = ' w:default="1"' if key == "Normal" else ""
    based = "" if key == "Normal" else '<w:basedOn w:val="Normal"/>'
    after = '<w:next w:val="BodyText"/>' if look.level else ""
    numbered = 0 < look.level <= len(NUMBERS)
    number = f'<w:numPr><w:ilvl w:val="{look.level - 1}"/><w:numId w:val="{NUMBERING}"/></w:numPr>'
    bullet = f'<w:numPr><w:numId w:val="{NUMBERING + 1}"/></w:numPr>'
    spacing = (
        f'w:line="{look.line * 20:.0f}" w:lineRule="exact"' if look.line else 'w:line="240" w:lineRule="auto"'
    )
    dots = ' w:leader="dot"' if "toc" in look.name else ""
    tab = f'<w:tabs><w:tab w:val="right"{dots} w:pos="{twips(TEXT_WIDTH)}"/></w:tabs>'
    paragraph = (
        ("<w:keepNext/>" if look.with_next else "")
        + ("<w:keepLines/>" if look.level else "")
        + ("<w:pageBreakBefore/>" if look.new_page else "")
        + (number if numbered else bullet if key == "ListBullet" else "")
        + (tab if look.tab else "")
        + f'<w:spacing w:before="{look.before * 20:.0f}" w:after="{look.after * 20:.0f}" {spacing}/>'
        + _indent_xml(look)
        + f'<w:jc w:val="{look.align}"/>'
        + (f'<w:outlineLvl w:val="{look.level - 1}"/>' if look.level else "")
    )  # fmt: skip
    bold = "<w:b/><w:bCs/>" if look.bold else '<w:b w:val="0"/><w:bCs w:val="0"/>'
    letters = (
        f'{fonts_xml(look.font, look.latin)}{bold}<w:color w:val="{look.colour}"/>'
        f'<w:sz w:val="{look.size * 2:.0f}"/><w:szCs w:val="{look.size * 2:.0f}"/>'
    )
    return (
        f'<w:style {_W} w:type="paragraph"{default}{custom} w:styleId="{key}"><w:name w:val="{look.name}"/>{based}{after}'
        f"<w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{letters}</w:rPr></w:style>"
    )


def _indent_xml(look: Look) -> str:
    """Indents in characters, which follow the font size, and in twips for programs that don't know these."""
    one = look.size * 20
    return (
        f'<w:ind w:leftChars="{look.left * 100:.0f}" w:left="{look.left * one:.0f}"'
        f' w:firstLineChars="{look.indent * 100}" w:firstLine="{look.indent * one:.0f}"/>'
    )


def _set_numbering(document: Document) -> None:
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
        made = _xml(
            f'<w:abstractNum {_W} w:abstractNumId="{number}"><w:multiLevelType w:val="{kind}"/>{text}</w:abstractNum>'
        )
        first.addprevious(made)
        numbering.append(_xml(f'<w:num {_W} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'))


def _set_fonts(document: Document) -> None:
    """The table of fonts, with a stand-in for each that a reader may lack."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, other in STAND_INS.items()
    )
    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    # python-docx knows this part as bytes only
    part._blob = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {_W}>{fonts}</w:fonts>'.encode()
    )


def _set_settings(document: Document) -> None:
    """Fields are computed on opening; pages differ left and right; the way of today's Word."""
    from docx.oxml.ns import qn

    settings = document.settings.element
    compat = settings.find(qn("w:compat"))
    compat.addprevious(_xml(f'<w:updateFields {_W} w:val="true"/>'))
    for one in compat.findall(qn("w:compatSetting")):
        if one.get(qn("w:name")) == "compatibilityMode":
            one.set(qn("w:val"), "15")
    settings.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    document.settings.odd_and_even_pages_header_footer = True


def _set_page(document: Document, title: str, mark: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = (Mm(side) for side in PAGE)
    for side, width in MARGINS.items():
        setattr(section, f"{side}_margin", Mm(width))
    section.header_distance, section.footer_distance = Mm(22), Mm(22)
    for header in (section.header, section.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.style = document.styles["header"]
        paragraph.add_run(title)
        if mark:
            paragraph.add_run("\t")
            paragraph.add_run(f"⚠ {mark}").bold = True
    right, left = WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT
    for footer, side in ((section.footer, right), (section.even_page_footer, left)):
        paragraph = footer.paragraphs[0]
        paragraph.style = document.styles["footer"]
        paragraph.alignment = side
        inside = paragraph.paragraph_format
        inside.right_indent, inside.left_indent = (Pt(14), None) if side == right else (None, Pt(14))
        dash = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
        for element in elements(dash.format("— ") + field_xml("PAGE", "1") + dash.format(" —")):
            paragraph._p.append(element)


def elements(text: str) -> list:
    """The elements that a text of WordprocessingML describes, for python-docx to hold."""
    return list(_xml(f"<w:r {_W}>{text}</w:r>"))


def twips(millimetres: float) -> int:
    """Millimetres in Word's unit, a twentieth of a point."""
    return round(millimetres / 25.4 * 1440)


def _xml(text: str):
    from docx.oxml import parse_xml

    return parse_xml(text)
