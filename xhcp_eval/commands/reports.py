"""Commands of reports: run them, save them in other formats, take out their texts, compare two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval.commands.options import DATABASE, JsonOption, say, tell_table
from xhcp_eval.errors import ParamsError, RunError, XhcpError
from xhcp_eval.files.home import ROOT

app = typer.Typer()


@app.command()
def run(
    params: Annotated[
        list[Path], typer.Argument(help="参数文件或报告包名，例 params/midterm_2025.yaml 或 midterm_2025")
    ],
    out: Annotated[Path, typer.Option(help="报告输出文件夹")] = ROOT / "reports",
    force: Annotated[bool, typer.Option("--force", help="不沿用上次未变的结果，全部重算")] = False,
) -> None:
    """按参数文件运行一个或几个报告包，生成简报、正式报告、数据页和结果表。一个失败，其余照做，最后列出。"""
    from xhcp_eval.report.page.overview import write_overview
    from xhcp_eval.report.run.runner import run_pack

    failures: dict[str, XhcpError] = {}
    for path in [params_file(path) for path in params]:
        try:
            say(f"请用浏览器打开：{run_pack(path, out, force=force)}")
            note("生成报告", path.stem, str(out))
        except XhcpError as error:
            failures[path.stem] = error
    if len(failures) < len(params):
        say(f"全部报告的总览：{write_overview(out)}")
    if len(params) == 1 and failures:
        raise next(iter(failures.values()))
    if failures:
        raise RunError(
            f"{len(params)} 份报告中 {len(failures)} 份没有做成：",
            [f"{name}：{error}" for name, error in failures.items()],
        )


def note(act: str, subject: str, detail: str) -> None:
    """A line in the journal of the project's database, if there is one; a database that is held or damaged stops no report."""
    from xhcp_eval.errors import DataError
    from xhcp_eval.observations.store import journal
    from xhcp_eval.observations.store.database import Database, person

    if not DATABASE.exists():
        return
    try:
        journal.note_if_kept(Database(DATABASE, wait=5), person(), act, subject, detail)
    except DataError as error:
        say(f"（未记入数据库日志：{error}）")


def params_file(given: Path) -> Path:
    """A params file by its path, or by the name of its pack. Raises ParamsError naming the nearest."""
    from xhcp_eval.files.yaml_door import near

    for path in (given, ROOT / "params" / f"{given}.yaml"):
        if path.is_file():
            return path
    known = [path.stem for path in sorted((ROOT / "params").glob("*.yaml"))]
    raise ParamsError(f"没有参数文件 {given}；{near(given.stem, known)}")


@app.command()
def report(force: Annotated[bool, typer.Option("--force", help="全部重算")] = False) -> None:
    """运行 params/ 里的全部报告包，并写总览。"""
    found = sorted((ROOT / "params").glob("*.yaml"))
    if not found:
        raise ParamsError("params/ 里没有参数文件；新建一个：xhcp params new 名称")
    run(found, force=force)


@app.command()
def export(
    packs: Annotated[list[str], typer.Argument(help="报告包，例 midterm_2025；须已生成报告")],
    word: Annotated[bool, typer.Option("--word", help="Word 文档")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="PDF（须装有 Chrome、Edge 或 Chromium）")] = False,
    figures: Annotated[bool, typer.Option("--figures", help="图：SVG 和 300 dpi 的 PNG")] = False,
    tables: Annotated[bool, typer.Option("--tables", help="表：Excel")] = False,
    reports: Annotated[Path, typer.Option(help="报告所在的文件夹")] = ROOT / "reports",
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
        written = write(folder, out or folder.with_name(f"{pack}.export"), chosen)
        for path in written:
            typer.echo(f"已写入 {path}")
        note("导出", pack, "、".join(path.name for path in written))


@app.command()
def texts(
    params: Annotated[list[Path], typer.Argument(help="参数文件，例 params/midterm_2025.yaml")],
) -> None:
    """写出报告的文字（问题、建议等）供人改写：params/texts/；已有的条目不动，只添新的，并检查改写的话合不合判定和数字。"""
    from xhcp_eval.chapters.findings_text import checked_texts, text_file, write_texts
    from xhcp_eval.chapters.findings_worded import findings
    from xhcp_eval.pack.pack import compute_pack
    from xhcp_eval.pack.params import load_params

    for path in params:
        given = load_params(path)
        file = text_file(given.pack)
        worded = findings(compute_pack(given))
        count = write_texts(given.title, worded, file)
        typer.echo(f"{file}：添了 {count} 条")
        note("改写文字", given.pack, f"写出 {count} 条供改写")
        checked_texts(file, worded)


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="先前的报告：报告包名，或它的文件夹")],
    after: Annotated[str, typer.Argument(help="后来的报告")],
    as_json: JsonOption = False,
) -> None:
    """比较两份报告：哪些目标的状态变了，是数据、解读还是方法变了。"""
    from xhcp_eval.report.page.changes import compare_reports, run_changes

    old, new = (_summary(name) for name in (before, after))
    names = {
        "indicator_name": "指标",
        "target_year": "目标年",
        "before": "先前",
        "after": "后来",
        "what": "变了什么",
        "why": "原因",
    }
    if not as_json:
        for kind, changes in run_changes(old, new).items():
            for sentence in changes:
                typer.echo(f"{kind}：{sentence}")
    tell_table(compare_reports(old, new), names, as_json, "两份报告的判定没有不同")


def _summary(name: str) -> dict:
    """Summary of a finished report. Raises ParamsError if there is none."""
    import json

    for folder in (Path(name), ROOT / "reports" / name):
        if (folder / "summary.json").is_file():
            return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    raise ParamsError(f"没有报告 {name}：写 reports/ 下的名称，或报告的文件夹")
