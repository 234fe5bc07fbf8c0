"""The public edition of a pack: a folder of its own that holds what may be published, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xhcp_eval.chapters.yearbook import edition_blocks
from xhcp_eval.files.whole import whole_folder
from xhcp_eval.observations.cells import write_csv
from xhcp_eval.observations.publish.archive import FOLDER, archive_of, keep_edition, read_editions
from xhcp_eval.observations.publish.edition import Edition, make_edition, protection_words, publication
from xhcp_eval.observations.publish.sheets import write_book
from xhcp_eval.pack.pack import Pack, compute_pack
from xhcp_eval.pack.params import PackParams
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.documents.cover import Cover
from xhcp_eval.report.documents.page import document_page
from xhcp_eval.report.documents.word import write_word

REPORTS = ROOT / "reports"
BOOK, TABLE, TEXT, PAGE = "统计资料.xlsx", "统计资料.csv", "统计资料.docx", "index.html"
HEADERS = {
    "topic": "领域", "name": "指标", "unit_label": "单位", "region": "地区", "group": "分组", "year": "年份",
    "printed": "数值",
}  # fmt: skip


@dataclass(frozen=True)
class Published:
    """What came of it. folder: written, None for a trial. earlier: how many editions it was audited with."""

    folder: Path | None
    edition: Edition
    earlier: int


def publish_pack(
    params: PackParams,
    out: Path = REPORTS,
    *,
    archive: Path = FOLDER,
    trial: bool = False,
    tell: Callable[[int, int], object] = lambda done, of: None,
) -> Published:
    """Write the public edition of a pack to <out>/<pack>.public, whole or not at all, and keep it for later audits.

    archive: where editions are kept. trial: only attack it. tell: called with pieces done and in all. Raises
    DisclosureError, before anything is written, if readers could narrow down a hidden number too far; DataError or RunError
    for figures or folders that can't be used.
    """
    pack = compute_pack(params)
    kept = archive_of(pack.plan.id, pack.region, pack.is_demo, archive)
    earlier = read_editions(kept)
    year = params.data_until
    edition = make_edition(pack.observations, pack.plan, pack.region, year, earlier=earlier, tell=tell)
    if trial:
        return Published(None, edition, len(earlier))
    target = Path(out) / f"{params.pack}.public"
    with whole_folder(target, TABLE) as work:
        write_public(pack, edition, work)
        # before the folder stands in its place: what is out is known to later audits
        keep_edition(edition.kept, kept, year)
    return Published(target, edition, len(earlier))


def write_public(pack: Pack, edition: Edition, folder: Path) -> None:
    """Write an edition as workbook, table, Word document and page. Only what may be printed reaches the writers."""
    rule, region, year = publication(pack.plan), pack.region, pack.params.data_until
    rows = edition.rows
    hidden = protection_words(rows, rule)
    write_book(rows, pack.plan, region, year, hidden, folder / BOOK)
    write_csv(csv_table(rows), folder / TABLE)
    facts = pack.params.cover
    cover = Cover(
        f"{region}儿童发展统计资料（{year}年）", pack.plan.name, facts.unit, facts.date,
        demonstration=pack.is_demo,
    )  # fmt: skip
    blocks = edition_blocks(rows, pack.plan, region, year, hidden)
    (folder / PAGE).write_text(document_page(blocks, cover), encoding="utf-8", newline="\n")
    write_word(blocks, cover, folder / TEXT)


def csv_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of an edition for machines: numbers where they may be printed, "<5" or "…" where not."""
    shown = rows["suppressed"] == ""
    printed = rows["value"].round(4).astype(object).where(shown, rows["published"])
    table = rows.assign(printed=printed)[list(HEADERS)].rename(columns=HEADERS)
    return table.assign(备注="演示数据") if (rows["status"] == "demo").any() else table
