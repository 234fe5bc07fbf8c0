"""The third party's conclusions: a chain for each goal, verdicts by criteria."""

from __future__ import annotations

import pandas as pd

from xhcp_eval.chapters.kit.views import Section, TableView, section, table, text_view
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


def chain_sections(pack: Pack, inputs: Inputs) -> Section:
    """Goal by goal: promised, done, changed, cost, evidence, and the verdicts with what they rest on."""
    told = chains(pack.plan, inputs).set_index("goal")
    judged = verdicts(pack.plan, inputs)
    parts = []
    for goal in pack.plan.goals:
        row = told.loc[goal.id]
        lines = [f"{label}：{row[name]}" for name, label in
                 (("promised", "承诺了什么"), ("done", "做了什么"), ("changed", "有什么变化"), ("cost", "花了多少"), ("evidence", "证据质量"))]  # fmt: skip
        own = judged[judged["goal"] == goal.id]
        headers = {"criterion_name": "准则", "verdict": "评判", "sentence": "理由", "basis": "依据"}
        parts.append(
            section(
                f"{goal.number}. {goal.name}",
                text_view(lines),
                table(own, headers, wide=["sentence", "basis"]),
                level=4,
                anchor=f"chain-{goal.id}",
            )
        )
    by_domain = [
        section(
            d.name,
            *[p for p, g in zip(parts, pack.plan.goals, strict=True) if g.domain == d.id],
            level=3,
            anchor=f"chains-{d.id}",
        )
        for d in pack.plan.domains
    ]
    return section("逐项目标的证据链", *by_domain, level=2, anchor="chains")
