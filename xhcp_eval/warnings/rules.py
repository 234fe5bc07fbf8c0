"""The early-warning rules: their names, thresholds and words, and the row that a warning is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.plan.model import Indicator

HARD, WORSE, VOLATILE, BREAK, MISSING, FLOOR = (
    "hard_to_reach",
    "worse_two_years",
    "volatile",
    "sudden_break",
    "missing_two_years",
    "under_floor",
)
RULE_NAMES: dict[str, str] = {
    HARD: "难以达标", WORSE: "连续两年变差", VOLATILE: "波动超出计数误差", BREAK: "突然跳变", MISSING: "连续两年缺数据",
    FLOOR: "乡镇（街道）低于底线",
}  # fmt: skip
URGENT, ORDINARY, HINT = "重要", "一般", "提示"
SEVERITIES: tuple[str, ...] = (URGENT, ORDINARY, HINT)


class WarningRules(BaseModel):
    """Thresholds of the early-warning rules.

    probability: a target with a smaller probability is hard to reach. habit: a loss over two years counts from this
    many standard deviations of the series' own two-year change. habit_changes: earlier yearly changes that it takes to know
    it. level: coverage of the intervals that counts are held to. irregular: share of the level by which years deviate
    from their neighbours in the most restless tenth of real series (`skill` measures it), for series without
    counts. material, irregular_p: with counts a smaller share will do, if counting alone would give it as rarely as
    this. least_triples: runs of three years that it takes to tell. recent: a break
    warns this many years, the last included. missing: data years without a figure. fdr: false discovery rate among the
    townships of a target. stale: a last figure may lie this many years before the data year.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    probability: float = Field(0.3, gt=0, lt=1)
    habit: float = Field(1.0, ge=0)
    habit_changes: int = Field(4, ge=2)
    level: float = Field(0.95, gt=0.5, lt=1)
    irregular: float = Field(0.4, gt=0)
    material: float = Field(0.1, gt=0)
    irregular_p: float = Field(0.01, gt=0, lt=1)
    least_triples: int = Field(4, ge=1)
    recent: int = Field(2, ge=1)
    missing: int = Field(2, ge=1)
    fdr: float = Field(0.05, gt=0, lt=1)
    stale: int = Field(1, ge=0)

    def texts(self) -> dict[str, str]:
        """Each rule in Chinese, with its thresholds, by id."""
        percent = f"{self.level * 100:g}%"
        return {
            HARD: f"在目标年达标（或此后每年保持）的概率低于{self.probability * 100:g}%。",
            WORSE: (
                f"最近两个年度连续向不利方向变动，两年合计超过该序列自身两年变动标准差的{self.habit:g}倍"
                f"（至少{self.habit_changes}个更早的年变动，稳健估计）；有分子分母的，两年前后事件数之比的{percent}精确区间"
                f"还须不含1。既无分子分母、更早的年变动又不足{self.habit_changes}个的不判。"
            ),
            VOLATILE: (
                f"各年偏离前后两年连线的幅度，有分子分母的扣除计数误差后超过数值（比例取离两端较近一侧）的{self.material * 100:g}%，"
                f"且单凭计数误差产生这种波动的概率小于{self.irregular_p:g}（过离散检验）；没有分子分母的超过"
                f"{self.irregular * 100:g}%，即真实参照序列中最不平稳的一成。至少{self.least_triples}组连续三年。"
            ),
            BREAK: f"最近{self.recent}年内有未说明的跳变：年变动偏离该序列历年变动7个稳健标准差以上（计数误差计入）。",
            MISSING: f"曾经填报过的，或目标所需的指标，最近{self.missing}个数据年度都没有可用数字。",
            FLOOR: (
                f"目标为下限或上限时，乡镇（街道）数值的{percent}区间整个在不达标一侧，且在该目标的全部乡镇检验中按"
                f"Benjamini-Hochberg法错误发现率不超过{self.fdr * 100:g}%为明确；只是点值不达标为提示。案例少的合并数年判断；"
                "全区合计的个数目标不分解到乡镇。"
            ),
        }


def warning_row(
    rule: str, severity: str, indicator: Indicator, region: str, year: int, evidence: str, **more: str
) -> dict:
    """One warning as a row, without the rule's measured quality; more: series, target_id."""
    return {
        "rule": rule, "severity": severity, "indicator": indicator.id, "indicator_name": indicator.name,
        "region": region, "year": int(year), "evidence": evidence, "department": "、".join(indicator.departments),
        "series": "", "target_id": "",
    } | more  # fmt: skip
