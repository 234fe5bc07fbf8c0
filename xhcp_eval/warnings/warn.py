"""Early warnings of a region: which rule struck where, on what evidence, whose matter it is, and how good the rule is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.breaks import break_sentence, unmarked_breaks
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.observations.table import TOTAL
from xhcp_eval.plan.kinds import kinds_that
from xhcp_eval.plan.units import format_value
from xhcp_eval.verdict.series import RESIDENCES, Series, series_key
from xhcp_eval.verdict.status import Status
from xhcp_eval.verdict.verdicts import Verdicts
from xhcp_eval.warnings.floor import under_floor
from xhcp_eval.warnings.movement import volatile, worse_two_years
from xhcp_eval.warnings.rules import (
    BREAK,
    HARD,
    HINT,
    MISSING,
    ORDINARY,
    RULE_NAMES,
    SEVERITIES,
    URGENT,
    VOLATILE,
    WORSE,
    WarningRules,
    warning_row,
)

SKILL_FILE = Path(__file__).with_name("skill.json")
COLUMNS: tuple[str, ...] = (
    "rule", "rule_name", "severity", "indicator", "indicator_name", "region", "series", "year", "evidence",
    "department", "target_id", "precision", "recall", "base_rate",
)  # fmt: skip
FIGURES: tuple[str, ...] = (
    "precision", "recall", "base_rate", "lift", "lift_low", "lift_high", "lift_within", "lift_within_low",
    "lift_within_high",
)  # fmt: skip
OTHER_THRESHOLDS = "阈值与实测时所用的不同，实测结果不适用"
SIGNS: dict[str, int] = {"up": 1, "down": -1}


def load_skill(rules: WarningRules | None = None, path: Path = SKILL_FILE) -> dict[str, dict]:
    """Measured precision, recall and base rate of each rule, by id; see `skill.measure`.

    rules: thresholds in use; what was measured with others says nothing of them, so their figures are left out, and
    so is the judgement whether the rule is better than chance. Raises DataError where the file can't be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        skill, measured = content["rules"], content["settings"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"预警规则的实测文件 {path.name} 读不出；重新生成：python -m xhcp_eval.warnings.skill"
        ) from error
    if (rules or WarningRules()).model_dump() == measured:
        return skill
    blank = dict.fromkeys(FIGURES) | {"n": 0, "n_warned": 0, "better": None, "note": OTHER_THRESHOLDS}
    return {rule: facts | blank for rule, facts in skill.items()}


def rule_table(rules: WarningRules | None = None, skill: dict[str, dict] | None = None) -> pd.DataFrame:
    """The rules themselves, one row each, in the order in which warnings stand.

    rules: thresholds. skill: from `load_skill`. Returns rule, rule_name, text (the rule in words with its
    thresholds), outcome (what a warning is held against), `FIGURES` (missing where they can't be measured), n (cases),
    n_warned, note (what the figures mean, in words). Raises DataError.
    """
    rules = rules or WarningRules()
    skill = load_skill(rules) if skill is None else skill
    texts = rules.texts()
    rows = [
        {"rule": rule, "rule_name": RULE_NAMES[rule], "text": texts[rule], **skill[rule]}
        for rule in RULE_NAMES
    ]
    columns = ["rule", "rule_name", "text", "outcome", *FIGURES, "n", "n_warned", "note"]
    return pd.DataFrame(rows)[columns].astype(dict.fromkeys(FIGURES, float))


def early_warnings(
    verdicts: Verdicts,
    rules: WarningRules | None = None,
    skill: dict[str, dict] | None = None,
) -> pd.DataFrame:
    """Every warning that the rules give for a region, gravest first.

    verdicts: of one region, from `judge`. rules: thresholds. skill: measured quality of the rules
    (default: the shipped file). A rule that did no better than chance on real series gives hints only.
    Rules on movement look at the region's own series (residence total), without recollections and exceptional
    years; the last figure may be a year old. Returns a frame with `COLUMNS`; year is that of the last figure, or of the
    jump, or the data year; missing figures of skill are those that can't be measured. Raises DataError.
    """
    rules = rules or WarningRules()
    skill = load_skill(rules) if skill is None else skill
    found = [*_hard_to_reach(verdicts, rules), *_movements(verdicts, rules)]
    found += [*_missing(verdicts, rules), *under_floor(verdicts, rules)]
    frame = pd.DataFrame(
        found,
        columns=[c for c in COLUMNS if c != "rule_name" and c not in ("precision", "recall", "base_rate")],
    )
    no_better = frame["rule"].map(lambda rule: skill[rule]["better"] is False).astype(bool)
    frame["severity"] = frame["severity"].mask(no_better, HINT)
    frame["rule_name"] = frame["rule"].map(RULE_NAMES)
    for name in ("precision", "recall", "base_rate"):
        frame[name] = frame["rule"].map({rule: facts[name] for rule, facts in skill.items()}).astype(float)
    order = [frame["severity"].map(SEVERITIES.index), frame["rule"].map(list(RULE_NAMES).index)]
    at = np.lexsort([frame["indicator"].to_numpy(str), *(o.to_numpy(int) for o in reversed(order))])
    return frame.iloc[at][list(COLUMNS)].reset_index(drop=True)


def _hard_to_reach(verdicts: Verdicts, rules: WarningRules) -> list[dict]:
    """Targets ahead with a low probability; where counts can't decide, a hint."""
    assessment = verdicts.explained()
    judged = ~assessment["own_status"].isin([Status.NOT_JUDGED, Status.NO_DATA])
    low = judged & (assessment["role"] == "verdict") & (assessment["probability"] < rules.probability)
    found = []
    for row in assessment[low].to_dict("records"):
        place = f"，见{row['anomaly']}" if row["anomaly"] else ""
        reading = f"（文字的一种读法{place}）" if row["reading"] else ""
        # the reason names the probability, with the figures it rests on
        evidence = (
            f"目标{row['target_text']}{reading}，达标概率低于{rules.probability * 100:g}%：{row['reason']}"
        )
        indicator = verdicts.plan.indicator(row["indicator"])
        severity = HINT if row["own_status"] == Status.UNDECIDABLE else URGENT
        year = row["latest_year"] if np.isfinite(row["latest_year"]) else verdicts.until
        more = {"series": series_key(indicator.id, row["region"]), "target_id": row["target_id"]}
        found.append(warning_row(HARD, severity, indicator, row["region"], year, evidence, **more))
    return found


def _movements(verdicts: Verdicts, rules: WarningRules) -> list[dict]:
    """Rules on how the region's own series moved: losses, volatility, jumps."""
    rows = np.flatnonzero(_moving(verdicts, rules))
    if not len(rows):
        return []
    panel, of = verdicts.block.panel(rows), [verdicts.block.series(int(row)) for row in rows]
    return [*_worse(panel, of, rules), *_volatile(panel, of, rules), *_broken(verdicts, panel, of, rules)]


def _moving(verdicts: Verdicts, rules: WarningRules) -> np.ndarray:
    """The region's own series that move and whose figures are all reported and fresh, (n,)."""
    block, which = verdicts.block, verdicts.block.indicator
    moves = np.isin(block.facts.kind, kinds_that("moves")) | block.facts.event_count
    own = ~block.unit & (block.owner == int(np.flatnonzero(block.regions == verdicts.only)[0]))
    own &= block.residence == RESIDENCES.index(TOTAL)
    firm = (block.trusted == block.seen).all(axis=1)
    return own & firm & moves[which] & (block.years[block.last] >= verdicts.until - rules.stale)


def _worse(panel: Panel, of: list[Series], rules: WarningRules) -> list[dict]:
    sign = np.array([SIGNS.get(h.indicator.direction, 0) for h in of])
    worse = worse_two_years(panel, sign, rules)
    found = []
    for i in np.flatnonzero(worse.flagged):
        history, t = of[i], panel.last[i]
        unit, year = history.indicator.unit, int(panel.years[t])
        path = "→".join(format_value(v, unit) for v in panel.values[i, t - 2 : t + 1])
        evidence = (
            f"{year - 2}—{year}年 {path}，两年合计{format_value(worse.change[i], unit, difference=True)}"
        )
        if np.isfinite(worse.habit[i]):
            evidence += f"；自身两年变动的标准差为{format_value(worse.habit[i], unit, difference=True)}"
        if np.isfinite(worse.low[i]):
            evidence += f"；两年前后事件数之比{worse.ratio[i]:.2f}（{rules.level * 100:g}%区间{worse.low[i]:.2f}–{worse.high[i]:.2f}）"
        found.append(
            warning_row(WORSE, URGENT, history.indicator, history.region, year, evidence, series=history.key)
        )
    return found


def _volatile(panel: Panel, of: list[Series], rules: WarningRules) -> list[dict]:
    unrest = volatile(panel, rules)
    found = []
    for i in np.flatnonzero(unrest.flagged):
        history, year = of[i], int(panel.years[panel.last[i]])
        size = format_value(unrest.size[i], history.indicator.unit, difference=True)
        evidence = (
            f"各年偏离前后两年连线的标准差约{size}，为数值（或离上限的距离）的{unrest.share[i] * 100:.0f}%"
        )
        if np.isfinite(unrest.dispersion[i]):
            chance = "<0.001" if unrest.p[i] < 0.001 else f"={unrest.p[i]:.3f}"
            evidence += f"；波动平方和是计数误差所能解释的{unrest.dispersion[i]:.1f}倍（p{chance}）"
        else:
            evidence += "；没有分子分母，与真实参照序列相比属最不平稳的一成"
        found.append(
            warning_row(
                VOLATILE, ORDINARY, history.indicator, history.region, year, evidence, series=history.key
            )
        )
    return found


def _broken(verdicts: Verdicts, panel: Panel, of: list[Series], rules: WarningRules) -> list[dict]:
    jumps, by_row = unmarked_breaks(panel), {series.row: series for series in of}
    found = []
    for jump in jumps[jumps["year"] > verdicts.until - rules.recent].to_dict("records"):
        series = by_row[jump["series"]]
        change, usual = (
            format_value(jump[c], series.indicator.unit, difference=True) for c in ("jump", "typical")
        )
        evidence = break_sentence(jump, change, usual)
        found.append(
            warning_row(
                BREAK, ORDINARY, series.indicator, series.region, jump["year"], evidence, series=series.key
            )
        )
    return found


def _missing(verdicts: Verdicts, rules: WarningRules) -> list[dict]:
    """Indicators once reported, or needed for a target of the region, without a figure for the last data years."""
    plan, block, region = verdicts.plan, verdicts.block, verdicts.only
    mine = np.flatnonzero(
        (block.owner == int(np.flatnonzero(block.regions == region)[0])) & (block.last_trusted >= 0)
    )
    years = np.zeros(len(block.facts), int)
    np.maximum.at(years, block.indicator[mine], block.years[block.last_trusted[mine]])
    last = {str(block.facts.id[k]): int(years[k]) for k in np.flatnonzero(years)}
    since = verdicts.until - rules.missing + 1
    found = []
    for indicator in plan.indicators:
        needed = [t for t in indicator.targets if t.level == plan.level and t.role == "verdict"]
        source = indicator.derived_from.indicator if indicator.derived_from else indicator.id
        if last.get(source, 0) >= since or not (needed or source in last):
            continue
        known = f"最近一次数据为{last[source]}年" if source in last else "从未填报过可用的数字"
        use = f"；{len(needed)}项目标需要它" if needed else "；不涉及本级目标"
        evidence = f"{since}—{verdicts.until}年没有可用数字，{known}{use}"
        more = {"target_id": needed[0].id if needed else "", "series": series_key(source, region)}
        found.append(
            warning_row(
                MISSING, URGENT if needed else ORDINARY, indicator, region, verdicts.until, evidence, **more
            )
        )
    return found
