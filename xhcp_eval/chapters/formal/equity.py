"""六、公平: only the differences that exceed chance, by residence, sex and township, and whether they have narrowed."""

from __future__ import annotations

from xhcp_eval.chapters.equity import equity_rows
from xhcp_eval.chapters.figures.gaps import group_gaps
from xhcp_eval.chapters.figures.townships import township_map
from xhcp_eval.chapters.kit.blocks import Block, Heading, Paragraph, Picture, Table
from xhcp_eval.chapters.wording.names import heading
from xhcp_eval.chapters.wording.values import change_text
from xhcp_eval.evaluation.methods.equity import NARROWED, UNTOLD, WIDENED
from xhcp_eval.pack.pack import Pack

DIMENSIONS = {"residence": "城乡", "sex": "性别", "township": "乡镇街道"}
SIGNS = {"residence": "农村减城镇", "sex": "男减女", "township": "最高减最低"}
MOST = 8


def blocks(pack: Pack, number: int) -> list[Block]:
    """The chapter. number: of the chapter in the report."""
    told: list[Block] = [Heading(heading(number, "公平"))]
    place, absent = 0, []
    for dimension, name in DIMENSIONS.items():
        rows = equity_rows(pack, dimension)
        if rows.empty:
            absent.append(name)
            continue
        place += 1
        drawn = township_map(pack) if dimension == "township" else group_gaps(pack, dimension)
        told += _section(pack, rows, dimension, place, drawn)
    if absent:
        told.append(Paragraph(f"本次数据没有分{'、'.join(absent)}的计数，差距无从比较。"))
    return told


def _section(pack: Pack, rows, dimension: str, place: int, drawn: list[Picture]) -> list[Block]:
    """A dimension: a sentence, and the figure of both groups in place of a table, or the map of townships beside one."""
    name, by_figure = DIMENSIONS[dimension], bool(drawn) and dimension != "township"
    apart = rows[rows["apart"]].sort_values("p")
    title = f"{name}：{len(rows)}项指标中{len(apart)}项的差别超出偶然"
    verdicts = apart["verdict"].value_counts()
    changes = "，".join(
        f"{word}{verdicts[word]}项" for word in (NARROWED, WIDENED, UNTOLD) if word in verdicts
    )
    told: list[Block] = [Heading(heading(place, title, 2), 2)]
    if apart.empty:
        return [*told, Paragraph(f"按{name}比较的{len(rows)}项指标，差别都没有超出偶然。")]
    caption = drawn[0].title if by_figure else f"{name}差别超出偶然的指标"
    told.append(
        Paragraph(
            f"按{name}比较{len(rows)}项指标，{len(apart)}项差别超出偶然，见[[{caption}]]；与基期比，差距{changes}。"
        )
    )
    return told + (drawn if by_figure else [_table(pack, apart, dimension, caption), *drawn])


def _gap(pack: Pack, row, dimension: str) -> str:
    """A gap with its sign: country less town, as everywhere in the report."""
    gap = -row.estimate if dimension == "residence" else row.estimate
    return ("−" if gap < 0 else "") + change_text(gap, pack.plan.indicator(row.indicator).unit)


def _table(pack: Pack, apart, dimension: str, caption: str) -> Table:
    listed = tuple(
        (r.name, str(r.years), _gap(pack, r, dimension), r.verdict)
        for r in apart.head(MOST).itertuples(index=False)
    )
    note = f"注：差距为{SIGNS[dimension]}。“看不出变化”指现有的数不够断定。"
    left = len(apart) - len(listed)
    note += f"其余{left}项见监测数据页。" if left else ""
    return Table(("指标", "年份", "差距", "与基期比"), listed, (0.44, 0.18, 0.2, 0.18), caption, note)
