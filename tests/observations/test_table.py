"""A table is taken in whole or not at all: each refusal names row and column, as a spreadsheet counts them."""

import datetime as dt

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import (
    ALLOWED,
    COLUMNS,
    KEY,
    MAX_PROBLEMS_SHOWN,
    STATUS_LABELS,
    UNSURE,
    concat_tables,
    is_unsure,
    read_table,
    select,
)
from xhcp_eval.plan.reading import load_plan

PLAN = load_plan("xinhua_2021_2030")
ROW = {
    "indicator": "nip_vaccination_coverage", "region": "新华区", "level": "district", "year": 2021, "value": 99.0,
    "numerator": 990.0, "denominator": 1000.0, "unit": "percent", "department": "区卫健委", "status": "reported",
    "reported_on": "2026-03-31", "source": "填报表", "series_break": False, "note": "",
}  # fmt: skip


def table(*changes, drop=()):
    """Rows of consecutive years from 2021, each with what it changes."""
    rows = [{**ROW, "year": 2021 + i, **change} for i, change in enumerate(changes)]
    return pd.DataFrame(rows).drop(columns=list(drop))


def write_csv(path, frame):
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    return path


@pytest.fixture
def problems_of(tmp_path):
    """Problems that a CSV of these rows is refused with."""

    def run(frame):
        with pytest.raises(DataError) as caught:
            read_table(write_csv(tmp_path / "t.csv", frame), PLAN)
        assert "t.csv" in str(caught.value)
        return list(caught.value.problems)

    return run


def test_csv_excel_and_parquet_give_the_same_frame(tmp_path):
    frame = table(
        {}, {"numerator": None, "denominator": None, "value": 98.55}, {"series_break": True, "note": "新口径"}
    )
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    first = read_table(write_csv(tmp_path / "t.csv", frame), PLAN)
    assert tuple(first.columns) == COLUMNS
    assert first["year"].tolist() == [2021, 2022, 2023]
    assert first["value"].tolist() == [99.0, 98.55, 99.0]
    assert first["series_break"].tolist() == [False, False, True]
    assert first["numerator"].isna().tolist() == [False, True, False]
    for name in ("t.xlsx", "t.parquet"):
        pd.testing.assert_frame_equal(read_table(tmp_path / name, PLAN), first)


def test_columns_not_required_default_to_totals_and_empty(tmp_path):
    optional = ("numerator", "denominator", "department", "reported_on", "series_break", "note")
    found = read_table(write_csv(tmp_path / "t.csv", table({}, drop=optional)), PLAN).iloc[0]
    assert [found[name] for name in ("sex", "age", "residence", "category")] == ["total"] * 4
    assert (found["department"], found["reported_on"], found["note"]) == ("", "", "")
    assert pd.isna(found["numerator"])
    assert not found["series_break"]


def test_a_byte_order_mark_and_blanks_around_cells_are_no_trouble(tmp_path):
    text = table({"region": " 新华区 ", "unit": "percent "}).to_csv(index=False)
    (tmp_path / "t.csv").write_text(text, encoding="utf-8-sig")
    found = read_table(tmp_path / "t.csv", PLAN)
    assert found.loc[0, ["region", "unit"]].tolist() == ["新华区", "percent"]


def test_rows_are_sorted_by_their_key(tmp_path):
    frame = table(
        {"year": 2024}, {"year": 2020}, {"year": 2022, "region": "新华区/示范一街道", "level": "township"}
    )
    found = read_table(write_csv(tmp_path / "t.csv", frame), PLAN)
    assert found["year"].tolist() == [2020, 2024, 2022]
    assert found["region"].tolist() == ["新华区", "新华区", "新华区/示范一街道"]


REFUSED = {
    "unknown indicator": ({"indicator": "nip_vaccination_coverag"}, "第 3 行 indicator：nip_vaccination_coverag 规划里没有这个指标"),
    "wrong unit": ({"unit": "permille"}, "第 3 行 unit：permille 与登记的单位不符；免疫规划疫苗接种率 应为 percent"),
    "above upper": ({"value": 100.5}, "第 3 行 value：100.5 高于上限"),
    "below lower": ({"value": -0.5}, "第 3 行 value：-0.5 低于下限"),
    "numerator above denominator": ({"numerator": 1001}, "第 3 行 numerator：1001.0 分子大于分母；分子 1001，分母 1000"),
    "not a number": ({"value": "约99"}, "第 3 行 value：'约99' 不是数字"),
    "infinite": ({"value": "inf"}, "第 3 行 value：'inf' 不是数字"),
    "not a year": ({"year": "2021.5"}, "第 3 行 year：'2021.5' 不是整数年份"),
    "a year as words": ({"year": "二〇二一"}, "第 3 行 year：'二〇二一' 不是整数年份"),
    "year out of reach": ({"year": 1921}, "第 3 行 year：1921.0 允许 1990—2100"),
    "empty value": ({"value": None}, "第 3 行 value：不能为空"),
    "empty year": ({"year": ""}, "第 3 行 year：不能为空"),
    "empty region": ({"region": ""}, "第 3 行 region： 不能为空"),
    "empty source": ({"source": " "}, "第 3 行 source： 不能为空"),
    "bad level": ({"level": "街道"}, "第 3 行 level：街道 允许：national、province、district、township、school、facility"),
    "bad status": ({"status": "ok"}, "第 3 行 status：ok 允许：verified、derived、single_copy、recollection、reported、survey、demo"),
    "bad sex": ({"sex": "女"}, "第 3 行 sex：女 允许：total、male、female"),
    "bad residence": ({"residence": "城市"}, "第 3 行 residence：城市 允许：total、urban、rural"),
    "bad date": ({"reported_on": "2026-13-01"}, "第 3 行 reported_on：2026-13-01 不是日期；例 2026-03-31"),
    "another date format": ({"reported_on": "31/03/2026"}, "第 3 行 reported_on：31/03/2026 不是日期；例 2026-03-31"),
    "bad yes or no": ({"series_break": "maybe"}, "'maybe' 不是 true 或 false"),
    "negative count": ({"numerator": -1}, "第 3 行 numerator：-1.0 不能为负"),
    "zero denominator": ({"numerator": 0, "denominator": 0}, "第 3 行 denominator：0.0 分母必须大于 0"),
    "numerator alone": ({"denominator": None}, "第 3 行 numerator：990.0 有分子而无分母"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), REFUSED.values(), ids=REFUSED)
def test_each_refusal_names_row_and_column(problems_of, change, expected):
    frame = table({"sex": "total", "residence": "total"}, {"sex": "total", "residence": "total"} | change)
    found = problems_of(frame)
    assert len(found) == 1
    assert expected in found[0]
    assert found[0].startswith("第 3 行 ")


def test_bounds_are_told_where_there_are_any(problems_of):
    assert "不低于 0、不高于 100" in problems_of(table({"value": 101}))[0]
    ratio = {
        "indicator": "preschool_gross_enrolment_rate",
        "value": -1,
        "numerator": None,
        "denominator": None,
    }
    (found,) = problems_of(table(ratio))
    assert found.endswith("学前教育毛入园率 允许 不低于 0")


def test_a_ratio_may_pass_a_hundred_and_counts_may_stand_alone(tmp_path):
    frame = table(
        {"indicator": "preschool_gross_enrolment_rate", "value": 101.0, "numerator": 1010},
        {"indicator": "inclusive_childcare_place_count", "unit": "count", "value": 40, "numerator": 40, "denominator": None},
    )  # fmt: skip
    assert len(read_table(write_csv(tmp_path / "t.csv", frame), PLAN)) == 2


def test_a_doubled_key_is_told_for_both_rows(problems_of):
    found = problems_of(table({}, {}, {"year": 2022, "value": 98.0}))
    assert [text.split("：")[0] for text in found] == ["第 3 行", "第 4 行"]
    assert all(
        "重复的数据点" in text and "nip_vaccination_coverage / 新华区 / 2022" in text for text in found
    )


def test_missing_unknown_and_doubled_columns(problems_of):
    assert problems_of(table({}, drop=("unit", "source"))) == ["缺少必需的列 unit", "缺少必需的列 source"]
    (found,) = problems_of(table({}).assign(地区="新华区"))
    assert found.startswith("不认识的列 地区；允许的列：indicator、region、level、year")
    assert problems_of(table({}).assign(**{" value": 1})) == ["列 value 出现多次"]


def test_a_table_without_rows_is_refused(problems_of):
    assert problems_of(table({}).iloc[:0]) == ["文件里没有数据行"]


def test_all_problems_are_told_at_once(problems_of):
    frame = table({"value": 120}, {"unit": "permille"}, {}, {"indicator": "x", "year": "去年", "level": ""})
    found = problems_of(frame)
    places = {tuple(text.split("：")[0].split()[1:4:2]) for text in found}
    assert places == {("2", "value"), ("3", "unit"), ("5", "indicator"), ("5", "year"), ("5", "level")}
    assert len(found) == 5


def test_a_long_list_of_problems_is_cut_and_counted(problems_of):
    words = [chr(0x4E00 + i) for i in range(MAX_PROBLEMS_SHOWN + 50)]
    found = problems_of(pd.concat([table({"indicator": f"没有{word}"}) for word in words]))
    assert len(found) == MAX_PROBLEMS_SHOWN + 1
    assert found[-1] == "……另有 50 类问题未列出"


def test_a_problem_met_in_every_row_is_told_once(problems_of):
    (found,) = problems_of(pd.concat([table({"value": 120, "region": f"新华区/{i}"}) for i in range(139)]))
    assert "同样的共 139 处" in found


def test_rows_are_counted_as_a_spreadsheet_does_past_blank_rows(tmp_path):
    header, *rows = table({}, {"value": "错"}).to_csv(index=False).splitlines()
    commas = "," * header.count(",")
    (tmp_path / "t.csv").write_text(
        "\n".join([header, rows[0], "", commas, rows[1], "", ""]), encoding="utf-8"
    )
    book = openpyxl.Workbook()
    for cells in [list(ROW), list(ROW.values()), [], [], list({**ROW, "year": 2022, "value": "错"}.values())]:
        book.active.append(cells)
    book.save(tmp_path / "t.xlsx")
    for name in ("t.csv", "t.xlsx"):
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / name, PLAN)
        assert caught.value.problems == ("第 5 行 value：'错' 不是数字",)


def test_a_wholly_blank_row_is_no_figure(tmp_path):
    text = table({}, {}).to_csv(index=False)
    (tmp_path / "t.csv").write_text(text + "," * (len(ROW) - 1) + "\n\n", encoding="utf-8")
    assert len(read_table(tmp_path / "t.csv", PLAN)) == 2


def test_dates_of_a_spreadsheet_come_as_text_of_a_day(tmp_path):
    days = [dt.date(2026, 3, 31), "2026-04-01", None, dt.datetime(2026, 4, 2)]
    frame = table(*({"reported_on": day} for day in days))
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    found = read_table(tmp_path / "t.xlsx", PLAN)
    assert found["reported_on"].tolist() == ["2026-03-31", "2026-04-01", "", "2026-04-02"]


def test_typed_parquet_columns_are_read(tmp_path):
    frame = table({}, {"numerator": 980, "value": 98.0}).assign(
        region=lambda f: f["region"].astype("category"),
        department=pd.Categorical(["区卫健委", None]),
        numerator=pd.array([990, None], dtype="Int64"),
        series_break=pd.array([True, None], dtype="boolean"),
        reported_on=pd.to_datetime(["2026-03-31", None]),
    )
    frame.to_parquet(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet", PLAN)
    assert found["department"].tolist() == ["区卫健委", ""]
    assert found["series_break"].tolist() == [True, False]
    assert found["reported_on"].tolist() == ["2026-03-31", ""]
    assert found["numerator"].isna().tolist() == [False, True]


def test_files_that_are_not_what_they_seem(tmp_path):
    def refusal(name, content=None):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / name, PLAN)
        return str(caught.value)

    text = table({}).to_csv(index=False)
    table({}).to_excel(tmp_path / "whole.xlsx", index=False)
    assert refusal("nope.csv").startswith("数据文件不存在：")
    assert refusal("t.txt", b"x") == "数据文件 t.txt：不支持的格式 '.txt'；允许 .csv、.xlsx、.parquet"
    assert "latin.csv 既不是 UTF-8" in refusal("latin.csv", text.encode() + b"\xff\xff")
    assert "请另存为 CSV UTF-8" in refusal("latin.csv")
    assert "binary.csv 无法读取：含有空字节" in refusal("binary.csv", b"a,b\x00")
    assert "empty.csv 无法读取" in refusal("empty.csv", b"")
    assert "cut.xlsx 无法读取" in refusal("cut.xlsx", (tmp_path / "whole.xlsx").read_bytes()[:2000])
    assert "bad.xlsx 无法读取" in refusal("bad.xlsx", b"no workbook")
    assert "bad.parquet 无法读取" in refusal("bad.parquet", b"no table")
    header, row = text.splitlines()
    wide = f"{header}\n{row},多余\n".encode()
    assert refusal("wide.csv", wide) == "数据文件 wide.csv 未读入：第 2 行的单元格比列名多"


def test_concat_refuses_the_same_key_in_two_files(tmp_path):
    one = read_table(write_csv(tmp_path / "a.csv", table({}, {})), PLAN)
    two = read_table(
        write_csv(tmp_path / "b.csv", table({"year": 2022, "value": 98.0}, {"year": 2023})), PLAN
    )
    with pytest.raises(DataError, match="多个数据文件含有相同的数据点") as caught:
        concat_tables([one, two], ["a.csv", "b.csv"])
    (found,) = caught.value.problems
    assert found == "nip_vaccination_coverage / 新华区 / 2022：同时出现在 a.csv、b.csv"


def test_concat_keeps_every_row_sorted(tmp_path):
    late = read_table(write_csv(tmp_path / "a.csv", table({"year": 2024}, {"year": 2025})), PLAN)
    early = read_table(write_csv(tmp_path / "b.csv", table({}, {})), PLAN)
    found = concat_tables([late, early], ["a.csv", "b.csv"])
    assert found["year"].tolist() == [2021, 2022, 2024, 2025]
    assert tuple(found.columns) == COLUMNS
    pd.testing.assert_frame_equal(found, concat_tables([early, late], ["b.csv", "a.csv"]))


def test_select_takes_one_cut_in_the_order_of_years(tmp_path):
    cuts = [
        {"year": 2023, "sex": "total"}, {"year": 2021, "sex": "total"}, {"year": 2021, "sex": "male"},
        {"year": 2021, "sex": "total", "residence": "rural"}, {"year": 2021, "sex": "total", "category": "麻腮风疫苗"},
        {"year": 2021, "sex": "total", "age": "3"}, {"year": 2021, "region": "新华区/示范一街道", "level": "township"},
        {"year": 2022, "indicator": "eye_exam_coverage_0_6"},
    ]  # fmt: skip
    full = read_table(write_csv(tmp_path / "t.csv", table(*cuts)), PLAN)
    assert select(full, "nip_vaccination_coverage", "新华区")["year"].tolist() == [2021, 2023]
    assert len(select(full)) == 4
    assert select(full, region="新华区/示范一街道")["level"].tolist() == ["township"]
    assert select(full, sex="male")["sex"].tolist() == ["male"]
    assert select(full, residence="rural")["residence"].tolist() == ["rural"]
    assert select(full, category="麻腮风疫苗")["category"].tolist() == ["麻腮风疫苗"]
    assert select(full, age="3")["age"].tolist() == ["3"]
    assert select(full, "no_such_indicator").empty
    assert tuple(select(full).columns) == COLUMNS


@given(
    st.lists(
        st.tuples(st.integers(2000, 2030), st.integers(0, 500)),
        min_size=1,
        max_size=8,
        unique_by=lambda r: r[0],
    )
)
def test_what_is_written_is_what_is_read(tmp_path_factory, cells):
    rows = [{"year": year, "numerator": n, "denominator": 500, "value": n / 5} for year, n in cells]
    path = write_csv(tmp_path_factory.mktemp("t") / "t.csv", table(*rows))
    found = read_table(path, PLAN)
    expected = sorted((year, n / 5, n) for year, n in cells)
    assert list(zip(found["year"], found["value"], found["numerator"], strict=True)) == expected
    assert not found.duplicated(list(KEY)).any()


@pytest.mark.parametrize(
    ("status", "unsure"),
    [("verified", False), ("derived", False), ("reported", False), ("survey", False), ("demo", False),
     ("single_copy", True), ("recollection", True)],
)  # fmt: skip
def test_what_nothing_speaks_for_is_unsure(status, unsure):
    assert is_unsure(pd.Series([status])).tolist() == [unsure]
    assert set(UNSURE) < set(ALLOWED["status"]) == set(STATUS_LABELS)
