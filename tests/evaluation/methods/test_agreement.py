"""Agreement of raters against published tables, statsmodels, and cases that can't be told."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.methods.agreement import (
    ICC_FORMS,
    fleiss_kappa,
    intraclass_correlation,
    kendall_w,
    krippendorff_alpha,
)

CASES = json.loads((Path(__file__).parents[2] / "reference" / "agreement.json").read_text(encoding="utf-8"))
NAN = float("nan")


def items(name):
    """Scores of a published case, (n_items, n_raters)."""
    return np.array(CASES[name]["data"], float).T


@pytest.mark.parametrize("measurement", ["nominal", "ordinal", "interval", "ratio"])
def test_krippendorffs_own_example(measurement):
    case = CASES["krippendorff_alpha"]
    found = krippendorff_alpha(items("krippendorff_alpha"), measurement)
    assert found.estimate == pytest.approx(case["published"][measurement], abs=5e-4)
    assert found.estimate == pytest.approx(case["computed"][measurement], abs=5e-5)
    assert found.low < found.estimate < found.high
    assert (found.n_items, found.n_raters) == (11, 4)  # the twelfth has one score, which pairs with nothing


def test_fleiss_published_and_statsmodels():
    from statsmodels.stats.inter_rater import fleiss_kappa as peer

    table = np.array(CASES["fleiss_kappa"]["data"])
    found = fleiss_kappa(table)
    assert found.estimate == pytest.approx(CASES["fleiss_kappa"]["computed"], abs=5e-5)
    assert found.estimate == pytest.approx(peer(table), abs=1e-8)
    rng = np.random.default_rng(1)
    for _ in range(20):
        table = rng.multinomial(6, [0.5, 0.3, 0.2], size=15)
        assert fleiss_kappa(table).estimate == pytest.approx(peer(table), abs=1e-8)


def test_fleiss_error_of_chance_ratings():
    """Ratings by chance lie outside the interval around them as often as it says, and p is uniform."""
    rng = np.random.default_rng(3)
    found = [fleiss_kappa(rng.multinomial(5, [0.4, 0.4, 0.2], size=60)) for _ in range(400)]
    assert 0.91 <= np.mean([one.low <= 0 <= one.high for one in found]) <= 0.98
    assert 0.02 <= np.mean([one.p < 0.05 for one in found]) <= 0.09


@pytest.mark.parametrize("form", ICC_FORMS)
def test_shrout_and_fleiss(form):
    name = "ICC" + form[0] + ("k" if form.endswith("k") else "")
    found = intraclass_correlation(np.array(CASES["icc"]["data"]), form)
    assert found.estimate == pytest.approx(CASES["icc"]["published"][name], abs=5e-3)
    assert found.estimate == pytest.approx(CASES["icc"]["computed"][name], abs=5e-5)
    assert found.low < found.estimate < found.high


def test_icc_intervals_of_the_same_table():
    """Intervals that R's psych prints for Shrout & Fleiss's table (help page of ICC)."""
    table = np.array(CASES["icc"]["data"])
    published = {"1,1": (-0.133, 0.72), "2,1": (0.019, 0.76), "3,1": (0.342, 0.95)}
    for form, (low, high) in published.items():
        found = intraclass_correlation(table, form)
        assert (found.low, found.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=6e-3))


def test_icc_interval_covers():
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        table = rng.normal(size=(25, 1)) + 0.5 * rng.normal(size=(1, 4)) + rng.normal(size=(25, 4))
        found = intraclass_correlation(table, "2,1")
        held += found.low <= 1 / (1 + 0.25 + 1) <= found.high
    assert 0.91 <= held / 300 <= 0.99


def test_kendall_by_hand_and_scipy():
    from scipy.stats import friedmanchisquare

    table = items("kendall_w")
    assert kendall_w(table).estimate == pytest.approx(CASES["kendall_w"]["computed"], abs=5e-5)
    rng = np.random.default_rng(2)
    ties = rng.integers(0, 4, size=(9, 6)).astype(float)
    friedman = friedmanchisquare(*ties)  # chi-square = m (n - 1) W, ties corrected alike
    found = kendall_w(ties)
    assert found.estimate == pytest.approx(friedman.statistic / (6 * 8), abs=1e-8)
    assert found.p == pytest.approx(friedman.pvalue, abs=1e-8)


def test_kendall_interval_covers():
    """Four raters who see one truth with noise of its size: Spearman's rho 0.483, W = (1 + 3 rho) / 4."""
    rng = np.random.default_rng(0)
    true = (1 + 3 * 6 / np.pi * np.arcsin(0.5 / 2)) / 4
    found = [kendall_w(rng.normal(size=(20, 1)) + rng.normal(size=(20, 4)), draws=300) for _ in range(150)]
    assert 0.88 <= np.mean([one.low <= true <= one.high for one in found]) <= 0.99


@given(arrays(float, (7, 3), elements=st.integers(0, 4)))
@settings(max_examples=50, deadline=None)
def test_alpha_does_not_mind_order_and_copies_agree(scores):
    if len(np.unique(scores)) < 2:
        with pytest.raises(DataError, match="都相同"):
            krippendorff_alpha(scores, draws=10)
        return
    one = krippendorff_alpha(scores, draws=10).estimate
    assert krippendorff_alpha(scores[::-1, ::-1], draws=10).estimate == pytest.approx(one)
    assert one <= 1
    if len(np.unique(scores[:, 0])) > 1:
        assert krippendorff_alpha(np.repeat(scores[:, :1], 3, axis=1), draws=10).estimate == pytest.approx(1)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([1, 2, 3], "项×评分者"),
        ([[1], [2]], "至少 2 名评分者"),
        ([[1, 2]], "至少要有 2 项"),
        ([["好", "差"], ["好", "好"]], "须为数字"),
        ([[1, np.inf], [2, 2]], "无穷大"),
        ([[1, NAN], [NAN, 2], [3, NAN]], "2 项各有 2 个以上"),
        ([[2, 2], [2, 2], [2, 2]], "都相同"),
    ],
)
def test_alpha_refuses(scores, words):
    with pytest.raises(DataError, match=words):
        krippendorff_alpha(scores)


def test_other_refusals():
    with pytest.raises(DataError, match="不能为负"):
        krippendorff_alpha([[-1, 2], [3, 4]], "ratio")
    with pytest.raises(ParamsError, match="不认识"):
        krippendorff_alpha([[1, 2], [3, 4]], "五级")
    with pytest.raises(DataError, match="评分人数须相同"):
        fleiss_kappa([[3, 0], [1, 1]])
    with pytest.raises(DataError, match="同一类"):
        fleiss_kappa([[3, 0], [3, 0]])
    with pytest.raises(DataError, match="非负"):
        fleiss_kappa([[4, -1], [2, 1]])
    with pytest.raises(DataError, match="有缺失时"):
        intraclass_correlation([[1, NAN], [2, 3]])
    with pytest.raises(ParamsError, match="形式"):
        intraclass_correlation([[1, 2], [2, 3]], "4,1")
    with pytest.raises(DataError, match="方差为零"):
        intraclass_correlation([[2, 2], [2, 2]])
    with pytest.raises(DataError, match="至少要 3 项"):
        kendall_w([[1, 2], [2, 1]])
    with pytest.raises(DataError, match="同样的分"):
        kendall_w([[1, 2], [1, 3], [1, 1]])
    with pytest.raises(ParamsError, match="level"):
        kendall_w([[1, 2], [2, 3], [3, 1]], level=95)


def test_full_agreement_of_differing_items():
    table = np.repeat([[1.0], [2.0], [4.0]], 3, axis=1)
    for form in ICC_FORMS:
        assert intraclass_correlation(table, form).estimate == pytest.approx(1)
    assert kendall_w(table).estimate == pytest.approx(1)
