"""Is everything at hand: program, project, plans, params, notebooks, database, programs from outside."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib import metadata

import pandas as pd

from xhcp_eval.errors import XhcpError
from xhcp_eval.files import home

WELL, NOTE, WRONG = "好", "注意", "错"
FREE_MB = 500  # what a year's reports and their intermediate files take
# Programs that some outputs need: names to look for, what for.
PROGRAMS = (
    (
        ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"),
        "数据页存为 PDF（xhcp export --pdf）",
    ),
    (("soffice", "libreoffice"), "排版检查（xhcp office-test）"),
)
Finding = tuple[str, str, str]


def health() -> pd.DataFrame:
    """One row a thing that was looked at. Columns: standing (好, 注意, 错), what, detail; all in Chinese."""
    parts = (_program, _project, _plans, _params, _notebooks, _database, _outside)
    rows = [finding for part in parts for finding in part()]
    return pd.DataFrame(rows, columns=["standing", "what", "detail"])


def _program() -> Iterator[Finding]:
    from xhcp_eval import __version__

    yield WELL, "程序", f"xhcp_eval {__version__}，Python {sys.version.split()[0]}，{home.PACKAGE}"
    for name in metadata.requires("xhcp-eval") or ():
        from packaging.requirements import Requirement

        asked = Requirement(name)
        if asked.marker is not None and not asked.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(asked.name)
        except metadata.PackageNotFoundError:
            yield WRONG, "依赖包", f"没有安装 {asked.name}（需要 {asked.specifier}）"
            continue
        if not asked.specifier.contains(found, prereleases=True):
            yield NOTE, "依赖包", f"{asked.name} {found}，建议 {asked.specifier}"


def _project() -> Iterator[Finding]:
    if home.PROJECT is None:
        yield WRONG, "项目", f"{home.ROOT} 不在项目中；新建：xhcp init 文件夹"
        return
    yield WELL, "项目", str(home.PROJECT)
    reports = home.ROOT / "reports"
    free = shutil.disk_usage(home.ROOT).free / 2**20
    yield (WELL if free > FREE_MB else WRONG), "磁盘", f"剩余 {free:,.0f} MB"
    try:
        reports.mkdir(exist_ok=True)
        probe = reports / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield WRONG, "写入", f"{reports} 不可写：{error.strerror or error}"


def _plans() -> Iterator[Finding]:
    from xhcp_eval.plan.reading import load_plan

    for name, folder in sorted(home.plan_folders().items()):
        try:
            yield WELL, "规划", f"{name}：{len(load_plan(name).targets())} 条目标值（{home.label(folder)}）"
        except XhcpError as error:
            yield WRONG, "规划", str(error)


def _params() -> Iterator[Finding]:
    from xhcp_eval.pack.params import load_params

    for path in sorted((home.ROOT / "params").glob("*.yaml")):
        try:
            yield WELL, "参数文件", f"{path.stem}：{load_params(path).title}"
        except XhcpError as error:
            yield WRONG, "参数文件", str(error)


def _notebooks() -> Iterator[Finding]:
    """The project's notebooks beside those of the package."""
    own, shipped = (
        {p.name: p for p in (place / "notebooks").glob("*.ipynb")} for place in (home.ROOT, home.SHIPPED)
    )
    if home.ROOT == home.SHIPPED or not own:
        return
    changed = sorted(
        name for name in own.keys() & shipped if own[name].read_bytes() != shipped[name].read_bytes()
    )
    lacking = sorted(shipped.keys() - own.keys())
    if changed:
        yield NOTE, "笔记本", f"与安装包里不同（改过，或由旧版本建立）：{'、'.join(changed)}"
    if lacking:
        yield NOTE, "笔记本", f"项目中没有：{'、'.join(lacking)}"
    if not changed and not lacking:
        yield WELL, "笔记本", f"{len(own)} 个，与安装包一致"


def _database() -> Iterator[Finding]:
    from xhcp_eval.observations.store.database import DEFAULT_PATH, Database

    if not DEFAULT_PATH.is_file():
        yield NOTE, "数据库", "还没有（xhcp import 时建立）"
        return
    try:
        count = Database(DEFAULT_PATH).sql("select count(*) as n from figures")["n"].iloc[0]
        yield WELL, "数据库", f"{count:,} 个数"
    except XhcpError as error:
        yield WRONG, "数据库", str(error)


def _outside() -> Iterator[Finding]:
    from importlib.util import find_spec

    for names, use in PROGRAMS:
        found = next(filter(None, map(shutil.which, names)), None)
        yield (
            (WELL, "外部程序", f"{found}：{use}")
            if found
            else (NOTE, "外部程序", f"没有找到 {names[0]}：{use}时需要")
        )
    if not find_spec("typst"):
        yield NOTE, "外部程序", "没有安装 typst：正式报告不出 PDF（pip install typst）"
