"""Questionnaires: a plain export of a survey platform (one row a respondent), read by a description of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.observations.cells import Cells, Fault, open_table, text_of

ANSWERED, UNANSWERED, SKIPPED, UNSURE = "已答", "未答", "跳过", "不清楚"
# What the common platforms write for a question that wasn't shown, and for one left empty.
SKIP_WORDS = ("跳过", "(跳过)", "（跳过）", "-3")
EMPTY_WORDS = ("", "空", "(空)", "（空）", "未作答", "-2")
# Fewer answered questions than this share make a break-off, not a response (AAPOR Standard Definitions, 2016).
USABLE = 0.5
_STRICT = ConfigDict(extra="forbid", frozen=True)


class Scale(BaseModel):
    """Options of a question and the score of each, in the order printed.

    top: how many of the best scores count as satisfied. unsure: options such as 不清楚, which have no score. numbers: what
    a number in the export stands for, the score or the position of the option.
    """

    model_config = _STRICT
    options: dict[str, float] = Field(min_length=2)
    top: int = Field(2, ge=1)
    unsure: tuple[str, ...] = ()
    numbers: Literal["scores", "positions"] = "scores"

    @property
    def cut(self) -> float:
        """Lowest score that counts as satisfied."""
        return sorted(set(self.options.values()))[-self.top :][0]


class Item(BaseModel):
    """A scored question. importance_of: id of the satisfaction question whose importance this one asks for."""

    model_config = _STRICT
    id: str
    column: str
    label: str
    scale: str
    topic: str = ""
    importance_of: str = ""


class Group(BaseModel):
    """A column that divides respondents. population: people of each option, known from elsewhere (counts or shares)."""

    model_config = _STRICT
    name: str
    column: str
    options: tuple[str, ...] = Field(min_length=1)
    population: dict[str, float] = {}


class Description(BaseModel):
    """What each column of an export is. sent: questionnaires handed out to eligible people, by stratum or {全部: n}."""

    model_config = _STRICT
    title: str
    demonstration: bool = False
    source: str = ""
    scales: dict[str, Scale]
    items: tuple[Item, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = ()
    respondent: str = ""
    weight: str = ""
    stratum: str = ""
    cluster: str = ""
    sent: dict[str, int] = {}


@dataclass(frozen=True, eq=False)
class Questionnaire:
    """Answers of n respondents.

    answers: (n, items) scores, NaN where there is none. states: (n, items) why: 已答, 未答, 跳过 (not asked), 不清楚. groups:
    (n, groups) options, empty where not told. weight, stratum, cluster: (n,); empty clusters: drawn singly.
    """

    description: Description
    answers: pd.DataFrame
    states: pd.DataFrame
    groups: pd.DataFrame
    weight: np.ndarray
    stratum: np.ndarray
    cluster: np.ndarray


def load_description(path: str | Path) -> Description:
    """Description of a questionnaire from YAML (fields: `Description`). Raises ParamsError naming file and field."""
    path = Path(path)
    found = load_yaml(path, Description, "问卷说明")
    ids = [item.id for item in found.items]
    columns = [i.column for i in found.items] + [g.column for g in found.groups]
    problems = [
        f"{i.id}：没有量表 {i.scale}；允许 {'、'.join(found.scales)}"
        for i in found.items
        if i.scale not in found.scales
    ]
    problems += [
        f"{i.id}：importance_of 指向不存在的题 {i.importance_of}"
        for i in found.items
        if i.importance_of and i.importance_of not in ids
    ]
    problems += [f"题号 {name} 重复" for name in sorted({i for i in ids if ids.count(i) > 1})]
    problems += [f"列 {name} 用了两次" for name in sorted({c for c in columns if columns.count(c) > 1})]
    problems += [f"{g.name}：population 须恰好写明每个选项 {'、'.join(g.options)}" for g in found.groups if g.population and set(g.population) != set(g.options)]  # fmt: skip
    if problems:
        raise ParamsError(f"问卷说明 {path.name} 不能使用：", problems)
    return found


def read_questionnaire(path: str | Path, description: Description) -> Questionnaire:
    """Read an export (.csv, .xlsx), one row a respondent; columns that the description doesn't name are ignored.

    Raises DataError with every fault at once, naming row and column: a column missing or twice, an unknown option, a weight
    that is none or not above 0, an empty stratum or cluster, a respondent twice; and for fewer than 2 respondents.
    """
    cells = open_table(path)
    _check_columns(cells, description, Path(path).name)
    frame, faults = cells.frame.apply(text_of), list(cells.faults)
    answers, states = {}, {}
    for item in description.items:
        answers[item.id], states[item.id], wrong = _scores(frame[item.column], description.scales[item.scale])
        allowed = "、".join(description.scales[item.scale].options)
        faults += [
            Fault(row, item.column, f"“{frame.at[row, item.column]}”不是选项；允许 {allowed}")
            for row in wrong
        ]
    for group in description.groups:
        wrong = frame.index[~frame[group.column].isin([*group.options, *EMPTY_WORDS, *SKIP_WORDS])]
        faults += [Fault(row, group.column, f"“{frame.at[row, group.column]}”不是选项；允许 {'、'.join(group.options)}") for row in wrong]  # fmt: skip
    faults += _design_faults(frame, description)
    if faults:
        shown = [str(fault) for fault in sorted(faults)[:50]]
        raise DataError(f"问卷 {Path(path).name} 未读入，有 {len(faults)} 处问题：", shown)
    if len(frame) < 2:
        raise DataError(f"问卷 {Path(path).name} 只有 {len(frame)} 份答卷，至少要 2 份才能估计")
    groups = {g.name: frame[g.column].where(frame[g.column].isin(g.options), "") for g in description.groups}
    scored, told, grouped = (pd.DataFrame(part, index=frame.index) for part in (answers, states, groups))
    weight = frame[description.weight].to_numpy(float) if description.weight else np.ones(len(frame))
    blank = np.full(len(frame), "", object)
    stratum, cluster = (
        frame[c].to_numpy(object) if c else blank for c in (description.stratum, description.cluster)
    )
    return Questionnaire(description, scored, told, grouped, weight, stratum, cluster)


def _check_columns(cells: Cells, description: Description, name: str) -> None:
    design = [
        c for c in (description.respondent, description.weight, description.stratum, description.cluster) if c
    ]
    asked = [i.column for i in description.items] + [g.column for g in description.groups]
    wanted = dict.fromkeys(asked + design)
    there = list(cells.frame.columns)
    problems = [f"缺少列“{column}”" for column in wanted if column not in there]
    problems += [f"列“{column}”出现 {there.count(column)} 次" for column in wanted if there.count(column) > 1]
    if problems:
        raise DataError(f"问卷 {name} 未读入：列与问卷说明不符", problems)


def _scores(text: pd.Series, scale: Scale) -> tuple[pd.Series, pd.Series, pd.Index]:
    """Scores, states, and rows whose answer is no option."""
    number = pd.to_numeric(text, errors="coerce")
    codes = list(scale.options.values())
    table = dict(zip(codes if scale.numbers == "scores" else range(1, len(codes) + 1), codes, strict=True))
    score = text.map(scale.options).fillna(number.map(table)).astype(float)
    state = pd.Series(ANSWERED, text.index)
    for words, name in ((EMPTY_WORDS, UNANSWERED), (SKIP_WORDS, SKIPPED), (scale.unsure, UNSURE)):
        state = state.mask(score.isna() & text.isin(words), name)
    return score, state, text.index[score.isna() & (state == ANSWERED)]


def _design_faults(frame: pd.DataFrame, description: Description) -> list[Fault]:
    faults = []
    if description.weight:
        weight = pd.to_numeric(frame[description.weight], errors="coerce")
        bad = frame.index[~((weight > 0) & np.isfinite(weight))]
        faults += [
            Fault(row, description.weight, f"权重“{frame.at[row, description.weight]}”须为大于 0 的数")
            for row in bad
        ]
    for column in filter(None, (description.stratum, description.cluster)):
        faults += [Fault(row, column, "不能为空") for row in frame.index[frame[column] == ""]]
    if description.respondent:
        again = frame[description.respondent].duplicated()
        faults += [Fault(row, description.respondent, f"答卷 {frame.at[row, description.respondent]} 重复") for row in frame.index[again]]  # fmt: skip
    return faults
