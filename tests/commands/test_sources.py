"""`xhcp sources`: what is told of a pack and of a plan, and the check that fails."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from xhcp_eval.commands.cli import app
from xhcp_eval.errors import ParamsError
from xhcp_eval.verdict import footing


def run(*arguments):
    return CliRunner().invoke(app, ["sources", *arguments])


def test_a_pack_tells_its_documents_what_is_unsure_and_where_to_look():
    told = run("national_hindcast_2015", "--check")
    assert told.exit_code == 0, told.output
    for words in ("数字出自：", "中期统计监测报告（国家统计局，2016-11）", "没有佐证、不承担结论的：",
                  "待核实：学前教育毛入园率 2011", "下一步去查", "18岁以下儿童伤害死亡率，2020：", "✓ 没有结论"):  # fmt: skip
        assert words in told.output, words


def test_a_plan_tells_all_its_packs():
    told = run("china_2011_2020").output
    assert "national_final_2020（" in told and "national_hindcast_2015（" in told
    assert "national_midterm" not in told


def test_the_check_fails_where_a_verdict_rests_on_an_unsure_figure(monkeypatch):
    fault = pd.DataFrame(
        [("x@2020", "指标甲", "已达标", "现状值（2019年）只见一处")], columns=list(footing.COLUMNS)
    )
    monkeypatch.setattr(footing, "unsure_verdicts", lambda *given: fault)
    assert run("national_hindcast_2015").exit_code == 0
    told = run("national_hindcast_2015", "--check")
    assert told.exit_code == 1
    assert "✗ 指标甲（x@2020）判为“已达标”：现状值（2019年）只见一处" in told.output


def test_an_unknown_name_is_refused_with_those_that_are_allowed():
    told = run("nationl_midterm")
    assert isinstance(told.exception, ParamsError)
    with pytest.raises(ParamsError, match=r"是不是 national_midterm.*china_2011_2020"):
        raise told.exception
