"""Commands of developers, which need the repository: tests, style, locks, training, demonstration data made again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval import bootstrap
from xhcp_eval.commands import upkeep
from xhcp_eval.commands.options import PLAN, progress

app = typer.Typer()
ANY = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=ANY)
def test(context: typer.Context) -> None:
    """运行全部测试，包括笔记本；其余参数原样交给 pytest。"""
    workers = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile"]
    notebooks = ["notebooks", "--nbval-lax", "--nbval-current-env"] if upkeep.NOTEBOOKS.is_dir() else []
    chosen = context.args or ["tests", *notebooks]
    _finish(sys.executable, "-m", "pytest", *workers, *chosen)


@app.command("office-test", context_settings=ANY)
def office_test(context: typer.Context) -> None:
    """用 LibreOffice 排版，检查简报和正式报告的页数、目录和列宽（须装有 LibreOffice 和 poppler）。"""
    _finish(sys.executable, "-m", "pytest", "-m", "office", "-p", "no:xdist", "tests/office", *context.args)


@app.command("browser-test", context_settings=ANY)
def browser_test(context: typer.Context) -> None:
    """在真实浏览器里检查已生成的报告（须装有 Chromium 或 Chrome）；截图在 reports/.browser/。"""
    _finish(sys.executable, "-m", "pytest", "-m", "browser", "-p", "no:xdist", "tests/browser", *context.args)


@app.command("install-test", context_settings=ANY)
def install_test(context: typer.Context) -> None:
    """从安装包和离线安装包装起，在空文件夹里做出报告（约五分钟，安装包须联网取依赖）。"""
    _finish(sys.executable, "-m", "pytest", "-m", "install", "-p", "no:xdist", "tests/install", *context.args)


@app.command()
def demo() -> None:
    """重新生成 data/demo/ 里的演示数据。"""
    from xhcp_eval.demo.evaluation_data import write_evaluation_data
    from xhcp_eval.demo.raters import write_raters
    from xhcp_eval.demo.table import write_demo
    from xhcp_eval.observations.table import read_table
    from xhcp_eval.plan.reading import load_plan

    folder, registry = bootstrap.ROOT / "data" / "demo", load_plan(PLAN)
    tables = write_demo(folder)
    for path in [
        *tables,
        *write_raters(registry, read_table(tables[0], registry), folder / "evaluation"),
        *write_evaluation_data(),
    ]:
        typer.echo(f"已写入 {path.name}")


@app.command()
def train(
    data: Annotated[
        list[Path],
        typer.Argument(
            help="训练数据 parquet，可写多个：indicator、region、year、value、unit、lower、upper、group、source"
        ),
    ],
    out: Annotated[Path, typer.Option(help="模型和说明卡写到的文件夹")] = bootstrap.ROOT
    / "xhcp_eval/forecast/reference",
) -> None:
    """重新训练参照类模型，并按指标交叉检验写出说明卡（约十五分钟）。"""
    from xhcp_eval.forecast.backtests import card as model_card

    with progress("训练网络", model_card.NETWORKS) as done:
        paths = model_card.train_and_describe(data, out, done)
    for path in paths:
        typer.echo(f"已写入 {path}")


@app.command()
def precedents(
    data: Annotated[
        list[Path],
        typer.Argument(
            help="各省年度数据 parquet，可写多个：indicator、region、year、value、unit、lower、upper"
        ),
    ],
    out: Annotated[Path, typer.Option(help="写到的文件")] = bootstrap.ROOT / "data/reference/precedents.csv",
) -> None:
    """由各省年度数据重新做出国内先例表：只记走势的类别和后来走了多远，不含数值。"""
    from xhcp_eval.forecast.reference.precedents import write_precedents

    typer.echo(f"已写入 {out}（{write_precedents(data, out)} 条）")


@app.command()
def lint(fix: Annotated[bool, typer.Option("--fix", help="能自动修正的就修正")] = False) -> None:
    """检查代码风格和类型，以及笔记本中没有留下运行结果。"""
    raise typer.Exit(upkeep.check_style(fix))


@app.command()
def lock(upgrade: Annotated[bool, typer.Option("--upgrade", help="升级到最新版本")] = False) -> None:
    """由 pyproject.toml 重新生成 requirements.lock。"""
    raise typer.Exit(upkeep.write_lock(upgrade))


@app.command()
def environment() -> None:
    """由 pyproject.toml 重新生成 environment.yml(供 conda 使用)。"""
    typer.echo(f"已写入 {upkeep.write_environment().name}")


@app.command()
def bundle(
    platform: Annotated[
        str, typer.Option(help="windows-x86_64、linux-x86_64 或 linux-aarch64")
    ] = "linux-x86_64",
    python: Annotated[str, typer.Option(help="3.11、3.12 或 3.13")] = "3.12",
    out: Annotated[Path, typer.Option(help="写到哪个文件夹")] = bootstrap.ROOT / "dist",
) -> None:
    """做离线安装包：全部依赖、程序、安装脚本和校验值，一个压缩文件，装时不用网络。"""
    from xhcp_eval.commands.bundling import bundle as write

    path = write(platform, python, out)
    typer.echo(f"已写入 {path}（{path.stat().st_size / 2**20:.0f} MB）")


def _finish(*command: str) -> None:
    """Run a program in the repository and end with its exit code."""
    raise typer.Exit(subprocess.run(command, cwd=bootstrap.ROOT).returncode)
