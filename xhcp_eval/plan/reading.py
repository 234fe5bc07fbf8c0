"""What was promised: a plan read from its folder of YAML files and checked as a whole."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xhcp_eval.errors import PlanError
from xhcp_eval.files.home import SHIPPED, plan_folders
from xhcp_eval.files.yaml_door import fault_text, fields_at, read_yaml
from xhcp_eval.plan.model import (
    SHORT,
    Ambiguity,
    Commitment,
    Goal,
    Indicator,
    Milestone,
    Plan,
    Strategy,
    Target,
)

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

# File -> sections it may hold; a section becomes the field of the same name in Plan.
FILES: dict[str, tuple[str, ...]] = {
    "goals.yaml": ("goals",),
    "indicators.yaml": ("indicators",),
    "strategies.yaml": ("strategies", "measures"),
    "monitoring.yaml": ("duties", "users"),
    "readings.yaml": ("readings",),
}
SECTIONS = tuple(section for sections in FILES.values() for section in sections)
REQUIRED = ("plan.yaml", "indicators.yaml")


def load_plan(plan: str | Path) -> Plan:
    """Read and check a plan.

    plan: name of a folder in data/plans/ of the project or of the package (letters, digits, underscores), or a folder as `Path`.
    Raises PlanError listing every problem at once: file, id, field, what is wrong, what is allowed.
    """
    folder = plan if isinstance(plan, Path) else _folder(plan)
    files = sorted(path for place in (folder, *_shared_places(folder)) for path in place.glob("*.yaml"))
    return _load(folder, tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files))


@lru_cache(maxsize=8)
def _load(folder: Path, files: tuple[tuple[str, int, int], ...]) -> Plan:
    """The plan of a folder, read again when its files or shared definitions (path, time, size) have changed."""
    absent = [name for name in REQUIRED if not (folder / name).is_file()]
    if absent:
        raise PlanError(f"规划文件夹 {folder.name} 缺少文件：{'、'.join(absent)}")
    content = read_yaml(folder / "plan.yaml", PlanError)
    problems = [
        f"plan.yaml：{key} 应写在 {name} 里" for name in FILES for key in FILES[name] if key in content
    ]
    for name, sections in FILES.items():
        if (folder / name).is_file():
            found = read_yaml(folder / name, PlanError)
            unknown = set(found) - {*sections, "source", "version"}
            problems += [
                f"{name}：不认识的部分 {key}；允许：{'、'.join(sections)}" for key in sorted(unknown)
            ]
            content |= {key: found[key] for key in sections if key in found}
    if problems:
        raise PlanError(f"规划 {folder.name} 有误", problems)
    _define_indicators(content, _shared_places(folder))
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
    known = plan_folders()
    if not re.fullmatch(r"[A-Za-z0-9_]+", name) or name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"；是否指 {near[0]}" if near else ""
        raise PlanError(f"没有名为 {name!r} 的规划{hint}；有：{'、'.join(sorted(known))}")
    return known[name]


def _shared_places(folder: Path) -> list[Path]:
    """Where definitions that several plans share may stand: beside the plan's folder, else in the package."""
    return list(dict.fromkeys((folder.parent, SHIPPED / "data" / "plans")))


def _define_indicators(content: dict, places: list[Path]) -> None:
    """Give the indicators the fields that several plans share; those that a plan adds nothing to are there without targets.

    places: folders that may have the file that plan.yaml names as definitions.
    """
    name, own = content.get("definitions"), content.get("indicators")
    if not isinstance(name, str) or not isinstance(own, list):
        return
    file = next((place / name for place in places if (place / name).is_file()), None)
    if file is None:
        raise PlanError(f"plan.yaml：definitions：data/plans/ 下没有文件 {name}")
    shared = {item["id"]: item for item in read_yaml(file, PlanError)["indicators"]}
    named = [item for item in own if isinstance(item, dict)]
    listed = {item.get("id") for item in named}
    content["indicators"] = [shared.get(item.get("id"), {}) | item for item in named]
    content["indicators"] += [item for id, item in shared.items() if id not in listed]


def _complete_targets(content: dict) -> None:
    """Give each target its indicator and an id made of indicator, year, level and reading."""
    level = content.get("level")
    indicators = content.get("indicators")
    for indicator in indicators if isinstance(indicators, list) else ():
        if not isinstance(indicator, dict) or not isinstance(indicator.get("targets"), list):
            continue
        seen: dict[str, int] = {}
        for target in indicator["targets"]:
            if isinstance(target, dict):
                target["indicator"] = indicator.get("id", "")
                other = target.get("level", level)
                if other != level:
                    target.setdefault("role", "comparison")
                name = f"{indicator.get('id')}@{target.get('year')}"
                name += f".{other}" if other != level else ""
                name += f"#{target['reading']}" if target.get("reading") else ""
                seen[name] = seen.get(name, 0) + 1
                target["id"] = name if seen[name] == 1 else f"{name}:{target.get('op')}"


def _problem(fault: Mapping[str, Any], content: dict) -> str:
    """One pydantic fault in Chinese: file, id, field, what is wrong, what is allowed."""
    path = list(fault["loc"])
    section = str(path[0]) if path else ""
    file = next((name for name, sections in FILES.items() if section in sections), "plan.yaml")
    entry: Any = content
    place: list[str] = []
    for step in path:
        inside = isinstance(entry, dict) and step in entry
        inside |= isinstance(entry, list) and isinstance(step, int) and step < len(entry)
        entry = entry[step] if inside else None
        name = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(step, int):
            place.append(str(name or f"第{step + 1}项"))
        elif step != section or len(path) == 1:
            place.append(str(step))
    allowed = [name for name in fields_at(Plan, path[:-1]) if len(path) > 1 or name not in SECTIONS]
    return f"{file}：{' / '.join(place)}：{fault_text(fault, allowed)}"


def _cross_check(plan: Plan) -> list[str]:
    """What no single entry shows: doubled ids, references to nothing, targets that can't be met or judged."""
    return [*_doubled(plan), *_dangling(plan), *_out_of_order(plan), *_unworded(plan)]


def _unworded(plan: Plan) -> Iterator[str]:
    """A plan that names its indicators for tiles names all with targets, each by a name of its own; nouns aren't numbers."""
    own = [i for i in plan.indicators if i.targets]
    if any(i.short_name_zh for i in own):
        for i in own:
            if not i.short_name_zh:
                yield f"indicators.yaml：{i.id}：short_name_zh：缺少；有目标的指标都须有，不超过{SHORT}字"
    names = Counter(i.short_name_zh for i in own if i.short_name_zh)
    yield from (f"indicators.yaml：short_name_zh：{name} 用了{n}次" for name, n in names.items() if n > 1)
    for i in plan.indicators:
        if re.search(r"[0-9（）()\s]", i.count_noun_zh):
            yield f"indicators.yaml：{i.id}：count_noun_zh：{i.count_noun_zh!r} 应为量词和名词，如 名学生、个村、例"


def _doubled(plan: Plan) -> Iterator[str]:
    for file, entries in (
        ("plan.yaml", plan.domains), ("goals.yaml", plan.goals), ("indicators.yaml", plan.indicators),
        ("indicators.yaml", plan.targets()), ("strategies.yaml", [*plan.strategies, *plan.measures]),
        ("strategies.yaml", plan.milestones), ("monitoring.yaml", plan.duties), ("readings.yaml", plan.readings),
    ):  # fmt: skip
        counts = Counter(entry.id for entry in entries)
        yield from (f"{file}：{id}：编号重复" for id, count in counts.items() if count > 1)


def _dangling(plan: Plan) -> Iterator[str]:
    domains, goals = {d.id for d in plan.domains}, {g.id for g in plan.goals}
    indicators, ambiguities = {i.id for i in plan.indicators}, {a.id for a in plan.readings}
    goals_, strategies, table, readings = "goals.yaml", "strategies.yaml", "indicators.yaml", "readings.yaml"
    # file, id, field, names, what they name, which are known
    references: list[tuple[str, str, str, Iterable[str | None], str, set[str]]] = []
    for goal in plan.goals:
        references += [
            (goals_, goal.id, "domain", [goal.domain], "领域", domains),
            (goals_, goal.id, "indicators", goal.indicators, "指标", indicators),
            (goals_, goal.id, "anomaly", [goal.anomaly], "疑义", ambiguities),
        ]
    for i in plan.indicators:
        source = i.derived_from.indicator if i.derived_from else None
        references += [
            (table, i.id, "goal", [i.goal, *i.also_goals], "主要目标", goals),
            (table, i.id, "domain", [plan.domain_of(i)], "领域", domains),
            (table, i.id, "anomalies", i.anomalies, "疑义", ambiguities),
            (table, i.id, "derived_from", [source], "指标", indicators),
        ]
        for t in i.targets:
            references.append((table, i.id, f"targets / {t.id} / anomaly", [t.anomaly], "疑义", ambiguities))
    for s in (*plan.strategies, *plan.measures):
        named = [c.indicator for c in s.commitments]
        references += [
            (strategies, s.id, "domain", [s.domain], "领域", domains),
            (strategies, s.id, "goals", s.goals, "主要目标", goals),
            (strategies, s.id, "commitments", named, "指标", indicators),
            (strategies, s.id, "anomaly", [s.anomaly], "疑义", ambiguities),
        ]
    for duty in plan.duties:
        references.append(("monitoring.yaml", duty.id, "users", duty.users, "使用者", set(plan.users)))
    for a in plan.readings:
        references += [
            (readings, a.id, "affects", a.affects, "指标", indicators),
            (readings, a.id, "default", a.default, "读法", {r.id for r in a.readings}),
        ]
    for file, id, field, names, what, known in references:
        yield from (
            f"{file}：{id}：{field}：没有编号为 {n!r} 的{what}" for n in names if n and n not in known
        )


def _out_of_order(plan: Plan) -> Iterator[str]:
    """Years, bounds and roles that contradict the plan or the indicator they belong to."""
    years = plan.base_year, plan.start_year, plan.midterm_year, plan.end_year
    if list(years) != sorted(years):
        yield f"plan.yaml：base_year、start_year、midterm_year、end_year 应先后相接，实为 {'、'.join(map(str, years))}"
    for i in plan.indicators:
        for t in i.targets:
            place = f"indicators.yaml：{i.id}：targets / {t.id}"
            if isinstance(t.year, int) and not plan.start_year <= t.year <= plan.end_year:
                yield (
                    f"{place} / year：{t.year} 不在规划期内；允许 {plan.start_year}—{plan.end_year} 或 every_year"
                )
            low, high = -math.inf if i.lower is None else i.lower, math.inf if i.upper is None else i.upper
            relative = t.op == "relative_change_vs_base"
            bounds = [] if relative else [("value", t.value)]
            for field, bound in (*bounds, ("floor", t.floor)):
                if bound is not None and not low <= bound <= high:
                    yield f"{place} / {field}：{bound:g} 超出指标的范围；允许 {low:g}—{high:g}"
            if t.level != plan.level and t.role != "comparison":
                yield f"{place} / role：{t.role!r} 不可用于其他层级的目标；允许：comparison"
