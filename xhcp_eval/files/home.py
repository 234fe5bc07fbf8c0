"""Where things are: the project that is worked in, and what the package brings along.

A project is a folder with `xhcp.toml`: params/, data/, notebooks/ and reports/ stand in it. A checkout of the repository is
one. Files that a project lacks (plans, reference data) are taken from the package, which is never written to.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from xhcp_eval.errors import ProjectError

MARK = "xhcp.toml"
VARIABLE = "XHCP_PROJECT"  # names the project to this process and to those it starts
QUIET = "XHCP_QUIET"  # set: only results and errors are told, also by those it starts
PACKAGE = Path(__file__).resolve().parent.parent
# A wheel carries them inside the package, a checkout beside it.
SHIPPED = PACKAGE / "shipped" if (PACKAGE / "shipped").is_dir() else PACKAGE.parent
DEFAULT_PLAN = "xinhua_2021_2030"


def find_project(start: Path, given: str = "") -> Path | None:
    """The project's folder: the one given, else the first from `start` upwards that has `xhcp.toml`, else the checkout.

    start: folder where the search begins. given: folder named by the user, by option or by variable.
    None outside a project; also when the folder given is none.
    """
    if given:
        folder = Path(given).expanduser().resolve()
        return folder if (folder / MARK).is_file() else None
    for folder in (start, *start.parents):
        if (folder / MARK).is_file():
            return folder
    return SHIPPED if (SHIPPED / MARK).is_file() else None


def _working_folder() -> Path:
    """The working directory; the package's where it has been removed under us."""
    try:
        return Path.cwd().resolve()
    except FileNotFoundError:
        return PACKAGE.parent


PROJECT = find_project(_working_folder(), os.environ.get(VARIABLE, ""))
# Outside a project the working directory stands for it: nothing is ever written into the package.
ROOT = PROJECT or _working_folder()


def require_project() -> Path:
    """The project's folder. Raises ProjectError outside a project: says where was looked, and how to make one."""
    if PROJECT is not None:
        return PROJECT
    given = os.environ.get(VARIABLE, "")
    where = f"文件夹 {given}" if given else f"{_working_folder()} 和它的上级文件夹"
    raise ProjectError(
        f"{where}中没有 {MARK}，不是评估项目。\n"
        "新建一个项目：xhcp init 文件夹（带演示数据：xhcp init 文件夹 --demo）；\n"
        "已有项目：先进入它的文件夹，或写 xhcp --project 文件夹 …"
    )


def resource(name: str) -> Path:
    """A file or folder by its place in a project ("data/national/…"): the project's own, else the one that the package brings."""
    own = ROOT / name
    return own if own.exists() else SHIPPED / name


def plan_folders() -> dict[str, Path]:
    """Folders of plans by name: the project's, and the package's that it has none of that name."""
    places = (SHIPPED / "data" / "plans", ROOT / "data" / "plans")
    return {file.parent.name: file.parent for place in places for file in sorted(place.glob("*/plan.yaml"))}


def plan_folder(name: str) -> Path:
    """Folder of a plan by its name; where the project would have it, if there is none."""
    return plan_folders().get(name, ROOT / "data" / "plans" / name)


def label(path: Path) -> str:
    """A path as it is written down: relative to the project, or to what the package brings ("xhcp_eval:data/…")."""
    path = path.resolve()
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix()
    return f"xhcp_eval:{path.relative_to(SHIPPED).as_posix()}" if path.is_relative_to(SHIPPED) else str(path)


@cache
def settings() -> Mapping[str, str]:
    """What `xhcp.toml` says of the project: name, plan, created_with. Empty outside a project.

    Raises ProjectError if the file can't be read.
    """
    if PROJECT is None:
        return {}
    try:
        return tomllib.loads((PROJECT / MARK).read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{PROJECT / MARK} 有误：{error}") from None


def default_plan() -> str:
    """The plan that commands take when none is named: the project's."""
    return settings().get("plan", DEFAULT_PLAN)
