"""How a forecast comes about: the paragraph says what the frames hold, names every precedent, and says so where none is near."""

import pytest

from xhcp_eval.chapters import domains
from xhcp_eval.chapters.forecast import precedents_table
from xhcp_eval.chapters.grounds import grounds
from xhcp_eval.chapters.kit.fan import fan_chart
from xhcp_eval.chapters.kit.precedents import about, rows_of
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.plan.units import format_probability


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


SHOWN = "under3_systematic_management_rate"


def test_every_indicator_with_likes_has_a_paragraph_and_only_those(pack):
    told = set(pack.comparables["indicator"])
    for item in pack.plan.indicators:
        views = grounds(pack, item.id)
        assert len(views) == (item.id in told)


def test_the_paragraph_says_what_the_frames_hold(pack):
    likes = pack.comparables.set_index("indicator")
    chances = pack.assessment.set_index("target_id")["probability"]
    for name in pack.precedents["indicator"].unique():
        text = str(grounds(pack, name)[0])
        rows, told = rows_of(pack, name), likes.loc[[name]]
        assert f"本指标自己{told['n_points'].iloc[0]}个年份的数" in text
        for row in told.to_dict("records"):
            assert f"{row['ahead']}年后有{row['reached']}条" in text
            assert format_probability(chances[row["target_id"]]) in text
        for row in rows.to_dict("records"):
            assert f"{row['place']}{row['name']}（{row['first_year']}—{row['last_year']}年）" in text
        counts = rows["went"].value_counts()
        for key, words in (("更远", "比目标走得更远"), ("相当", "与目标大体相当"), ("不及", "没有走到目标")):
            count = f"{counts.get(key, 0)}个" if len(counts) > 1 else "都" if len(rows) > 1 else ""
            assert (f"{count}{words}" in text) is (words in text) is (key in counts)
        assert 4 <= text.count("。") <= 5 and "不改变概率" in text


def test_without_a_near_one_the_paragraph_says_so_and_nothing_is_drawn(pack):
    none = pack.with_frames(precedents=pack.precedents[:0])
    views = grounds(none, SHOWN)
    assert len(views) == 1 and "没有走势足够相近的先例" in str(views[0])
    assert "国内先例" in fan_chart(pack, SHOWN).svg and "国内先例" not in fan_chart(none, SHOWN).svg


def test_company_is_told(pack):
    more = pack.with_frames(comparables=pack.comparables.assign(company=12))
    assert "同一指标共12条序列" in str(grounds(more, SHOWN)[0])
    assert "没有足够多的别处同一指标" in str(grounds(pack, SHOWN)[0])


def test_every_precedent_is_a_point_that_tells_where_it_would_lead(pack):
    view, unit = fan_chart(pack, SHOWN), pack.plan.indicator(SHOWN).unit
    for row in rows_of(pack, SHOWN).to_dict("records"):
        name = f"{row['place']}{row['name']}（{row['first_year']}—{row['last_year']}年）"
        end = about(row["then"], row["grain"], unit)
        assert f"<title>照国内先例{name}的走法，{row['target_year']}年约{end}</title>" in view.svg
    assert "不是各省的数值" in view.note


def test_a_reviewer_meets_it_under_the_indicator_and_in_the_forecast_chapter(pack):
    html = domains.domain_section(pack, "health").html
    assert html.count("预测怎么来") >= 5 and html.count("照国内先例") >= 5
    table = precedents_table(pack, 3).frame
    assert 3 <= len(table) <= 9 and table["went"].isin(["更远", "相当", "不及"]).all()
    assert not table["name"].str.contains("cn[hp]_").any()
    none = precedents_table(pack.with_frames(precedents=pack.precedents[:0]))
    assert none.frame.empty and "（无）" in none.html


@pytest.mark.parametrize(
    ("grain", "text"), [(0.4, "96.2%"), (2, "96%"), (0.004, "96.24%"), (0, "96.24%"), (30, "96%")]
)
def test_no_more_digits_than_are_known(grain, text):
    assert about(96.24, grain, "percent") == text
