"""A new project, and a new params file in it, to begin with."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from xhcp_eval.errors import ParamsError, ProjectError
from xhcp_eval.files.home import DEFAULT_PLAN, MARK, ROOT, SHIPPED, plan_folder, plan_folders
from xhcp_eval.files.whole import replacing, whole_file
from xhcp_eval.files.yaml_door import read_yaml
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan

# Kind of report -> the params file of the package that it follows.
KINDS = {
    "annual": "annual_2024",
    "midterm": "midterm_2025",
    "final": "final_2030",
    "third_party": "third_party_2025",
}
NAMES = {
    "annual": "年度监测报告",
    "midterm": "中期评估报告",
    "final": "终期评估报告",
    "third_party": "第三方评估报告",
}
DATABASE = "data/xhcp.duckdb"
DOMAIN = "30_domain.ipynb"
_MARK = """\
# 本文件夹是一个评估项目：xhcp 的命令从当前文件夹向上找到它。
[project]
name = "{name}"
plan = "{plan}"            # 命令里不写 --plan 时用的规划
created_with = "{version}"
"""
_README = """\
# {name}

由 xhcp_eval {version} 建立。{demo}

| 文件夹 | 内容 |
|---|---|
| params/ | 一份报告一个参数文件：用哪个规划、哪些数据、哪些章节 |
| data/ | 规划（data/plans/）、数据表、监测数据库（data/xhcp.duckdb） |
| notebooks/ | 报告各章的笔记本，可以改；和安装包里不同的，xhcp doctor 会列出 |
| reports/ | 生成的报告，用浏览器打开 reports/index.html |

在本文件夹中运行：

```
xhcp plan                       # 检查规划
xhcp template --year {year}        # 发给各部门的填报表，在 reports/templates/
xhcp import reports/templates/*.xlsx   # 收回入库，有错的退回
xhcp report                     # 运行 params/ 里的全部报告
xhcp lab                        # 打开 JupyterLab
xhcp doctor                     # 有问题时先看这里
```

新的报告：`xhcp params new 名称 --kind midterm --until {year}`；新的规划：`xhcp plan new 名称`。
"""
_IGNORED = "reports/*\n!reports/.gitkeep\ndata/*.duckdb\ndata/*.duckdb.wal\n.ipynb_checkpoints/\n"


def new_project(folder: Path, plan: str = DEFAULT_PLAN, demo: bool = False) -> Path:
    """Make a project folder: notebooks, params files, the plan, tables, a README of its own; returns the folder.

    folder: must not exist yet, or be empty. plan: its plan, by name. demo: with all reports of the package and the data they run on;
    otherwise the package's reports on that plan that don't run on demonstration data, or a first params file where there are none.
    Raises ProjectError for a folder with something in it, PlanError for an unknown plan.
    """
    folder = Path(folder).expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} 已存在，且不是空文件夹；请换一个位置")
    found = load_plan(plan)
    packs = _packs(plan, demo)
    with replacing(folder) as work:
        _copy((path.name for path in sorted((SHIPPED / "notebooks").glob("*.ipynb"))), "notebooks", work)
        _copy((path.name for path in packs), "params", work)
        if demo:
            _copy(["example.yaml"], "params/batches", work)
        for name in {plan} | {read_yaml(path, ParamsError)["plan"] for path in packs}:
            _copy_plan(name, work)
        for name in _tables(packs):
            _copy([Path(name).name], Path(name).parent.as_posix(), work)
        for name in ("demo",) if demo else ():
            shutil.copytree(SHIPPED / "data" / name, work / "data" / name, dirs_exist_ok=True)
        _write_own(work, found, demo)
        if not packs:
            write_params("midterm", found, "midterm", found.midterm_year, work)
    return folder


def _packs(plan: str, demo: bool) -> list[Path]:
    """Params files of the package that a project takes."""
    known = sorted((SHIPPED / "params").glob("*.yaml"))
    if demo:
        return known
    contents = {path: read_yaml(path, ParamsError) for path in known}
    return [
        path
        for path, content in contents.items()
        if content["plan"] == plan and not any(name.startswith("data/demo/") for name in content["data"])
    ]


def _tables(packs: Iterable[Path]) -> set[str]:
    """Files that params files name, but for those of the demonstration, and what goes with them."""
    fields = ("data", "comparison_data", "outcome_data", "learn_from")
    contents = [read_yaml(path, ParamsError) for path in packs]
    named = {name for content in contents for field in fields for name in content.get(field, ())}
    found = {name for name in named if not name.startswith("data/demo/")}
    places = {Path(name).parent for name in found}
    return found | {
        path.relative_to(SHIPPED).as_posix()
        for place in places
        for path in (SHIPPED / place).iterdir()
        if path.is_file()
    }


def _copy(names: Iterable[str], place: str, work: Path) -> None:
    """Copy files of the package's folder `place` into the project's; contents only, for the package's may be read-only."""
    (work / place).mkdir(parents=True, exist_ok=True)
    for name in names:
        (work / place / name).write_bytes((SHIPPED / place / name).read_bytes())


def _copy_plan(name: str, work: Path) -> None:
    """A plan's folder, and the definitions it shares with others."""
    source = plan_folders()[name]
    target = work / "data" / "plans" / name
    target.mkdir(parents=True)
    for path in sorted(source.glob("*.yaml")):
        (target / path.name).write_bytes(path.read_bytes())
    for path in sorted(source.parent.glob("*.yaml")):
        (target.parent / path.name).write_bytes(path.read_bytes())


def _write_own(work: Path, plan: Plan, demo: bool) -> None:
    from xhcp_eval import __version__

    told = "带演示数据：其中的数字都是生成的，不是任何地区的真实情况。" if demo else ""
    name = f"{plan.region}儿童发展规划评估"
    texts = {
        MARK: _MARK.format(name=name, plan=plan.id, version=__version__),
        "README.md": _README.format(name=name, version=__version__, demo=told, year=plan.midterm_year),
        ".gitignore": _IGNORED,
        "reports/.gitkeep": "",
    }
    for file, text in texts.items():
        (work / file).parent.mkdir(exist_ok=True)
        (work / file).write_text(text, encoding="utf-8", newline="\n")


def write_params(pack: str, plan: Plan, kind: str, until: int, root: Path = ROOT) -> Path:
    """Write a params file for a plan, as the package's report of that kind has it; returns its path.

    pack: name of the report. kind: of `KINDS`. until: last year of data. root: the project. The data are those of the project's database.
    Raises ParamsError for a name that isn't allowed or is taken, or an unknown kind.
    """
    if not re.fullmatch(r"[a-z0-9_]{1,60}", pack):
        raise ParamsError(f"报告名 {pack!r} 不合要求：只用小写英文字母、数字、下划线，例 midterm_2025")
    if kind not in KINDS:
        raise ParamsError(f"没有报告种类 {kind!r}；允许：{'、'.join(KINDS)}")
    path = root / "params" / f"{pack}.yaml"
    if path.exists():
        raise ParamsError(f"已有 params/{pack}.yaml；请换一个名称，或直接改它")
    content = _adapted(
        read_yaml(SHIPPED / "params" / f"{KINDS[kind]}.yaml", ParamsError), pack, plan, kind, until
    )
    with whole_file(path) as made:
        made.write_text(_text(content), encoding="utf-8", newline="\n")
    return path


def _adapted(content: dict, pack: str, plan: Plan, kind: str, until: int) -> dict:
    """The package's params with the plan's own name, region, domains and data; without what belongs to the demonstration."""
    given = {
        "pack": pack,
        "title": f"{plan.name}{NAMES[kind]}",
        "subtitle": f"数据截至{until}年",
        "plan": plan.id,
        "region": plan.region,
        "data": [DATABASE],
        "data_until": until,
        "jobs": content.get("jobs", 2),
        "documents": content["documents"],
    }
    others = [section for section in content["sections"] if section["notebook"] != DOMAIN]
    domains = [
        {"notebook": DOMAIN, "title": f"儿童与{domain.name}", "parameters": {"domain": domain.id}}
        for domain in plan.domains
    ]
    has_rubric = (plan_folder(plan.id) / "rubric.yaml").is_file()
    sections = [*others[:2], *(domains if kind != "third_party" else []), *others[2:]]
    given["sections"] = [s for s in sections if has_rubric or s["notebook"] not in _NEED_EVALUATION]
    return given


_NEED_EVALUATION = (
    "40_third_party_evaluation.ipynb",
    "47_strategy_effect.ipynb",
    "60_outcomes.ipynb",
    "35_disputed_readings.ipynb",
)
_COMMENTS = {
    "data": "数据：监测数据库（先用 xhcp import 入库），或数据表，如 data/我的数据.csv",
    "data_until": "用到哪一年的数据",
    "jobs": "同时运行几个笔记本",
    "documents": "领导简报和正式报告由哪些笔记本编成",
    "sections": "监测数据页的章节，先后即页上的先后",
}


def _text(content: dict) -> str:
    """YAML with a line a notebook, and what the fields are for."""
    lines = ["# 参数文件：一份报告。改坏了会在运行前逐条指出；全部字段见文档“参数文件”。"]
    for field, value in content.items():
        lines += [f"# {_COMMENTS[field]}"] if field in _COMMENTS else []
        lines += _field(field, value)
    return "\n".join(lines) + "\n"


def _field(name: str, value: object, indent: str = "") -> list[str]:
    if isinstance(value, dict):
        return [
            f"{indent}{name}:",
            *(line for key, part in value.items() for line in _field(key, part, indent + "  ")),
        ]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f"{indent}{name}:", *(f"{indent}- {_flow(item)}" for item in value)]
    return [f"{indent}{name}: {_flow(value)}"]


def _flow(value: object) -> str:
    return (
        yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000)
        .strip()
        .removesuffix("\n...")
        .strip()
    )
