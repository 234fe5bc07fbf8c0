"""Commands, thin: each names what to do and leaves it to the library.

`setup` and `clean` are answered by `xhcp_eval.__main__`, before any dependency exists.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from xhcp_eval import bootstrap, upkeep
from xhcp_eval.errors import XhcpError

app = typer.Typer(
    name="xhcp",
    help="儿童发展规划评估：数据、预测、研判、报告。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def setup() -> None:
    """安装环境到 .venv（已就绪时立即结束）。"""
    typer.echo(f"环境已就绪：{sys.prefix}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """运行全部测试，包括笔记本；其余参数原样交给 pytest。"""
    workers = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile"]
    notebooks = ["notebooks", "--nbval-lax", "--nbval-current-env"] if upkeep.NOTEBOOKS.is_dir() else []
    chosen = context.args or ["tests", *notebooks]
    _finish(sys.executable, "-m", "pytest", *workers, *chosen)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """在 notebooks/ 中打开 JupyterLab；其余参数原样交给 jupyter lab。"""
    upkeep.NOTEBOOKS.mkdir(exist_ok=True)
    _finish(sys.executable, "-m", "jupyterlab", f"--notebook-dir={upkeep.NOTEBOOKS}", *context.args)


@app.command()
def lint(fix: Annotated[bool, typer.Option("--fix", help="能自动修正的就修正")] = False) -> None:
    """检查代码风格，以及笔记本中没有留下运行结果。"""
    raise typer.Exit(upkeep.check_style(fix))


@app.command()
def lock(upgrade: Annotated[bool, typer.Option("--upgrade", help="升级到最新版本")] = False) -> None:
    """由 pyproject.toml 重新生成 requirements.lock。"""
    raise typer.Exit(upkeep.write_lock(upgrade))


@app.command()
def environment() -> None:
    """由 pyproject.toml 重新生成 environment.yml(供 conda 使用)。"""
    typer.echo(f"已写入 {upkeep.write_environment().name}")


def main() -> int:
    """Entry point of `xhcp`: 0 when all went well; an error of ours is shown as its message alone."""
    bootstrap.use_any_console()
    try:
        app(prog_name="xhcp", standalone_mode=True)
    except XhcpError as error:
        typer.echo(str(error), err=True)
        return 1
    return 0


def _finish(*command: str) -> None:
    """Run a program in the project folder and end with its exit code."""
    raise typer.Exit(subprocess.run(command, cwd=bootstrap.ROOT).returncode)


if __name__ == "__main__":
    sys.exit(main())
