"""What a plan's monitoring.yaml holds: its duties, the office that writes to departments, the marks of its statistical forms."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TO_FILL = "（待填）"  # where a paper must say something that the plan doesn't give
YEAR_MONTH = r"^(\d{4}年(0?[1-9]|1[0-2])月)?$"
CLASSIFICATION = r"^((公开|内部资料|秘密|机密)(★.{1,8})?)?$"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Duty(_Entry):
    """A monitoring or evaluation duty laid down by the plan."""

    id: str
    clause: str
    demand_zh: str
    demand_en: str = ""
    system_requirement: str = ""
    users: tuple[str, ...] = ()
    frequency: tuple[Literal["annual", "mid_term", "final", "ad_hoc", "continuous"], ...] = ()


class Office(_Entry):
    """Who writes to departments. Fields that are left out are printed as `TO_FILL`.

    unit: 发文机关, on the letterhead and as signature. code: 机关代字, before the year in the number of a letter (平新妇儿工委函).
    contact, phone, address: whom a department asks and where it answers to. classification: 密级, as on the cover of a
    report; none if empty. days: calendar days that departments have for an answer.
    """

    unit: str = Field("", max_length=60)
    code: str = Field("", max_length=20)
    contact: str = Field("", max_length=30)
    phone: str = Field("", max_length=40)
    address: str = Field("", max_length=80)
    classification: str = Field("", pattern=CLASSIFICATION)
    days: int = Field(15, ge=1, le=180, strict=True)

    @property
    def signature(self) -> str:
        """The unit as it stands on a letter."""
        return self.unit or f"发文机关{TO_FILL}"

    def number(self, year: int, count: int) -> str:
        """发文字号 of the count-th letter of a year."""
        return f"{self.code or f'发文代字{TO_FILL}'}〔{year}〕{count}号"


class FormMarks(_Entry):
    """What the law has every statistical form say of itself (统计法; 部门统计调查项目管理办法).

    numbers: 表号 by lead department. issuer: 制定机关. approval: whether the survey was approved (批准) or put on file (备案).
    approver, approval_number: by whom and under which number. valid_until: 有效期至, such as 2028年6月. compiler: 综合机关, to whom
    the forms go. Without the number of its approval a form is an internal one and says so.
    """

    numbers: dict[str, str] = {}
    issuer: str = Field("", max_length=60)
    approval: Literal["批准", "备案"] = "批准"
    approver: str = Field("", max_length=60)
    approval_number: str = Field("", max_length=60)
    valid_until: str = Field("", pattern=YEAR_MONTH)
    compiler: str = Field("", max_length=60)

    def lines(self, department: str) -> list[tuple[str, str]]:
        """Label and text of the marks at the top right of a department's form, in their order."""
        if not self.approval_number:
            number, none = "（未批准，内部使用）", "（无）"
            return [("表号", number), ("制定机关", self.issuer or TO_FILL), ("批准机关", none), ("批准文号", none),
                    ("有效期至", none)]  # fmt: skip
        return [
            ("表号", self.numbers.get(department) or TO_FILL),
            ("制定机关", self.issuer or TO_FILL),
            (f"{self.approval}机关", self.approver or TO_FILL),
            (f"{self.approval}文号", self.approval_number),
            ("有效期至", self.valid_until or TO_FILL),
        ]
