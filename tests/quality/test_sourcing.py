"""What figures rest on, by document; the list of what is missing is read whole or refused."""

import pandas as pd
import pytest

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import read_table
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.quality.sourcing import MISSING, documents, read_missing, unsure_figures

PLAN = load_plan("china_2021_2030")
TABLE = ROOT / "data" / "national" / "china_national.csv"


@pytest.fixture(scope="module")
def figures():
    return read_table(TABLE, PLAN)


def test_documents_account_for_every_figure():
    rows = pd.DataFrame(
        {
            "indicator": ["infant_mortality_rate"] * 3 + ["birth_rate"],
            "year": [2012, 2010, 2010, 2010],
            "source": [
                "公报甲（某部，2013）",
                "公报甲（某部，2013）",
                "公报乙（某部，2011）",
                "公报甲（某部，2013）",
            ],
            "status": ["verified", "verified", "derived", "single_copy"],
            "note": ["转载，另一来源相符：1", "发布机构网页：2", "", "只见一份转载"],
        }
    )
    found = documents(rows, PLAN)
    assert found.to_dict("list") == {
        "source": ["公报甲（某部，2013）", "公报乙（某部，2011）", "公报甲（某部，2013）"],
        "status": ["verified", "derived", "single_copy"],
        "n": [2, 1, 1], "first": [2010, 2010, 2010], "last": [2012, 2010, 2010],
        "indicators": ["婴儿死亡率", "婴儿死亡率", "人口出生率"],
        "read": ["转载、发布机构网页", "", "只见一份转载"],
    }  # fmt: skip


def test_the_national_table_is_whole_and_what_is_unsure_is_told(figures):
    assert documents(figures, PLAN)["n"].sum() == len(figures)
    assert set(unsure_figures(figures)["status"]) == {"single_copy", "recollection"}


def test_the_national_list_names_what_each_target_without_figures_lacks(figures):
    for name in ("china_2011_2020", "china_2021_2030"):
        plan = load_plan(name)
        lacking = {t.indicator for t in plan.targets()} - set(figures["indicator"])
        assert lacking and lacking <= set(read_missing([TABLE], plan)["indicator"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("indicator,years,what\nx,2020,数\n", "缺少必需的列 where"),
        ("indicator,years,what,where\nx,2020,数,年鉴\ny,2020, ,年鉴\n", "第 3 行有空格子"),
    ],
)
def test_a_list_that_is_not_whole_is_refused(tmp_path, text, problem):
    (tmp_path / MISSING).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_missing([tmp_path / "table.csv"], PLAN)
    assert caught.value.problems == (problem,)


def test_a_table_without_a_list_lacks_nothing_and_other_plans_lines_are_left_out(tmp_path):
    assert read_missing([tmp_path / "table.csv"], PLAN).empty
    (tmp_path / MISSING).write_text("indicator,years,what,where\nnobody,2020,数,年鉴\n", encoding="utf-8")
    assert read_missing([tmp_path / "table.csv"], PLAN).empty
