"""What the command says of a public edition, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from xhcp_eval.commands.cli import app
from xhcp_eval.errors import DisclosureError, ParamsError
from xhcp_eval.observations.publish.edition import Edition
from xhcp_eval.report.run import public


def run(*words):
    done = CliRunner().invoke(app, ["publish", *map(str, words)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


@pytest.fixture
def made(monkeypatch):
    """An edition of three figures in place of a real one; what the command asked for."""
    asked = {}

    def publish(params, out, *, trial, tell):
        asked.update(params=params.pack, out=out, trial=trial)
        for done in range(4):
            tell(done, 3)
        rows = pd.DataFrame({"suppressed": ["", "primary", "secondary"], "value": [1.0, np.nan, np.nan]})
        return public.Published(None if trial else out / "x.public", Edition(rows, rows, 7), 2)

    monkeypatch.setattr(public, "publish_pack", publish)
    return asked


def test_it_says_what_was_hidden_and_where_it_is(made, tmp_path):
    told = run("annual_2024", "--out", tmp_path)
    assert "3 个数，不公布 2 个：人数小的 1 个，为防推算的 1 个" in told and "以前的 2 版试算 7 个" in told
    assert "已写入" in told and made == {"params": "annual_2024", "out": tmp_path, "trial": False}


def test_a_trial_says_so(made):
    assert "只作试算，没有写文件" in run("annual_2024", "--dry-run") and made["trial"]


def test_a_pack_that_does_not_exist_is_told(made):
    with pytest.raises(ParamsError, match="没有参数文件"):
        run("annual_1824")


def test_a_refusal_reaches_the_desk(monkeypatch):
    def refuse(*given, **named):
        raise DisclosureError("没有写文件：1 个应隐去的数", ["婴儿死亡率：只能是 3"])

    monkeypatch.setattr(public, "publish_pack", refuse)
    with pytest.raises(DisclosureError, match="只能是 3"):
        run("annual_2024")
