"""Commands about data: templates, imports, rounds of reporting, queries of the database."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xhcp_eval.commands.options import (
    DATABASE,
    PLAN,
    DatabaseOption,
    JsonOption,
    PlanOption,
    say,
    tell_table,
)
from xhcp_eval.errors import ParamsError
from xhcp_eval.files.home import ROOT

if TYPE_CHECKING:
    import pandas as pd

    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.plan.model import Plan

app = typer.Typer()
rounds_app = typer.Typer(name="round", help="年度填报：开启、进度、缺报、定版。", no_args_is_help=True)


def opened(database: Path, plan: str) -> tuple[Database, Plan]:
    """A database and a plan, by path and name."""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.plan.reading import load_plan

    return Database(database), load_plan(plan)


def _figures(data: Path | None, database: Path, plan: str) -> tuple[pd.DataFrame, Plan]:
    """Figures of a file, or else of the database, and the plan they are of."""
    from xhcp_eval.observations.door.intake import read_checked

    base, registry = opened(database, plan)
    table = read_checked(data, registry) if data else base.observations(registry, region=registry.region)
    return table, registry


@app.command()
def template(
    year: Annotated[int, typer.Option(help="数据年份")],
    department: Annotated[str, typer.Option(help="牵头部门；不写则每个部门一份")] = "",
    out: Annotated[Path, typer.Option(help="写到哪个文件夹")] = ROOT / "reports" / "templates",
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
) -> None:
    """生成部门填报表(Excel)。"""
    from xhcp_eval.observations.forms import workbook
    from xhcp_eval.observations.store.rounds import due_on

    base, registry = opened(database, plan)
    if base.path.exists():
        previous, due = base.observations(registry, region=registry.region), due_on(base, year)
    else:
        say(f"还没有数据库 {base.path}：表中没有往年数")
        previous, due = base.nothing(), None
    for name in [department] if department else workbook.departments(registry):
        path = out / f"{registry.id}_{year}_{name}.xlsx"
        workbook.write_workbook(registry, name, year, previous, path, due)
        typer.echo(f"已写入 {path}")


@app.command()
def withdraw(
    indicator: Annotated[str, typer.Argument(help="指标编号")],
    region: Annotated[str, typer.Argument(help="地区")],
    year: Annotated[int, typer.Argument(help="年份")],
    reason: Annotated[str, typer.Option(help="撤回原因")],
    entirely: Annotated[bool, typer.Option("--entirely", help="连同此前的各次填报一并撤回")] = False,
    by: Annotated[str, typer.Option(help="经办人；默认本机用户")] = "",
    database: DatabaseOption = DATABASE,
) -> None:
    """撤回一个报错的数据点：此前的填报恢复为现行数；历次填报仍保留。"""
    from xhcp_eval.observations.store.database import Database

    taken = Database(database).withdraw(indicator, region, year, reason, by, entirely)
    back = taken["standing"].notna()
    typer.echo(
        f"已撤回 {len(taken)} 个数：{int(back.sum())} 个恢复为此前的填报，{int((~back).sum())} 个不再有填报"
    )
    for row in taken[back].itertuples():
        typer.echo(f"  {row.sex} {row.residence} {row.category}：{row.value:g} → {row.standing:g}")


@app.command()
def history(
    indicator: Annotated[str, typer.Argument(help="指标编号")],
    region: Annotated[str, typer.Argument(help="地区")],
    year: Annotated[int, typer.Argument(help="年份")],
    database: DatabaseOption = DATABASE,
    as_json: JsonOption = False,
) -> None:
    """一个数据点的历次填报。"""
    from xhcp_eval.observations.store.database import Database

    columns = ["sex", "residence", "category", "value", "numerator", "denominator", "reported_on", "file", "file_row",
               "imported_by", "taken_back", "note"]  # fmt: skip
    found = Database(database).history(indicator, region, year)
    tell_table(found, {name: name for name in columns}, as_json, "没有填报过这个数据点")


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="SQL 查询(只读)；表 figures、imports、rounds、releases")],
    database: DatabaseOption = DATABASE,
    as_json: JsonOption = False,
) -> None:
    """用 SQL 查询数据库(只读)。"""
    from xhcp_eval.observations.store.database import Database

    found = Database(database).sql(query)
    tell_table(found, {name: name for name in found}, as_json, "没有符合的行")


def _day(text: str, option: str) -> date | None:
    """A day typed on the command line; None for none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ParamsError(f"{option}：{text!r} 不是日期；写作 2026-03-31") from None


@app.command()
def queries(  # noqa: PLR0913 - options of a command
    year: Annotated[int, typer.Option(help="数据年份")],
    out: Annotated[Path, typer.Option(help="写到哪个文件夹")] = ROOT / "reports" / "queries",
    html: Annotated[bool, typer.Option("--html", help="写 HTML，默认 Word")] = False,
    due: Annotated[str, typer.Option(help="填报的截止日期；给出则检查逾期")] = "",
    dated: Annotated[str, typer.Option(help="函的成文日期，例 2026-03-01；默认今天")] = "",
    answer_by: Annotated[str, typer.Option(help="办理时限，例 2026-03-16；默认按规划 office 的 days")] = "",
    audit: Annotated[
        Path | None, typer.Option(help="核查样本表：indicator、region、year、facility、recounted、reported")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="不用数据库，改用此数据文件")] = None,
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
) -> None:
    """审核一年的数据，每个部门写一份核实函；文号记在同一文件夹的 发文登记.csv 里。"""
    import pandas as pd

    from xhcp_eval.quality.likely_range import likely_range
    from xhcp_eval.quality.reviewer import review
    from xhcp_eval.report.letters.letters import write_letters

    days = {"dated": _day(dated, "--dated"), "due": _day(answer_by, "--answer-by")}
    table, registry = _figures(data, database, plan)
    found = review(
        table, registry, registry.region, year, due=due or None,
        forecast=likely_range(table, registry, registry.region, year),
        audit=None if audit is None else pd.read_csv(audit),
    )  # fmt: skip
    letters = write_letters(
        found, registry, year, out, "html" if html else "docx", **days,
        demonstration=bool((table["status"] == "demo").any()),
    )  # fmt: skip
    counted = "、".join(f"{kind} {n} 条" for kind, n in found["severity"].value_counts(sort=False).items())
    typer.echo(f"{year} 年数据审核：{counted}")
    for path in letters:
        typer.echo(f"已写入 {path}")


@app.command()
def warn(
    year: Annotated[int, typer.Option(help="数据年份")],
    out: Annotated[Path | None, typer.Option(help="另写成表格(csv)")] = None,
    data: Annotated[Path | None, typer.Option(help="不用数据库，改用此数据文件")] = None,
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
    as_json: JsonOption = False,
) -> None:
    """预警：难以达标、连续变差、波动过大、突变、缺数据、乡镇低于底线。"""
    from xhcp_eval.observations.cells import write_csv
    from xhcp_eval.verdict.judging import judge
    from xhcp_eval.warnings.warn import early_warnings

    table, registry = _figures(data, database, plan)
    found = early_warnings(judge(table, registry, registry.region, until=year))
    if as_json:
        tell_table(found, {}, as_json, "")
        return
    for row in found.itertuples():
        right = (
            f"（此类预警以往应验 {row.precision:.0%}，不预警也有 {row.base_rate:.0%}）"
            if row.precision == row.precision
            else ""
        )
        typer.echo(
            f"[{row.severity}] {row.rule_name}：{row.indicator_name}，{row.region}。{row.evidence}{right} 责任单位：{row.department}"
        )
    typer.echo(f"共 {len(found)} 条预警")
    if out is not None:
        write_csv(found, out)
        typer.echo(f"已写入 {out}")


@rounds_app.command("open")
def roundopened(
    year: Annotated[int, typer.Argument(help="数据年份")],
    due: Annotated[str, typer.Option(help="截止日期；默认次年 3 月 31 日")] = "",
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
) -> None:
    """开启一年的填报(或改截止日期)。"""
    from xhcp_eval.observations.store import rounds

    base, registry = opened(database, plan)
    rounds.open_round(base, registry, year, due or f"{year + 1}-03-31")
    typer.echo(f"{year} 年填报已开启，截止 {due or f'{year + 1}-03-31'}")


@rounds_app.command("status")
def round_status(
    year: Annotated[int, typer.Argument(help="数据年份")],
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
    as_json: JsonOption = False,
) -> None:
    """谁已填报、谁逾期、各缺几项。"""
    from xhcp_eval.observations.store import rounds

    names = {
        "department": "部门",
        "asked": "应报",
        "reported": "已报",
        "missing": "缺",
        "last_on": "最近填报",
        "standing": "状态",
    }
    found = rounds.round_status(*opened(database, plan), year)
    tell_table(found, names, as_json, "没有应报的部门")


@rounds_app.command("missing")
def round_missing(
    year: Annotated[int, typer.Argument(help="数据年份")],
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
    as_json: JsonOption = False,
) -> None:
    """逐项列出缺报的指标。"""
    from xhcp_eval.observations.store import rounds

    names = {
        "department": "部门",
        "indicator_name": "指标",
        "indicator": "编号",
        "last_year": "最近有数据的年份",
    }
    found = rounds.missing(*opened(database, plan), year)
    tell_table(found, names, as_json, "没有缺报")


@rounds_app.command("freeze")
def round_freeze(
    year: Annotated[int, typer.Argument(help="数据年份")],
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
) -> None:
    """定版：写出带日期和校验值的数据文件，报告由它生成。"""
    from xhcp_eval.observations.store import rounds

    typer.echo(f"已定版：{rounds.freeze(*opened(database, plan), year)}")


@rounds_app.command("check")
def round_check(
    name: Annotated[str, typer.Argument(help="定版名，例 2025-1")],
    database: DatabaseOption = DATABASE,
    plan: PlanOption = PLAN,
    as_json: JsonOption = False,
) -> None:
    """核对一个定版：文件没有改动，由数据库重做与当时一致；列出此后更正过的数。"""
    from xhcp_eval.observations.store import rounds

    base, registry = opened(database, plan)
    since = rounds.check_release(base, registry, name)
    if as_json:
        tell_table(since, {}, as_json, "")
        return
    typer.echo(
        f"{name}：{rounds.releases(base).set_index('name').loc[name, 'n_rows']} 个数据点，文件和数据库都与当时一致"
    )
    if len(since):
        names = {"indicator": "指标", "region": "地区", "year": "年", "sex": "性别", "residence": "城乡", "category": "分组",
                 "released": "定版时", "now": "现在"}  # fmt: skip
        typer.echo(f"定版后又更正或撤回的数 {len(since)} 个：")
        tell_table(since, names, False, "")
