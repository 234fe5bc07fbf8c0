"""Commands of the database's upkeep: backup, restore, export, check, upgrade, and who did what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval.commands.options import DATABASE, DatabaseOption, JsonOption, say, tell_table
from xhcp_eval.errors import DataError
from xhcp_eval.files.home import ROOT

app = typer.Typer()
db_app = typer.Typer(name="db", help="数据库：备份、恢复、导出、检查、升级。", no_args_is_help=True)


@db_app.command("backup")
def db_backup(
    out: Annotated[Path, typer.Argument(help="备份文件，或放备份的文件夹")] = ROOT / "data" / "backups",
    database: DatabaseOption = DATABASE,
) -> None:
    """备份数据库；备份与原库逐表核对后才保留。"""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.observations.store.upkeep import backup

    if not out.suffix:
        out.mkdir(parents=True, exist_ok=True)
    path = backup(Database(database), out)
    typer.echo(f"已备份到 {path}（{path.stat().st_size / 2**20:.1f} MB）")


@db_app.command("restore")
def db_restore(
    source: Annotated[Path, typer.Argument(help="备份文件")],
    database: DatabaseOption = DATABASE,
) -> None:
    """用备份恢复数据库；原来的数据库另存在旁边。"""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.observations.store.upkeep import restore

    kept = restore(Database(database), source)
    typer.echo(f"已由 {source.name} 恢复 {database}")
    if kept:
        say(f"原来的数据库另存为 {kept}")


@db_app.command("export")
def db_export(
    out: Annotated[Path, typer.Argument(help="导出到哪个文件夹")],
    database: DatabaseOption = DATABASE,
) -> None:
    """把每张表导出为 Parquet，供其他程序读取。"""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.observations.store.upkeep import export

    typer.echo(f"已导出到 {export(Database(database), out)}")


@db_app.command("check")
def db_check(database: DatabaseOption = DATABASE, as_json: JsonOption = False) -> None:
    """检查数据库是否完好：每个数有来历，行数相符，原件和定版文件未被改动；有错时结束码为 1。"""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.observations.store.upkeep import check

    found = check(Database(database))
    tell_table(found, {"fault": "问题"}, as_json, f"{database.name} 完好")
    raise typer.Exit(int(len(found) > 0))


@db_app.command("upgrade")
def db_upgrade(database: DatabaseOption = DATABASE) -> None:
    """把旧版本程序写的数据库升级到现在的结构；升级前自动备份。"""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.observations.store.schema import SCHEMA_VERSION
    from xhcp_eval.observations.store.upkeep import upgrade

    before, kept = upgrade(Database(database))
    if kept is None:
        typer.echo(f"{database.name} 已是现在的结构（版本 {before}）")
    else:
        typer.echo(f"{database.name} 由版本 {before} 升级到 {SCHEMA_VERSION}；升级前的备份：{kept}")


@db_app.command("original")
def db_original(
    import_id: Annotated[int, typer.Argument(help="第几次导入（xhcp log --imports 列出）")],
    out: Annotated[Path, typer.Option(help="写到哪个文件夹")] = ROOT / "reports" / "originals",
    database: DatabaseOption = DATABASE,
) -> None:
    """取出一次导入的原件。"""
    from xhcp_eval.files.whole import whole_file
    from xhcp_eval.observations.store.database import Database

    name, content = Database(database).original(import_id)
    target = out / f"{import_id}_{Path(name).name}"
    with whole_file(target) as made:
        made.write_bytes(content)
    typer.echo(f"已写入 {target}")


@app.command()
def log(
    act: Annotated[str, typer.Option(help="只列这一类，例 导入、撤回、定版、生成报告")] = "",
    last: Annotated[int, typer.Option(min=1, help="只列最近几条")] = 30,
    imports: Annotated[bool, typer.Option("--imports", help="改列各次导入，及是否已撤销")] = False,
    database: DatabaseOption = DATABASE,
    as_json: JsonOption = False,
) -> None:
    """谁在什么时候做了什么：导入、撤销、定版、报告、发布、签发。只增不改。"""
    from xhcp_eval.observations.store import journal
    from xhcp_eval.observations.store.database import Database

    base = Database(database)
    if imports:
        found = base.imports().tail(last)
        found = found.assign(
            at=_minute(found["imported_at"]), state=found["undone"].map({True: "已撤销", False: ""})
        )
        names = {
            "import_id": "次",
            "at": "时间",
            "imported_by": "经办人",
            "file": "文件",
            "n_rows": "数",
            "state": "状态",
        }
    else:
        if act and act not in journal.ACTS:
            raise DataError(f"没有 {act} 这一类；允许：{'、'.join(journal.ACTS)}")
        found = journal.entries(base, act, last)
        found = found.assign(at=_minute(found["moment"]))
        names = {"at": "时间", "person": "经办人", "act": "事项", "subject": "对象", "detail": "情况"}
    tell_table(found, names, as_json, "没有记录")


def _minute(moments):
    """Moments as people in China read them."""
    return moments.dt.tz_convert("Asia/Shanghai").dt.strftime("%Y-%m-%d %H:%M")
