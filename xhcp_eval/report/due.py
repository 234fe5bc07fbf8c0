"""What is late or has changed: departments that haven't reported, reports whose inputs have moved on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import XhcpError
from xhcp_eval.files import home

LATE, STALE, MISSING, BROKEN = "逾期未报", "报告须重做", "报告未做", "参数有误"
Thing = tuple[str, str, str]


def due(database: Path, plan: str) -> pd.DataFrame:
    """One row a thing to do. database: the project's, may not exist yet. plan: whose round is looked at.

    Columns: what (逾期未报, 报告须重做, 报告未做, 参数有误), subject (department or pack), detail.
    """
    return pd.DataFrame([*_late(database, plan), *_reports()], columns=["what", "subject", "detail"])


def _late(path: Path, plan: str) -> Iterator[Thing]:
    """Departments that are late in a round that is open."""
    from xhcp_eval.observations.store.database import Database
    from xhcp_eval.observations.store.rounds import round_status
    from xhcp_eval.plan.reading import load_plan

    if not path.is_file():
        return
    base, registry = Database(path), load_plan(plan)
    for row in base.sql("select year, due_on from rounds order by year").itertuples():
        found = round_status(base, registry, int(row.year))
        for late in found[found["standing"].isin(["逾期未报", "逾期未报齐"])].itertuples():
            yield LATE, late.department, f"{row.year} 年，截止 {row.due_on:%Y-%m-%d}，缺 {late.missing} 项"


def _reports() -> Iterator[Thing]:
    """Packs without a report, and those that rest on something that has changed since."""
    from xhcp_eval.pack.params import load_params

    for path in sorted((home.ROOT / "params").glob("*.yaml")):
        try:
            params = load_params(path)
        except XhcpError as error:
            yield BROKEN, path.stem, str(error).partition("\n")[0]
            continue
        record = home.ROOT / "reports" / params.pack / "run.json"
        if not record.is_file():
            yield MISSING, params.pack, params.title
            continue
        if changed := _changed(json.loads(record.read_text(encoding="utf-8")), params):
            yield STALE, params.pack, "变了：" + "、".join(changed)


def _changed(run: dict, params) -> list[str]:
    """What a report was made from and is no longer the same: inputs by their hash, parameters, the program."""
    from xhcp_eval import __version__
    from xhcp_eval.provenance import file_hash

    found = []
    for name, digest in run["inputs"].items():
        place = home.SHIPPED if name.startswith("xhcp_eval:") else home.ROOT
        path = place / name.removeprefix("xhcp_eval:")
        if not path.is_file():
            found.append(f"{name}（没有了）")
        elif file_hash(path) != digest:
            found.append(name)
    if json.loads(params.model_dump_json()) != run["parameters"]:
        found.append("参数")
    if run["version"] != __version__:
        found.append(f"程序 {run['version']} → {__version__}")
    return found
