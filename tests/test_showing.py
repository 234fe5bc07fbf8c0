"""Results show themselves: every public one, escaped, and never too long."""

import importlib
import inspect
import pkgutil

import numpy as np
import pandas as pd
import pytest

import xhcp_eval
from xhcp_eval.evaluation.methods.agreement import kendall_w
from xhcp_eval.evaluation.methods.weights import entropy_weights
from xhcp_eval.showing import ROWS, ShowsFrame


class Long(ShowsFrame):
    note = "<b>注</b>"

    def to_frame(self):
        return pd.DataFrame({"名称": ["<script>"] * 30})


def test_short_escaped_and_with_its_note():
    html = Long()._repr_html_()
    assert html.count("&lt;script&gt;") == ROWS and "<script>" not in html
    assert "共 30 行" in html and "&lt;b&gt;注" in html


def test_real_results():
    assert "Kendall W" in kendall_w(np.array([[1, 2], [2, 1], [3, 4.0]]))._repr_html_()
    html = entropy_weights([[1, 5], [2, 4], [3, 9.0]], ("甲", "乙"))._repr_html_()
    assert "甲" in html and "偶然波动" in html


@pytest.mark.parametrize(
    "name",
    [m.name for m in pkgutil.iter_modules(importlib.import_module("xhcp_eval.evaluation.methods").__path__)],
)
def test_every_result_of_an_evaluation_method_shows_itself(name):
    module = importlib.import_module(f"xhcp_eval.evaluation.methods.{name}")
    own = [
        c
        for _, c in inspect.getmembers(module, inspect.isclass)
        if c.__module__ == module.__name__ and hasattr(c, "to_frame")
    ]
    assert all(issubclass(c, ShowsFrame) for c in own), own


def test_every_public_name_tells_what_it_takes():
    for name in xhcp_eval.__all__:
        item = getattr(xhcp_eval, name)
        text = inspect.getdoc(item)
        assert text, name
        if inspect.isfunction(item):
            wanted = [
                p
                for p in inspect.signature(item).parameters
                if p not in ("self", "kwargs", "args", "options")
            ]
            missing = [p for p in wanted if p not in text]
            assert not missing, (name, missing)


def test_what_is_held_tells_itself_in_a_line():
    plan = xhcp_eval.load_plan("xinhua_2021_2030")
    pack = xhcp_eval.open_pack("national_hindcast_2015")
    told = [plan, pack, xhcp_eval.reference_model(), pack.params.settings]
    assert [len(repr(one)) < 200 for one in told] == [True] * len(told)
    assert (
        repr(plan)
        == str(plan)
        == "<Plan xinhua_2021_2030: 新华区 2021-2030, 70 goals, 154 indicators, 150 targets>"
    )
    assert "national_hindcast_2015" in repr(pack)
