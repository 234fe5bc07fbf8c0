"""Small pieces of WordprocessingML, the language of .docx files, and the fonts and measures of our documents."""

from __future__ import annotations

TITLE, BLACK, KAI, FANG, SONG = "方正小标宋简体", "黑体", "楷体_GB2312", "仿宋_GB2312", "宋体"
LATIN, MONO = "Times New Roman", "Consolas"
# Font -> what stands in for it where it isn't installed.
STAND_INS = {TITLE: "宋体", BLACK: "SimHei", KAI: "楷体", FANG: "仿宋", SONG: "SimSun"}
MARGINS = {"top": 37, "bottom": 35, "left": 28, "right": 26}  # millimetres
PAGE = (210, 297)
TEXT_WIDTH = PAGE[0] - MARGINS["left"] - MARGINS["right"]
TEXT_HEIGHT = PAGE[1] - MARGINS["top"] - MARGINS["bottom"]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


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


def elements(text: str) -> list:
    """The elements that a text of WordprocessingML describes, for python-docx to hold."""
    return list(element(f"<w:r {W}>{text}</w:r>"))


def twips(millimetres: float) -> int:
    """Millimetres in Word's unit, a twentieth of a point."""
    return round(millimetres / 25.4 * 1440)


def element(text: str):
    """The one element that a text with its namespace describes."""
    from docx.oxml import parse_xml

    return parse_xml(text)
