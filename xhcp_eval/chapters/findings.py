"""Findings as reports show them: numbered sentences, what each rests on, who edited, what doesn't hold any more."""

from __future__ import annotations

from xhcp_eval.chapters.findings_text import Sentence, checked_texts, sentences, text_file
from xhcp_eval.chapters.findings_worded import CHAPTERS, findings
from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.pack.pack import Pack

NONE = {
    "problems": "没有判为未达标、难以达标或存在风险的目标。", "good": "没有判为已达标或预期可达标的目标。",
    "open": "没有不能下结论的目标。", "suggestions": "没有需要提出的建议。",
}  # fmt: skip


def finding_list(pack: Pack, chapter: str) -> TableView | TextView:
    """The sentences of a chapter, numbered, with status and what they rest on.

    chapter: problems, good, open or suggestions. Edited sentences of params/texts/<pack>.yaml stand in place of the
    written ones. Raises ParamsError for a text file that can't be read or whose texts can't be used, KeyError for an unknown chapter.
    """
    worded = findings(pack)
    shown = sentences(worded, checked_texts(text_file(pack.params.pack), worded), chapter)
    if not shown:
        return text_view(NONE[chapter])
    import pandas as pd

    rows = pd.DataFrame(
        {
            "number": range(1, len(shown) + 1),
            "text": [marked(one) for one in shown],
            "status": ["、".join(one.finding.statuses) or "—" for one in shown],
            "department": [one.finding.department or "—" for one in shown],
            "basis": [
                "、".join(one.finding.targets[:3]) + ("等" if len(one.finding.targets) > 3 else "")
                or "数据质量审核"
                for one in shown
            ],
        }
    )
    headers = {
        "number": "序号",
        "text": "内容",
        "status": "依据的判定",
        "department": "责任单位",
        "basis": "依据的目标",
    }
    single = (rows["status"].str.count("、") == 0).all() and (rows["status"] != "—").all()
    return table(
        rows, headers, status=["status"] if single else [], wide=["text", "basis"], caption=CHAPTERS[chapter]
    )


def marked(one: Sentence) -> str:
    """A sentence as it is printed, with a mark where a person edited it and what a reader has to know of it."""
    marks = ["〔文字经编辑人改写〕"] if one.edited else []
    return "\n".join([one.text, *marks, *(f"〔{remark}〕" for remark in one.remarks)])
