"""The third party's conclusions: a chain for each goal, verdicts by criteria."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.views import Section, TableView, section, table
from xhcp_eval.chapters.strategy_effect import studies
from xhcp_eval.chapters.third_party.scores import item_names
from xhcp_eval.evaluation.methods.conclusions import CRITERIA, Inputs, chains, empty_input, verdicts
from xhcp_eval.evaluation.scoring.appraisal import Appraisal
from xhcp_eval.evaluation.studies.costs import CostStudy, costs_frame
from xhcp_eval.evaluation.studies.effects import effects_frame
from xhcp_eval.pack.pack import Pack, evaluation_folder


def conclusion_inputs(
    pack: Pack,
    appraisal: Appraisal | None,
    spent: list[CostStudy] | None = None,
    equity: pd.DataFrame | None = None,
) -> Inputs:
    """All that the conclusions rest on, from the pack and its evaluation folder.

    spent: cost studies. equity: columns of the conclusions' equity input.
    """
    folder = evaluation_folder(pack)
    effects = effects_frame(studies(pack)) if folder.has("measures.yaml") else empty_input("effects")
    return Inputs(
        pack.assessment,
        empty_input("scores") if appraisal is None else appraisal.items,
        pack.quality,
        effects,
        costs_frame(spent) if spent else empty_input("costs"),
        empty_input("equity") if equity is None else equity,
    )


def verdict_table(pack: Pack, inputs: Inputs) -> TableView:
    """Verdict of every goal by each OECD-DAC criterion, with the plan's own word beside."""
    rows = verdicts(pack.plan, inputs)
    names = {g.id: f"{g.number}. {g.name}" for g in pack.plan.goals}
    wide = rows.pivot(index="goal", columns="criterion", values="verdict").reindex(names).reset_index()
    wide.insert(1, "name", wide["goal"].map(names))
    wide.insert(0, "domain", [pack.plan.goal(g).domain for g in wide["goal"]])
    wide["domain"] = wide["domain"].map(item_names(pack))
    headers = {"domain": "领域", "name": "主要目标"} | {
        c: n if not own or own == n else f"{n}（{own}）" for c, (n, own) in CRITERIA.items()
    }
    return table(wide, headers, caption="按发展援助委员会六项准则逐项评判；括号内是规划的用语")


def verdict_counts(pack: Pack, inputs: Inputs) -> TableView:
    """How many goals have which verdict, by criterion."""
    rows = verdicts(pack.plan, inputs)
    wide = rows.groupby(["criterion_name", "verdict"], sort=False).size().unstack(fill_value=0)
    wide = wide.reindex(columns=["较好", "一般", "不足", "无法判断"], fill_value=0).reset_index()
    return table(
        wide,
        {"criterion_name": "准则"} | {c: c for c in wide.columns if c != "criterion_name"},
        caption="各准则的评判结果（主要目标数）",
    )


CHAIN = {
    "name": "主要目标",
    "promised": "承诺了什么",
    "done": "做了什么",
    "changed": "有什么变化",
    "cost": "花了多少",
    "evidence": "证据质量",
}
JUDGED = {
    "name": "主要目标",
    "criterion_name": "准则",
    "verdict": "评判",
    "sentence": "理由",
    "basis": "依据",
}


def chain_sections(pack: Pack, inputs: Inputs) -> Section:
    """Domain by domain and goal by goal: promised, done, changed, cost, evidence; then the verdicts with what they rest on."""
    names = {g.id: f"{g.number}. {g.name}" for g in pack.plan.goals}
    told, judged = (
        rows.assign(name=rows["goal"].map(names), domain=[pack.plan.goal(g).domain for g in rows["goal"]])
        for rows in (chains(pack.plan, inputs), verdicts(pack.plan, inputs))
    )
    parts = [
        section(
            domain.name,
            table(told[told["domain"] == domain.id], CHAIN, wide=["promised"], caption=f"{domain.name}：证据链"),
            table(
                judged[judged["domain"] == domain.id], JUDGED, wide=["sentence", "basis"],
                filters=["criterion_name", "verdict"], caption=f"{domain.name}：按六项准则的评判和依据",
            ),
            level=3,
            anchor=f"chains-{domain.id}",
        )
        for domain in pack.plan.domains
    ]  # fmt: skip
    return section("逐项目标的证据链", *parts, level=2, anchor="chains")
