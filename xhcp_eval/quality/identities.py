"""Relations that must hold between figures: declared as data beside the plan, checked here.

WHO Data Quality Review 2017, module 1, domain 3 (internal consistency) and Eurostat's validation levels 1-2.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
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
    """Events of `parts` together are at most, or equal to, those of `whole`."""

    whole: str
    parts: tuple[str, ...] = Field(min_length=1)
    relation: Literal["at_most", "equal"] = "equal"


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


class Identities(BaseModel):
    """All relations of a plan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    orders: tuple[Order, ...] = ()
    wholes: tuple[Whole, ...] = ()
    partitions: tuple[Partition, ...] = ()
    denominators: tuple[Denominators, ...] = ()

    def named(self) -> set[str]:
        """Ids of all indicators mentioned."""
        lists = [e.indicators for kind in (self.orders, self.partitions, self.denominators) for e in kind]
        lists += [(w.whole, *w.parts) for w in self.wholes] + [p.exempt for p in self.partitions]
        return {name for names in lists for name in names}


def load_identities(plan: Plan) -> Identities:
    """The relations declared in a plan's folder; none where the folder has no such file.

    Raises PlanError, in Chinese, for a file that is not as it must be or names unknown indicators.
    """
    path = plan_folder(plan.id) / FILE
    if not path.is_file():
        return Identities()
    found = load_yaml(path, Identities, f"规划 {plan.id} 的指标关系", PlanError, empty=True)
    unknown = sorted(found.named() - {i.id for i in plan.indicators})
    if unknown:
        raise PlanError(f"规划 {plan.id} 的 {FILE} 提到没有的指标：{'、'.join(unknown)}")
    return found


def events(table: pd.DataFrame) -> pd.Series:
    """What adds up in each row: the numerator, or the value itself where a number is reported as such."""
    return table["numerator"].where(table["unit"] != "count", table["value"])
