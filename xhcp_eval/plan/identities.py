"""Relations that must hold between figures: data beside the plan, by which figures are checked and small ones protected.

WHO Data Quality Review 2017, module 1, domain 3 (internal consistency) and Eurostat's validation levels 1-2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from xhcp_eval.errors import PlanError
from xhcp_eval.files.home import plan_folder
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.plan.model import Plan

RELATIONS = {"at_most": "不超过", "equal": "等于"}
FILE = "identities.yaml"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str


class Order(_Entry):
    """Values of `indicators` never fall along the list, in every place, year and group."""

    indicators: tuple[str, ...] = Field(min_length=2)


class Whole(_Entry):
    """Events of `parts` together are at most, or equal to, those of `whole`.

    denominator: the events of the whole are also the denominator of each part (left-behind children, and those of
    them who are cared for), so that a part's rate tells the whole.
    """

    whole: str
    parts: tuple[str, ...] = Field(min_length=1)
    relation: Literal["at_most", "equal"] = "equal"
    denominator: bool = False


class Partition(_Entry):
    """Groups that make up the total: `parts` of a dimension, or all units of a `level` below a region.

    exempt: indicators to which it doesn't apply (a child may be counted in two groups).
    """

    dimension: Literal["sex", "age", "residence", "category", "region"]
    parts: tuple[str, ...] = ()
    level: str = ""
    indicators: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Partition:
        if self.dimension == "region" and not self.level:
            raise ValueError("dimension 为 region 时须写 level（如 township）")
        if self.dimension != "region" and len(self.parts) < 2:
            raise ValueError("须写 parts，至少两项")
        return self


class Denominators(_Entry):
    """Indicators whose denominators are the same children."""

    indicators: tuple[str, ...] = Field(min_length=2)


class Moving(_Entry):
    """An indicator whose events are those of another in its own year and the years before it."""

    indicator: str
    of: str
    years: int = Field(ge=2, le=10)


class Residence(BaseModel):
    """Which units make up a region's urban and rural part. level: of the units. urban, rural: how their names end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: str
    urban: tuple[str, ...] = Field(min_length=1)
    rural: tuple[str, ...] = Field(min_length=1)


class Identities(BaseModel):
    """All relations of a plan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    orders: tuple[Order, ...] = ()
    wholes: tuple[Whole, ...] = ()
    partitions: tuple[Partition, ...] = ()
    denominators: tuple[Denominators, ...] = ()
    moving: tuple[Moving, ...] = ()
    residence: Residence | None = None

    def named(self) -> set[str]:
        """Ids of all indicators mentioned."""
        lists = [e.indicators for kind in (self.orders, self.partitions, self.denominators) for e in kind]
        lists += [(w.whole, *w.parts) for w in self.wholes] + [p.exempt for p in self.partitions]
        lists += [(m.indicator, m.of) for m in self.moving]
        return {name for names in lists for name in names}


def load_identities(plan: Plan, folder: Path | None = None) -> Identities:
    """The relations declared in a plan's folder; none where the folder has no such file.

    folder: of the plan, if not the one of its id. Raises PlanError, in Chinese, for a file that is not as it must be or
    names unknown indicators.
    """
    path = (folder or plan_folder(plan.id)) / FILE
    if not path.is_file():
        return Identities()
    found = load_yaml(path, Identities, f"规划 {plan.id} 的指标关系", PlanError, empty=True)
    unknown = sorted(found.named() - {i.id for i in plan.indicators})
    if unknown:
        raise PlanError(f"规划 {plan.id} 的 {FILE} 提到没有的指标：{'、'.join(unknown)}")
    return found
