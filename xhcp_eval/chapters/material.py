"""Chapters for which a pack has no material: they say so in one sentence and aren't run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xhcp_eval.evaluation.folder import EvaluationFolder

if TYPE_CHECKING:
    from xhcp_eval.pack.params import PackParams

# Files of the evaluation's folder without which a notebook has nothing to show.
NEEDED: dict[str, tuple[str, ...]] = {
    "40_third_party_evaluation.ipynb": ("scores.csv", "evidence.csv"),
    "47_strategy_effect.ipynb": ("measures.yaml",),
}


def missing_sentence(params: PackParams, notebook: str) -> str:
    """What a chapter says instead of being run, in Chinese; empty where it has what it needs.

    notebook: file name. Raises DataError for a folder of an evaluation that isn't there.
    """
    needed = NEEDED.get(notebook, ())
    if not needed:
        return ""
    if not params.evaluation:
        return "本报告没有评估资料（参数 evaluation 未写），本章从略。"
    folder = EvaluationFolder(params.evaluation)
    absent = [name for name in needed if not folder.has(name)]
    return f"评估资料文件夹 {params.evaluation} 中没有 {'、'.join(absent)}，本章从略。" if absent else ""
