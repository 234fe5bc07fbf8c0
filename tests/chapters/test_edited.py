"""Sentences that a person has edited stand in the official report and the brief too, marked, until their figures change."""

import pytest
import yaml

from xhcp_eval.chapters import edited as room
from xhcp_eval.chapters.brief.decisions import decision_table
from xhcp_eval.chapters.findings_worded import findings
from xhcp_eval.chapters.formal.chapters import chapter
from xhcp_eval.errors import ParamsError
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.report.run import runner

JUNIOR, MARK = "myopia_prevalence_junior_high@2030", "〔文字经编辑人改写〕"


@pytest.fixture
def edit(monkeypatch, tmp_path):
    """A pack with some entries edited: key -> text, digest of its figures or another."""

    def with_entries(texts: dict[str, str], basis: str = ""):
        pack = open_pack("midterm_2025").with_frames()
        digests = {one.key: one.digest for one in findings(pack)}
        entries = {key: {"text": text, "basis": basis or digests[key]} for key, text in texts.items()}
        path = tmp_path / "texts.yaml"
        path.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
        monkeypatch.setattr(room, "text_file", lambda _: path)
        return pack

    return with_entries


def texts_of(pack, name: str) -> str:
    return "\n".join(getattr(block, "text", "") for block in chapter(pack, name))


def test_edited_sentences_stand_in_their_chapters_marked(edit):
    pack = edit(
        {
            f"problems.{JUNIOR}": "初中生近视防控进展慢，有风险。",
            "good.childrens_home_coverage@2030": "儿童之家建设走在前面，已达标。",
            "open.infant_mortality_rate@2030#literal": "婴儿死亡率数少难断，只看方向。",
            f"suggestions.{JUNIOR}": "目标有风险，请教体局三个月内交出方案。",
        }
    )
    assert f"初中生近视防控进展慢，有风险。{MARK}" in texts_of(pack, "problems")
    told = texts_of(pack, "domains")
    assert f"婴儿死亡率数少难断，只看方向。{MARK}" in told
    assert f"目标有风险，请教体局三个月内交出方案。{MARK}" in texts_of(pack, "suggestions")
    assert any(f"目标有风险，请教体局三个月内交出方案。{MARK}" in row[2] for row in decision_table(pack).rows)


def test_figures_that_changed_since_are_said_beside(edit):
    told = texts_of(edit({f"problems.{JUNIOR}": "近视防控进展慢，有风险。"}, "00000000"), "problems")
    assert "所依据的数字在改写后已变" in told


def test_words_that_claim_too_much_are_refused(edit):
    pack = edit({f"problems.{JUNIOR}": "初中生近视率已达标。"})
    with pytest.raises(ParamsError, match=rf"texts\.yaml.*\n.*problems\.{JUNIOR}.*须写“"):
        room.edited(pack)


def test_advice_on_what_no_matter_is_made_of_is_added(edit):
    pack = edit({"suggestions.few": "数少难断，死亡率逐例评审。"})
    last = chapter(pack, "suggestions")[-1]
    assert last.text == f"数少难断，死亡率逐例评审。{MARK}" and last.lead.endswith("．")


def test_nothing_is_worded_where_nobody_edited():
    assert room.edited(open_pack("annual_2024")) == {}


def test_a_run_tells_of_texts_before_any_notebook_starts(edit, monkeypatch, tmp_path):
    pack = edit({f"problems.{JUNIOR}": "圆满完成。"})
    monkeypatch.setattr(runner, "stored_pack", lambda _: pack)
    monkeypatch.setattr(runner, "write_report", lambda *_, **__: pytest.fail("it began"))
    with pytest.raises(ParamsError, match="没有写明判定"):
        runner.run_pack(pack.params, tmp_path)
    assert not list((tmp_path).glob("midterm*"))
