"""Commands, thin: each names what to do and leaves it to the library.

`setup` and `clean` are answered by `xhcp_eval.__main__`, before any dependency exists.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval import bootstrap
from xhcp_eval.commands import batch as batch_commands
from xhcp_eval.commands import data as data_commands
from xhcp_eval.commands import publish as publish_commands
from xhcp_eval.commands import scores as score_commands
from xhcp_eval.commands import sources as source_commands
from xhcp_eval.commands import upkeep
from xhcp_eval.commands.options import PLAN, progress
from xhcp_eval.errors import ParamsError, XhcpError

app = typer.Typer(
    name="xhcp",
    help="儿童发展规划评估：数据、预测、研判、报告。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.registered_commands += data_commands.app.registered_commands
app.add_typer(data_commands.rounds_app)
app.add_typer(score_commands.app)
app.registered_commands += batch_commands.app.registered_commands
app.registered_commands += publish_commands.app.registered_commands
app.registered_commands += source_commands.app.registered_commands


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
def run(
    params: Annotated[list[Path], typer.Argument(help="参数文件，例 params/midterm_2025.yaml")],
    out: Annotated[Path, typer.Option(help="报告输出文件夹")] = bootstrap.ROOT / "reports",
    force: Annotated[bool, typer.Option("--force", help="不沿用上次未变的结果，全部重算")] = False,
) -> None:
    """按参数文件运行一个或几个报告包，生成 HTML 报告和结果表。"""
    from xhcp_eval.report.page.overview import write_overview
    from xhcp_eval.report.run.runner import run_pack

    for index in [run_pack(path, out, force=force) for path in params]:
        typer.echo(f"请用浏览器打开：{index}")
    typer.echo(f"全部报告的总览：{write_overview(out)}")


@app.command()
def report(force: Annotated[bool, typer.Option("--force", help="全部重算")] = False) -> None:
    """全部报告：全国终期、中期和两次回测，新华区年度、中期、终期、第三方评估（演示数据），和总览。"""
    run(sorted((bootstrap.ROOT / "params").glob("*.yaml")), force=force)


@app.command()
def export(
    packs: Annotated[list[str], typer.Argument(help="报告包，例 midterm_2025；须已生成报告")],
    word: Annotated[bool, typer.Option("--word", help="Word 文档")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="PDF（须装有 Chrome、Edge 或 Chromium）")] = False,
    figures: Annotated[bool, typer.Option("--figures", help="图：SVG 和 300 dpi 的 PNG")] = False,
    tables: Annotated[bool, typer.Option("--tables", help="表：Excel")] = False,
    reports: Annotated[Path, typer.Option(help="报告所在的文件夹")] = bootstrap.ROOT / "reports",
    out: Annotated[Path | None, typer.Option(help="写到哪个文件夹；默认在报告文件夹的 export 里")] = None,
) -> None:
    """把报告另存为 Word、PDF、图、表；一个都不选则全部。"""
    from xhcp_eval.report.export.export import KINDS
    from xhcp_eval.report.export.export import export as write

    given = {"word": word, "pdf": pdf, "figures": figures, "tables": tables}
    chosen = {kind for kind, wanted in given.items() if wanted} or set(KINDS)
    if wrong := [pack for pack in packs if Path(pack).name != pack]:
        raise ParamsError(f"报告包写名称，不写路径：{'、'.join(wrong)}；例 midterm_2025")
    for pack in packs:
        folder = reports / pack
        for path in write(folder, out or folder.with_name(f"{pack}.export"), chosen):
            typer.echo(f"已写入 {path}")


@app.command("office-test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def office_test(context: typer.Context) -> None:
    """用 LibreOffice 排版，检查简报和正式报告的页数、目录和列宽（须装有 LibreOffice 和 poppler）。"""
    _finish(sys.executable, "-m", "pytest", "-m", "office", "-p", "no:xdist", "tests/office", *context.args)


@app.command("browser-test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def browser_test(context: typer.Context) -> None:
    """在真实浏览器里检查已生成的报告（须装有 Chromium 或 Chrome）；截图在 reports/.browser/。"""
    _finish(sys.executable, "-m", "pytest", "-m", "browser", "-p", "no:xdist", "tests/browser", *context.args)


@app.command()
def texts(
    params: Annotated[list[Path], typer.Argument(help="参数文件，例 params/midterm_2025.yaml")],
) -> None:
    """写出报告的文字（问题、建议等）供人改写：params/texts/；已有的条目不动，只添新的。"""
    from xhcp_eval.chapters.findings_text import text_file, write_texts
    from xhcp_eval.chapters.findings_worded import findings
    from xhcp_eval.pack.pack import compute_pack
    from xhcp_eval.pack.params import load_params

    for path in params:
        given = load_params(path)
        file = text_file(given.pack)
        count = write_texts(given.title, findings(compute_pack(given)), file)
        typer.echo(f"{file}：添了 {count} 条")


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
def plan(name: Annotated[str, typer.Argument(help="data/plans/ 下的规划名")] = PLAN) -> None:
    """检查一个规划的登记文件，列出目标数。"""
    from xhcp_eval.plan.reading import load_plan

    found = load_plan(name)
    typer.echo(
        f"{found.name}：主要目标 {len(found.goals)} 项，指标 {len(found.indicators)} 个，目标值 {len(found.targets())} 条"
    )


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="数据文件：csv、xlsx 或 parquet")],
    plan: Annotated[str, typer.Option(help="按哪个规划的指标检查")] = PLAN,
) -> None:
    """检查数据文件能否读入，一次列出全部问题。"""
    from xhcp_eval.observations.table import read_table
    from xhcp_eval.plan.reading import load_plan

    registry = load_plan(plan)
    for path in files:
        typer.echo(f"{path.name}：{len(read_table(path, registry))} 个数据点，全部通过")


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
