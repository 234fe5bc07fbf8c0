"""Blocks come back from an executed notebook in order, and what is broken is named by its cell."""

import nbformat
import pytest
from blocks_sample import SMALL
from nbformat import v4

from xhcp_eval.chapters.kit.blocks import MIME
from xhcp_eval.errors import RunError
from xhcp_eval.report.documents.reading import blocks_of


def written(path, *outputs):
    """A notebook of one cell for each group of outputs."""
    nbformat.write(
        v4.new_notebook(cells=[v4.new_code_cell("", outputs=list(group)) for group in outputs]), path
    )
    return path


def shown(block):
    data, facts = block._repr_mimebundle_()
    return v4.new_output("display_data", data=data, metadata=facts)


def test_blocks_come_back_in_order(tmp_path):
    printed = v4.new_output("stream", text="不算")
    path = written(tmp_path / "a.ipynb", [shown(SMALL[0]), printed], [shown(block) for block in SMALL[1:]])
    assert blocks_of(path) == SMALL


def test_all_faults_are_named_with_their_cells(tmp_path):
    film = v4.new_output("display_data", data={MIME: {"kind": "film"}})
    short = v4.new_output("display_data", data={MIME: {"kind": "heading"}})
    failed = v4.new_output("error", ename="KeyError", evalue="x", traceback=[])
    with pytest.raises(RunError) as caught:
        blocks_of(written(tmp_path / "a.ipynb", [shown(SMALL[0]), film], [short], [failed]))
    cells = [text[:4] for text in caught.value.problems]
    assert cells == ["第1个单", "第2个单", "第3个单"]
    assert "film" in caught.value.problems[0] and "KeyError" in caught.value.problems[2]


@pytest.mark.parametrize("text", [None, "没有", '{"a": 1}'])
def test_what_is_no_notebook_is_said(tmp_path, text):
    path = tmp_path / "a.ipynb"
    if text is not None:
        path.write_text(text, encoding="utf-8", newline="\n")
    with pytest.raises(RunError, match="不能读取"):
        blocks_of(path)


def test_a_notebook_that_has_not_run_is_said(tmp_path):
    with pytest.raises(RunError, match="须先运行"):
        blocks_of(written(tmp_path / "a.ipynb", []))
