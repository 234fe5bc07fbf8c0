"""Commands of the project: begin one, add a plan or a report, see whether all is well and what is due."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval.commands.options import DATABASE, PLAN, DatabaseOption, JsonOption, PlanOption, say, tell_table
from xhcp_eval.errors import XhcpError
from xhcp_eval.files import home

app = typer.Typer()
plan_app = typer.Typer(name="plan", help="规划：检查、列出、新建。", no_args_is_help=False)
params_app = typer.Typer(name="params", help="参数文件：检查、新建。", no_args_is_help=False)


@app.command()
def setup() -> None:
    """安装环境到 .venv（已就绪时立即结束；只在源码中需要）。"""
    typer.echo(f"环境已就绪：{sys.prefix}")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="项目文件夹；须不存在，或是空的")],
    plan: Annotated[str, typer.Option("--plan", help="用哪个规划")] = home.DEFAULT_PLAN,
    demo: Annotated[bool, typer.Option("--demo", help="带全部示例报告和演示数据")] = False,
) -> None:
    """新建一个项目：参数文件、规划、笔记本、数据文件夹和说明。"""
    from xhcp_eval.pack.new import new_project

    made = new_project(folder, plan, demo)
    typer.echo(f"已建立项目 {made}")
    say(
        f"下一步：进入这个文件夹，运行 {'xhcp report' if demo else 'xhcp doctor'}；说明见 {made / 'README.md'}"
    )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """在项目的 notebooks/ 中打开 JupyterLab；其余参数原样交给 jupyter lab。"""
    folder = home.require_project() / "notebooks"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}", *context.args]
    raise typer.Exit(subprocess.run(command, cwd=home.ROOT).returncode)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """检查程序、项目、规划、参数、数据库和外部程序是否就绪；有错时结束码为 1。"""
    from xhcp_eval.report.health import health

    found = health()
    tell_table(found, {"standing": "", "what": "检查", "detail": "情况"}, as_json, "")
    raise typer.Exit(int((found["standing"] == "错").any()))


@app.command()
def due(database: DatabaseOption = DATABASE, plan: PlanOption = PLAN, as_json: JsonOption = False) -> None:
    """列出该办的事：逾期未报的部门，数据、规划或参数变了而没有重做的报告。"""
    from xhcp_eval.report.due import due as things_due

    names = {"what": "事项", "subject": "对象", "detail": "情况"}
    tell_table(things_due(database, plan), names, as_json, "没有到期或变动的事项")


@plan_app.command("check")
def plan_check(name: Annotated[str, typer.Argument(help="规划名；不写则项目的规划")] = PLAN) -> None:
    """检查一个规划的登记文件，列出目标数。"""
    from xhcp_eval.plan.reading import load_plan

    found = load_plan(name)
    typer.echo(
        f"{found.name}：主要目标 {len(found.goals)} 项，指标 {len(found.indicators)} 个，目标值 {len(found.targets())} 条"
    )


@plan_app.command("list")
def plan_list() -> None:
    """列出可用的规划，和各在哪里。"""
    for name, folder in sorted(home.plan_folders().items()):
        typer.echo(f"{name}：{home.label(folder)}")


@plan_app.command("new")
def plan_new(name: Annotated[str, typer.Argument(help="规划名：小写英文字母、数字、下划线")]) -> None:
    """新建一个规划：带说明的小例子，照着改。"""
    from xhcp_eval.plan.new import new_plan

    typer.echo(f"已写入 {new_plan(name)}")
    say(f"改好后检查：xhcp plan {name}；再建参数文件：xhcp params new 名称 --plan {name}")


@params_app.command("check")
def params_check(
    files: Annotated[list[str] | None, typer.Argument(help="参数文件或报告包名；不写则全部")] = None,
) -> None:
    """检查参数文件能否运行，一次列出全部问题。"""
    from xhcp_eval.commands.reports import params_file
    from xhcp_eval.pack.params import load_params

    chosen = [params_file(Path(name)) for name in files or ()] or sorted(
        (home.ROOT / "params").glob("*.yaml")
    )
    problems = []
    for path in chosen:
        try:
            typer.echo(f"{path.stem}：{load_params(path).title}，可以运行")
        except XhcpError as error:
            problems.append(str(error))
    if problems:
        raise XhcpError("\n".join(problems))


@params_app.command("new")
def params_new(
    name: Annotated[str, typer.Argument(help="报告包名：小写英文字母、数字、下划线")],
    kind: Annotated[
        str, typer.Option(help="种类：annual 年度、midterm 中期、final 终期、third_party 第三方")
    ] = "midterm",
    until: Annotated[int, typer.Option(help="数据截至哪一年；默认规划的中期年")] = 0,
    plan: PlanOption = PLAN,
) -> None:
    """新建一个参数文件，章节按种类和规划配好。"""
    from xhcp_eval.pack.new import write_params
    from xhcp_eval.plan.reading import load_plan

    found = load_plan(plan)
    typer.echo(f"已写入 {write_params(name, found, kind, until or found.midterm_year)}")
    say(f"数据入库后运行：xhcp run {name}")
