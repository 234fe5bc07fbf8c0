"""The command `sources`: which figures rest on what, which of them nothing speaks for, what to look up next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xhcp_eval.commands.options import JsonOption, tell_table
from xhcp_eval.errors import ParamsError
from xhcp_eval.files.home import ROOT

if TYPE_CHECKING:
    import pandas as pd

    from xhcp_eval.pack.pack import Pack

app = typer.Typer()
PARAMS = ROOT / "params"


@app.command()
def sources(
    name: Annotated[str, typer.Argument(help="报告包、参数文件或规划；不写则全部报告包，只列总数")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="有结论建立在只见一处或凭回忆的数字上时，以结束码 1 结束")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """列出报告的数字出自哪些文件、哪些没有佐证、下一步去哪里查；--check 核对结论的依据。"""
    from xhcp_eval.pack.pack import compute_pack
    from xhcp_eval.pack.params import load_params
    from xhcp_eval.verdict.footing import unsure_verdicts

    found: list[pd.DataFrame] = []
    for path in _chosen(name):
        pack = compute_pack(load_params(path))
        faults = unsure_verdicts(pack.assessment, pack.observations, pack.plan)
        found.append(faults.assign(pack=pack.params.pack))
        if as_json:
            continue
        typer.echo(_headline(pack))
        if name:
            _tell(pack)
        for row in faults.itertuples():
            typer.echo(f"  ✗ {row.indicator_name}（{row.target_id}）判为“{row.status}”：{row.why}")
        if faults.empty:
            typer.echo("  ✓ 没有结论建立在只见一处或凭回忆的数字上")
    if as_json:
        import pandas as pd

        tell_table(pd.concat(found, ignore_index=True), {}, as_json, "")
    if check and any(len(faults) for faults in found):
        raise typer.Exit(1)


def _chosen(name: str) -> list[Path]:
    """Params files of a pack, of a plan, or all of them. Raises ParamsError for an unknown name."""
    from xhcp_eval.files.yaml_door import near
    from xhcp_eval.pack.params import load_params

    packs = sorted(PARAMS.glob("*.yaml"))
    if not name:
        return packs
    for path in (Path(name), PARAMS / f"{name}.yaml"):
        if path.is_file():
            return [path]
    plans = {path: load_params(path).plan for path in packs}
    if found := [path for path, plan in plans.items() if plan == name]:
        return found
    raise ParamsError(
        f"没有报告包或规划“{name}”；{near(name, [*(p.stem for p in packs), *set(plans.values())])}"
    )


def _headline(pack: Pack) -> str:
    from xhcp_eval.observations.table import STATUS_LABELS

    counts = pack.observations["status"].map(STATUS_LABELS).value_counts()
    return f"{pack.params.pack}（{pack.params.title}）：{len(pack.observations)} 个数，" + "、".join(
        f"{label} {n}" for label, n in counts.items()
    )


def _tell(pack: Pack) -> None:
    """The documents, the figures that nothing speaks for, and where to look."""
    from xhcp_eval.observations.table import STATUS_LABELS
    from xhcp_eval.quality.sourcing import documents, read_missing, unsure_figures

    names = {i.id: i.name for i in pack.plan.reportable}
    typer.echo("数字出自：")
    for row in documents(pack.observations, pack.plan).itertuples():
        years = f"{row.first}" if row.first == row.last else f"{row.first}—{row.last}"
        how = f"（{row.read}）" if row.read else ""
        typer.echo(f"  {STATUS_LABELS[row.status]} {row.n} 个，{years}年：{row.source}{how}")
    unsure = unsure_figures(pack.observations)
    typer.echo(f"没有佐证、不承担结论的：{len(unsure)} 个")
    for (indicator, status), part in unsure.groupby(["indicator", "status"], sort=False):
        typer.echo(f"  {STATUS_LABELS[str(status)]}：{names[indicator]} {_years(part)}")
    missing = read_missing([ROOT / table for table in pack.params.data], pack.plan)
    asked = {target.indicator for target in pack.plan.targets()}
    typer.echo("下一步去查（只列有目标的指标）：")
    for row in missing[missing["indicator"].isin(asked)].itertuples():
        typer.echo(f"  {names[row.indicator]}，{row.years}：{row.what}。见{row.where}")


def _years(part: pd.DataFrame) -> str:
    from xhcp_eval.observations.table import TOTAL

    words = {TOTAL: "", "urban": "城市", "rural": "农村"}
    return "；".join(
        f"{words[str(residence)]}{'、'.join(str(year) for year in rows['year'])}"
        for residence, rows in part.groupby("residence", sort=False)
    )
