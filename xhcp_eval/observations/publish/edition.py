"""An edition to be published: which figures, what of them may be printed, and the attack that it has to stand before it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import DataError, DisclosureError, PlanError
from xhcp_eval.files.home import plan_folder
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.observations.forms.workbook import group_name
from xhcp_eval.observations.publish.suppression import audit, suppress
from xhcp_eval.observations.table import DIMENSIONS, KEY, is_inside, is_unsure
from xhcp_eval.plan.identities import Identities, load_identities
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.units import UNITS

YEARS = 6
THRESHOLD = 5
MAX_TOLD = 30
FILE = "publication.yaml"
KEPT: tuple[str, ...] = (*KEY, "level", "unit", "value", "numerator", "denominator", "status")
_CUT = ["indicator", "region", *DIMENSIONS]


class Publication(BaseModel):
    """What may be printed. threshold: smallest count of people. width: how many numbers must stay possible of each hidden
    one (default: threshold - 1, as many as "<threshold" itself leaves). years: that an edition holds. not_people:
    indicators that count things. withhold: indicators that aren't published.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: int = Field(THRESHOLD, ge=2, le=100)
    width: int | None = Field(None, ge=2, le=100)
    years: int = Field(YEARS, ge=1, le=30)
    not_people: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()

    @property
    def least(self) -> int:
        """Numbers that must stay possible of each hidden one."""
        return self.width or max(2, self.threshold - 1)


@dataclass(frozen=True)
class Edition:
    """rows: what may be printed, in the yearbook's order: topic, name, unit_label, region, group, year, published, suppressed,
    value (none where suppressed). kept: the same figures with their counts, for the audit of later editions; not to be
    published. protected: hidden cells, these and earlier ones, that were attacked in vain.
    """

    rows: pd.DataFrame
    kept: pd.DataFrame
    protected: int


def publication(plan: Plan) -> Publication:
    """The plan's own rule, from publication.yaml in its folder; every indicator counts people where there is none.

    Raises PlanError for a file that can't be used or an indicator that the plan doesn't have.
    """
    path = plan_folder(plan.id) / FILE
    if not path.is_file():
        return Publication()
    rule = load_yaml(path, Publication, "发布规则", PlanError)
    unknown = sorted({*rule.not_people, *rule.withhold} - {i.id for i in plan.indicators})
    if unknown:
        raise PlanError(f"发布规则 {path.name}：规划没有指标 {'、'.join(unknown)}")
    return rule


def make_edition(
    observations: pd.DataFrame,
    plan: Plan,
    region: str,
    year: int,
    *,
    earlier: Sequence[pd.DataFrame] = (),
    rule: Publication | None = None,
    tell: Callable[[int, int], object] = lambda done, of: None,
) -> Edition:
    """The figures of a region and its units of the last years, as they may be printed.

    observations: checked table. year: last year. earlier: what earlier editions printed and what stood behind it
    (`Edition.kept`). rule: of publication (default: the plan's own). tell: called with pieces done and in all.
    Raises DataError without figures, DisclosureError if a reader could narrow any hidden number down too far.
    """
    rule, identities = rule or publication(plan), load_identities(plan)
    table = publishable(observations, plan, region, year, rule)
    found = suppress(
        table, rule.threshold, width=rule.least, exempt=rule.not_people, identities=identities, earlier=earlier,
        tell=tell,
    )  # fmt: skip
    protected = attacked(found, table, plan, rule, identities, earlier)
    kept = table[list(KEPT)].assign(published=found["published"], suppressed=found["suppressed"])
    return Edition(in_order(found, plan), kept, protected)


def publishable(
    observations: pd.DataFrame, plan: Plan, region: str, year: int, rule: Publication
) -> pd.DataFrame:
    """Rows that an edition is made of. A gap between two groups would tell of both and is left out. Raises DataError."""
    table = observations[is_inside(observations, region)]
    table = table[(table["year"] <= year) & (table["year"] > year - rule.years) & ~is_unsure(table["status"])]
    names = {i.id for i in plan.indicators if i.kind != "gap"} - set(rule.withhold)
    table = table[table["indicator"].isin(names)].reset_index(drop=True)
    if table.empty:
        raise DataError(f"{region} 在 {year - rule.years + 1}—{year} 年没有可发布的数据")
    return table


def attacked(
    found: pd.DataFrame,
    table: pd.DataFrame,
    plan: Plan,
    rule: Publication,
    identities: Identities,
    earlier: Sequence[pd.DataFrame] = (),
) -> int:
    """Attack what is to be printed as a reader would; returns how many hidden cells stood it.

    found: result of `suppress`. table: what it was made of. Raises DisclosureError that lists the cells, how far they
    can be narrowed, and what would help.
    """
    seen = audit(found, table, width=rule.least, identities=identities, earlier=earlier)
    # limits nearer than the width asked for are the true ones
    told = seen[seen["high"] - seen["low"] + 1 < np.minimum(rule.least, seen["allowed"])]
    if len(told):
        raise DisclosureError(
            f"没有写文件：{len(told)} 个应隐去的数，读者能推算到不足 {rule.least} 个可能。"
            f"可在规划的 {FILE} 里把有关指标写入 withhold（不公布），或减少 years、不报分组数后再试",
            [_told(row, plan) for row in told.head(MAX_TOLD).itertuples()],
        )
    return len(seen)


def protection_words(rows: pd.DataFrame, rule: Publication) -> list[str]:
    """What readers are told of hidden figures: how many, why, and how to read them. rows: `Edition.rows`."""
    small, others = ((rows["suppressed"] == name).sum() for name in ("primary", "secondary"))
    return [
        f"为保护儿童个人信息，小于{rule.threshold}的人数，和与全体只差不到{rule.threshold}人的人数，不公布，共 {small} 个；"
        f"人数小的写作“<{rule.threshold}”，其余写作“…”。",
        f"为使这些数不能由合计、分组、相关指标和以前公布的版本推算出来，另有 {others} 个数也不公布，写作“…”。"
        f"本资料共 {len(rows):,} 个数，不公布的占 {(small + others) / len(rows):.1%}。",
    ]


def _told(row, plan: Plan) -> str:
    place = f"{plan.indicator(row.indicator).name}，{row.region}，{group_name(row._asdict())}，{row.year}年"
    if row.low == row.high:
        return f"{place}：只能是 {row.low:.0f}"
    return f"{place}：只能是 {row.low:.0f} 至 {row.high:.0f}（{row.high - row.low + 1:.0f} 个可能）"


def in_order(found: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Rows by domain and indicator as the plan has them, with names in words; counts left out."""
    domains = {d.id: d.name for d in plan.domains}
    order = [i for d in plan.domains for i in plan.indicators if plan.domain_of(i) == d.id]
    place = {i.id: (domains[plan.domain_of(i)], i.name, n) for n, i in enumerate(order)}
    rows = found[found["indicator"].isin(place)].reset_index(drop=True)
    facts = pd.DataFrame([place[id] for id in rows["indicator"]], columns=["topic", "name", "_order"])
    rows = rows.drop(columns=["numerator", "denominator", "note"], errors="ignore").join(facts)
    rows["group"] = [group_name(row) for row in rows[_CUT].to_dict("records")]
    rows["unit_label"] = [UNITS[unit].label or "个数" for unit in rows["unit"]]
    rows["_part"] = rows["group"] != "合计"
    return rows.sort_values(["_order", "region", "_part", "group", "year"], kind="stable", ignore_index=True)
