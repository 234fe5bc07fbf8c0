"""Published figures: each with its document beside it, town and country, what is missing and where it would be printed."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.views import TableView, TextView, table, text_view
from xhcp_eval.files.home import ROOT
from xhcp_eval.observations.table import STATUS_LABELS, TOTAL, is_unsure
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.plan.units import format_value
from xhcp_eval.quality.reporting import NOT_REPORTED
from xhcp_eval.quality.sourcing import PUBLISHED, documents, read_missing
from xhcp_eval.verdict.footing import unsure_verdicts

RESIDENCE_WORDS: dict[str, str] = {TOTAL: "合计", "urban": "城市", "rural": "农村"}
ROUNDING = 2.0  # a change between two differences of four rounded figures says nothing within two steps


def published(pack: Pack, indicator: str = "") -> pd.DataFrame:
    """Figures of the region itself that were published, of one indicator or of all, in the order of years."""
    rows = pack.observations[pack.observations["status"].isin(PUBLISHED)]
    rows = rows[rows["region"] == pack.region]
    if indicator:
        rows = rows[rows["indicator"] == indicator]
    order = rows["residence"].map(list(RESIDENCE_WORDS).index)
    return rows.assign(order=order).sort_values(["indicator", "order", "year"], ignore_index=True)


def figures_table(pack: Pack, indicator: str) -> TableView:
    """Every published figure of an indicator with its document, and how that was read."""
    facts = pack.plan.indicator(indicator)
    rows = published(pack, indicator)
    shown = rows.assign(
        residence=rows["residence"].map(RESIDENCE_WORDS),
        value=[format_value(v, facts.unit) for v in rows["value"]],
        status=rows["status"].map(STATUS_LABELS),
    )
    headers = {
        "year": "年份",
        "residence": "范围",
        "value": "数值",
        "status": "数据状态",
        "source": "出处",
        "note": "怎样读的、有什么佐证",
    }
    return table(
        shown,
        columns=headers,
        numeric=["year", "value"],
        wide=["source", "note"],
        caption="每个数的出处" + (f"（{facts.note_zh}）" if facts.note_zh else ""),
    )


def context_table(pack: Pack) -> TableView:
    """Indicators that the plan sets no target for: first and last figure, with the document of the last."""
    own = {t.indicator for t in pack.plan.targets()}
    rows = published(pack)
    rows = rows[~rows["indicator"].isin(own) & (rows["residence"] == TOTAL)]
    shown = []
    for indicator, part in rows.groupby("indicator", sort=False):
        facts, last = pack.plan.indicator(str(indicator)), part.iloc[-1]
        ends = [f"{format_value(r.value, facts.unit)}\n{r.year}年" for r in part.iloc[[0, -1]].itertuples()]
        shown.append((facts.name, *ends, len(part), STATUS_LABELS[last["status"]], last["source"]))
    headers = {
        "name": "指标",
        "first": "最早的数",
        "last": "最近的数",
        "n": "个数",
        "status": "最近的数",
        "source": "最近的数的出处",
    }
    return table(
        pd.DataFrame(shown, columns=list(headers)), columns=headers, numeric=["first", "last", "n"], wide=["source"],
        caption="规划没有定目标的指标（背景；全部数字和出处见数据表）",
    )  # fmt: skip


def documents_table(pack: Pack) -> TableView:
    """Documents that the figures rest on: how many, of what years, how they were read."""
    found = documents(pack.observations, pack.plan)
    shown = found.assign(
        years=[f"{r.first}" if r.first == r.last else f"{r.first}—{r.last}" for r in found.itertuples()],
        status=found["status"].map(STATUS_LABELS),
    )
    headers = {
        "source": "文件（发布机构，日期）",
        "status": "数据状态",
        "n": "个数",
        "years": "年份",
        "read": "怎样读的",
        "indicators": "指标",
    }
    return table(
        shown, columns=headers, numeric=["n"], wide=["source", "indicators"], caption="数字出自哪些文件"
    )


def doubts_table(pack: Pack) -> TableView:
    """What the review of the figures found odd; what wasn't reported is in `missing_table`."""
    rows = pack.quality[pack.quality["rule"] != NOT_REPORTED]
    headers = {"indicator_name": "指标", "year": "年份", "finding": "疑点"}
    return table(rows, columns=headers, numeric=["year"], wide=["finding"], caption="数字里的疑点")


@once_a_pack
def _missing(pack: Pack) -> pd.DataFrame:
    return read_missing([ROOT / name for name in pack.params.data], pack.plan)


def missing_sentences(pack: Pack, indicator: str) -> TextView | None:
    """What is missing of an indicator and where it would be printed; None where no list names anything."""
    rows = _missing(pack)
    rows = rows[rows["indicator"] == indicator]
    if rows.empty:
        return None
    name = pack.plan.indicator(indicator).name
    return text_view([f"{name}还缺（{r.years}）：{r.what}。可能登在{r.where}。" for r in rows.itertuples()])


def missing_table(pack: Pack) -> TableView:
    """What is missing, and where it would be printed."""
    rows, targets = _missing(pack), {t.indicator for t in pack.plan.targets()}
    rows = rows[rows["indicator"].isin(targets)]
    shown = rows.assign(name=[pack.plan.indicator(id).name for id in rows["indicator"]])
    headers = {"name": "指标", "years": "年份", "what": "缺什么", "where": "可能登在哪里"}
    return table(
        shown, columns=headers, wide=["what", "where"], caption="缺哪些数，可能登在哪里（只列有目标的指标）"
    )


def footing_sentence(pack: Pack) -> TextView:
    """How many figures carry verdicts and how many may not, and whether any verdict breaks the rule."""
    counts = pack.observations["status"].map(STATUS_LABELS).value_counts()
    listed = "、".join(f"{name}{n}个" for name, n in counts.items())
    faults = unsure_verdicts(pack.assessment, pack.observations, pack.plan)
    found = "；".join(f"{r.indicator_name}：{r.why}" for r in faults.itertuples())
    return text_view(
        [
            f"共{len(pack.observations)}个数：{listed}。",
            "引用的是原文件，不是转载；许多数是在转载或数据库里读到的，逐个注明怎样读的、有什么佐证。"
            "只在一处见到、又没有公布的增减幅或第二处来源相符的，标“只见一处”；凭回忆录入的，标“待核实”。"
            "这两类只画在图上，不作现状值，不作基期值，不承担结论。",
            f"核对：有结论建立在这两类数字上：{found}。" if found else "核对：没有结论建立在这两类数字上。",
        ]
    )


def residence_table(pack: Pack) -> TableView:
    """Town and country side by side in each indicator's first year, the plan's base year, and the last year."""
    pairs, shown = _pairs(pack), []
    for indicator, part in pairs.groupby("indicator", sort=False):
        facts = pack.plan.indicator(str(indicator))
        years = {int(part["year"].min()), pack.plan.base_year, int(part["year"].max())}
        for row in part[part["year"].isin(years)].itertuples():
            shown.append(
                (facts.name, row.year, *(format_value(v, facts.unit) for v in (row.urban, row.rural)),
                 format_value(row.rural - row.urban, facts.unit, True), f"{row.rural / row.urban:.1f} 倍",
                 "只见一处，供参考" if row.unsure else "已核实", row.source)
            )  # fmt: skip
    headers = {
        "name": "指标", "year": "年份", "urban": "城市", "rural": "农村", "gap": "农村减城市", "ratio": "农村比城市",
        "status": "数据状态", "source": "出处",
    }  # fmt: skip
    return table(
        pd.DataFrame(shown, columns=list(headers)), columns=headers, numeric=["year", "urban", "rural", "gap", "ratio"],
        wide=["source"], caption="城乡对照：最早、基期和最近有数的年份",
    )  # fmt: skip


def residence_sentences(pack: Pack) -> TextView:
    """Whether each difference between town and country narrowed, by figures that something speaks for."""
    pairs = _pairs(pack)
    if pairs.empty:
        return text_view(["没有分城乡的数字。"])
    return text_view([_narrowing(pack, str(id), part) for id, part in pairs.groupby("indicator", sort=False)])


def _pairs(pack: Pack) -> pd.DataFrame:
    """Years with a figure of both: indicator, year, urban, rural, unsure (either), source (of the town's)."""
    rows = published(pack)
    rows = rows[rows["residence"] != TOTAL].assign(unsure=is_unsure(rows["status"]))
    key = ["indicator", "year"]
    town, country = (rows[rows["residence"] == name] for name in ("urban", "rural"))
    both = town.merge(country[[*key, "value", "unsure"]], on=key, suffixes=("", "_rural"))
    both = both.assign(
        urban=both["value"], rural=both["value_rural"], unsure=both["unsure"] | both["unsure_rural"]
    )
    return both[[*key, "urban", "rural", "unsure", "source"]]


def _narrowing(pack: Pack, indicator: str, part: pd.DataFrame) -> str:
    facts, firm = pack.plan.indicator(indicator), part[~part["unsure"]]
    if len(firm) < 2:
        return f"{facts.name}：经核实的分城乡数字不足两年，差距有没有缩小不能说。"
    first, last = firm.iloc[0], firm.iloc[-1]
    step = min(10.0 ** -_decimals(v) for v in (first["urban"], first["rural"], last["urban"], last["rural"]))
    before, after = (r["rural"] - r["urban"] for r in (first, last))
    change = abs(after) - abs(before)
    word = (
        "没有明显变化（差别在四舍五入以内）"
        if abs(change) <= ROUNDING * step * (1 + 1e-9)
        else "缩小"
        if change < 0
        else "扩大"
    )
    ratios = [r["rural"] / r["urban"] for r in (first, last)]
    base = part[part["year"] == pack.plan.base_year]
    rest = ""
    if len(base) and bool(base["unsure"].iloc[0]):
        rest = f"基期{pack.plan.base_year}年的分城乡数字只见一处，基期以来差距有没有缩小，还不能下结论。"
    return (
        f"{facts.name}：农村减城市，{first['year']}年{format_value(before, facts.unit, True)}（{ratios[0]:.1f}倍），"
        f"{last['year']}年{format_value(after, facts.unit, True)}（{ratios[1]:.1f}倍），差距{word}。{rest}"
    )


def _decimals(value: float) -> int:
    return len(f"{value:.10g}".partition(".")[2])
