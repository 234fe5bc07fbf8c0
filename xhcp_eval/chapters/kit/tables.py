"""The tables of the reports: each a function of a pack that returns a `TableView`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.forecast.projection import AUTO, MODEL_LABELS, project
from xhcp_eval.observations.table import STATUS_LABELS
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.model import Strategy
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.provenance import local_time
from xhcp_eval.verdict.outcomes import brier_score
from xhcp_eval.verdict.pairs import RECENT_YEARS
from xhcp_eval.verdict.scenarios import SCENARIO_NAMES
from xhcp_eval.verdict.series import series_key
from xhcp_eval.verdict.status import SEVERITY, Status
from xhcp_eval.verdict.words import data_status_text

ORDER = {status.value: rank for rank, status in enumerate(SEVERITY)}
READING_LABELS = {"literal": "按字面", "strict": "从严"}
ROLE_LABELS = {"verdict": "判定", "watch": "警示", "comparison": "对照"}
LEVEL_LABELS = {"national": "国纲", "province": "省", "district": "本区"}
KIND_LABELS = {"quantified": "数量", "direction": "方向", "disparity": "差距", "qualitative": "定性"}
AT_RISK = (Status.MISSED.value, Status.UNLIKELY.value, Status.AT_RISK.value)


@once_a_pack
def own_targets(pack: Pack, deciding: bool | None = True, year: int | None = None) -> pd.DataFrame:
    """Rows of the assessment that carry a verdict.

    deciding: True for targets in the goals themselves, False for those in strategies, None for both.
    year: only targets of that year ("every year" ones count for the plan's last year).
    """
    rows = pack.assessment[pack.assessment["role"] == "verdict"]
    if deciding is not None:
        rows = rows[rows["decides_goal"] == deciding]
    return rows if year is None else rows[rows["target_year"] == year]


@once_a_pack
def status_matrix(pack: Pack, deciding: bool = True, year: int | None = None) -> TableView:
    """How many targets stand where: a row a domain, a column a status; readings of one question count once."""
    rows = own_targets(pack, deciding, year).drop_duplicates("question")
    names = {d.id: d.name for d in pack.plan.domains}
    found = Counter(zip(rows["domain"], rows["status"], strict=True))
    known, words = {domain for domain, _ in found}, {word for _, word in found}
    columns = [s.value for s in Status if s.value in words]
    counts = pd.DataFrame(
        {word: [found[domain, word] for domain in names if domain in known] for word in columns},
        index=[domain for domain in names if domain in known],
    )
    counts.loc["合计"] = counts.sum()
    counts.insert(0, "领域", [names.get(d, d) for d in counts.index])
    counts["合计"] = counts.drop(columns="领域").sum(axis=1)
    return table(
        counts.reset_index(drop=True),
        columns={name: name for name in counts.columns},
        numeric=[c for c in counts.columns if c != "领域"],
        status_headers=True,
        total_row=True,
        caption=f"{'主要目标中的' if deciding else '策略措施中的'}指标目标达标情况（项）",
    )


@once_a_pack
def at_risk(pack: Pack, year: int | None = None, deciding: bool = True) -> TableView:
    """Targets at risk for a year (default: the plan's last), the one that needs attention most first."""
    rows = own_targets(pack, deciding, year or pack.plan.end_year)
    rows = rows[rows["status"].isin(AT_RISK)]
    return _target_list(
        pack, most_urgent_first(rows), f"{year or pack.plan.end_year}年目标达标风险清单（风险最高者在前）"
    )


@once_a_pack
def undecided(pack: Pack, year: int | None = None) -> TableView:
    """Targets that can't be judged: counts too small, readings that differ, no data."""
    rows = own_targets(pack, True, year or pack.plan.end_year)
    keep = rows["status"].isin([Status.UNDECIDABLE.value, Status.DISPUTED.value, Status.NO_DATA.value])
    return _target_list(
        pack, most_urgent_first(rows[keep]), "尚不能判定的目标：事件过少、文本解读不一、缺数据"
    )


def milestone_targets(pack: Pack, year: int) -> TableView:
    """All targets of the goals for one year (the mid-term ones, say)."""
    rows = own_targets(pack, True, year)
    rows = rows[~rows["every_year"]]
    return _target_list(pack, most_urgent_first(rows), f"{year}年目标达标情况")


def most_urgent_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by severity of status, then by probability, what is already missed first."""
    order = rows.assign(_rank=rows["status"].map(ORDER), _p=rows["probability"].fillna(-1))
    return order.sort_values(["_rank", "_p", "question"], kind="stable").drop(columns=["_rank", "_p"])


def _target_list(pack: Pack, rows: pd.DataFrame, caption: str) -> TableView:
    """The common form of a list of targets, every figure with its unit; narrow enough for a page of A4."""
    goals, listed = {g.id: g.name for g in pack.plan.goals}, list(rows.itertuples())
    shown = pd.DataFrame(
        {
            "status": rows["status"],
            "indicator": [_name_and_goal(r, goals) for r in listed],
            "latest": [_latest_text(r) for r in listed],
            "target": rows["target_text"],
            "gap": [_gap_text(r) for r in listed],
            "pace": [_paces_text(r) for r in listed],
            "probability": [format_probability(r.probability) for r in listed],
            "reason": rows["reason"],
        }
    )
    headers = {
        "status": "状态", "indicator": "指标与主要目标" if goals else "指标", "latest": "现状值", "target": "目标值", "gap": "差距（折合）",
        "pace": "近五年年均 / 所需", "probability": "达标概率", "reason": "主要依据",
    }  # fmt: skip
    return table(
        shown, columns=headers, numeric=["latest", "gap", "pace", "probability"],
        status=["status"], wide=["reason"], caption=caption,
    )  # fmt: skip


def _name_and_goal(row, goals: dict[str, str]) -> str:
    goal = goals.get(row.goal, row.indicator_name)
    return _name(row) + (f"\n〔{goal}〕" if goal != row.indicator_name else "")


def _gap_text(row) -> str:
    if not row.gap > 0:
        return "—"
    children = _children_text(row)
    return format_value(row.gap, row.unit, difference=True) + (f"\n{children}" if children != "—" else "")


def _paces_text(row) -> str:
    now, needed = _pace_text(row.pace, row.unit), _pace_text(row.required_pace, row.unit)
    if now != "—" and row.pace_to - row.pace_from != RECENT_YEARS:
        now += f"\n（{row.pace_from:.0f}—{row.pace_to:.0f}年）"
    return now if needed == "—" else f"{now}\n需 {needed}"


def _name(row) -> str:
    reading = READING_LABELS.get(row.reading, "")
    return row.indicator_name + (f"（{reading}）" if reading else "")


def _latest_text(row) -> str:
    if row.latest_year != row.latest_year:
        return "—"
    interval = ""
    if row.latest_low == row.latest_low:
        low, high = (format_value(v, row.unit) for v in (row.latest_low, row.latest_high))
        interval = f"\n（{low}–{high}）"
    side = f"\n在{row.side}" if row.own_status == Status.UNDECIDABLE and row.side else ""
    return f"{format_value(row.latest_value, row.unit)}{interval}\n{row.latest_basis}{side}"


def _pace_text(pace: float, unit: str) -> str:
    if pace != pace:
        return "—"
    sign = "+" if pace > 0 else ""
    return f"{sign}{format_value(pace, unit, difference=True)}/年"


def _children_text(row) -> str:
    if not row.children > 0:
        return "—"
    word = {"rate": "例/年", "count": "", "proportion": "人（个）"}.get(row.kind, "")
    return f"约{row.children:,.0f}{word}"


def goals_of(pack: Pack, domain: str | None = None) -> TableView:
    """Every goal (of a domain): kind, number of targets, overall status or why it has none."""
    rows = pack.goals if domain is None else pack.goals[pack.goals["domain"] == domain]
    shown = rows.assign(kind=rows["kind"].map(KIND_LABELS))
    headers = {
        "goal": "编号",
        "name": "主要目标",
        "kind": "类型",
        "n_targets": "指标目标数",
        "status": "总体状态",
        "reason": "说明",
    }
    return table(
        shown,
        columns=headers,
        numeric=["n_targets"],
        status=["status"],
        wide=["reason"],
        caption="主要目标一览",
    )


def targets_of(pack: Pack, goal: str) -> TableView:
    """Every target of a goal, with strategies' targets, watches and the comparison lines marked as such."""
    indicators = pack.plan.goal(goal).indicators
    rows = pack.assessment[(pack.assessment["goal"] == goal) | pack.assessment["indicator"].isin(indicators)]
    return every_target(pack, rows, f"{pack.plan.goal(goal).name}：各项目标")


def every_target(pack: Pack, rows: pd.DataFrame | None = None, caption: str = "全部目标") -> TableView:
    """All targets, a row each: what is asked, what is known, how sure, why."""
    rows = pack.assessment if rows is None else rows
    listed = list(rows.itertuples())
    shown = pd.DataFrame(
        {
            "status": rows["status"].where(rows["role"] == "verdict", rows["own_status"]),
            "role": [_role_text(r, pack.plan.level) for r in listed],
            "indicator": [_name(r) for r in listed],
            "year": [f"每年至{r.target_year}" if r.every_year else str(r.target_year) for r in listed],
            "target": rows["target_text"],
            "latest": [_latest_text(r) for r in listed],
            "probability": [format_probability(r.probability) for r in listed],
            "data": [data_status_text(s) for s in rows["data_status"]],
            "reason": [r.reason + (f"；{r.literal}" if r.literal else "") for r in listed],
        }
    )
    headers = {
        "status": "状态", "role": "性质", "indicator": "指标", "year": "目标年", "target": "目标值", "latest": "现状值",
        "probability": "达标概率", "data": "数据", "reason": "依据与说明",
    }  # fmt: skip
    return table(
        shown,
        columns=headers,
        numeric=["latest", "probability"],
        status=["status"],
        wide=["reason"],
        caption=caption,
    )


def _role_text(row, own_level: str) -> str:
    if row.role == "comparison":
        return f"{LEVEL_LABELS.get(row.level, row.level)}{ROLE_LABELS['comparison']}"
    if row.role == "watch":
        return ROLE_LABELS["watch"]
    return "主要目标" if row.decides_goal else "策略措施"


def disputed_readings(pack: Pack) -> TableView:
    """Questions whose readings are judged side by side, each reading with its own verdict."""
    own = pack.assessment[(pack.assessment["role"] == "verdict") & (pack.assessment["reading"] != "")]
    shown = pd.DataFrame(
        {
            "anomaly": own["anomaly"],
            "indicator": [f"{r.indicator_name}（{r.target_year}年）" for r in own.itertuples()],
            "reading": own["reading"].map(READING_LABELS).fillna(own["reading"]),
            "target": own["target_text"],
            "latest": [_latest_text(r) for r in own.itertuples()],
            "probability": [format_probability(r.probability) for r in own.itertuples()],
            "own_status": own["own_status"],
            "status": own["status"],
        }
    )
    headers = {
        "anomaly": "疑义", "indicator": "指标", "reading": "解读", "target": "目标值", "latest": "现状值",
        "probability": "达标概率", "own_status": "按此解读", "status": "合并状态",
    }  # fmt: skip
    return table(
        shown, columns=headers, numeric=["latest", "probability"], status=["own_status", "status"],
        caption="并列判定的不同解读：结论不同者为“待裁定”，两种结论都列出，不替规划改字",
    )  # fmt: skip


def ambiguities(pack: Pack, severities: Iterable[str] = ("H", "M", "L")) -> TableView:
    """What the plan's text leaves open, the possible readings and the working rule used until it is ruled."""
    rows = [
        (a.id, {"H": "高", "M": "中", "L": "低"}[a.severity], a.title_zh, a.text_zh,
         "\n".join(f"{r.id}. {r.statement_zh}" for r in a.readings), a.default_zh)
        for a in pack.plan.readings if a.severity in severities
    ]  # fmt: skip
    shown = pd.DataFrame(rows, columns=["id", "severity", "title", "text", "readings", "default"])
    headers = {
        "id": "编号",
        "severity": "影响",
        "title": "事项",
        "text": "原文与疑义",
        "readings": "可能的解读",
        "default": "暂行处理",
    }
    return table(
        shown, columns=headers, wide=["text", "readings", "default"], caption="规划文本疑义及暂行处理"
    )


def quality_findings(pack: Pack, limit: int = 60) -> TableView:
    """Findings on the figures themselves, most severe first."""
    rows = pack.quality.head(limit).astype({"severity": str})
    headers = {
        "severity": "级别",
        "department": "填报单位",
        "indicator_name": "指标",
        "region": "地区",
        "year": "年份",
        "finding": "问题",
        "question": "请核实或说明",
    }
    left = len(pack.quality) - len(rows)
    caption = "数据质量问题" + (f"（另有 {left} 条级别较低的未列出，见结果表）" if left > 0 else "")
    return table(rows, columns=headers, numeric=["year"], wide=["finding", "question"], caption=caption)


def completeness_table(pack: Pack) -> TableView:
    """How much each lead department reported for the data year."""
    rows = pack.completeness.assign(share=[f"{s:.0f}%" for s in pack.completeness["share"]])
    headers = {
        "department": "填报单位（牵头）", "indicators": "应报指标", "reported_ever": "有过数据",
        "reported_last": f"{pack.params.data_until}年有数据", "share": "当年完整率",
    }  # fmt: skip
    return table(
        rows,
        columns=headers,
        numeric=list(headers)[1:],
        caption="各单位填报情况（单位分工为建议，规划文本未分工，见A29）",
    )


def outcome_table(pack: Pack) -> TableView:
    """Forecasts of the earlier year beside what happened, with the Brier score below."""
    rows = pack.outcomes
    shown = pd.DataFrame(
        {
            "indicator": [_name(r) for r in rows.itertuples()],
            "target": [f"{r.target_year}年 {r.target_text}" for r in rows.itertuples()],
            "origin": [
                f"{format_value(r.origin_value, r.unit)}\n{r.origin_year:.0f}年" for r in rows.itertuples()
            ],
            "predicted_status": rows["predicted_status"],
            "probability": [format_probability(r.probability) for r in rows.itertuples()],
            "loose": [format_probability(p) for p in rows["probability_loose"]],
            "outcome": [format_value(r.outcome_value, r.unit) for r in rows.itertuples()],
            "outcome_status": rows["outcome_status"].where(
                rows["outcome_status"] != "", Status.NO_DATA.value
            ),
            "error": [
                "—" if r.squared_error != r.squared_error else f"{r.squared_error:.3f}"
                for r in rows.itertuples()
            ],
            "note": rows["note"],
        }
    )
    headers = {
        "indicator": "指标", "target": "目标", "origin": "预测时的值", "predicted_status": "当时判断", "probability": "当时概率",
        "loose": "若计入待核实数字", "outcome": "实际值", "outcome_status": "实际结果", "error": "误差平方", "note": "说明",
    }  # fmt: skip
    if rows["probability_loose"].isna().all():
        del headers["loose"]
    score, n = brier_score(rows)
    caption = (
        f"当时的预测与后来的事实：布赖尔得分 {score:.3f}（{n} 项；一律猜 50% 为 0.250）"
        if n
        else "没有可计分的目标"
    )
    return table(
        shown, columns=headers, numeric=["origin", "probability", "loose", "outcome", "error"], status=["predicted_status", "outcome_status"],
        wide=["note"], caption=caption,
    )  # fmt: skip


def unscored_outcomes(pack: Pack) -> TableView:
    """Forecasts that no outcome can be held against: why, and on which side the later value lies."""
    rows = pack.outcomes[~pack.outcomes["scored"].astype(bool)]
    rows = rows.assign(
        why=rows["note"].str.replace(r"（值在.*?）", "", regex=True),
        name=[_name(r) for r in rows.itertuples()],
    )
    shown = [
        (why, side or "不详", len(part), "、".join(dict.fromkeys(part["name"])))
        for (why, side), part in rows.groupby(["why", "outcome_side"], sort=False)
    ]
    headers = {"why": "为什么不计分", "side": "后来的值", "n": "项", "names": "指标"}
    return table(
        pd.DataFrame(shown, columns=list(headers)), columns=headers, numeric=["n"], wide=["names"],
        caption="不能计分的预测：结果不能断定、没有数字或当时未给概率的，按后来的值在目标以内还是以外分列",
    )  # fmt: skip


def history_table(pack: Pack, indicator: str) -> TableView:
    """The reported figures of an indicator for the whole region, with counts, status and source."""
    region = pack.region
    rows = pack.observations[
        (pack.observations["indicator"] == indicator) & (pack.observations["region"] == region)
    ]
    rows = rows[(rows["sex"] == "total") & (rows["residence"] == "total") & (rows["category"] == "total")]
    unit = pack.plan.indicator(indicator).unit
    shown = rows.sort_values("year").assign(
        value=[format_value(v, unit) for v in rows.sort_values("year")["value"]],
        numerator=["—" if v != v else f"{v:,.0f}" for v in rows.sort_values("year")["numerator"]],
        denominator=["—" if v != v else f"{v:,.0f}" for v in rows.sort_values("year")["denominator"]],
        status=rows.sort_values("year")["status"].map(STATUS_LABELS),
    )
    headers = {
        "year": "年份",
        "value": "数值",
        "numerator": "分子",
        "denominator": "分母",
        "status": "数据状态",
        "source": "来源",
    }
    return table(
        shown,
        columns=headers,
        numeric=["year", "value", "numerator", "denominator"],
        wide=["source"],
        caption=pack.plan.indicator(indicator).name,
    )


def settings_table(pack: Pack) -> TableView:
    """The thresholds and rules that the verdicts of this report rest on."""
    s = pack.params.settings
    rows = [
        ("已达标（目标年未到）", f"现状已达到目标值，且届时仍达标的概率 ≥ {s.secure:.0%}"),
        ("预期可达标", f"达标概率 ≥ {s.likely:.0%}"),
        ("存在风险", f"达标概率 {s.unlikely:.0%}—{s.likely:.0%}"),
        ("难以达标", f"达标概率 < {s.unlikely:.0%}"),
        ("未达标", "目标年已过（或每年保持的要求已有年份未保持）且未达到"),
        ("无法判定", f"事件数过少，区间跨过目标值，且概率在 {s.undecidable[0]:.0%}—{s.undecidable[1]:.0%} 之间；或只有一个数据点"),
        ("小样本规则", f"年事件数少于 {s.few_events} 的率，用 {s.pool_years} 年合并值和精确区间，不以单年定论；分母小于 {s.few_cases} 的乡镇、学校用两年合并"),
        ("全数清点", "村、学校、机构等全数清点的指标没有抽样区间；今后的波动只看序列本身，并按整个单位计"),
        ("与基期比较", f"比例看两期之差的区间（Newcombe），率看两期之比的精确区间，正着报、反着报结论相同；变化不足 {s.minimal_change:.0%}（有上下限的，按基期离较近一端的距离计）或在本序列自身年际波动之内的，不算改善或恶化；“不变差”只在明显变差时算未达到；基期已到尽头的，守住即可"),
        ("每年保持、逐单位", "规划开始以前的年份不并入；各年之间、各乡镇之间按以往真实序列的相关程度一起变动，不当作互不相干"),
        ("异常年份", "数字照列，但不作基期，不进入趋势、年均变化和波动"),
        ("区间", f"{s.level:.0%} 区间：率用泊松精确区间（Garwood），比例用 Wilson 区间或精确区间（Clopper–Pearson）"),
        ("概率", f"由预测分布积分得出；不能积分的，由准随机的 {s.draws:,} 条以上模拟路径得出，随机种子 {s.seed}"),
        ("待核实数字", "进入趋势，但不作现状值" if pack.params.use_recollection else "不进入趋势，也不作现状值"),
    ]  # fmt: skip
    return table(
        pd.DataFrame(rows, columns=["name", "rule"]),
        columns={"name": "规则", "rule": "本报告取值"},
        wide=["rule"],
        caption="判定规则与阈值",
    )


def provenance_table(pack: Pack) -> TableView:
    """Input files with their hashes, and the versions that computed the report."""
    rows = [
        (name, digest[:16], "输入文件（SHA-256 前16位）") for name, digest in pack.stamp["inputs"].items()
    ]
    rows += [("xhcp_eval", pack.stamp["version"], "本程序"), ("python", pack.stamp["python"], "运行环境")]
    rows += [(name, version, "依赖库") for name, version in pack.stamp["packages"].items()]
    frame = pd.DataFrame(rows, columns=["name", "value", "what"])
    return table(
        frame,
        columns={"name": "名称", "value": "版本或摘要", "what": "说明"},
        caption=f"可追溯信息（计算时间 {local_time(pack.stamp['computed_at'])}）",
    )


def sources_table(pack: Pack) -> TableView:
    """Sources of the figures: how many each gave and their status."""
    rows = pack.observations.groupby(["source", "status"], sort=False).size().rename("n").reset_index()
    rows["status"] = rows["status"].map(STATUS_LABELS)
    return table(
        rows,
        columns={"source": "来源", "status": "数据状态", "n": "数据点数"},
        numeric=["n"],
        wide=["source"],
        caption="数据来源",
    )


def scenario_table(pack: Pack, deciding: bool = True) -> TableView:
    """What each target that isn't safely met would take: yearly pace and probability of every scenario."""
    rows = own_targets(pack, deciding)
    open_ = most_urgent_first(rows[~rows["own_status"].isin([Status.MET.value, Status.NO_DATA.value])])
    known = pack.scenarios.set_index(["target_id", "scenario"])
    shown = [_scenario_row(r, known) for r in open_.itertuples() if (r.target_id, "as_now") in known.index]
    headers = {"status": "状态", "indicator": "指标与目标"} | SCENARIO_NAMES
    frame = pd.DataFrame(shown, columns=list(headers))
    return table(
        frame, columns=headers, numeric=list(SCENARIO_NAMES), status=["status"],
        caption="要做到什么程度：各种年均速度对应的达标概率（括号内为到目标年比现在多或少的人数、例数）",
    )  # fmt: skip


def _scenario_row(row, known: pd.DataFrame) -> list[str]:
    cells = [row.own_status, f"{_name(row)}\n{row.target_year}年 {row.target_text}"]
    for name in SCENARIO_NAMES:
        if (row.target_id, name) not in known.index:
            cells.append("—")
            continue
        found = known.loc[(row.target_id, name)]
        people = f"（{found['children']:+,.0f}）".replace("-", "−") if abs(found["children"]) >= 1 else ""
        chance = format_probability(found["probability"])
        cells.append(f"{_pace_text(found['pace'], row.unit)}\n{chance}{people}")
    return cells


def strategies_table(pack: Pack, strategies: Iterable[Strategy]) -> TableView:
    """Strategies with their countable commitments and where these stand."""
    status = (
        pack.assessment[pack.assessment["role"] == "verdict"]
        .drop_duplicates("indicator")
        .set_index("indicator")["status"]
    )
    rows = [
        (s.id, s.name, c.what_zh, status.get(c.milestone_id or c.indicator, Status.NOT_JUDGED.value))
        for s in strategies
        for c in s.commitments
    ]
    rows += [
        (s.id, s.name, "无可计量的承诺，须由证据评分", Status.NOT_JUDGED.value)
        for s in strategies
        if not s.commitments
    ]
    frame = pd.DataFrame(rows, columns=["id", "name", "what", "status"])
    headers = {"id": "编号", "name": "策略措施", "what": "承诺", "status": "状态"}
    return table(frame, columns=headers, status=["status"], wide=["what"], caption="相关策略措施的落实情况")


def measures_table(pack: Pack) -> TableView:
    """The implementation measures of the plan with their commitments."""
    return strategies_table(pack, pack.plan.measures)


def model_sensitivity(pack: Pack, methods: Iterable[str] = (AUTO, *TREND_MODELS)) -> TableView:
    """Median for the plan's last year under our model and each classical one, for the targets in the goals themselves."""
    rows = own_targets(pack, True, pack.plan.end_year).drop_duplicates("indicator")
    given = pack.histories[pack.histories["usual"] & pack.histories["indicator"].isin(set(rows["indicator"]))]
    given = given[given["series"].isin(pack.forecast["series"])]
    if given.empty:
        return table(given, columns={}, caption="没有可外推的序列")
    last = given.groupby("indicator")["year"].max()
    horizon = int(max(1, pack.plan.end_year - last.min()))
    frame = given.drop(columns="indicator")
    shown = rows[rows["indicator"].isin(last.index)]
    for method in methods:
        found = _own_medians(pack) if method == AUTO else project(frame, horizon, [0.5], method, of="level")
        found = found[found["year"] == pack.plan.end_year].set_index("series")[0.5]
        shown = shown.assign(
            **{
                method: [
                    format_value(found.get(series_key(r.indicator, pack.region), float("nan")), r.unit)
                    for r in shown.itertuples()
                ]
            }
        )
    headers = {"indicator_name": "指标", "target_text": "目标值"} | {m: MODEL_LABELS[m] for m in methods}
    return table(
        shown,
        columns=headers,
        numeric=list(methods),
        caption=f"不同趋势模型对{pack.plan.end_year}年的中位预测（判定采用“{MODEL_LABELS[AUTO]}”）",
    )


def _own_medians(pack: Pack) -> pd.DataFrame:
    """The medians of the very forecast that the verdicts rest on."""
    return pack.forecast[["series", "year", 0.5]]
