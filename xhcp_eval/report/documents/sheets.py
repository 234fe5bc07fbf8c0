"""Paper and type of the two kinds of documents: the report in official form (GB/T 9704-2012), the brief on two pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.export.word_styles import LOOKS, Look
from xhcp_eval.report.export.wordml import BLACK, FANG, KAI, MARGINS, PAGE, SONG, TITLE

POINTS = 72 / 25.4  # in a millimetre
CELL_ROOM = 2.85  # points at each side of a cell's text: 57 twips
_CELLS = ("TableText", "TableSmall", "TableHead", "TableHeadSmall")
# Paragraph style of a block -> of the sheet.
STYLES = {
    "body": "BodyText", "note": "Note", "source": "Source", "item": "ListBullet", "addressee": "Addressee",
    "signature": "Signature",
}  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """Paper and type. margins: of upright pages, millimetres. turned: of pages turned. looks: paragraph styles by id.
    few: tables of at most so many columns are set in TableText, others in TableSmall.
    """

    margins: Mapping[str, float]
    turned: Mapping[str, float]
    looks: Mapping[str, Look]
    few: int

    def width(self, turned: bool = False) -> float:
        """Of the text, in points."""
        margins, across = (self.turned, PAGE[1]) if turned else (self.margins, PAGE[0])
        return (across - margins["left"] - margins["right"]) * POINTS

    def height(self, turned: bool = False) -> float:
        """Of the text, in points."""
        margins, down = (self.turned, PAGE[0]) if turned else (self.margins, PAGE[1])
        return (down - margins["top"] - margins["bottom"]) * POINTS

    def letters(self, columns: int) -> str:
        """Style of the cells of a table of so many columns."""
        return "TableText" if columns <= self.few else "TableSmall"


def sheet_of(cover: Cover) -> Sheet:
    """The sheet of a document: official with a cover page, else that of a brief; its lines as far apart as the cover says, those of tables in the
    same part.
    """
    sheet = FORMAL if cover.with_cover_page else BRIEF
    usual = sheet.looks["BodyText"].line
    if cover.leading in (0.0, usual):
        return sheet
    part = cover.leading / usual
    looks = {
        key: replace(look, line=round(20 * look.line * part) / 20)
        if look.line == usual or key in _CELLS
        else look
        for key, look in sheet.looks.items()
    }
    return replace(sheet, looks=looks)


def _heading(look: Look, **changes) -> Look:
    """A heading that brings its number along, in the run of the text."""
    return replace(look, numbered=False, new_page=False, **changes)


def _full_pages(*looks: Mapping[str, Look]) -> dict[str, Look]:
    """Looks, the later of one id for the earlier, of paragraphs that fill pages to the last line, as the standard has it."""
    return {key: replace(look, alone=True) for group in looks for key, look in group.items()}


_OWN: dict[str, Look] = {
    "Heading1": _heading(LOOKS["Heading1"], before=14, after=7),
    "Heading2": _heading(LOOKS["Heading2"], before=7),
    "Heading3": _heading(LOOKS["Heading3"], before=0),
    "TableText": Look("表格文字", SONG, 10.5, align="left", line=15),
    "TableSmall": Look("表格小字", SONG, 9, align="left", line=12.5),
    "TableHead": Look("表头文字", BLACK, 10.5, align="center", line=15),
    "TableHeadSmall": Look("表头小字", BLACK, 9, align="center", line=12.5),
    "Note": Look("表注", SONG, 10.5, align="left", line=16, before=2, after=12),
    "Source": Look("资料来源", SONG, 10.5, align="left", line=16, after=12),
    "Gap": Look("间隔", SONG, 1, align="left", line=10),
    "Hinge": Look("分节", SONG, 1, align="left", line=1),
    "Class": Look("密级", BLACK, 16, align="left"),
    "Logo": Look("徽标", align="center", line=0, after=20),
    "Addressee": Look("主送机关"),
    # the middle of the right half, so that a date stands four characters from the edge
    "Signature": Look("落款", align="center", left=12, with_next=True),
    "CoverUnit": Look("编制单位", KAI, 18, align="center", line=34),
    "CoverMark": Look("封面声明", BLACK, 16, align="center", colour="A3161F"),
    "FigureTitle": replace(LOOKS["TableCaption"], name="图题"),
    "FigureCaption": replace(LOOKS["FigureCaption"], name="图注"),
    "TOC1": replace(LOOKS["TOC1"], size=12, line=16.5),
    "TOC2": replace(LOOKS["TOC2"], size=12, line=15),
    "Picture": replace(LOOKS["Picture"], size=1, before=0),
}
FORMAL = Sheet(MARGINS, {"top": 22, "bottom": 20, "left": 18, "right": 18}, _full_pages(LOOKS, _OWN), few=5)

_NARROW = {"top": 19, "bottom": 17, "left": 18, "right": 18}
_SMALL: dict[str, Look] = {
    **_OWN,
    "Title": Look("Title", TITLE, 18, align="center", line=26, after=2),
    "Subtitle": Look("Subtitle", KAI, 11, align="center", line=16, after=2),
    "BodyText": Look("Body Text", FANG, 10.5, indent=2, line=16),
    "Addressee": Look("主送机关", FANG, 10.5, line=16),
    "Signature": Look("落款", FANG, 10.5, align="center", left=24, line=16),
    "Heading1": _heading(LOOKS["Heading1"], size=12, line=18, indent=0, before=6, after=2),
    "Heading2": _heading(LOOKS["Heading2"], size=11, line=17, indent=0, before=3),
    "Heading3": _heading(LOOKS["Heading3"], size=10.5, line=16, indent=0, before=0),
    "ListBullet": Look("List Bullet", FANG, 10.5, left=2, line=16),
    "Warning": Look("演示数据声明", BLACK, 10.5, align="center", colour="A3161F", line=15, after=2),
    "TableCaption": Look("表题", BLACK, 10.5, align="left", line=16, before=4, after=2, with_next=True),
    "FigureTitle": Look("图题", BLACK, 10.5, align="left", line=16, before=4, after=2, with_next=True),
    "FigureCaption": Look("图注", BLACK, 10.5, align="left", line=16),
    "TableText": Look("表格文字", SONG, 9, align="left", line=12),
    "TableSmall": Look("表格小字", SONG, 9, align="left", line=12),
    "TableHead": Look("表头文字", BLACK, 9, align="center", line=12),
    "TableHeadSmall": Look("表头小字", BLACK, 9, align="center", line=12),
    "Note": Look("表注", SONG, 9, align="left", line=12, before=1, after=3),
    "Source": Look("资料来源", SONG, 9, align="left", line=12, after=3),
    "Gap": Look("间隔", SONG, 1, align="left", line=5),
    "Logo": Look("徽标", align="center", line=0, after=2),
    "Class": Look("密级", BLACK, 10.5, align="left", line=15),
}  # fmt: skip
_SMALL = {
    key: replace(look, tab=PAGE[0] - _NARROW["left"] - _NARROW["right"]) if key == "Class" else look
    for key, look in _SMALL.items()
}
BRIEF = Sheet(_NARROW, FORMAL.turned, _full_pages(LOOKS, _SMALL), few=99)
