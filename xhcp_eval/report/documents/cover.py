"""What stands on the outside of a document: title, who made it, when, number, classification, logo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xhcp_eval.errors import ParamsError

DEMO_MARK = "演示数据，不得引用"
LOGOS = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Cover:
    """The outside of a document. Raises ParamsError, with all faults at once.

    unit: 编制单位. date: as it is to be printed (2026年3月). number: 编号 or 文号. classification: 密级, with its term if it has one.
    logo: a picture (PNG, JPEG) of the office's own sign or letterhead. demonstration: the numbers are made up, which every
    page says. leading: points from line to line of the body's text, where it isn't the style's. with_cover_page: a cover of its own and type as in official documents; without, a head on the first page and
    the small type of a brief. contents: a list of chapters and sections with pages.
    """

    title: str
    subtitle: str = ""
    unit: str = ""
    date: str = ""
    number: str = ""
    classification: str = ""
    logo: Path | None = None
    demonstration: bool = False
    with_cover_page: bool = True
    contents: bool = True
    leading: float = 0.0

    def __post_init__(self) -> None:
        problems = [] if self.title.strip() else ["title：文件标题不能为空"]
        if self.logo is not None:
            problems += _logo_problems(Path(self.logo))
        if problems:
            raise ParamsError("文件封面的内容不对：", problems)

    @property
    def mark(self) -> str:
        """What every page says of demonstration data; empty for real ones."""
        return DEMO_MARK if self.demonstration else ""


def _logo_problems(logo: Path) -> list[str]:
    if logo.suffix.lower() not in LOGOS:
        return [f"logo：{logo.name} 不是图片文件；允许 {'、'.join(LOGOS)}"]
    return [] if logo.is_file() else [f"logo：找不到文件 {logo}"]
