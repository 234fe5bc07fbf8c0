"""Rubric for what has no number: anchors 0 to 4, evidence that each score must rest on, scores that are void without it.

The rubric is a YAML file beside the plan, frozen by its hash before anyone scores.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.files.yaml_door import load_yaml, read_yaml
from xhcp_eval.plan.model import Plan

ITEM_KINDS = {"goal": "主要目标", "strategy": "策略措施", "measure": "组织实施"}
SCORE_COLUMNS = ("item", "rater", "role", "round", "score", "reason", "evidence")
EVIDENCE_COLUMNS = ("rater", "number", "type", "date", "issuer", "place", "seen_by", "description")
REQUIRED_OF_EVIDENCE = {
    "type": "类型",
    "date": "日期",
    "issuer": "出具单位",
    "place": "地点",
    "seen_by": "查看人",
}
THIRD_PARTY, SELF = "third_party", "self"
# a day, a month or a year, as people write it
_DAY = re.compile(r"((?:19|20)\d\d)(?:年?|[-/.年](\d{1,2})(?:月|[-/.月](\d{1,2})日?)?)")
_Score = Annotated[int, Field(ge=0, le=4)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EvidenceType(_Model):
    """A kind of evidence. supports: the highest score that it can carry by itself."""

    id: str
    name: str
    supports: _Score
    note: str = ""


class Rules(_Model):
    """When a score may be published, laid down before scoring.

    min_raters: third-party raters an item needs. max_range: largest difference between raters that still counts as
    one mind. least_alpha: Krippendorff's alpha of a domain below which any difference goes to Delphi. self_gap:
    difference from the department's own score that is named. stable_share: share of raters who keep their score
    from which a dissent counts as settled. most_rounds: Delphi rounds at most.
    """

    min_raters: int = Field(ge=2)
    max_range: float = Field(ge=0, le=4)
    least_alpha: float = Field(gt=0, lt=1)
    self_gap: float = Field(gt=0, le=4)
    stable_share: float = Field(gt=0.5, le=1)
    most_rounds: int = Field(ge=1, le=6)


class Rubric(_Model):
    """Anchors, evidence and rules. anchors: kind of item -> what earns 0, 1, 2, 3, 4. look_for: item -> what to ask for."""

    version: int
    goal_kinds: tuple[Literal["qualitative", "direction", "disparity", "quantified"], ...]
    rules: Rules
    evidence_types: tuple[EvidenceType, ...]
    anchors: dict[Literal["goal", "strategy", "measure"], tuple[str, str, str, str, str]]
    look_for: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _whole(self) -> Rubric:
        absent = [name for kind, name in ITEM_KINDS.items() if kind not in self.anchors]
        if absent:
            raise ValueError(f"缺少评分标准：{'、'.join(absent)}")
        if {0, 4} - {one.supports for one in self.evidence_types}:
            raise ValueError("证据类型里须有只支持 0 分的（查找无果）和能支持 4 分的")
        if len({one.id for one in self.evidence_types}) < len(self.evidence_types):
            raise ValueError("证据类型的 id 有重复")
        return self

    @property
    def hash(self) -> str:
        """First 16 digits of the SHA-256 of all that scores hang on: a sheet made under another rubric isn't read."""
        return hashlib.sha256(self.model_dump_json().encode("utf-8")).hexdigest()[:16]

    @property
    def supports(self) -> dict[str, int]:
        """Evidence type, by id and by Chinese name -> highest score it carries."""
        return {key: one.supports for one in self.evidence_types for key in (one.id, one.name)}


def load_rubric(path: str | Path) -> Rubric:
    """Rubric of a YAML file. Raises ParamsError, in Chinese, naming file and field."""
    return load_yaml(Path(path), Rubric, "评分标准")


def plan_wording(path: str | Path) -> dict[str, str]:
    """The plan's own words by id of goal, strategy or measure; none where the plan has no such file.

    Raises ParamsError for a file that isn't a list of texts.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    texts = read_yaml(path).get("texts")
    if not isinstance(texts, dict):
        raise ParamsError(f"规划原文 {path.name} 不能使用：缺少 texts（编号: 原文）")
    return {str(key): str(text) for key, text in texts.items()}


def rubric_items(rubric: Rubric, plan: Plan, wording: dict[str, str] | None = None) -> pd.DataFrame:
    """What is to be scored: one row an item with item, kind, domain, name, text, look_for (each ending a line).

    Goals of the kinds that the rubric names, all strategies, all implementation measures. wording: id -> the plan's
    own text. look_for: the rubric's, else what was committed to, for a goal
    by all of its strategies.
    Raises ParamsError for a `look_for` of something the plan doesn't have.
    """
    goals = [(g.id, "goal", g.domain, g.name) for g in plan.goals if g.kind in rubric.goal_kinds]
    strategies = [(s.id, "strategy", s.domain, s.name) for s in plan.strategies]
    measures = [(m.id, "measure", "", m.name) for m in plan.measures]
    frame = pd.DataFrame([*goals, *strategies, *measures], columns=["item", "kind", "domain", "name"])
    unknown = sorted(set(rubric.look_for) - set(frame["item"]))
    if unknown:
        raise ParamsError(f"评分标准 look_for 里有规划没有的项目：{'、'.join(unknown)}")
    frame["text"] = [(wording or {}).get(item, "") for item in frame["item"]]
    frame["look_for"] = [
        "\n".join(rubric.look_for.get(item) or _promises(plan, rubric, item)) for item in frame["item"]
    ]
    return frame


def _promises(plan: Plan, rubric: Rubric, item: str) -> list[str]:
    """What was committed to; for a goal, all that its strategies are asked for."""
    own = [s for s in (*plan.strategies, *plan.measures) if s.id == item or item in s.goals]
    asked = [
        text for s in own for text in (*(c.what_zh for c in s.commitments), *rubric.look_for.get(s.id, ()))
    ]
    return list(dict.fromkeys(text for text in asked if text))


def void_reasons(scores: pd.DataFrame, evidence: pd.DataFrame, rubric: Rubric) -> pd.Series:
    """Why a score doesn't count, empty where it does; index of `scores`.

    scores: `SCORE_COLUMNS`; `evidence` lists numbers of the rater's own evidence, separated by 、 or commas.
    evidence: `EVIDENCE_COLUMNS`, one row a piece. A score is void when it has no evidence with type, date, issuer,
    place and who saw it, when type or date of it can't be (`evidence_faults`), or when the strongest piece carries less than the
    score. An empty score is no score.
    Raises DataError (missing columns, scores that aren't whole numbers 0-4, the same score twice).
    """
    _check_columns(scores, SCORE_COLUMNS, "评分表")
    _check_columns(evidence, EVIDENCE_COLUMNS, "证据表")
    _check_scores(scores)
    supports = rubric.supports
    whole = (
        evidence[list(REQUIRED_OF_EVIDENCE)].map(lambda v: pd.notna(v) and bool(str(v).strip())).all(axis=1)
    )
    keys = list(zip(evidence["rater"], evidence["number"].map(_number), strict=True))
    faults = [list(evidence_faults(piece, rubric).values()) for piece in evidence.to_dict("records")]
    wrong = {key: "，".join(told) for key, told in zip(keys, faults, strict=True) if told}
    carried = {
        key: supports[kind]
        for key, kind, good in zip(keys, evidence["type"], whole, strict=True)
        if good and key not in wrong
    }
    known = set(keys)
    told = [
        _why_void(row.score, [(row.rater, n) for n in evidence_numbers(row.evidence)], carried, known, wrong)
        for row in scores.itertuples()
    ]
    return pd.Series(told, scores.index, dtype=object)


def evidence_faults(piece: dict, rubric: Rubric) -> dict[str, str]:
    """What can't be of a piece of evidence: field (type, date) -> Chinese sentence. What is left out is no fault here.

    piece: fields of `EVIDENCE_COLUMNS`. A date is a day, a month or a year, from 1900 on.
    """
    kind, day = (_text(piece.get(name)) for name in ("type", "date"))
    found = {}
    if kind and kind not in rubric.supports:
        allowed = "、".join(one.name for one in rubric.evidence_types)
        found["type"] = f"证据类型“{kind}”不认识；允许 {allowed}"
    if day and not _is_day(day):
        found["date"] = f"日期“{day}”不是日期；写作 2025-06-01、2025年6月 或 2025年"
    return found


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()


def _is_day(text: str) -> bool:
    found = _DAY.fullmatch(text)
    if not found:
        return False
    try:
        date(*(int(part or 1) for part in found.groups()))
    except ValueError:
        return False
    return True


def evidence_numbers(text: object) -> list[str]:
    """Numbers of evidence in a cell, such as "1、3，5"."""
    if text is None or (isinstance(text, float) and np.isnan(text)):
        return []
    for mark in "，,；;/ \n":
        text = str(text).replace(mark, "、")
    return [_number(part) for part in str(text).split("、") if part.strip()]


def _number(text: object) -> str:
    return str(text).strip().upper().removeprefix("E").removesuffix(".0")


def _why_void(score: float, cited: list, carried: dict, known: set, wrong: dict) -> str:
    if np.isnan(score):
        return ""
    absent = [number for rater, number in cited if (rater, number) not in known]
    if absent:
        return f"证据表里没有编号 {'、'.join(absent)}"
    valid = [carried[key] for key in cited if key in carried]
    if not valid and (bad := [key for key in cited if key in wrong]):
        return "；".join(f"证据 {key[1]} 不能用：{wrong[key]}" for key in bad)
    if not valid:
        return "所列证据缺少类型、日期、出具单位、地点或查看人" if cited else "没有证据"
    return "" if score <= max(valid) else f"所列证据最高只支持 {max(valid)} 分"


def _check_columns(frame: pd.DataFrame, names, title: str) -> None:
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise DataError(f"{title}缺少列 {'、'.join(absent)}；需要 {'、'.join(names)}")


def _check_scores(scores: pd.DataFrame) -> None:
    values = pd.to_numeric(scores["score"], errors="coerce")
    wrong = scores[(values.isna() & scores["score"].notna()) | (values.notna() & ~values.isin(range(5)))]
    if len(wrong):
        listed = "、".join(f"{r.item}（{r.rater}：{r.score}）" for r in wrong.head(5).itertuples())
        raise DataError(f"得分须为 0、1、2、3、4 中的一个，或空着不评；不符合的：{listed}")
    roles = sorted(set(scores["role"]) - {THIRD_PARTY, SELF})
    if roles:
        raise DataError(
            f"评分者身份 {'、'.join(map(str, roles))} 不认识；允许 {THIRD_PARTY}（第三方）、{SELF}（部门自评）"
        )
    twice = scores[scores.duplicated(["item", "rater", "round"], keep=False)]
    if len(twice):
        one = twice.iloc[0]
        raise DataError(
            f"同一评分者同一轮对同一项评了两次：{one['item']}（{one['rater']}，第{one['round']}轮）"
        )
    both = scores.groupby("rater")["role"].nunique()
    if (both > 1).any():
        raise DataError(f"评分者不能既是第三方又是自评：{'、'.join(map(str, both.index[both > 1]))}")
