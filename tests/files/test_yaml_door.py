"""One door for YAML: nothing unsafe, nothing lost in silence, every fault told at once in Chinese."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import ParamsError, PlanError
from xhcp_eval.files.yaml_door import load_yaml, read_yaml


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    share: float | bool = 0.0


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    number: int = Field(1, ge=1, lt=10)
    until: date | None = None
    parts: tuple[Part, ...] = ()
    named: dict[str, Part] = {}


@pytest.fixture
def written(tmp_path):
    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "x.yaml"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_a_good_file_is_taken_with_and_without_a_mark(written):
    for encoding in ("utf-8", "utf-8-sig"):
        found = load_yaml(written("title: 甲\nparts: [{name: a, share: 0.5}]\n", encoding), Whole, "清单")
        assert found == Whole(title="甲", parts=(Part(name="a", share=0.5),))


def test_all_faults_come_at_once_with_place_and_what_is_allowed(written):
    text = "titel: 甲\nnumber: 10\nuntil: 昨天\nparts:\n- {name: a, shaer: 1}\n- {name: b, share: 很多}\nnamed: {k: {share: 1}}\n"
    with pytest.raises(PlanError) as caught:
        load_yaml(written(text), Whole, "清单", PlanError)
    assert str(caught.value).startswith("清单 x.yaml 不能使用：")
    assert set(caught.value.problems) == {
        "title：缺少必填字段",
        "titel：不认识的字段；是不是 title？允许：title、number、until、parts、named",
        "number：应小于 10，实为 10",
        "until：应为日期，如 2026-03-31，实为 '昨天'",
        "parts / 第1项 / shaer：不认识的字段；是不是 share？允许：name、share",
        "parts / 第2项 / share：应为数字，实为 '很多'",
        "named / k / name：缺少必填字段",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: 甲\ntitle: 乙\n", "第 2 行第 1 列：YAML 语法错误.*字段 'title' 重复"),
        ("parts:\n- {name: a, name: b}\n", "第 2 行第 13 列：YAML 语法错误.*字段 'name' 重复"),
        ("title: !!python/object/apply:os.getcwd []\n", "YAML 语法错误"),
        ("title: [\n", "YAML 语法错误"),
        ("- a\n", "最外层应为字段和值"),
        ("", "最外层应为字段和值"),
        ("? [a, b]\n: c\n", "YAML 语法错误|最外层"),
    ],
)
def test_what_is_no_list_of_fields_is_refused(written, text, said):
    with pytest.raises(ParamsError, match=said):
        read_yaml(written(text))


def test_an_empty_file_may_do(written):
    assert read_yaml(written("# nothing yet\n"), empty=True) == {}


def test_a_missing_file_and_a_foreign_encoding_are_told(written, tmp_path):
    with pytest.raises(ParamsError, match=r"x\.yaml 不是 UTF-8 编码（第 \d+ 字节）"):
        read_yaml(written("title: 报告", "gbk"))
    with pytest.raises(ParamsError, match=r"没有文件 y\.yaml；同一文件夹中有：x\.yaml"):
        read_yaml(tmp_path / "y.yaml")
    with pytest.raises(ParamsError, match=r"没有清单 y\.yaml"):
        load_yaml(tmp_path / "y.yaml", Whole, "清单")


def test_a_long_wrong_value_is_not_repeated(written):
    with pytest.raises(ParamsError) as caught:
        load_yaml(written(f"title: 甲\nnumber: {'很' * 200}\n"), Whole, "清单")
    assert caught.value.problems == ("number：应为整数，实为 所给的值",)
