"""Commands of evidence scoring: sheets out, sheets back, where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from xhcp_eval.commands.options import PLAN, JsonOption, PlanOption, tell_table
from xhcp_eval.files.home import ROOT

app = typer.Typer(name="score", help="证据评分：发评分表、收评分表、看一致性。", no_args_is_help=True)
FolderOption = Annotated[Path, typer.Option("--folder", help="评估资料文件夹，收回的评分存在这里")]
FOLDER = ROOT / "data" / "evaluation"
SHORT_OF_RATERS = "评分者不足"
FIRST = 3  # items that a line of void scores names


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
    from xhcp_eval.evaluation.scoring.keeping import record_sent, scoring
    from xhcp_eval.evaluation.scoring.sheets import Sheet, sheet_stamp, write_scoring_book

    if twice := sorted({name for name in rater if rater.count(name) > 1}):
        raise typer.BadParameter(f"--rater 重复：{'、'.join(twice)}；每人一个编号")
    registry, rubric, items = _opened(plan)
    if domain:
        items = items[items["domain"].isin(domain)]
    with scoring(folder):
        last, number = (None, 1) if own else _last_round(folder, items, rubric)
        sheets = [Sheet(name, SELF if own else THIRD_PARTY, number, uuid4().hex[:12]) for name in rater]
        asked = [_asked(last, items, name) for name in rater]
        pairs = list(zip(asked, sheets, strict=True))
        record_sent(folder, [sheet_stamp(rows, rubric, registry, sheet) for (rows, _), sheet in pairs])
        for (rows, seen), sheet in pairs:
            path = out / f"{registry.id}_{'自评' if own else f'第{number}轮'}_{sheet.rater}.xlsx"
            write_scoring_book(rows, rubric, registry, sheet, path, seen)
            typer.echo(f"已写入 {path}（{len(rows)} 项）")


@app.command("in")
def in_(
    files: Annotated[list[Path], typer.Argument(help="填好的评分表")],
    folder: FolderOption = FOLDER,
    plan: PlanOption = PLAN,
) -> None:
    """收回评分表。全部没有问题才存；须是 score out 发出的表；同一人同一轮再交的，以后交的为准，以前的也留着。"""
    from xhcp_eval.evaluation.scoring.keeping import keep, scoring

    registry, rubric, _ = _opened(plan)
    with scoring(folder):
        sheets = _received(files, folder, rubric, registry)
        same = keep(folder, sheets)
    for file in same:
        typer.echo(f"{file} 与已收的相同，没有再存")
    typer.echo(f"已收 {len(sheets) - len(same)} 份；评分存入 {folder / 'scores.csv'}")


@app.command()
def status(folder: FolderOption = FOLDER, plan: PlanOption = PLAN, as_json: JsonOption = False) -> None:
    """谁交了、多少得分作废、评分者一致不一致、哪些项目要再评一轮。"""
    from xhcp_eval.evaluation.scoring.appraisal import appraise

    _, rubric, items = _opened(plan)
    scores, evidence = _kept(folder)
    if scores is None:
        raise typer.BadParameter(f"{folder} 中还没有收回的评分")
    found = appraise(items, scores, evidence, rubric)
    if as_json:
        tell_table(found.items, {}, as_json, "")
        return
    vintages = _vintages(folder)
    for (rater, number), part in found.scores.groupby(["rater", "round"], sort=False):
        typer.echo(
            f"{rater} 第{number}轮：{int(part['score'].notna().sum())} 个得分，作废 {int(part['void'].sum())} 个"
            + vintages.get((rater, number), "")
        )
    for word, count in found.items["status_word"].value_counts().items():
        typer.echo(f"{word}：{count} 项")
    names = found.items.set_index("item")["name"]
    _tell_void(found.scores, names)
    alpha = found.agreement[found.agreement["domain"] == "全部"].iloc[0]
    typer.echo(f"首轮一致性 α={alpha['estimate']:.2f}（{alpha['low']:.2f}—{alpha['high']:.2f}）")
    if found.again:
        typer.echo("须再评一轮：" + "、".join(names[item] for item in found.again))
        typer.echo("下一步：xhcp score out --rater 编号 …，只含这些项目")
    if short := int((found.items["status_word"] == SHORT_OF_RATERS).sum()):
        typer.echo(
            f"{SHORT_OF_RATERS}的 {short} 项不进入下一轮：请原评分者为作废的得分补上证据后重交（xhcp score in），"
            "或另请评分者评（xhcp score out --rater 新编号）"
        )


def _tell_void(scores, names) -> None:
    """Scores that don't count, one line for each rater, round and reason."""
    void = scores[scores["void"]]
    for (rater, number, reason), part in void.groupby(["rater", "round", "void_reason"], sort=False):
        first = "、".join(names[item] for item in part["item"].iloc[:FIRST])
        more = f"等 {len(part)} 项" if len(part) > FIRST else f"（{len(part)} 项）"
        typer.echo(f"作废：{rater} 第{number}轮 {first}{more}：{reason}")


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

    if not folder.is_dir() or not (opened := EvaluationFolder(folder.resolve())).has("scores.csv"):
        return None, None
    return opened.scores()


def _vintages(folder: Path) -> dict[tuple[str, int], str]:
    """When the sheet that counts came in and how many before it, in words; by rater and round, empty where not known."""
    from xhcp_eval.evaluation.folder import EvaluationFolder

    rows, _ = EvaluationFolder(folder.resolve()).submissions()
    told = {}
    for whose, part in rows[rows["submitted_on"] != ""].groupby(["rater", "round"]):
        last, before = part.sort_values("submission").iloc[-1], part["submission"].nunique() - 1
        more = f"，更正过 {before} 次，以这份为准" if before else ""
        told[whose] = f"（{last['submitted_on'][:16]} 收{more}）"
    return told


def _received(files: list[Path], folder: Path, rubric, registry):
    """What stands in the files; DataError with the faults of all of them."""
    from xhcp_eval.errors import DataError
    from xhcp_eval.evaluation.scoring.keeping import Received, sent_out
    from xhcp_eval.evaluation.scoring.sheets import read_scoring_book

    sent, found, faults = sent_out(folder), [], []
    for path in files:
        try:
            found.append(Received(path.name, *read_scoring_book(path, rubric, registry, sent)))
        except DataError as error:
            faults += [f"{path.name}：{fault}" for fault in error.problems] or [str(error)]
    if faults:
        raise DataError("评分表未读入，什么也没有存：", faults)
    return found


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
