"""The command that makes a public edition."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xhcp_eval.commands.options import progress
from xhcp_eval.commands.reports import note, params_file
from xhcp_eval.files.home import ROOT

app = typer.Typer()
PERCENT = 100


@app.command()
def publish(
    pack: Annotated[Path, typer.Argument(help="报告包，例 annual_2024，或参数文件")],
    out: Annotated[Path, typer.Option(help="写到哪个文件夹里的 <报告包>.public")] = ROOT / "reports",
    trial: Annotated[bool, typer.Option("--dry-run", help="只试算能否公开，不写文件")] = False,
) -> None:
    """公开版统计资料：另成文件夹，只含可以公开的数；能被推算出小的人数时拒绝写出。"""
    from xhcp_eval.pack.params import load_params
    from xhcp_eval.report.run.public import publish_pack

    params, shown = load_params(params_file(pack)), 0
    with progress("隐去小的人数并试算能否推算", PERCENT) as step:

        def tell(done: int, of: int) -> None:
            nonlocal shown
            while shown < PERCENT * done // max(of, 1):
                step(None)
                shown += 1

        found = publish_pack(params, out, trial=trial, tell=tell)
    rows = found.edition.rows
    small, others = ((rows["suppressed"] == name).sum() for name in ("primary", "secondary"))
    typer.echo(
        f"{len(rows):,} 个数，不公布 {small + others} 个：人数小的 {small} 个，为防推算的 {others} 个。"
        f"连同以前的 {found.earlier} 版试算 {found.edition.protected} 个隐去的数，都推算不出。"
    )
    if found.folder is not None:
        note("公开统计资料", params.pack, str(found.folder))
    typer.echo("只作试算，没有写文件" if found.folder is None else f"已写入 {found.folder}")
