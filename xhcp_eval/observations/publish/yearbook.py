"""统计资料: the figures of a region as a workbook to be published, small cells suppressed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import DataError, PlanError
from xhcp_eval.files.home import plan_folder
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.observations.forms.workbook import group_name
from xhcp_eval.observations.publish.sheets import write_book
from xhcp_eval.observations.publish.suppression import suppress
from xhcp_eval.observations.table import DIMENSIONS, is_inside, is_unsure
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS

YEARS = 6
THRESHOLD = 5
_CUT = ["indicator", "region", *DIMENSIONS]


class Publication(BaseModel):
    """What may be printed. threshold: smallest count of people. not_people: indicators that count things."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: int = Field(THRESHOLD, ge=1, le=100)
    not_people: tuple[str, ...] = ()


def publication(plan: Plan) -> Publication:
    """The plan's own rule, from publication.yaml in its folder; every indicator counts people where there is none.

    Raises PlanError for a file that can't be used or an indicator that the plan doesn't have.
    """
    path = plan_folder(plan.id) / "publication.yaml"
    if not path.is_file():
        return Publication()
    rule = load_yaml(path, Publication, "发布规则", PlanError)
    unknown = sorted(set(rule.not_people) - {i.id for i in plan.indicators})
    if unknown:
        raise PlanError(f"发布规则 {path.name}：规划没有指标 {'、'.join(unknown)}")
    return rule


def published_table(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    year: int,
    threshold: int | None = None,
    exempt: Collection[str] | None = None,
) -> pd.DataFrame:
    """Figures of a region and its units of the last `YEARS` years, as they may be printed.

    observations: checked table. threshold, exempt: as for `suppression.suppress`
    (default: the plan's own rule). Returns the rows with columns topic,
    name, unit (label), group, published and suppressed beside those of the table. Raises DataError without figures.
    """
    table = observations[is_inside(observations, region)]
    table = table[(table["year"] <= year) & (table["year"] > year - YEARS) & ~is_unsure(table["status"])]
    names = {
        i.id: (d.name, i.name, n)
        for d in plan.domains
        for n, i in enumerate(plan.indicators)
        if plan.domain_of(i) == d.id
    }
    table = table[table["indicator"].isin(names)].reset_index(drop=True)
    if table.empty:
        raise DataError(f"{region} 在 {year - YEARS + 1}—{year} 年没有可发布的数据")
    facts = pd.DataFrame([names[id] for id in table["indicator"]], columns=["topic", "name", "_order"])
    rule = publication(plan)
    threshold = rule.threshold if threshold is None else threshold
    rows = suppress(table, threshold, exempt=rule.not_people if exempt is None else exempt).join(facts)
    rows["group"] = [group_name(row) for row in rows[_CUT].to_dict("records")]
    rows["unit_label"] = [UNITS[unit].label or "个数" for unit in rows["unit"]]
    rows["_part"] = rows["group"] != "合计"
    return rows.sort_values(["_order", "region", "_part", "group", "year"], kind="stable", ignore_index=True)


def write_yearbook(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    year: int,
    path: Path,
    *,
    threshold: int | None = None,
    exempt: Collection[str] | None = None,
) -> Path:
    """Write the yearbook of a data year (`sheets.write_book`), whole or not at all.

    path: .xlsx to write. Other arguments as for `published_table`. Returns the path.
    """
    threshold = publication(plan).threshold if threshold is None else threshold
    rows = published_table(observations, plan, region, year, threshold, exempt)
    count = (rows["suppressed"] != "").sum()
    hidden = [
        f"为保护儿童个人信息，小于{threshold}的人数写作“<{threshold}”；为防止由合计倒推，另有一些数写作“…”。共隐去 {count} 个。"
    ]
    return write_book(rows, plan, region, year, hidden, path)
