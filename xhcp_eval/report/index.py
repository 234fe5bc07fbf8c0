"""The first page of a pack: the verdict in numbers, what is at risk, what can't be told, where to read on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval import narrative, tables
from xhcp_eval.provenance import local_time
from xhcp_eval.report.render import INDEX, Shell, render_page
from xhcp_eval.status import Status
from xhcp_eval.style import STATUS_STYLE, Look
from xhcp_eval.views import template

if TYPE_CHECKING:
    from xhcp_eval.pack import Pack


@dataclass(frozen=True)
class Tile:
    """How many targets have a status."""

    word: str
    count: int
    look: Look


def write_index(pack: Pack, shell: Shell, folder: Path) -> Path:
    """Write index.html of a pack and return its path.

    pack: its verdicts. shell: what all pages share; its first page is the index. folder: of the pack. The
    parts come from `xhcp_eval.tables` and `xhcp_eval.narrative`, the ones that the chapters show as well.
    """
    first = shell.pages[0]
    body = template("index.html.j2").render(
        facts=declaration(pack),
        opening=narrative.headline(pack).html,
        tiles=status_tiles(pack),
        parts=_parts(pack),
        pages=shell.pages[1:],
    )
    path = folder / f"{INDEX}.html"
    path.write_text(render_page(body, first, shell), encoding="utf-8", newline="\n")
    return path


def declaration(pack: Pack) -> dict[str, str]:
    """What the report rests on, name -> words."""
    params = pack.params
    statuses = pack.observations["status"]
    facts = {
        "评估对象": params.region or pack.plan.region,
        "规划": pack.plan.name,
        "数据截至": f"{params.data_until}年，共 {len(pack.observations):,} 个数据点",
        "数据性质": _nature(pack, statuses),
        "计算时间": f"{local_time(pack.stamp['computed_at'])}，程序 xhcp_eval {pack.stamp['version']}",
    }
    if params.outcome_year is not None:
        facts["事后对照"] = f"{params.outcome_year}年的实际结果；预测只用{params.data_until}年及以前的数据"
    return facts


def _nature(pack: Pack, statuses) -> str:
    if pack.is_demo:
        return "演示数据，由程序生成，不是真实统计，任何结论不得引用"
    unverified = int((statuses == "recollection").sum())
    use = "只用于趋势，不作现状值" if pack.params.use_recollection else "不用于判定和趋势"
    return "公开统计数据" + (f"；其中 {unverified} 个数字待核实，{use}" if unverified else "")


def status_tiles(pack: Pack) -> list[Tile]:
    """Statuses with their number of targets: those in the goals themselves, for the plan's last year."""
    rows = tables.own_targets(pack, True, pack.plan.end_year).drop_duplicates("question")
    counts = rows["status"].value_counts()
    return [Tile(s.value, int(counts[s.value]), STATUS_STYLE[s]) for s in Status if s.value in counts]


def _parts(pack: Pack) -> list[tuple[str, str]]:
    """Titles and HTML of the tables on the page; a comparison with what happened only where there is one."""
    end = pack.plan.end_year
    parts = [
        (f"{end}年目标达标风险清单", tables.at_risk(pack)),
        (f"各领域{end}年目标达标情况", tables.status_matrix(pack, year=end)),
        ("无法判定、待裁定、缺数据", tables.undecided(pack)),
    ]
    if (pack.assessment["reading"] != "").any():
        parts.append(("待裁定事项的不同解读", tables.disputed_readings(pack)))
    if len(pack.outcomes):
        parts.append(("预测与事实", tables.outcome_table(pack)))
    return [(title, view.html) for title, view in parts]
