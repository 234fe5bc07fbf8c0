"""What was promised: a plan read from its folder of YAML files and checked as a whole."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from xhcp_eval.errors import PlanError
from xhcp_eval.plan_model import (
    Ambiguity,
    Baseline,
    Commitment,
    DerivedFrom,
    Domain,
    Duty,
    Goal,
    Indicator,
    Milestone,
    Plan,
    Strategy,
    Target,
)
from xhcp_eval.provenance import ROOT

__all__ = [
    "Ambiguity",
    "Commitment",
    "Goal",
    "Indicator",
    "Milestone",
    "Plan",
    "Strategy",
    "Target",
    "load_plan",
]

PLANS = ROOT / "data" / "plans"
# File -> sections it may hold; a section becomes the field of the same name in Plan.
FILES: dict[str, tuple[str, ...]] = {
    "goals.yaml": ("goals",),
    "indicators.yaml": ("indicators",),
    "strategies.yaml": ("strategies", "measures"),
    "monitoring.yaml": ("duties",),
    "readings.yaml": ("readings",),
}
REQUIRED = ("plan.yaml", "indicators.yaml")
# Section or list of a section -> type of its entries, to tell which fields are allowed.
PARTS = {
    "domains": Domain, "goals": Goal, "indicators": Indicator, "targets": Target, "baselines": Baseline,
    "derived_from": DerivedFrom, "strategies": Strategy, "measures": Strategy, "commitments": Commitment,
    "duties": Duty, "readings": Ambiguity,
}  # fmt: skip
_ALLOWED_WORDS = {
    "missing": "缺少必填字段",
    "extra_forbidden": "不认识的字段",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "string_type": "应为文字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "tuple_type": "应为列表",
    "list_type": "应为列表",
    "dict_type": "应为字段和值",
    "model_type": "应为字段和值",
}


def load_plan(plan: str | Path) -> Plan:
    """Read and check a plan.

    plan: name of a folder in data/plans/ (letters, digits, underscores), or a folder as `Path`.
    Raises PlanError listing every problem at once: file, id, field, what is wrong, what is allowed.
    """
    folder = plan if isinstance(plan, Path) else _folder(plan)
    absent = [name for name in REQUIRED if not (folder / name).is_file()]
    if absent:
        raise PlanError(f"规划文件夹 {folder.name} 缺少文件：{'、'.join(absent)}")
    content = _read(folder / "plan.yaml")
    problems = []
    for name, sections in FILES.items():
        if (folder / name).is_file():
            found = _read(folder / name)
            unknown = set(found) - {*sections, "source", "version"}
            problems += [
                f"{name}：不认识的部分 {key}；允许：{'、'.join(sections)}" for key in sorted(unknown)
            ]
            content |= {key: found[key] for key in sections if key in found}
    if problems:
        raise PlanError(f"规划 {folder.name} 有误", problems)
    _complete_targets(content)
    try:
        result = Plan.model_validate(content)
    except ValidationError as error:
        problems = [_problem(fault, content) for fault in error.errors()]
        raise PlanError(f"规划 {folder.name} 有 {len(problems)} 处错误", problems) from None
    problems = _cross_check(result)
    if problems:
        raise PlanError(f"规划 {folder.name} 前后不一致，共 {len(problems)} 处", problems)
    return result


def _folder(name: str) -> Path:
    known = sorted(path.name for path in PLANS.iterdir() if path.is_dir()) if PLANS.is_dir() else []
    if not re.fullmatch(r"[A-Za-z0-9_]+", name) or name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"；是否指 {near[0]}" if near else ""
        raise PlanError(f"没有名为 {name!r} 的规划{hint}；data/plans/ 下有：{'、'.join(known)}")
    return PLANS / name


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe YAML that refuses a key given twice, of which plain YAML would silently keep the last."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"字段 {key!r} 重复", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> dict:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise PlanError(f"{path.name} 不是 UTF-8 编码（第 {error.start} 字节）") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
        raise PlanError(f"{path.name} {place}：YAML 语法错误：{error.problem}") from None
    except (yaml.YAMLError, TypeError) as error:
        raise PlanError(f"{path.name}：YAML 语法错误：{error}") from None
    if not isinstance(content, dict):
        raise PlanError(f"{path.name}：最外层应为字段和值")
    return content


def _complete_targets(content: dict) -> None:
    """Give each target its indicator and an id made of indicator, year, level and reading."""
    level = content.get("level")
    for indicator in content.get("indicators") or []:
        if not isinstance(indicator, dict) or not isinstance(indicator.get("targets"), list):
            continue
        seen: dict[str, int] = {}
        for target in indicator["targets"]:
            if isinstance(target, dict):
                target["indicator"] = indicator.get("id", "")
                if target.get("level") != level:
                    target.setdefault("role", "comparison")
                name = f"{indicator.get('id')}@{target.get('year')}"
                name += f".{target['level']}" if target.get("level") != level else ""
                name += f"#{target['reading']}" if target.get("reading") else ""
                seen[name] = seen.get(name, 0) + 1
                target["id"] = name if seen[name] == 1 else f"{name}:{target.get('op')}"


def _problem(fault: dict, content: dict) -> str:
    """One pydantic fault in Chinese: file, id, field, what is wrong, what is allowed."""
    path = list(fault["loc"])
    section = str(path[0]) if path else ""
    file = next((name for name, sections in FILES.items() if section in sections), "plan.yaml")
    entry, place = content, []
    for step in path:
        inside = isinstance(entry, dict) and step in entry
        inside |= isinstance(entry, list) and isinstance(step, int) and step < len(entry)
        entry = entry[step] if inside else None
        name = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(step, int):
            place.append(str(name or f"第{step + 1}项"))
        elif step != section or len(path) == 1:
            place.append(str(step))
    wrong = _wrong(fault)
    if fault["type"] == "extra_forbidden":
        parts = [step for step in path[:-1] if step in PARTS]
        wrong += f"；允许：{'、'.join((PARTS[parts[-1]] if parts else Plan).model_fields)}"
    return f"{file}：{' / '.join(place)}：{wrong}"


def _wrong(fault: dict) -> str:
    kind, given = fault["type"], fault.get("input")
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "literal_error":
        allowed = fault["ctx"]["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
        return f"{given!r} 不在允许的范围内；允许：{allowed}"
    if kind == "string_pattern_mismatch":
        return f"{given!r} 格式不对；应符合 {fault['ctx']['pattern']}"
    word = _ALLOWED_WORDS.get(kind, fault["msg"])
    return word if kind in ("missing", "extra_forbidden") else f"{word}，实为 {given!r}"


def _cross_check(plan: Plan) -> list[str]:
    """What no single entry shows: doubled ids, references to nothing, targets outside the plan's years."""
    problems = []
    for file, entries in (
        ("goals.yaml", plan.goals), ("indicators.yaml", plan.indicators), ("indicators.yaml", plan.targets()),
        ("strategies.yaml", [*plan.strategies, *plan.measures]), ("readings.yaml", plan.readings),
        ("strategies.yaml", plan.milestones), ("monitoring.yaml", plan.duties),
    ):  # fmt: skip
        ids = [entry.id for entry in entries]
        problems += (
            [f"{file}：{id}：编号重复" for id in dict.fromkeys(i for i in ids if ids.count(i) > 1)]
            if len(set(ids)) < len(ids)
            else []
        )
    domains, goals = {d.id for d in plan.domains}, {g.id for g in plan.goals}
    indicators, ambiguities = {i.id for i in plan.indicators}, {a.id for a in plan.readings}

    def refer(file: str, id: str, field: str, names, known: set[str], what: str) -> None:
        problems.extend(
            f"{file}：{id}：{field}：没有编号为 {n!r} 的{what}" for n in names if n and n not in known
        )

    for goal in plan.goals:
        refer("goals.yaml", goal.id, "domain", [goal.domain], domains, "领域")
        refer("goals.yaml", goal.id, "indicators", goal.indicators, indicators, "指标")
        refer("goals.yaml", goal.id, "anomaly", [goal.anomaly], ambiguities, "疑义")
    for i in plan.indicators:
        refer("indicators.yaml", i.id, "goal", [i.goal, *i.also_goals], goals, "主要目标")
        refer("indicators.yaml", i.id, "domain", [plan.domain_of(i)], domains, "领域")
        refer("indicators.yaml", i.id, "anomalies", i.anomalies, ambiguities, "疑义")
        refer(
            "indicators.yaml",
            i.id,
            "derived_from",
            [i.derived_from and i.derived_from.indicator],
            indicators,
            "指标",
        )
        for target in i.targets:
            refer(
                "indicators.yaml",
                i.id,
                f"targets / {target.id} / anomaly",
                [target.anomaly],
                ambiguities,
                "疑义",
            )
            if isinstance(target.year, int) and not plan.start_year <= target.year <= plan.end_year:
                problems.append(
                    f"indicators.yaml：{i.id}：targets / {target.id} / year：{target.year} 不在规划期内；"
                    f"允许 {plan.start_year}—{plan.end_year} 或 every_year"
                )
    for strategy in (*plan.strategies, *plan.measures):
        refer("strategies.yaml", strategy.id, "goals", strategy.goals, goals, "主要目标")
        named = [c.indicator for c in strategy.commitments]
        refer("strategies.yaml", strategy.id, "commitments", named, indicators, "指标")
    return problems
