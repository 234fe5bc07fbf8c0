import pytest

from xhcp_eval.chapters.wording.readers import READERS, Reader, mark_of, reader_of, side_text, word_of
from xhcp_eval.verdict.status import Status


def test_every_status_has_a_word_and_every_word_a_status():
    assert set(READERS) == set(Status) and set(READERS.values()) == set(Reader)


@pytest.mark.parametrize(
    ("status", "running", "over"),
    [
        ("已达标", "已达到且稳", "已达到"),
        ("未达标", "有风险", "未达到"),
        ("无法判定", "数少难断", "数少难断"),
        ("缺数据", "不能算", "不能算"),
    ],
)
def test_once_its_year_is_over_nothing_is_at_risk(status, running, over):
    assert (word_of(status), word_of(status, over=True)) == (running, over)


def test_an_open_target_shows_the_side_of_its_value():
    assert side_text("目标以内") == "现值在目标以内" and side_text("") == ""
    inside, outside, unknown = (mark_of("无法判定", side) for side in ("目标以内", "目标以外", ""))
    assert inside.hollow and len({inside.symbol, outside.symbol, unknown.symbol}) == 3


def test_only_statuses_have_words():
    assert reader_of(Status.LIKELY) is Reader.LIKELY
    with pytest.raises(KeyError):
        reader_of("很好")
