"""Chapters without their material say so and aren't run."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pytest

from xhcp_eval.chapters.material import NEEDED, missing_sentence
from xhcp_eval.errors import DataError
from xhcp_eval.report.page.render import Page, Shell
from xhcp_eval.report.run.execute import Job, run_job


def params(evaluation=""):
    return SimpleNamespace(evaluation=str(evaluation))


def test_what_is_missing_is_said_in_one_sentence(tmp_path):
    assert missing_sentence(params(), "20_overview.ipynb") == ""
    for notebook, files in NEEDED.items():
        assert missing_sentence(params(), notebook).count("。") == 1
        folder = tmp_path / notebook
        folder.mkdir()
        assert files[0] in missing_sentence(params(folder), notebook)
        for name in files:
            (folder / name).touch()
        assert missing_sentence(params(folder), notebook) == ""
    with pytest.raises(DataError):
        missing_sentence(params(tmp_path / "none"), "47_strategy_effect.ipynb")


def test_the_sentence_stands_in_place_of_the_notebook(tmp_path):
    page = Page("47_effect", "策略措施的效果")
    executed, html = tmp_path / "a.ipynb", tmp_path / "a.html"
    shell = Shell("报告", "", (page,), False, ())
    job = Job(page, shell, tmp_path / "none.ipynb", executed, html, {}, instead="没有资料，本章从略。")
    assert run_job(job).failure == ""
    assert "<p>没有资料，本章从略。</p>" in html.read_text(encoding="utf-8")
    assert nbformat.read(executed, as_version=4).cells[0].source == "没有资料，本章从略。"
