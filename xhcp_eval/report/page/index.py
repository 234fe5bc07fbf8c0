"""The page of all data in one file: first what it rests on (verdicts in numbers, changes, downloads), then the chapters."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.chapters.kit import tables
from xhcp_eval.chapters.kit.style import STATUS_STYLE, Look
from xhcp_eval.chapters.kit.views import template
from xhcp_eval.observations.table import is_unsure
from xhcp_eval.provenance import local_time
from xhcp_eval.report.page.changes import changes_table, compare_reports, run_changes
from xhcp_eval.report.page.render import Page, Shell, render_page
from xhcp_eval.report.page.summary import SUMMARY, read_summary, write_summary
from xhcp_eval.verdict.status import Status

if TYPE_CHECKING:
    from xhcp_eval.pack.pack import Pack


DOWNLOADS = {
    "results.xlsx": "结果表（Excel）",
    "results.csv": "结果表（CSV，机器可读）",
    "run.json": "运行记录（版本、输入文件摘要、参数、用时；与本页同一文件夹）",
}
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv;charset=utf-8",
}


@dataclass(frozen=True)
class Tile:
    """How many targets have a status."""

    word: str
    count: int
    look: Look


@dataclass(frozen=True)
class Download:
    """A file a reader may save. address: where it is, or the file itself."""

    name: str
    text: str
    address: str


def write_index(pack: Pack, shell: Shell, folder: Path) -> Path:
    """Write the page of all data, the whole report in one file: the summary, then every chapter; returns its path.

    pack: its verdicts. shell: title and chapters, the summary first. folder: of the pack, with a file
    <chapter>.html for each other chapter (`render_notebook`), which are taken into the report and removed;
    result tables in it go into the report as well, so that one file is all a reviewer needs. What has changed
    is told against the last report, the folder of the pack's name beside `folder`.
    """
    first, *others = shell.pages
    parts = [folder / f"{page.name}.html" for page in others]
    before = write_summary(pack, folder, folder.parent / pack.params.pack)
    summary = template("index.html.j2").render(
        facts=declaration(pack),
        tiles=status_tiles(pack),
        changes=_changes(before, folder),
        downloads=[_download(folder / name, text) for name, text in DOWNLOADS.items()],
    )
    chapters = [_chapter(summary, first), *(part.read_text(encoding="utf-8") for part in parts)]
    path = folder / pack.params.data_page
    path.write_text(render_page(chapters, shell), encoding="utf-8", newline="\n")
    for part in parts:
        part.unlink()
    return path


def _changes(before: list[dict], folder: Path) -> dict | None:
    """What has changed since the last report that said something else; nothing for a first one."""
    now = read_summary(folder / SUMMARY)
    if not before or now is None:
        return None
    old = before[0]
    return {
        "since": local_time(old["computed_at"]),
        "rests": run_changes(old, now),
        "html": changes_table(compare_reports(old, now)).html,
    }


def _chapter(summary: str, page: Page) -> str:
    return template("chapter.html.j2").render(page=page, kicker="", body=summary)


def _download(path: Path, text: str) -> Download:
    """A file to save: out of the page itself where it exists already, else the one beside the page."""
    if not path.is_file():
        return Download(path.name, text, path.name)
    data = b64encode(path.read_bytes()).decode("ascii")
    return Download(path.name, text, f"data:{TYPES[path.suffix]};base64,{data}")


def declaration(pack: Pack) -> dict[str, str]:
    """What the report rests on, name -> words."""
    params = pack.params
    statuses = pack.observations["status"]
    facts = {
        "评估对象": pack.region,
        "规划": pack.plan.name,
        "数据截至": f"{params.data_until}年，共 {len(pack.observations):,} 个数据点",
        "数据性质": _nature(pack, statuses),
        "计算时间": f"{local_time(pack.stamp['computed_at'])}，程序 xhcp_eval {pack.stamp['version']}",
    }
    if params.cover.classification:
        facts["密级"] = params.cover.classification
    if params.outcome_year is not None:
        facts["事后对照"] = f"{params.outcome_year}年的实际结果；预测只用{params.data_until}年及以前的数据"
    return facts


def _nature(pack: Pack, statuses) -> str:
    if pack.is_demo:
        return "演示数据，由程序生成，不是真实统计，任何结论不得引用"
    unverified = int(is_unsure(statuses).sum())
    use = "只用于趋势，不作现状值" if pack.params.use_recollection else "不用于判定和趋势"
    return "公开统计数据" + (f"；其中 {unverified} 个数字只见一处或待核实，{use}" if unverified else "")


def status_tiles(pack: Pack) -> list[Tile]:
    """Statuses with their number of targets: those in the goals themselves, for the plan's last year."""
    rows = tables.own_targets(pack, True, pack.plan.end_year).drop_duplicates("question")
    counts = rows["status"].value_counts()
    return [Tile(s.value, int(counts[s.value]), STATUS_STYLE[s]) for s in Status if s.value in counts]
