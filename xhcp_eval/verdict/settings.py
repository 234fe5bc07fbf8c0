"""The thresholds that a verdict depends on: parameters of a pack, never constants in code."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Settings(BaseModel):
    """Rules of judgement, all printed in every report.

    secure: a target that is met today counts as 已达标 only with at least this probability of still being met.
    likely, unlikely: from `likely` on a target is 预期可达标, below `unlikely` 难以达标, between 存在风险.
    undecidable: where counts are small and the interval spans the target, a probability within this band gives
    无法判定. few_events: a rate from fewer events a year is pooled and never judged from one year alone.
    pool_years: width of the pooled window. few_cases: a unit (township, school) with a smaller denominator is
    judged on two pooled years. minimal_change: smallest relative change that counts as one where no interval
    exists. level: coverage of intervals. draws, seed: futures that are drawn, quasi-random, where a
    chance can't be integrated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    secure: float = Field(0.9, gt=0, lt=1)
    likely: float = Field(0.7, gt=0, lt=1)
    unlikely: float = Field(0.3, gt=0, lt=1)
    undecidable: tuple[float, float] = (0.1, 0.9)
    few_events: int = Field(30, ge=1)
    pool_years: int = Field(3, ge=1, le=5)
    few_cases: int = Field(50, ge=1)
    minimal_change: float = Field(0.02, ge=0, lt=1)
    level: float = Field(0.95, gt=0.5, lt=1)
    draws: int = Field(1000, ge=200, le=100_000)
    seed: int = Field(2030, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Settings:
        if not self.unlikely < self.likely <= self.secure:
            raise ValueError("阈值须满足 unlikely < likely ≤ secure")
        if not 0 <= self.undecidable[0] < self.undecidable[1] <= 1:
            raise ValueError("undecidable 须为 [低, 高]，且 0 ≤ 低 < 高 ≤ 1")
        return self
