"""What may be expected: scenarios, other models, real histories like these, other systems' rules."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.precedents import about
from xhcp_eval.chapters.kit.tables import most_urgent_first, own_targets, pace_text, target_name
from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.forecast.classical.trend import TREND_MODELS
from xhcp_eval.forecast.other_rules import OTHER_METHODS, Calls, Progress, call_all
from xhcp_eval.forecast.projection import AUTO, MODEL_LABELS, project
from xhcp_eval.pack.pack import Pack
from xhcp_eval.plan.units import UNITS, format_probability, format_value
from xhcp_eval.verdict.scenarios import SCENARIO_NAMES
from xhcp_eval.verdict.series import series_key
from xhcp_eval.verdict.status import Status

SETTLED = (Status.MET.value, Status.MISSED.value, Status.NO_DATA.value)
UNIT_WORDS = {"rate": "", "ratio": ""}
COMPARED_OPS = ("<=", "<", ">=", ">", "relative_change_vs_base")
FEW_POINTS = 4
NEAR_BOUND = 0.05
SURE, UNSURE = 0.7, 0.3
UNCHECKED = "阈值凭对文件的记忆写成，未能与原文件核对"


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
    cells = [row.own_status, f"{target_name(row)}\n{row.target_year}年 {row.target_text}"]
    for name in SCENARIO_NAMES:
        if (row.target_id, name) not in known.index:
            cells.append("—")
            continue
        found = known.loc[(row.target_id, name)]
        people = f"（{found['children']:+,.0f}）".replace("-", "−") if abs(found["children"]) >= 1 else ""
        chance = format_probability(found["probability"])
        cells.append(f"{pace_text(found['pace'], row.unit)}\n{chance}{people}")
    return cells


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


def comparables_table(pack: Pack, deciding: bool = True) -> TableView:
    """For each open target: our probability, and how many of the real histories that moved alike went that far."""
    rows = most_urgent_first(own_targets(pack, deciding))
    rows = rows[~rows["own_status"].isin(SETTLED)]
    likes = pack.comparables.drop(columns=["indicator", "indicator_name", "unit", "target_year", "reading"])
    joined = rows.merge(likes, on="target_id", how="inner")
    shown = pd.DataFrame(
        {
            "status": joined["own_status"],
            "target": joined["indicator_name"]
            + "\n"
            + joined["target_year"].astype(str)
            + "年 "
            + joined["target_text"],
            "probability": [format_probability(p) for p in joined["probability"]],
            "reached": [
                f"{n}/{of}（{n / of:.0%}）" for n, of in zip(joined["reached"], joined["of"], strict=True)
            ],
            "median": _values(joined, "median"),
            "range": [
                f"{a}～{b}" for a, b in zip(_values(joined, "low"), _values(joined, "high"), strict=True)
            ],
        }
    )
    headers = {
        "status": "状态", "target": "指标与目标", "probability": "本报告的达标概率", "reached": "走到目标的相似真实序列",
        "median": "照其中位走法", "range": "照其八成走法",
    }  # fmt: skip
    caption = "像它这样的真实序列后来怎样：各取走势最相近的 200 条国外市县和国家的真实序列，看同样年数之后走到了哪里"
    return table(shown, columns=headers, numeric=list(headers)[2:], status=["status"], caption=caption)


def nearest_table(pack: Pack, targets: int = 5) -> TableView:
    """The five most alike real histories, by name, of the open targets that need attention most.

    targets: how many targets.
    """
    rows = most_urgent_first(own_targets(pack))
    rows = rows[~rows["own_status"].isin(SETTLED) & rows["target_id"].isin(pack.nearest["target_id"])]
    chosen = rows.drop_duplicates("indicator").head(targets)
    joined = chosen[["target_id", "indicator_name", "target_text"]].merge(pack.nearest, on="target_id")
    shown = pd.DataFrame(
        {
            "target": joined["indicator_name"] + " " + joined["target_text"],
            "name": joined["name"] + "\n" + joined["place"],
            "years": [f"{a}—{b}年" for a, b in zip(joined["first_year"], joined["last_year"], strict=True)],
            "values": joined["values"] + [_unit_word(u) for u in joined["unit"]],
            "then": [f"{b + k}年：{v:.3g}{_unit_word(u)}" for b, k, v, u in zip(joined["last_year"], joined["ahead"], joined["then"], joined["unit"], strict=True)],
            "reached": joined["reached"].map({True: "是", False: "否"}),
        }
    )  # fmt: skip
    headers = {
        "target": "本区目标", "name": "相似的真实序列", "years": "比照的年份", "values": "当时的走势", "then": "后来",
        "reached": "按其走法能否达标",
    }  # fmt: skip
    return table(
        shown,
        columns=headers,
        wide=["values"],
        caption="最相似的五条真实序列（数值是各序列自己的，比的是走势，不是水平）",
    )


def precedents_table(pack: Pack, targets: int = 5) -> TableView:
    """The nearest Chinese provinces of the open targets that need attention most, and where their course would lead.

    targets: how many.
    """
    rows = most_urgent_first(own_targets(pack))
    rows = rows[~rows["own_status"].isin(SETTLED) & rows["target_id"].isin(pack.precedents["target_id"])]
    chosen = rows.drop_duplicates("indicator").head(targets)
    joined = chosen[["target_id", "indicator_name", "target_text", "unit"]].merge(
        pack.precedents, on="target_id"
    )
    records = joined.to_dict("records")
    shown = pd.DataFrame(
        {
            "target": [f"{r['indicator_name']} {r['target_year']}年 {r['target_text']}" for r in records],
            "name": [f"{r['place']}\n{r['name']}" for r in records],
            "years": [f"{r['first_year']}—{r['last_year']}年" for r in records],
            "then": [f"约{about(r['then'], r['grain'], r['unit'])}" for r in records],
            "went": [r["went"] for r in records],
        }
    )
    headers = {
        "target": "本区目标", "name": "国内先例", "years": "走势相近的年份", "then": "照其后来的走法，到目标年",
        "went": "与目标相比",
    }  # fmt: skip
    caption = "国内先例：各省同一类指标中走势最相近的（折算到本指标，不是各省的数值；没有足够相近的不列）"
    return table(shown, columns=headers, numeric=["then"], caption=caption)


def _values(rows: pd.DataFrame, name: str) -> list[str]:
    return [format_value(v, u) for v, u in zip(rows[name], rows["unit"], strict=True)]


def _unit_word(unit: str) -> str:
    return UNITS[unit].label if unit in UNITS and unit not in UNIT_WORDS else ""


def compare_methods(pack: Pack) -> pd.DataFrame:
    """What each system says of every target with a number that lies ahead.

    Returns one row a target: target_id, indicator, own_status, probability (ours), n_points; for each system of
    `OTHER_METHODS` its key (class in Chinese) and key_quantity; differs (names of systems that call it met where we say
    less than 30%, or not met where we say more than 70%), why (Chinese). Base: the first figure of the series.
    """
    rows = most_urgent_first(own_targets(pack, None))
    keep = rows["op"].isin(COMPARED_OPS) & ~rows["every_year"] & (rows["target_year"] > rows["latest_year"])
    rows = rows[keep & rows["target_value"].notna() & rows["probability"].notna()]
    series = pack.histories[pack.histories["usual"]]
    series = series[series.groupby("indicator")["year"].transform("size") >= 2]
    rows = rows[rows["indicator"].isin(series["indicator"])].reset_index(drop=True)
    if rows.empty:
        return pd.DataFrame(columns=["target_id", "indicator", "own_status", "probability", "differs", "why"])
    wide = series.pivot(index="indicator", columns="year", values="value")
    wide = wide.reindex(columns=range(int(wide.columns.min()), int(wide.columns.max()) + 1))
    sign = np.where(_falls(rows), -1, 1)
    progress = Progress(
        wide.columns.to_numpy(),
        wide.loc[rows["indicator"]].to_numpy(float),
        rows["target_value"].to_numpy(float),
        rows["target_year"].to_numpy(int),
        sign,
    )
    calls = call_all(progress)
    found = rows[
        [
            "target_id",
            "indicator",
            "indicator_name",
            "target_text",
            "target_year",
            "own_status",
            "probability",
        ]
    ].copy()
    found["n_points"] = np.isfinite(progress.values).sum(axis=1)
    for key, call in calls.items():
        found[key], found[f"{key}_quantity"] = call.label, call.quantity
    found["differs"] = _differing(calls, found["probability"].to_numpy(float))
    bounds = {i.id: (i.lower, i.upper) for i in pack.plan.indicators}
    found["why"] = _reasons(rows, progress, found["differs"], bounds)
    return found


def other_methods_table(pack: Pack) -> TableView:
    """`compare_methods` for reading: our status and each system's class side by side."""
    found = compare_methods(pack)
    shown = pd.DataFrame(
        {
            "status": found["own_status"],
            "target": [
                f"{r['indicator_name']}\n{r['target_year']}年 {r['target_text']}"
                for r in found.to_dict("records")
            ],
            "probability": [format_probability(p) for p in found["probability"]],
            **{key: found.get(key, pd.Series(dtype=object)) for key in OTHER_METHODS},
            "why": found["why"],
        }
    )
    headers = {"status": "本报告", "target": "指标与目标", "probability": "达标概率"}
    headers |= {key: method.name for key, method in OTHER_METHODS.items()} | {"why": "说法不同的原因"}
    unchecked = "、".join(method.name for method in OTHER_METHODS.values() if method.unchecked)
    caption = (
        "同一目标，各家规则怎么说（各家规则把现有速度当作必然，不给概率；基期取序列的第一个数；"
        f"{unchecked}的阈值未能与原文件核对）"
    )
    return table(
        shown, columns=headers, numeric=["probability"], status=["status"], wide=["why"], caption=caption
    )


def other_rules_table() -> TableView:
    """Each system's rule in a sentence, where it stands, and whether its thresholds were held against that."""
    rows = [
        (m.name, m.quantity, m.rule, m.source, UNCHECKED if m.unchecked else "")
        for m in OTHER_METHODS.values()
    ]
    headers = {"name": "体系", "quantity": "计算的量", "rule": "规则", "source": "出处", "check": "核对"}
    return table(
        pd.DataFrame(rows, columns=list(headers)),
        columns=headers,
        wide=["rule", "source", "check"],
        caption="各家规则",
    )


def _falls(rows: pd.DataFrame) -> np.ndarray:
    """Whether a target asks for less: by its operator, or for a change against the base by its direction."""
    relative = rows["op"] == "relative_change_vs_base"
    down = rows["target_value"] < rows["base_value"].fillna(np.inf)
    return np.where(relative, down, rows["op"].str.startswith("<"))


def _differing(calls: dict[str, Calls], probability: np.ndarray) -> list[str]:
    found = []
    for i, p in enumerate(probability):
        said = {
            OTHER_METHODS[key].name: call.met[i] for key, call in calls.items() if np.isfinite(call.met[i])
        }
        too_sure = [name for name, met in said.items() if met > SURE and p < UNSURE]
        too_dark = [name for name, met in said.items() if met < UNSURE and p > SURE]
        found.append("、".join([*too_sure, *too_dark]))
    return found


def _reasons(rows: pd.DataFrame, progress: Progress, differs: pd.Series, bounds: dict) -> list[str]:
    """Why point rules and a distribution part, from the numbers of each case; empty where they don't."""
    change = np.abs(np.diff(progress.values, axis=1))
    known = np.isfinite(change)
    count = known.sum(axis=1)
    swing = np.where(count > 0, np.where(known, change, 0).sum(axis=1) / np.maximum(count, 1), np.nan)
    found = []
    for i, row in enumerate(rows.to_dict("records")):
        if not differs.iloc[i]:
            found.append("")
            continue
        years = row["target_year"] - row["latest_year"]
        needed = abs(row["target_value"] - row["latest_value"]) / years
        words = [f"与{differs.iloc[i]}不同"]
        if row["small_count"]:
            words.append("事件少，逐年高低多半出于偶然")
        if np.isfinite(swing[i]) and swing[i] > needed:
            words.append(
                f"序列每年平均变动{format_value(swing[i], row['unit'], True)}，大于所需的每年"
                f"{format_value(needed, row['unit'], True)}，起止两点定不了速度"
            )
        if np.isfinite(progress.values[i]).sum() < FEW_POINTS:
            words.append("数据点太少")
        low, high = bounds[row["indicator"]]
        if low is not None and high is not None:
            room = min(row["latest_value"] - low, high - row["latest_value"]) / (high - low)
            if room < NEAR_BOUND:
                words.append("已接近上下限，速度难以保持")
        if len(words) == 1:
            words.append("相似的真实序列很少按过去的速度一直走下去")
        found.append("；".join(words))
    return found
