"""Satisfaction surveys: reading an export, intervals of the design, priorities, weighting, reliability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from xhcp_eval.demo.evaluation_data import write_evaluation_data
from xhcp_eval.demo.raters import FOLDER, MARK
from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.satisfaction import (
    cronbach_alpha,
    importance_performance,
    item_nonresponse,
    response_rate,
    satisfaction_table,
)
from xhcp_eval.evaluation.methods.survey_weights import poststratify, rake, weighted_for_nonresponse
from xhcp_eval.evaluation.questionnaire import (
    Description,
    Questionnaire,
    load_description,
    read_questionnaire,
)
from xhcp_eval.observations.survey import weighted_mean

WORDS = {"非常不满意": 1, "不满意": 2, "一般": 3, "满意": 4, "非常满意": 5}
PLAIN = {
    "title": "测试", "respondent": "序号", "weight": "权重", "stratum": "住处", "cluster": "村居",
    "scales": {"s": {"options": WORDS, "unsure": ["不清楚"]}},
    "items": [{"id": "a", "column": "1、体检", "label": "体检", "scale": "s"}, {"id": "b", "column": "2、接种", "label": "接种", "scale": "s"}],
    "groups": [{"name": "性别", "column": "性别", "options": ["男", "女"]}],
}  # fmt: skip
ROWS = {
    "序号": range(1, 7), "权重": 2, "住处": ["街道"] * 6, "村居": list("甲甲乙乙丙丙"), "性别": list("男女男女男女"),
    "1、体检": ["满意", "非常满意", "3", "(跳过)", "", "不清楚"], "2、接种": ["5", "4", "非常不满意", "一般", "2", "满意"], "IP": "忽略",
}  # fmt: skip


def written(tmp_path, **changes):
    path = tmp_path / "export.csv"
    pd.DataFrame(ROWS | changes).to_csv(path, index=False, encoding="utf-8-sig")
    return path


def read(tmp_path, description=None, **changes):
    return read_questionnaire(written(tmp_path, **changes), Description(**(description or PLAIN)))


def made(answers, weight=None, stratum=None, cluster=None, groups=None, scale=None, items=None, **more):
    """A questionnaire from arrays: columns a, b, ... of scores from 1 to 5."""
    x = np.asarray(answers, float)
    ids = [chr(97 + i) for i in range(x.shape[1])]
    parts = items or [{"id": i, "column": i, "label": i, "scale": "s"} for i in ids]
    groups = pd.DataFrame(groups or {}, index=range(len(x)))
    listed = [{"name": n, "column": n, "options": sorted(set(groups[n]) - {""})} for n in groups]
    scales = {"s": scale or {"options": WORDS}}
    description = Description(title="测试", scales=scales, items=parts, groups=listed, **more)
    blank = np.full(len(x), "", object)
    frame = pd.DataFrame(x, columns=ids)
    states = pd.DataFrame(np.where(np.isnan(x), "未答", "已答"), columns=ids)
    return Questionnaire(description, frame, states, groups, np.ones(len(x)) if weight is None else np.asarray(weight, float),
                         blank if stratum is None else np.asarray(stratum, object), blank if cluster is None else np.asarray(cluster, object))  # fmt: skip


def sample(n=240, clusters=12, seed=7):
    """Scores in clusters of two strata, weighted: the sample that samplics was given."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) % clusters
    score = np.clip(np.round(3.6 + rng.normal(0, 0.4, clusters)[cluster] + rng.normal(0, 1, n)), 1, 5)
    weight = rng.uniform(50, 150, n).round(1)
    sex = np.where(rng.random(n) < 0.4, "男", "女")
    return made(
        score[:, None],
        weight,
        np.where(cluster < 4, "镇", "街道"),
        [f"c{c:02d}" for c in cluster],
        {"性别": sex},
    )


class TestReading:
    def test_words_numbers_blanks_and_skips(self, tmp_path):
        found = read(tmp_path)
        assert found.answers["a"].tolist()[:3] == [4, 5, 3]
        assert found.answers["a"].isna().tolist() == [False] * 3 + [True] * 3
        assert found.states["a"].tolist() == ["已答", "已答", "已答", "跳过", "未答", "不清楚"]
        assert found.answers["b"].tolist() == [5, 4, 1, 3, 2, 4]
        assert found.weight.tolist() == [2.0] * 6
        assert found.groups["性别"].tolist() == list("男女男女男女")

    def test_numbers_may_be_positions(self, tmp_path):
        """A platform that exports the number of the option, with the best printed first: 1 is then the best."""
        best_first = {w: WORDS[w] for w in reversed(WORDS)}
        description = PLAIN | {
            "scales": {"s": {"options": best_first, "unsure": ["不清楚"], "numbers": "positions"}}
        }
        assert read(tmp_path, description).answers["b"].tolist() == [1, 2, 1, 3, 4, 4]

    def test_a_gbk_file_is_read(self, tmp_path):
        path = tmp_path / "export.csv"
        pd.DataFrame(ROWS).to_csv(path, index=False, encoding="gb18030")
        assert read_questionnaire(path, Description(**PLAIN)).answers.shape == (6, 2)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"1、体检": ["满意", "挺好", "3", "6", "", ""]}, ["第 3 行 1、体检：“挺好”不是选项；允许 非常不满意", "第 5 行 1、体检：“6”"]),
            ({"权重": [2, 0, 2, 2, -1, "x"]}, ["第 3 行 权重：权重“0”须为大于 0", "第 6 行", "第 7 行"]),
            ({"权重": [2, "inf", 2, 2, 2, 2]}, ["第 3 行 权重"]),
            ({"性别": [*list("男女男女男"), "其他"]}, ["第 7 行 性别：“其他”不是选项；允许 男、女"]),
            ({"住处": ["街道"] * 5 + [""]}, ["第 7 行 住处：不能为空"]),
            ({"村居": ["", *list("甲乙乙丙丙")]}, ["第 2 行 村居：不能为空"]),
            ({"序号": [1, 2, 3, 4, 5, 5]}, ["第 7 行 序号：答卷 5 重复"]),
        ],
    )  # fmt: skip
    def test_faults_name_row_and_column(self, tmp_path, changes, told):
        with pytest.raises(DataError) as caught:
            read(tmp_path, **changes)
        assert all(text in str(caught.value) for text in told), str(caught.value)

    def test_missing_and_doubled_columns(self, tmp_path):
        path = tmp_path / "export.csv"
        pd.DataFrame(ROWS).drop(columns="性别").to_csv(path, index=False)
        with pytest.raises(DataError, match="缺少列“性别”"):
            read_questionnaire(path, Description(**PLAIN))
        frame = pd.DataFrame(ROWS).rename(columns={"IP": "性别"})
        frame.to_csv(path, index=False)
        with pytest.raises(DataError, match="列“性别”出现 2 次"):
            read_questionnaire(path, Description(**PLAIN))

    @pytest.mark.parametrize(("rows", "told"), [(0, "只有 0 份"), (1, "只有 1 份答卷，至少要 2 份")])
    def test_too_few_respondents(self, tmp_path, rows, told):
        path = tmp_path / "export.csv"
        pd.DataFrame(ROWS).head(rows).to_csv(path, index=False)
        with pytest.raises(DataError, match=told):
            read_questionnaire(path, Description(**PLAIN))

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("scale: importance, importance_of: checkup}", "scale: x, importance_of: nobody}", "没有量表 x"),
            ("importance_of: checkup", "importance_of: nobody", "不存在的题 nobody"),
            ("{男: 36400, 女: 33600}", "{男: 36400}", "population 须恰好写明每个选项 男、女"),
            ("id: vaccination,", "id: checkup,", "题号 checkup 重复"),
            ("weight: 抽样权重", "weigth: 抽样权重", "weigth"),
            ("title:", "title: [", "YAML 语法错误"),
        ],
    )
    def test_a_wrong_description_is_refused(self, tmp_path, old, new, told):
        text = (FOLDER / "questionnaire.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "q.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ParamsError, match=r"q\.yaml") as caught:
            load_description(path)
        assert told in str(caught.value)


class TestEstimates:
    def test_samplics_comes_to_the_same(self):
        """samplics 0.6.0, TaylorEstimator on `sample()`: means, their errors, and t intervals with 10 degrees of freedom."""
        table = satisfaction_table(sample()).set_index("option")
        whole = table.loc["全部"]
        assert whole[["mean", "mean_low", "mean_high"]].tolist() == pytest.approx(
            [3.3796400472954446, 3.1524068021571834, 3.606873292433706], rel=1e-8
        )
        assert whole["share"] == pytest.approx(0.4412795954521092, rel=1e-10)
        error = np.sqrt(whole["share"] * (1 - whole["share"]) / whole["effective_n"])
        assert error == pytest.approx(0.0422367317520984, rel=1e-8)
        for sex, wanted in {
            "女": (3.4792324508136994, 0.1226674798231499),
            "男": (3.236598688276219, 0.10101988630054598),
        }.items():
            row = table.loc[sex]
            assert row["mean"] == pytest.approx(wanted[0], rel=1e-10)
            assert (row["mean_high"] - row["mean"]) / 2.228138851986274 == pytest.approx(wanted[1], rel=1e-8)

    def test_the_same_variance_as_surveys(self):
        """Our own for shares that become figures: one method, told twice in arrays."""
        q = sample(seed=3)
        inside = (q.groups["性别"] == "男").to_numpy()
        mean, variance = weighted_mean(q.answers["a"].to_numpy(), q.weight, q.stratum, q.cluster, inside)
        row = satisfaction_table(q).set_index("option").loc["男"]
        assert row["mean"] == pytest.approx(mean, rel=1e-12)
        freedom_t = 2.228138851986274
        assert (row["mean_high"] - mean) / freedom_t == pytest.approx(np.sqrt(variance), rel=1e-9)

    def test_a_simple_random_sample_is_clopper_pearson(self):
        """statsmodels: n - 1 answers' worth, since the variance has n - 1 below it (as R's svyciprop, method beta)."""
        scores = [5] * 30 + [4] * 18 + [2] * 32
        row = satisfaction_table(made(np.array(scores)[:, None])).iloc[0]
        low, high = proportion_confint(0.6 * 79, 79, method="beta")
        assert row[["share", "share_low", "share_high"]].tolist() == pytest.approx(
            [0.6, low, high], rel=1e-10
        )
        assert row["effective_n"] == pytest.approx(79)

    def test_all_satisfied_still_has_an_interval(self):
        row = satisfaction_table(made(np.full((40, 1), 5))).iloc[0]
        assert row["share"] == 1
        assert row["share_low"] == pytest.approx(0.025 ** (1 / 40))
        assert row["share_high"] == 1
        assert np.isnan(row["mean_low"])
        assert "没有差异" in row["note"]

    def test_top_box_is_a_matter_of_the_scale(self):
        scores = np.array([5, 4, 3, 2, 1] * 10)[:, None]
        for top, share in ((1, 0.2), (2, 0.4), (3, 0.6)):
            assert satisfaction_table(made(scores, scale={"options": WORDS, "top": top}))["share"][
                0
            ] == pytest.approx(share)

    def test_small_groups_are_suppressed_and_thin_ones_flagged(self):
        rng = np.random.default_rng(1)
        scores = rng.integers(1, 6, (100, 1))
        few = satisfaction_table(made(scores, groups={"校": ["甲"] * 29 + ["乙"] * 71})).set_index("option")
        assert few.loc["甲", ["share", "mean", "effective_n"]].isna().all()
        assert few.loc["甲", "n"] == 29
        assert "不足 30 份，不单独估计" in few.loc["甲", "note"]
        assert few.loc["乙", "note"] == ""
        # clusters that agree within themselves are worth far fewer answers
        alike = np.repeat(rng.integers(1, 6, 8), 10)[:, None]
        thin = satisfaction_table(made(alike, cluster=np.repeat(list("abcdefgh"), 10))).iloc[0]
        assert thin["effective_n"] < 30 < thin["n"]
        assert "只作参考" in thin["note"]
        assert thin["share_high"] - thin["share_low"] > 0.5

    def test_a_group_within_one_cluster_is_not_estimated(self):
        rng = np.random.default_rng(2)
        cluster = np.repeat(list("abc"), 40)
        row = satisfaction_table(made(rng.integers(1, 6, (120, 1)), cluster=cluster, groups={"村": cluster}))
        assert row["share"][1:].isna().all()
        assert row["note"][1:].str.contains("同一个群").all()

    def test_one_cluster_in_a_stratum_is_refused(self):
        q = made(np.ones((6, 1)), stratum=list("aaaabb"), cluster=list("112233"))
        for method in (satisfaction_table, importance_performance):
            with pytest.raises(DataError, match="层“b”只有 1 个抽样单位"):
                method(q)

    def test_a_question_nobody_answered(self):
        x = np.column_stack([np.arange(60) % 5 + 1.0, np.full(60, np.nan)])
        row = satisfaction_table(made(x)).iloc[1]
        assert row["n"] == 0
        assert np.isnan(row["share"])
        assert "有效回答 0 份" in row["note"]

    @pytest.mark.parametrize("level", [0, 1, 95])
    def test_levels_are_shares(self, level):
        with pytest.raises(ParamsError, match="0 与 1 之间"):
            satisfaction_table(sample(), level)

    @given(factor=st.floats(0.01, 100), seed=st.integers(0, 50))
    @settings(max_examples=15, deadline=None)
    def test_only_the_proportions_of_weights_matter(self, factor, seed):
        q = sample(seed=seed)
        one, two = satisfaction_table(q), satisfaction_table(replace(q, weight=q.weight * factor))
        for column in ("share", "share_low", "share_high", "mean_low", "effective_n"):
            assert np.allclose(one[column], two[column], rtol=1e-6, equal_nan=True)
        assert ((one["share_low"] <= one["share"]) & (one["share"] <= one["share_high"])).all()


PAIRS = [{"id": i, "column": i, "label": i, "scale": "s"} for i in "abc"] + [
    {"id": i, "column": i, "label": i, "scale": "s", "importance_of": of}
    for i, of in zip("def", "abc", strict=True)
]


class TestImportancePerformance:
    def answers(self, n=300, seed=4):
        rng = np.random.default_rng(seed)
        return np.clip(np.round(rng.normal([2.5, 4.0, 3.25, 4.4, 4.4, 3.0], 0.8, (n, 6))), 1, 5)

    def test_quadrants_where_intervals_tell(self):
        table = importance_performance(made(self.answers(), items=PAIRS)).set_index("item")
        assert table.loc["a", "quadrant"] == "重点改进"
        assert table.loc["b", "quadrant"] == "保持优势"
        assert table.loc["c", "quadrant"] == "不能判断"
        assert table.loc["c", "importance_side"] == "低"

    def test_few_answers_tell_less(self):
        x = self.answers()
        many, few = (importance_performance(made(part, items=PAIRS)) for part in (x, x[:6]))
        width = [(t["performance_high"] - t["performance_low"]).mean() for t in (many, few)]
        assert width[1] > 4 * width[0]
        assert (few["quadrant"] == "不能判断").sum() > (many["quadrant"] == "不能判断").sum()

    def test_the_difference_from_the_mean_by_hand(self):
        """Everyone answered all: the difference of a question from the mean of all is a mean of differences."""
        x = self.answers(40, seed=9)
        table = importance_performance(made(x, items=PAIRS))
        d = x[:, 2] - x[:, :3].mean(axis=1)
        t = 2.022690911734728
        told = abs(d.mean()) > t * d.std(ddof=1) / np.sqrt(40)
        assert (table["performance_side"][2] != "不能判断") == told
        assert table["performance_cut"][0] == pytest.approx(x[:, :3].mean())

    def test_given_cuts(self):
        table = importance_performance(made(self.answers(), items=PAIRS), cuts=(3.0, 4.8))
        assert (table["performance_side"] == "低").all()
        assert table["importance_side"].tolist() == ["高", "高", "不能判断"]

    def test_no_variance_is_no_judgement(self):
        table = importance_performance(made(np.full((50, 6), 4.0), items=PAIRS), cuts=(3.0, 3.0))
        assert (table["quadrant"] == "不能判断").all()
        assert table["performance_low"].isna().all()

    @pytest.mark.parametrize(
        ("items", "told"),
        [(PAIRS[:3], "没有重要性题"), ([*PAIRS[:4]], "只有 1 对")],
    )
    def test_pairs_are_needed(self, items, told):
        with pytest.raises(DataError, match=told):
            importance_performance(made(self.answers()[:, : len(items)], items=items))

    def test_nobody_answered(self):
        x = self.answers()
        x[:, 1] = np.nan
        with pytest.raises(DataError, match="题 b 没有人回答"):
            importance_performance(made(x, items=PAIRS))


def two_by_two(counts=((20, 30), (40, 10))):
    rows = [(r, c) for r in range(2) for c in range(2) for _ in range(counts[r][c])]
    return pd.DataFrame([("男女"[r], "城乡"[c]) for r, c in rows], columns=["性别", "城乡"])


HALVES = {"性别": {"男": 50, "女": 50}, "城乡": {"城": 50, "乡": 50}}


class TestWeighting:
    def test_raking_by_hand(self):
        """20, 30 / 40, 10 to margins of 50: the odds ratio 1/6 stays, so a / (50 - a) = 1 / sqrt(6), a = 50 / (1 + sqrt(6))."""
        groups = two_by_two()
        found = rake(np.ones(100), groups, HALVES)
        cell = pd.Series(found.weight).groupby([groups["性别"], groups["城乡"]]).sum()
        a = 50 / (1 + np.sqrt(6))
        assert cell["男", "城"] == pytest.approx(a, rel=1e-6)
        assert cell["男", "乡"] == pytest.approx(50 - a, rel=1e-6)
        assert found.gap <= 1e-8
        assert found.design_effect_before == 1
        assert found.design_effect == pytest.approx(100 * (found.weight**2).sum() / 100**2)
        assert found.to_frame()["effective_n"][0] == pytest.approx(100 / found.design_effect)

    def test_raking_of_ardilly_and_tille(self):
        """3 x 3 table of Ardilly & Tille 2006 (R package TeachingSampling, IPFP): margins as asked, odds ratios as before."""
        table = np.array([[80, 170, 150], [90, 80, 210], [10, 80, 130]])
        rows, columns = (
            dict(zip("abc", (430, 360, 210), strict=True)),
            dict(zip("xyz", (150, 300, 550), strict=True)),
        )
        index = [(r, c) for i, r in enumerate("abc") for j, c in enumerate("xyz") for _ in range(table[i, j])]
        groups = pd.DataFrame(index, columns=["行", "列"])
        weight = rake(np.ones(len(groups)), groups, {"行": rows, "列": columns}).weight
        made_of = pd.Series(weight).groupby([groups["行"], groups["列"]]).sum().unstack().to_numpy()
        assert made_of.sum(axis=1) == pytest.approx([430, 360, 210], rel=1e-6)
        assert made_of.sum(axis=0) == pytest.approx([150, 300, 550], rel=1e-6)
        ratio = made_of / table
        assert np.allclose(ratio, ratio[:, :1] * ratio[:1] / ratio[0, 0], rtol=1e-9), (
            "a factor a row times one a column"
        )

    def test_poststratification_is_exact(self):
        cells = pd.Series(["甲"] * 30 + ["乙"] * 10, name="街道")
        found = poststratify(np.full(40, 3.0), cells, {"甲": 100, "乙": 300})
        assert found.weight[:30] == pytest.approx(100 / 30)
        assert found.weight[30:] == pytest.approx(30)
        assert found.rounds == 1
        assert found.margins["after"].tolist() == pytest.approx([0.25, 0.75])
        assert found.margins["before"].tolist() == pytest.approx([0.75, 0.25])

    def test_shares_keep_the_sum_of_weights(self):
        found = rake(
            np.full(100, 7.0),
            two_by_two(),
            {n: {o: v / 100 for o, v in m.items()} for n, m in HALVES.items()},
        )
        assert found.weight.sum() == pytest.approx(700)

    def test_trimmed_weights_stay_under_the_cap_and_on_the_margins(self):
        rng = np.random.default_rng(8)
        groups = pd.DataFrame(
            {
                "性别": rng.choice(["男", "女"], 400),
                "龄": rng.choice(["小", "中", "大"], 400, p=[0.1, 0.3, 0.6]),
            }
        )
        target = {"性别": {"男": 0.5, "女": 0.5}, "龄": {"小": 0.2, "中": 0.3, "大": 0.5}}
        start = rng.lognormal(0, 0.7, 400)
        free, held = rake(start, groups, target), rake(start, groups, target, trim=3)
        assert free.weight.max() / free.weight.mean() > 3
        assert held.weight.max() / held.weight.mean() <= 3 * (1 + 1e-6)
        assert held.gap <= 1e-8
        assert held.trimmed > 0
        assert free.trimmed == 0
        assert held.design_effect < free.design_effect

    def test_what_cannot_converge_is_said(self):
        groups = pd.DataFrame({"甲": ["是", "是", "否", "否"], "乙": ["是", "是", "否", "否"]})
        target = {"甲": {"是": 0.5, "否": 0.5}, "乙": {"是": 0.3, "否": 0.7}}
        with pytest.raises(DataError, match=r"仍不收敛.*边际之间矛盾"):
            rake(np.ones(4), groups, target)
        with pytest.raises(DataError, match=r"权重上限 1\.1 倍均值太紧"):
            rake(np.ones(100), two_by_two(), HALVES | {"性别": {"男": 90, "女": 10}}, trim=1.1)

    @pytest.mark.parametrize(
        ("weight", "target", "told"),
        [
            (np.zeros(100), HALVES, "100 个不是"),
            (-np.ones(100), HALVES, "须为大于 0"),
            (np.full(100, np.nan), HALVES, "须为大于 0"),
            (np.ones(99), HALVES, "形状"),
            (np.ones(100), {}, "没有给出总体人数"),
            (np.ones(100), {"年龄": {"小": 1}}, "没有分组列 年龄；现有 性别、城乡"),
            (np.ones(100), {"性别": {"男": 50}}, "50 名受访者的选项（女）不在总体中"),
            (np.ones(100), {"性别": {"男": 50, "女": 40, "其他": 10}}, "性别“其他”：没有受访者"),
            (np.ones(100), {"性别": {"男": 50, "女": 0}}, "性别“女”：总体人数须大于 0"),
            (np.ones(100), {"性别": {"男": 50, "女": -50}}, "总体人数须大于 0"),
            (np.ones(100), HALVES | {"性别": {"男": 60, "女": 50}}, "总体合计不同：性别 110、城乡 100"),
        ],
    )
    def test_bad_input_is_refused(self, weight, target, told):
        with pytest.raises(DataError, match=told):
            rake(weight, two_by_two(), target)

    def test_a_gap_in_a_group_is_refused(self):
        groups = two_by_two()
        groups.loc[3, "性别"] = ""
        with pytest.raises(DataError, match="1 名受访者的选项（空）"):
            rake(np.ones(100), groups, HALVES)

    def test_caps_below_the_mean_are_refused(self):
        with pytest.raises(ParamsError, match="须大于均值"):
            rake(np.ones(100), two_by_two(), HALVES, trim=1.0)

    @given(st.integers(0, 10_000))
    @settings(max_examples=20, deadline=None)
    def test_margins_agree_whatever_the_start(self, seed):
        rng = np.random.default_rng(seed)
        groups = pd.DataFrame({"甲": rng.choice(list("abc"), 200), "乙": rng.choice(list("xy"), 200)})
        a, b = rng.dirichlet([3, 3, 3]), rng.dirichlet([3, 3])
        target = {"甲": dict(zip("abc", a, strict=True)), "乙": dict(zip("xy", b, strict=True))}
        found = rake(rng.uniform(0.5, 2, 200), groups, target)
        assert np.allclose(found.margins["after"], found.margins["target"], atol=1e-7)
        assert found.design_effect >= 1


class TestNonresponse:
    def test_items_by_hand(self, tmp_path):
        table = item_nonresponse(read(tmp_path)).set_index("item")
        assert table.loc["a", ["asked", "answered", "unanswered", "unsure", "skipped"]].tolist() == [
            5,
            3,
            1,
            1,
            1,
        ]
        assert table.loc["a", "rate"] == pytest.approx(0.4)
        assert "未答偏多" in table.loc["a", "note"]
        assert table.loc["b", "rate"] == 0

    def test_a_question_nobody_was_asked(self, tmp_path):
        row = item_nonresponse(read(tmp_path, **{"1、体检": "(跳过)"})).iloc[0]
        assert np.isnan(row["rate"])
        assert row["note"] == "没有人被问到"

    def test_response_rate_counts_the_usable(self, tmp_path):
        changes = {
            "1、体检": ["", "满意", "", "3", "3", "3"],
            "2、接种": ["", "4", "", "4", "", "5"],
            "住处": list("街街镇镇街镇"),
        }
        description = PLAIN | {"sent": {"街": 6, "镇": 4}}
        table = response_rate(read(tmp_path, description, **changes)).set_index("stratum")
        assert table.loc["街", ["sent", "returned", "usable"]].tolist() == [6, 3, 2]
        assert table.loc["全部", "rate"] == pytest.approx(4 / 10)
        whole = response_rate(read(tmp_path, PLAIN | {"sent": {"全部": 8}}, **changes))
        assert whole["rate"].tolist() == [0.5]

    @pytest.mark.parametrize(
        ("sent", "told"),
        [({}, "没有发出份数"), ({"镇": 9}, "没有层“街道”"), ({"街道": 5}, "街道：发出 5 份，收回 6 份"), ({"街道": 0}, "发出 0 份")],
    )  # fmt: skip
    def test_response_rate_refuses(self, tmp_path, sent, told):
        with pytest.raises(DataError, match=told):
            response_rate(read(tmp_path, PLAIN | {"sent": sent}))

    def test_no_population_no_weighting(self, tmp_path):
        with pytest.raises(DataError, match="没有总体人数"):
            weighted_for_nonresponse(read(tmp_path))


# The complete rows of pingouin's data set cronbach_wide_missing (of real-statistics.com): right and wrong answers.
ROWS_OF_TEST = "11111111111 11111111010 11101101100 11111000100 11110010000 11111000000 01011000010 11100000000 10010000000"
COMPLETE = np.array([list(map(float, row)) for row in ROWS_OF_TEST.split()])


class TestReliability:
    def test_published_value(self):
        """R psych, alpha of the complete cases: 0.801695; Feldt's interval 0.533 to 0.947 (pingouin's own tests)."""
        found = cronbach_alpha(COMPLETE)
        assert round(found.alpha, 6) == 0.801695
        assert (round(found.low, 3), round(found.high, 3)) == (0.533, 0.947)
        assert (found.n, found.k, found.dropped) == (9, 11, 0)
        assert "不足 30 人" in found.note

    def test_gaps_are_dropped_and_counted(self):
        x = np.vstack([COMPLETE, np.full((1, 11), np.nan), [*COMPLETE[0][:10], np.nan]])
        found = cronbach_alpha(x)
        assert found.alpha == pytest.approx(cronbach_alpha(COMPLETE).alpha)
        assert found.dropped == 2
        assert found.to_frame()["dropped"][0] == 2

    def test_by_hand(self):
        """Variances 5/3 each, of the sums 3, 3, 6, 8 it is 6: alpha = 2 (1 - (10/3) / 6) = 8/9."""
        found = cronbach_alpha(pd.DataFrame({"甲": [1, 2, 3, 4], "乙": [2, 1, 3, 4]}))
        assert found.alpha == pytest.approx(8 / 9)
        assert found.items["item_rest"].tolist() == pytest.approx([0.8, 0.8])
        assert found.items["alpha_if_deleted"].isna().all(), "one question alone has no alpha"

    def test_a_question_of_another_kind_stands_out(self):
        rng = np.random.default_rng(5)
        trait = rng.normal(size=(200, 1))
        x = np.column_stack([trait + rng.normal(0, 0.7, (200, 3)), -trait + rng.normal(0, 0.7, (200, 1))])
        found = cronbach_alpha(pd.DataFrame(x, columns=list("甲乙丙丁")))
        items = found.items.set_index("item")
        assert items.loc["丁", "alpha_if_deleted"] == pytest.approx(cronbach_alpha(x[:, :3]).alpha)
        assert items.loc["丁", "alpha_if_deleted"] > found.alpha
        assert items.loc["丁", "note"].startswith("与其余题反向")
        rest = x[:, 1:].sum(axis=1)
        assert items.loc["甲", "item_rest"] == pytest.approx(np.corrcoef(x[:, 0], rest)[0, 1])

    def test_negative_alpha_is_told(self):
        rng = np.random.default_rng(6)
        a = rng.normal(size=100)
        assert cronbach_alpha(np.column_stack([a, -a + rng.normal(0, 0.5, 100)])).note.startswith("系数为负")

    @pytest.mark.parametrize(
        ("x", "told"),
        [
            (np.ones(5), "至少 2 题"),
            (np.ones((5, 1)), "至少 2 题"),
            ([[1, 2]], "答全的受访者只有 1 名"),
            ([[np.nan, 2], [1, np.nan], [1, 2]], "答全的受访者只有 1 名"),
            ([[1, 2], [1, 3], [1, 4]], "题 0 的回答全部相同"),
            ([[1, 3], [2, 2], [3, 1]], "总分相同"),
            ([["满意", "一般"], ["一般", "满意"]], "须用数字得分"),
            (np.ones((2, 2, 2)), "受访者×题"),
        ],
    )
    def test_bad_input_is_refused(self, x, told):
        with pytest.raises(DataError, match=told):
            cronbach_alpha(x)

    def test_level(self):
        with pytest.raises(ParamsError):
            cronbach_alpha(COMPLETE, level=95)

    @given(st.integers(0, 1000), st.floats(-3, 3), st.floats(0.1, 10))
    @settings(max_examples=20, deadline=None)
    def test_shift_and_scale_change_nothing(self, seed, shift, scale):
        x = np.random.default_rng(seed).normal(size=(30, 4)) + np.random.default_rng(seed + 1).normal(
            size=(30, 1)
        )
        one, two = cronbach_alpha(x), cronbach_alpha(x * scale + shift)
        assert one.alpha == pytest.approx(two.alpha, rel=1e-6, abs=1e-9)
        assert one.low <= one.alpha <= one.high <= 1


class TestDemonstration:
    def test_files_regenerate_byte_for_byte(self, tmp_path):
        (tmp_path / "questionnaire.yaml").write_bytes((FOLDER / "questionnaire.yaml").read_bytes())
        for path in write_evaluation_data(tmp_path):
            assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name

    @pytest.mark.parametrize("name", ["questionnaire.csv", "questionnaire.yaml", "costs.csv"])
    def test_every_file_says_what_it_is(self, name):
        text = (FOLDER / name).read_text(encoding="utf-8-sig")
        assert "演示数据" in text
        if name.endswith("csv"):
            assert all(MARK in line for line in text.splitlines()[1:])

    def test_the_whole_way(self):
        description = load_description(FOLDER / "questionnaire.yaml")
        assert description.demonstration
        q = read_questionnaire(FOLDER / "questionnaire.csv", description)
        weighted, weighting = weighted_for_nonresponse(q)
        assert np.allclose(weighting.margins["after"], weighting.margins["target"], atol=1e-6)
        quadrant = importance_performance(weighted).set_index("item")["quadrant"]
        assert quadrant["care"] == "重点改进"
        assert quadrant["vaccination"] == "保持优势"
        assert (quadrant == "不能判断").any()
        assert item_nonresponse(q).set_index("item").loc["childrens_home", "note"] != ""
        assert 0.6 < response_rate(q)["rate"].iloc[-1] < 0.9
        table = satisfaction_table(weighted)
        assert len(table) == len(description.items) * 9
        assert (
            table.loc[(table["item"] == "kindergarten") & (table["option"] == "12—17岁"), "note"]
            .str.contains("不单独估计")
            .all()
        )
        assert (
            0.6
            < cronbach_alpha(q.answers[["checkup", "vaccination", "care", "playground", "overall"]]).alpha
            < 0.95
        )
