"""`Verdicts`: what `judge` found, as numbers, in words, by goal, and what the coming years hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from xhcp_eval.errors import ParamsError
from xhcp_eval.plan.model import Plan
from xhcp_eval.verdict.goals import goal_verdicts
from xhcp_eval.verdict.outlook import Outlook
from xhcp_eval.verdict.schema import SHOWN
from xhcp_eval.verdict.series import Block
from xhcp_eval.verdict.settings import Settings

# Broken years of promises that hold every year: positions of region, target and series.
FAILED: tuple[str, ...] = ("region", "target", "series", "year", "first_year", "value")


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Verdicts on all targets of one region or of many.

    plan, settings, until: what they rest on. frame: one row a region and target, targets in the plan's order: columns of
    `schema` but the words. outlook: what the coming years hold. facts: what the plan says of each target. failed: broken
    years of yearly promises, columns `FAILED`.
    """

    plan: Plan
    settings: Settings
    until: int
    frame: pd.DataFrame
    outlook: Outlook
    facts: pd.DataFrame
    failed: pd.DataFrame

    def __repr__(self) -> str:
        where = self.regions[0] if len(self.regions) == 1 else f"{len(self.regions)} regions"
        return f"<Verdicts on {self.plan.id}: {where}, until {self.until}, {len(self.frame)} rows>"

    @property
    def block(self) -> Block:
        """The series that the verdicts rest on."""
        return self.outlook.block

    @property
    def regions(self) -> list[str]:
        """Paths of the regions judged, in order."""
        found = list(dict.fromkeys(self.frame["region"].astype(str)))
        return found or [str(path) for path in self.block.regions]

    @property
    def only(self) -> str:
        """Path of the one region judged. Raises ParamsError where there are several."""
        if len(self.regions) != 1:
            raise ParamsError(f"这里只能是一个地区，实为{len(self.regions)}个；先用 region(…) 选定")
        return self.regions[0]

    def region(self, path: str) -> Verdicts:
        """The verdicts of one of the regions. Raises ParamsError for another."""
        if path not in self.regions:
            from difflib import get_close_matches

            near = get_close_matches(path, self.regions, 3, 0.1) or self.regions[:3]
            raise ParamsError(f"没有判定过地区“{path}”；相近的有：{'、'.join(near)}")
        return replace(self, frame=self.frame[self.frame["region"] == path].reset_index(drop=True))

    def explained(self) -> pd.DataFrame:
        """The frame with its words (target, reason, failures …): columns `schema.SHOWN`, words as plain text."""
        return self._explained.copy()

    @cached_property
    def _explained(self) -> pd.DataFrame:
        from xhcp_eval.verdict.words import explain

        return explain(self)[list(SHOWN)]

    def goals(self) -> pd.DataFrame:
        """One row a goal of the plan for the one region judged, see `goals.goal_verdicts`."""
        return goal_verdicts(self.plan, self.frame[self.frame["region"] == self.only])

    def _repr_html_(self) -> str:
        """The verdicts as a table, for a notebook."""
        shown = [
            "region",
            "indicator_name",
            "target_year",
            "latest_value",
            "target_value",
            "probability",
            "status",
        ]
        return self.frame[shown].head(60)._repr_html_()
