"""Commands at the door: files are looked at, taken into the database, and taken back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xhcp_eval.commands.data import opened
from xhcp_eval.commands.options import DATABASE, PLAN, DatabaseOption, PlanOption, progress, say
from xhcp_eval.files.home import ROOT

if TYPE_CHECKING:
    from xhcp_eval.errors import ChangeError, DataError
    from xhcp_eval.observations.door.intake import Intake
    from xhcp_eval.observations.store.database import Database

app = typer.Typer()


@app.command("import")
def import_(  # noqa: PLR0913 - options of a command
    files: Annotated[list[Path] | None, typer.Argument(help="填报表或明细表：xlsx、csv、parquet")] = None,
    undo: Annotated[
        int, typer.Option("--undo", help="不导入，而是撤销第几次导入（xhcp log --imports 列出）")
    ] = 0,
    reason: Annotated[str, typer.Option(help="撤销的原因")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不入库")] = False,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="疑问已逐条核对，照此入库")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="同意改动已有数；不写则逐份询问，无人应答时不改")
    ] = False,
    new_regions: Annotated[bool, typer.Option("--new-regions", help="允许从未填报过的地区")] = False,
    reported_on: Annotated[str, typer.Option(help="填报日期，例 2026-03-31；默认今天")] = "",
    by: Annotated[str, typer.Option(help="经办人；默认本机用户")] = "",
    annotate: Annotated[Path, typer.Option(help="问题标注副本写到哪个文件夹")] = ROOT
    / "reports"
    / "returned",
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
) -> None:
    """检查填报文件并入库：整份通过才读入，全部问题一次列出并标注在副本里。"""
    from xhcp_eval.errors import DataError
    from xhcp_eval.observations.door.intake import import_files

    base, registry = opened(database, plan)
    if undo:
        _undo(base, undo, reason, by)
        return
    if not files:
        raise typer.BadParameter("没有给出文件")
    options: dict[str, Any] = {"dry_run": dry_run, "confirmed": confirmed, "new_regions": new_regions,
                               "reported_on": reported_on, "by": by, "annotate_in": annotate}  # fmt: skip
    with progress("读入", len(files)) as done:
        taken, refused = import_files(files, registry, base, done, change_known=yes, **options)
    agreed = _agreed_to(refused)
    more, left = import_files([error.path for error in agreed], registry, base, change_known=True, **options)
    for seen in [*taken, *more]:
        typer.echo(f"{seen.path.name}：{len(seen.table)} 个数据点，{_came_of(seen)}")
        for notice in seen.notices:
            typer.echo(f"  提示：{notice}")
    refused = [error for error in refused if error not in agreed] + left
    if refused:
        raise DataError("\n".join(str(error) for error in refused))


def _agreed_to(refused: list[DataError]) -> list[ChangeError]:
    """Changes of figures that stand which the person at the screen agrees to, asked one file after another."""
    from xhcp_eval.errors import ChangeError

    asked = [error for error in refused if isinstance(error, ChangeError)] if _is_answered() else []
    agreed = []
    for error in asked:
        typer.echo("\n".join([f"{error.path.name}：本次将改动 {error.count} 个已有数", *error.problems]))
        if typer.confirm("照此改动？", default=False):
            agreed.append(error)
    return agreed


def _is_answered() -> bool:
    """Whether a person sits at the screen."""
    return sys.stdin.isatty()


def _undo(base: Database, import_id: int, reason: str, by: str) -> None:
    """Undo an import and tell what stands now."""
    changed = base.undo(import_id, reason, by)
    back = int(changed["before"].notna().sum())
    typer.echo(
        f"已撤销第 {import_id} 次导入：{back} 个数恢复为此前的填报，{len(changed) - back} 个数不再有填报"
    )
    say("改正后的文件可以照常再导入；历次填报仍在 xhcp history 里")


def _came_of(seen: Intake) -> str:
    """What came of a file."""
    if seen.kept is None:
        return "检查通过，未入库" + (
            f"；入库将改动 {len(seen.changes)} 个已有数" if len(seen.changes) else ""
        )
    if not seen.kept.is_new:
        return "此前已入库，未作改变"
    return "已入库" + (f"，改动了 {len(seen.changes)} 个已有数" if len(seen.changes) else "")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="填报表或数据文件：xlsx、csv、parquet")],
    new_regions: Annotated[bool, typer.Option("--new-regions", help="允许从未填报过的地区")] = False,
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
) -> None:
    """检查文件能否读入，与入库同一道门(有数据库则与已有数对照)，一次列出全部问题和疑问。"""
    from xhcp_eval.errors import DataError
    from xhcp_eval.observations.door.intake import check_files

    base, registry = opened(database, plan)
    seen, refused = check_files(files, registry, base, new_regions=new_regions)
    for one in seen:
        typer.echo(f"{one.path.name}：{len(one.table)} 个数据点，全部通过{_asked(one)}")
    if refused:
        raise DataError("\n".join(str(error) for error in refused))


def _asked(seen: Intake) -> str:
    """What an import would ask about."""
    lines = [f"；入库将改动 {len(seen.changes)} 个已有数"] if len(seen.changes) else []
    lines += [f"\n  疑问：{seen.cells.address(doubt)}：{doubt.text}" for doubt in seen.doubts]
    return "".join(lines)
