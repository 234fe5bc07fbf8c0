"""The third party's recheck: a drawn sample of figures recounted, every status computed a second time."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.tables import LEVEL_LABELS
from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.chapters.third_party.scores import NOTHING
from xhcp_eval.evaluation.methods.independent_check import NOT_CHECKED, SAME, recheck_statuses, summarise
from xhcp_eval.pack.pack import Pack, evaluation_folder, once_a_pack
from xhcp_eval.quality.verification import verification_factor


def recheck_sentence(pack: Pack) -> TextView:
    """How many statuses a second, plain implementation comes to as well."""
    counts = summarise(recheck(pack)).set_index("agreement")["targets"]
    checked = counts.sum() - counts[NOT_CHECKED]
    told = "，".join(f"{word} {n} 项" for word, n in counts.items())
    return text_view(
        f"第三方用另写的一套简单算法，从原始数据表重新计算了 {checked} 项判定：{told}。"
        f"“相邻”指两种预测方法落在相邻的两级；“不同”须逐条解释；“未复算”的由别的方法核对。"
        f"结论一致的占 {counts[SAME] / max(checked, 1):.0%}。"
    )


def recheck_table(pack: Pack) -> TableView:
    """Every target on which the two implementations differ."""
    rows = recheck(pack)
    targets = pack.assessment.set_index("target_id")
    rows = rows.assign(
        year=rows["target_id"].map(targets["target_year"]),
        level=rows["target_id"].map(targets["level"]).map(LEVEL_LABELS),
    )
    rows = rows[~rows["agreement"].isin([SAME, NOT_CHECKED])].sort_values(
        ["agreement", "indicator_name", "year"]
    )
    headers = {"indicator_name": "指标", "level": "谁的目标", "year": "年份", "target_text": "目标", "reported_status": "报告的状态", "own_status": "复算的状态",
               "agreement": "比较", "remark": "说明"}  # fmt: skip
    return table(
        rows,
        headers,
        status=["reported_status", "own_status"],
        wide=["remark"],
        caption="两套算法不一致的判定",
    )


@once_a_pack
def recheck(pack: Pack) -> pd.DataFrame:
    """Every target with the status of the report, that of the recount and how they compare."""
    params = pack.params
    return recheck_statuses(
        pack.observations, pack.assessment, params.settings, params.data_until, pack.plan.start_year
    )


def recount_table(pack: Pack) -> TableView | TextView:
    """Events recounted at the source over events reported, by department, with interval and grade."""
    folder = evaluation_folder(pack)
    if not folder.has("recount.csv"):
        return text_view(NOTHING)
    rows = folder.recount()
    audit = pd.DataFrame({
        "indicator": rows["department"], "region": pack.plan.region, "year": rows["year"].max(),
        "facility": rows["indicator"] + " " + rows["region"] + " " + rows["year"].astype(str),
        "recounted": rows["recounted"], "reported": rows["reported"],
    })  # fmt: skip
    found = verification_factor(pd.concat([audit, audit.assign(indicator="合计")], ignore_index=True))
    found = found[found["reported"] > 0].sort_values("indicator", key=lambda c: c == "合计", kind="stable")
    found["factor_text"] = [
        f"{f:.3f}（{low:.3f}—{high:.3f}）"
        for f, low, high in zip(found["factor"], found["low"], found["high"], strict=True)
    ]
    headers = {"indicator": "填报部门", "facilities": "抽查数据点", "reported": "填报", "recounted": "核查", "factor_text": "核实系数（95%区间）",
               "grade": "等级", "discrepant": "相差10%以上"}  # fmt: skip
    return table(found, headers, caption="抽查：核实系数=核查数÷填报数，小于1为多报", total_row=True)
