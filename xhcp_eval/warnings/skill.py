"""Is a warning worth reading: precision and recall of each early-warning rule on real histories, held out.

`python -m xhcp_eval.warnings.skill` measures all rules on the reference panel and writes skill.json beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.files.home import SHIPPED
from xhcp_eval.forecast.backtests.backtest import Backtest, backtest
from xhcp_eval.forecast.backtests.cases import SEED, Cases
from xhcp_eval.forecast.breaks import unmarked_breaks
from xhcp_eval.forecast.panel import Panel, make_panel
from xhcp_eval.warnings.false_alarms import TOWNSHIPS, floor_alarms, still_alarms
from xhcp_eval.warnings.movement import room, volatile, worse_two_years
from xhcp_eval.warnings.precision import skill_note, skill_of
from xhcp_eval.warnings.rules import BREAK, FLOOR, HARD, MISSING, RULE_NAMES, VOLATILE, WORSE, WarningRules
from xhcp_eval.warnings.warn import FIGURES, SKILL_FILE

PANEL = Path("data") / "reference" / "panel.parquet"
PER_INDICATOR, HORIZON, LATER = 1000, 5, 3
# Which way each indicator of the panel is wanted; those that are neither good nor bad (who lives there) are left out.
WANTED = Path("data") / "reference" / "wanted.csv"
OUTCOMES: dict[str, str] = {
    HARD: "第5年的值确实没有达到目标（目标按回测规则随机设定，方向随机；预测模型未见过该指标）",
    WORSE: "3年后的值比发出预警时更差，且超过该指标一年变动的典型幅度（各地区稳健标准差的中位数）",
    VOLATILE: "下一年的变动落在全部真实序列随机游走80%区间之外（限值取自其余指标）",
    BREAK: "3年后的值落在发出预警时80%预测区间之外（预测模型未见过该指标）",
    MISSING: "无须预测：有没有数字，核对即知",
    FLOOR: "模拟：各乡镇真值恰在界限上时，仍发出明确预警的概率",
}
UNMEASURED = dict.fromkeys(FIGURES)


def wanted() -> dict[str, int]:
    """+1 where more of an indicator of the panel is better, -1 where less is."""
    table = pd.read_csv(SHIPPED / WANTED)
    return dict(zip(table["indicator"], table["wanted"].map({"more": 1, "less": -1}), strict=True))


def measure(
    frame: pd.DataFrame | None = None,
    rules: WarningRules | None = None,
    *,
    per_indicator: int = PER_INDICATOR,
    seed: int = SEED,
) -> dict:
    """Precision, recall, base rate and lift of each rule on real histories cut at rolling origins.

    frame: indicator, region, year, value and bounds (default: the reference panel of the checkout). rules: thresholds.
    per_indicator, seed: cases drawn, as in `make_cases`. One draw of cases serves all rules. Precision: share of the
    warned cases that went wrong as `OUTCOMES` says; recall: share of those gone wrong that were warned of; base rate:
    share gone wrong among all that the rule can judge; lift: precision over base rate, with a 95% interval from
    a bootstrap over indicators. Returns {"rules": {id: ...}, "settings": ..., "cases": ...}, ready for JSON.
    Raises DataError where the panel isn't there, or is unusable.
    """
    from xhcp_eval.forecast.reference.model import reference_model

    rules = rules or WarningRules()
    frame = _reference_panel() if frame is None else frame
    held_out = backtest(
        frame, {"auto": reference_model()}, horizon=HORIZON, per_indicator=per_indicator, seed=seed
    )
    panel = _case_panel(held_out.cases)
    tables = {
        HARD: hard_cases(held_out, rules),
        WORSE: worse_cases(held_out.cases, panel, rules),
        VOLATILE: volatile_cases(held_out.cases, panel, rules),
        BREAK: break_cases(held_out, panel, rules),
    }
    found = {rule: skill_of(table) for rule, table in tables.items()}
    more = _counted_notes(rules) | {BREAK: "。它问的是口径有没有变，不预报后事"}
    found = {rule: row | {"note": skill_note(row) + more.get(rule, "")} for rule, row in found.items()}
    found |= {MISSING: _missing_skill(), FLOOR: floor_skill(rules, seed)}
    found = {rule: {"outcome": OUTCOMES[rule]} | found[rule] for rule in RULE_NAMES}
    return {
        "rules": found,
        "settings": rules.model_dump(),
        "cases": {"n": len(held_out.cases), "per_indicator": per_indicator, "horizon": HORIZON, "seed": seed},
        "irregular_90": irregular_limit(panel, rules),
    }


def write_skill(path: Path = SKILL_FILE, **options: Any) -> dict:
    """Measure all rules and write the file that warnings are labelled from; options: as in `measure`."""
    found = measure(**options)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_rounded(found), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return found


def hard_cases(held_out: Backtest, rules: WarningRules) -> pd.DataFrame:
    """Rule 1: probability of the target below the threshold; gone wrong: missed."""
    rows = held_out.frame[(held_out.frame["horizon"] == held_out.cases.horizon)]
    rows = rows[rows["probability"].notna() & rows["met"].notna()]
    return _table(rows["indicator"], rows["probability"] < rules.probability, rows["met"] == 0)


def worse_cases(cases: Cases, panel: Panel, rules: WarningRules) -> pd.DataFrame:
    """Rule 2, on its own habit since the panel has no counts; gone wrong: worse still three years later.

    By more than a typical year of the indicator. The series' own habit would let the rule look good on pure chance: a habit
    underestimated makes both warning and outcome likelier (lift 1.10 on random walks, 1.00 this way).
    """
    sign = pd.Series(cases.indicator).map(wanted()).fillna(0).to_numpy(int)
    worse, now, later = worse_two_years(panel, sign, rules), _last(panel), cases.outcomes[:, LATER - 1]
    # a two-year habit is a year's times the root of two
    typical = _typical(worse.habit / np.sqrt(2), worse.judged, cases)
    known = worse.judged & np.isfinite(later) & np.isfinite(typical)
    return _table(cases.indicator, worse.flagged, sign * (later - now) < -typical, known)


def volatile_cases(cases: Cases, panel: Panel, rules: WarningRules) -> pd.DataFrame:
    """Rule 3; gone wrong: next year's change is outside the 80% band of a random walk with the panel's steps.

    Steps are taken as shares of the indicator's typical room, not of the series' own, which warning and outcome would
    share; the band from the other indicators, so that none sets its own mark.
    """
    unrest = volatile(panel, rules)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.abs(cases.outcomes[:, 0] - _last(panel)) / _typical(room(panel), unrest.judged, cases)
    known = unrest.judged & np.isfinite(step)
    limit = np.full(len(cases), np.nan)
    for name in np.unique(cases.indicator):
        others = known & (cases.indicator != name)
        limit[cases.indicator == name] = np.quantile(step[others], 0.8) if others.any() else np.nan
    return _table(cases.indicator, unrest.flagged, step > limit, known & np.isfinite(limit))


def _typical(values: np.ndarray, judged: np.ndarray, cases: Cases) -> np.ndarray:
    """Median over the judged cases of each case's indicator, (n,)."""
    return pd.Series(np.where(judged, values, np.nan)).groupby(cases.indicator).transform("median").to_numpy()


def break_cases(held_out: Backtest, panel: Panel, rules: WarningRules) -> pd.DataFrame:
    """Rule 4: a jump in the recent years; gone wrong: the value three years later is outside its forecast's 80%."""
    cases, jumps = held_out.cases, unmarked_breaks(panel)
    origin = pd.Series(panel.years[panel.last], index=panel.keys)
    jumped = jumps.loc[jumps["year"] > jumps["series"].map(origin) - rules.recent, "series"]
    rows = held_out.frame[held_out.frame["horizon"] == LATER].set_index("series").reindex(cases.keys)
    covered = rows["covered_80"].to_numpy(float)
    long = np.isfinite(panel.values).sum(axis=1) > 5
    return _table(cases.indicator, np.isin(panel.keys, jumped), covered == 0, long & np.isfinite(covered))


def floor_skill(rules: WarningRules, seed: int = SEED) -> dict:
    """Rule 6 can't be measured on a panel without townships; its false alarms can be simulated."""
    settings: list[tuple[str, float, str, tuple[int, int], float]] = [
        ("比例", 0.9, "proportion", (20, 400), 0.15),
        ("小分母比例", 0.9, "proportion", (10, 50), 0.15),
        ("比率", 0.005, "rate", (100, 1000), 0.02),
    ]
    null = {name: floor_alarms(share, kind, cases, rules, seed) for name, share, kind, cases, _ in settings}
    power = {
        name: floor_alarms(share, kind, cases, rules, seed, worse)["found"]
        for name, share, kind, cases, worse in settings
    }
    family, hint = max(r["family"] for r in null.values()), max(r["hint"] for r in null.values())
    found = "、".join(f"{name}{value * 100:.0f}%" for name, value in power.items())
    note = (
        f"参照序列没有乡镇数据，精确率、召回率无法实测。模拟{TOWNSHIPS}个真值恰在界限上的小分母乡镇：至少误报一个明确预警的概率"
        f"最高{family * 100:.1f}%（所设错误发现率{rules.fdr * 100:g}%）；只是点值不达标的占{hint * 100:.0f}%，所以只作提示。"
        f"有一个乡镇确实差（比例低15个百分点、比率为界限的5倍）时被明确指出的概率：{found}"
    )
    return UNMEASURED | {
        "n": 0,
        "n_warned": 0,
        "better": None,
        "note": note,
        "false_alarms": null,
        "found": power,
    }


def _counted_notes(rules: WarningRules) -> dict[str, str]:
    """What the panel can't tell of rules 2 and 3, since it has no counts: false alarms where nothing changes."""
    still = [
        still_alarms(share, cases, rules)
        for share, cases in ((0.9, 50), (0.95, 400), (0.98, 5000), (0.01, 3000))
    ]
    text = "。上述为无分子分母的序列；有分子分母而真值不变的四种模拟序列中，误报最高{:.1f}%"
    highest = {rule: max(r[name] for r in still) for rule, name in ((WORSE, "worse"), (VOLATILE, "volatile"))}
    return {rule: text.format(100 * value) for rule, value in highest.items()}


def _missing_skill() -> dict:
    note = "这是事实核对，不是预测，精确率、召回率不适用；参照序列也没有填报流程，无法衡量。缺数本身即需补报"
    return UNMEASURED | {"n": 0, "n_warned": 0, "better": None, "note": note}


def irregular_limit(panel: Panel, rules: WarningRules) -> float:
    """Share of the level by which the most restless tenth of real series deviate: what `rules.irregular` rests on."""
    unrest = volatile(panel, rules)
    return float(np.quantile(unrest.share[unrest.judged], 0.9))


def _reference_panel() -> pd.DataFrame:
    path = SHIPPED / PANEL
    if not path.exists():
        raise DataError(f"缺少参照序列 {PANEL.as_posix()}；实测预警规则须在源码目录中进行")
    return pd.read_parquet(path)


def _case_panel(cases: Cases) -> Panel:
    """Histories as arrays in the order of the cases, values only."""
    return make_panel(cases.frame[["series", "year", "value", "lower", "upper"]])


def _last(panel: Panel) -> np.ndarray:
    return panel.values[np.arange(len(panel)), panel.last]


def _table(indicator, warned, wrong, known=slice(None)) -> pd.DataFrame:
    table = pd.DataFrame(
        {"indicator": np.asarray(indicator), "warned": np.asarray(warned), "wrong": np.asarray(wrong)}
    )
    return table[known].reset_index(drop=True)


def _rounded(found):
    """Numbers to four digits and missing ones as null, so that the file is stable and plain JSON."""
    if isinstance(found, dict):
        return {key: _rounded(value) for key, value in found.items()}
    if isinstance(found, float):
        return round(found, 4) if np.isfinite(found) else None
    return found


if __name__ == "__main__":
    write_skill()
