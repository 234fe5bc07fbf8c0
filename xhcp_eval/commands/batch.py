"""The command `batch`: the reports of many regions, one command, done or accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
INTERRUPTED = 130


@app.command()
def batch(
    params: Annotated[Path, typer.Argument(help="批次文件，例 params/batches/example.yaml")],
    regions: Annotated[str, typer.Option("--regions", help="只做这些地区，逗号分隔；all 为全部")] = "",
    regions_file: Annotated[
        Path | None, typer.Option("--regions-file", help="只做这个文件里的地区，一行一个，UTF-8")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="同时做几份报告")] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="数据、参数、程序都没变的报告是否沿用")
    ] = True,
    retries: Annotated[int | None, typer.Option("--retries", min=0, help="进程意外中断后再试几次")] = None,
    scheduler: Annotated[str, typer.Option("--scheduler", help="Dask 调度器地址，如 tcp://主机:8786")] = "",
    out: Annotated[str, typer.Option("--out", help="输出文件夹，或 fsspec 地址（如 s3://…）")] = "",
) -> None:
    """按批次文件为多个地区各出一套报告；个别地区失败不影响其他，最后列出全部原因。

    结束码：0 全部完成；1 有失败的；130 被中断（再运行同一命令会接着做）。
    """
    from xhcp_eval.report.batch.plan_of_work import load_batch
    from xhcp_eval.report.batch.whole import How, run_batch

    given = load_batch(params)
    chosen = _regions(regions, regions_file)
    changes = {"regions": chosen, "jobs": jobs, "retries": retries, "out": _place(out)}
    given = given.model_copy(update={name: value for name, value in changes.items() if value is not None})
    try:
        summary = run_batch(given, How(resume, scheduler))
    except KeyboardInterrupt:
        typer.echo("已中断；已完成的报告都在，再运行同一命令会接着做。", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"完成 {summary['done']} 份（其中沿用 {summary['resumed']} 份），失败 {summary['failed']} 份")
    typer.echo(f"请用浏览器打开：{given.place}/index.html")
    raise typer.Exit(1 if summary["failed"] or summary["strays"] else 0)


def _place(out: str) -> str | None:
    """A folder as people type it, from where they stand; a URL as it is."""
    if not out:
        return None
    return out if "://" in out else str(Path(out).resolve())


def _regions(typed: str, file: Path | None) -> str | tuple[str, ...] | None:
    """Regions of the command line or of a file with one a line; None if neither is given."""
    from xhcp_eval.errors import ParamsError

    if typed and file:
        raise ParamsError("--regions 和 --regions-file 只能给一个")
    if typed.strip() == "all":
        return "all"
    if file:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            raise ParamsError(f"--regions-file：{file} 不存在，或不是 UTF-8 文本") from None
        names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    else:
        names = [name.strip() for name in typed.replace("，", ",").split(",") if name.strip()]
    if (typed or file) and not names:
        raise ParamsError("没有给出任何地区")
    return tuple(dict.fromkeys(names)) or None
