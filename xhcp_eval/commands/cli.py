"""All commands, in their groups: each is thin, names what to do and leaves it to the rooms.

`setup` and `clean` are answered by `xhcp_eval.__main__`, before any dependency exists.
"""

from __future__ import annotations

from typing import Annotated

import typer

from xhcp_eval import bootstrap
from xhcp_eval.commands import batch, data, database, intake, project, reports, scores, sources, workshop
from xhcp_eval.commands.chinese import Checking, Command, Group
from xhcp_eval.commands.log import speak_up
from xhcp_eval.commands.options import be_quiet
from xhcp_eval.files import home

DATA, REPORT, SCORES, BATCH, PROJECT, WORKSHOP = (
    "数据",
    "判定和报告",
    "第三方评估",
    "批量",
    "项目和维护",
    "开发（源码中）",
)
# Commands that need no project: they make one, or tell of the program itself.
FREE = ("init", "doctor", "clean", "setup")

app = typer.Typer(
    name="xhcp",
    cls=Group,
    help="儿童发展规划评估：数据、预测、研判、报告。在项目文件夹里运行；新建项目：xhcp init 文件夹。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _add(group: typer.Typer, panel: str, hidden: bool = False) -> None:
    """Take a group's commands in under a heading."""
    for command in group.registered_commands:
        command.cls, command.rich_help_panel, command.hidden = Command, panel, hidden
    app.registered_commands += group.registered_commands


def _add_group(group: typer.Typer, panel: str, cls: type[Group] = Group) -> None:
    """Take a group in as a command with commands of its own."""
    for command in group.registered_commands:
        command.cls = Command
    app.add_typer(group, cls=cls, rich_help_panel=panel)


_add(intake.app, DATA)
_add(data.app, DATA)
_add_group(data.rounds_app, DATA)
_add_group(database.db_app, DATA)
_add(database.app, DATA)
_add(sources.app, DATA)
_add(reports.app, REPORT)
_add_group(scores.app, SCORES)
_add(batch.app, BATCH)
_add(project.app, PROJECT)
_add_group(project.plan_app, PROJECT, Checking)
_add_group(project.params_app, PROJECT, Checking)
_add(workshop.app, WORKSHOP, hidden=not bootstrap.is_checkout())


def _version(wanted: bool) -> None:
    if wanted:
        from xhcp_eval import __version__

        typer.echo(f"xhcp_eval {__version__}")
        raise typer.Exit()


@app.callback()
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="版本号", callback=_version, is_eager=True)
    ] = False,
    project_folder: Annotated[str, typer.Option("--project", help="项目文件夹；默认从当前文件夹向上找")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="多说：每一步和时间")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="少说：只说结果和错误")] = False,
) -> None:
    """儿童发展规划评估：数据、预测、研判、报告。"""
    if verbose:
        speak_up()
    if quiet:
        be_quiet()
    if context.invoked_subcommand not in FREE:
        home.require_project()
