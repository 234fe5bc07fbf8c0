"""The pages of one report for its three readers: the brief, the official report, all data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xhcp_eval.pack.params import DATA_PAGE, FIRST_PAGE, FORMAL_PAGE

if TYPE_CHECKING:
    from xhcp_eval.pack.params import PackParams


@dataclass(frozen=True)
class Layer:
    """A page of the report. file: beside the others. here: whether it is the page that names it."""

    title: str
    file: str
    here: bool


def layers_of(params: PackParams, here: str) -> tuple[Layer, ...]:
    """The pages that a report has, from the shortest to the longest; none where it is a single page.

    params: of the pack. here: file of the page that names them.
    """
    documents = params.documents
    if not documents.brief:
        return ()
    found = [("领导简报", FIRST_PAGE), ("正式报告", FORMAL_PAGE), ("监测数据页", DATA_PAGE)]
    return tuple(
        Layer(title, file, file == here) for title, file in found if file != FORMAL_PAGE or documents.formal
    )
