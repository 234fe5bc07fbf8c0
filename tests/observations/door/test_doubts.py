"""Plausible wrong forms and tables at the door: the kinds of `benchmarks/wrong_workbooks.py`, some of the forms and all tables."""

import importlib.util
import sys

import pytest

from xhcp_eval.provenance import ROOT


def _benchmark(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


WRONG = _benchmark("wrong_workbooks")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return WRONG.Bench(tmp_path_factory.mktemp("bench"))


# kind: what the door answers, and a word of it
FORMS = {
    "title of a sheet says another year": ("refused", "F6 现为“2024年”，而此表是 区卫健委 2025 年的"),
    "guide says another department": ("refused", "工作表“填报说明” "),
    "an indicator's name typed over": ("refused", "（指标）现为“3岁以下儿童系统管理率”，应为“新生儿访视率”"),
    "a township's name typed over": ("refused", "（地区）现为“新华区/示范二街道”"),
    "a group's name typed over": ("refused", "（分组）现为“女”，应为“男”"),
    "sorted without the hidden column": ("refused", "只有部分列参加了排序"),
    "sorted with the hidden column": ("refused", "A8:A445 的行换过位置"),
    "zeros where 99% stood": ("asked", "0 是 2024 年 92.8695 的 0 倍"),
    "a hundred typed everywhere": ("asked", "100% 而没有分子、分母"),
    "a few per mille ten times up, no counts": ("asked", "小数点或单位是否有误"),
    "a few per mille ten times down, no counts": ("asked", "小数点或单位是否有误"),
    "a share's digits exchanged, no counts": ("asked", "79.13%，2024 年是 97.22%，远超历年变动"),
    "half a year's counts": ("asked", "1202，2024 年是 2593；是否为另一时段、地区或人群的数"),
    "a circled footnote mark": ("refused", "'97.1①' 不是数字"),
    "a raised footnote digit": ("refused", "'97.1²' 不是数字"),
    "a footnote digit in superscript": ("refused", "上标或下标"),
    "a value rounded up over the target": ("refused", "93% 与分子 8777、分母 9522 不符"),
    "hidden column of counts": ("refused", "I 列被隐藏，其中有 414 格"),
    "column of no width": ("refused", "J 列被隐藏"),
    "row of no height": ("refused", "被隐藏的行里有填报内容"),
    "hidden sheet": ("refused", "工作表被隐藏"),
    "figure struck out": ("refused", "加了删除线"),
    "a figure beside the form": ("refused", "在表外，不会读入"),
    "formula without its result": ("refused", "公式没有保存结果"),
    "a control character in the note": ("refused", "控制字符 U+0007"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMS)
def test_a_wrong_form(bench, kind):
    form = bench.form()
    WRONG.FORMS[kind](form)
    answer, text = FORMS[kind]
    said = bench.judged(form)
    assert said.startswith(answer) and text in said


TABLES = {
    "a category never seen": ("asked", "“卡介疫苗” 在 nip_vaccination_coverage 里从未出现过；是否为“卡介苗”"),
    "an age never seen": ("asked", "“0-3岁” 在 neonatal_visit_rate 里从未出现过"),
    "another department's indicator": ("asked", "由区卫健委填报，而不是区民政局"),
    "said to be verified": ("refused", "文件不能自称已核实"),
    "a person named as importer": ("refused", "不认识的列 imported_by"),
    "an old year typed": ("asked", "改动"),
    "the running year": ("asked", "2026 年还没有过完"),
    "invisible sign in a category": ("refused", "控制字符 U+200B"),
    "a control character in the source": ("refused", "控制字符 U+0007"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_wrong_table(bench, kind):
    said, (answer, text) = bench.tidy(WRONG.TABLES[kind]), TABLES[kind]
    assert said.startswith(answer) and text in said


SEQUENCES = {
    "last year's form with this year's figures": ("asked", "改动 466 个已有数"),
    "last year's form sent again, year changed by hand": ("refused", "而此表是 区卫健委 2024 年的"),
    "last year's figures retyped": ("asked", "与 2024 年完全相同"),
    "last year's figures of one indicator retyped": ("asked", "与 2024 年完全相同"),
    "an older version sent again after its correction": ("asked", "改动 1 个已有数"),
    "a later correction with an earlier date": (
        "asked",
        "已有 2026-03-01 填报的数，这份 2026-02-15 的不会生效",
    ),
}


@pytest.mark.parametrize("kind", SEQUENCES)
def test_a_form_that_is_wrong_by_what_came_before(bench, kind):
    said, (answer, text) = bench.sequence(kind), SEQUENCES[kind]
    assert said.startswith(answer) and text in said


def test_good_forms_and_tables_pass_in_silence(bench):
    assert bench.judged(bench.form()) == "silent"
    assert bench.tidy(lambda table: table) == "silent"


def test_what_no_reader_can_know_is_named_in_the_documentation(root):
    told = (root / "docs" / "decisions" / "faults-and-doubts.md").read_text(encoding="utf-8")
    assert all(kind in told for kind in WRONG.UNKNOWABLE)
