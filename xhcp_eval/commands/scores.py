"""Commands of evidence scoring: sheets out, sheets back, where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval.commands.options import PLAN, PlanOption
from xhcp_eval.files.home import ROOT

app = typer.Typer(name="score", help="证据评分：发评分表、收评分表、看一致性。", no_args_is_help=True)
FolderOption = Annotated[Path, typer.Option("--folder", help="评估资料文件夹，收回的评分存在这里")]
FOLDER = ROOT / "data" / "evaluation"


@app.command("out")
def out_(
    rater: Annotated[list[str], typer.Option("--rater", help="评分者编号，可写多个；不要写真名")],
    out: Annotated[Path, typer.Option(help="写到哪个文件夹")] = ROOT / "reports" / "scoring",
    own: Annotated[bool, typer.Option("--own", help="部门自评，不是第三方")] = False,
    domain: Annotated[list[str] | None, typer.Option(help="只评这些领域，如 health；可写多个")] = None,
    folder: FolderOption = FOLDER,
    plan: PlanOption = PLAN,
) -> None:
    """给每名评分者生成一份评分表(Excel)。已评过一轮的，自动生成下一轮，只含没有取得一致的项目。"""
    from xhcp_eval.evaluation.methods.rubric import SELF, THIRD_PARTY
    from xhcp_eval.evaluation.scoring.sheets import Sheet, write_scoring_book

    registry, rubric, items = _opened(plan)
    if domain:
        items = items[items["domain"].isin(domain)]
    last, number = (None, 1) if own else _last_round(folder, items, rubric)
    role = SELF if own else THIRD_PARTY
    for name in rater:
        asked, seen = _asked(last, items, name)
        path = out / f"{registry.id}_{'自评' if own else f'第{number}轮'}_{name}.xlsx"
        write_scoring_book(asked, rubric, registry, Sheet(name, role, number), path, seen)
        typer.echo(f"已写入 {path}（{len(asked)} 项）")


@app.command("in")
def in_(
    files: Annotated[list[Path], typer.Argument(help="填好的评分表")],
    folder: FolderOption = FOLDER,
    plan: PlanOption = PLAN,
) -> None:
    """收回评分表。全部没有问题才存；同一人同一轮再交的，以后交的为准。"""
    import pandas as pd

    from xhcp_eval.evaluation.scoring.sheets import read_scoring_book
    from xhcp_eval.observations.cells import write_csv

    registry, rubric, _ = _opened(plan)
    found = [read_scoring_book(path, rubric, registry) for path in files]
    scores, evidence = (pd.concat(parts, ignore_index=True) for parts in zip(*found, strict=True))
    if twice := sorted(scores.loc[scores.duplicated(["item", "rater", "round"]), "rater"].unique()):
        raise typer.BadParameter(f"同一人同一轮交了几份：{'、'.join(twice)}")
    old_scores, old_evidence = _kept(folder)
    if old_scores is not None:
        scores, evidence = _merged(old_scores, old_evidence, scores, evidence)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(evidence, folder / "evidence.csv")
    typer.echo(f"已收 {len(files)} 份；评分存入 {write_csv(scores, folder / 'scores.csv')}")


@app.command()
def status(folder: FolderOption = FOLDER, plan: PlanOption = PLAN) -> None:
    """谁交了、多少得分作废、评分者一致不一致、哪些项目要再评一轮。"""
    from xhcp_eval.evaluation.scoring.appraisal import appraise

    _, rubric, items = _opened(plan)
    scores, evidence = _kept(folder)
    if scores is None:
        raise typer.BadParameter(f"{folder} 中还没有收回的评分")
    found = appraise(items, scores, evidence, rubric)
    for (rater, number), part in found.scores.groupby(["rater", "round"], sort=False):
        typer.echo(
            f"{rater} 第{number}轮：{int(part['score'].notna().sum())} 个得分，作废 {int(part['void'].sum())} 个"
        )
    for word, count in found.items["status_word"].value_counts().items():
        typer.echo(f"{word}：{count} 项")
    names = found.items.set_index("item")["name"]
    for row in found.scores[found.scores["void"]].itertuples():
        typer.echo(f"作废：{row.rater} 第{row.round}轮 {names[row.item]}：{row.void_reason}")
    alpha = found.agreement[found.agreement["domain"] == "全部"].iloc[0]
    typer.echo(f"首轮一致性 α={alpha['estimate']:.2f}（{alpha['low']:.2f}—{alpha['high']:.2f}）")
    if found.again:
        typer.echo("须再评一轮：" + "、".join(names[item] for item in found.again))


def _opened(plan: str):
    from xhcp_eval.evaluation.methods.rubric import load_rubric, plan_wording, rubric_items
    from xhcp_eval.files.home import plan_folder
    from xhcp_eval.plan.reading import load_plan

    registry = load_plan(plan)
    rubric = load_rubric(plan_folder(registry.id) / "rubric.yaml")
    return (
        registry,
        rubric,
        rubric_items(rubric, registry, plan_wording(plan_folder(registry.id) / "wording.yaml")),
    )


def _kept(folder: Path):
    from xhcp_eval.evaluation.folder import EvaluationFolder

    if not (folder / "scores.csv").is_file():
        return None, None
    return EvaluationFolder(folder.resolve()).scores()


def _merged(old_scores, old_evidence, scores, evidence):
    """A sheet handed in again replaces the rater's earlier one of that round, with its evidence."""
    import pandas as pd

    from xhcp_eval.evaluation.scoring.sheets import round_of

    sheets = set(zip(scores["rater"], scores["round"], strict=True))
    stays = [pair not in sheets for pair in zip(old_scores["rater"], old_scores["round"], strict=True)]
    pieces = [
        (rater, round_of(number)) not in sheets
        for rater, number in zip(old_evidence["rater"], old_evidence["number"], strict=True)
    ]
    return (
        pd.concat([old_scores[stays], scores], ignore_index=True),
        pd.concat([old_evidence[pieces], evidence], ignore_index=True),
    )


def _last_round(folder: Path, items, rubric):
    """What was scored so far, put together, and the number of the next round."""
    from xhcp_eval.evaluation.methods.rubric import THIRD_PARTY
    from xhcp_eval.evaluation.scoring.appraisal import appraise

    scores, evidence = _kept(folder)
    if scores is None or not (scores["role"] == THIRD_PARTY).any():
        return None, 1
    found = appraise(items, scores[scores["item"].isin(items["item"])], evidence, rubric)
    return found, int(scores.loc[scores["role"] == THIRD_PARTY, "round"].max()) + 1


def _asked(last, items, rater: str):
    from xhcp_eval.evaluation.scoring.appraisal import seen_by

    if last is None:
        return items, None
    return items[items["item"].isin(last.again)], seen_by(last, rater)
