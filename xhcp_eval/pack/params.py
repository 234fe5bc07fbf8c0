"""What a pack is asked to do: its params file, checked as a whole before anything starts."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from xhcp_eval.errors import ParamsError
from xhcp_eval.files.home import ROOT, plan_folders
from xhcp_eval.files.yaml_door import load_yaml, near
from xhcp_eval.plan.monitoring import CLASSIFICATION
from xhcp_eval.verdict.settings import Settings

NOTEBOOKS = ROOT / "notebooks"
# Every notebook takes these from the runner.
GIVEN = ("pack", "snapshot")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Year = Annotated[int, Field(ge=1990, le=2100, strict=True)]
Scalar = bool | int | float | str
# The page of all data; a report without a brief has it as its first page.
FIRST_PAGE, FORMAL_PAGE, DATA_PAGE = "index.html", "formal.html", "data.html"
LOGOS = (".png", ".jpg", ".jpeg")
# 审图号: GS or S with the short name of a province or city, a year in brackets, and a number.
APPROVAL = re.compile(r"^(GS|[\u4e00-\u9fff]{1,3}S|GS[\u4e00-\u9fff]{1,3})\s*[（(]\d{4}[）)]\s*\d+号$")


class Section(BaseModel):
    """One page of the report: a notebook, its title, and values for its parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notebook: Text
    title: Text
    parameters: dict[Name, Scalar] = {}

    @property
    def page(self) -> str:
        """Name of the page, without ending: the notebook's, with the values that tell its pages apart."""
        values = [re.sub(r"[^0-9A-Za-z_]+", "_", str(value)).strip("_") for value in self.parameters.values()]
        return "_".join([Path(self.notebook).stem, *filter(None, values)])


class Documents(BaseModel):
    """Documents beside the page of all data, by the notebooks that make them, in order. brief: two pages for leaders, the first
    page of the report. formal: the report in official form.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    brief: tuple[Section, ...] = ()
    formal: tuple[Section, ...] = ()


class CoverFacts(BaseModel):
    """What stands on the outside of documents. unit: 编制单位. date: as printed (2026年3月). number: 编号. classification: 密级, with its
    term if it has one (秘密★1年). logo: a picture, relative to the project.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: str = Field("", max_length=60)
    date: str = Field("", pattern=r"^(\d{4}年(\d{1,2}月(\d{1,2}日)?)?)?$")
    number: str = Field("", max_length=40)
    classification: str = Field("", pattern=CLASSIFICATION)
    logo: str = ""


class MapFacts(BaseModel):
    """How the units of a region lie, for figures. tiles: name of a unit -> row and column of its tile, from the top left (default: in
    the order of the data). boundaries: GeoJSON file, relative to the project, in which each unit is a feature with its name; and
    approval: its 审图号, printed below every map, without which no boundaries are shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiles: dict[Text, tuple[Annotated[int, Field(ge=0, le=40)], Annotated[int, Field(ge=0, le=40)]]] = {}
    boundaries: str = ""
    approval: str = Field("", max_length=40)


class PackParams(BaseModel):
    """Everything a pack depends on.

    pack: name of the pack and of its folder under reports/. plan: folder under data/plans/. region: path of
    the evaluated region (default: the plan's own). data, comparison_data: tables, relative to the project.
    A table may be a database (.duckdb): of it the region's figures are taken, as_of an ISO date as they were known.
    data_until: last year that may be known. sections: pages, in order. use_recollection: let unverified
    figures shape trends. settings: rules of judgement. jobs: notebooks run at once. outcome_data,
    outcome_year: what happened later, for a hindcast. evaluation: folder of what a third party brought (scores,
    questionnaires, costs), relative to the project. forecast_origin: year of an earlier forecast that a
    final report is compared with. forecast_published: results.csv of the report that published it, relative to the
    project; without it the forecast is made again with the data of that year. learn_from: tables of other regions (same
    plan) whose series ours learn from; they are neither shown nor judged. documents: what is made beside the page of all data,
    cover: what stands on their outside, map: how the region's units lie.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pack: Name
    title: Text
    subtitle: str = ""
    plan: Name
    region: str = ""
    data: tuple[Text, ...] = Field(min_length=1)
    comparison_data: tuple[Text, ...] = ()
    comparison_plan: Name = "china_2021_2030"
    as_of: date | None = None
    data_until: Year
    sections: tuple[Section, ...] = Field(min_length=1)
    use_recollection: Annotated[bool, Field(strict=True)] = False
    settings: Settings = Settings()
    jobs: int = Field(2, ge=1, le=64, strict=True)
    outcome_data: tuple[Text, ...] = ()
    outcome_year: Year | None = None
    forecast_origin: Year | None = None
    forecast_published: str = ""
    learn_from: tuple[Text, ...] = ()
    evaluation: str = ""
    documents: Documents = Documents()
    cover: CoverFacts = CoverFacts()
    map: MapFacts = MapFacts()

    @property
    def notebooks(self) -> tuple[Section, ...]:
        """All notebooks to run: the chapters of the page of all data, then those of the documents."""
        return (*self.sections, *self.documents.brief, *self.documents.formal)

    @property
    def data_page(self) -> str:
        """Name of the page of all data."""
        return DATA_PAGE if self.documents.brief else FIRST_PAGE


def load_params(path: str | Path) -> PackParams:
    """Read and check a params file.

    path: YAML file, mostly params/<pack>.yaml. Raises ParamsError that lists every problem: unknown, missing
    and mistyped parameters with what is allowed, files that don't exist, notebooks that aren't the package's
    own, and parameters that a notebook doesn't have.
    """
    path = Path(path)
    params = load_yaml(path, PackParams, "参数文件")
    check_params(params, path.name)
    return params


def check_params(params: PackParams, name: str = "参数") -> None:
    """Refuse parameters that don't fit the files at hand: plan, tables, notebooks.

    params: well-formed parameters. name: what to call them in the message. Raises ParamsError.
    """
    problems = [
        *_file_problems(params),
        *_logo_problems(params.cover.logo),
        *_map_problems(params.map),
        *_year_problems(params),
        *_section_problems(params),
    ]
    if problems:
        raise ParamsError(f"{name} 不能使用：", problems)


def notebook_parameters(path: Path) -> dict[str, Any] | None:
    """Names and default values in the cell tagged `parameters` of a notebook; None if there is no such cell.

    A default that isn't a literal counts as None.
    """
    import json

    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if not tagged:
        return None
    found: dict[str, Any] = {}
    for node in ast.parse("".join(tagged[0]["source"])).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                found[target.id] = _literal(node.value)
    return found


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None


def _file_problems(params: PackParams) -> list[str]:
    """The plan's folder and every table must exist, inside the project."""
    problems = []
    if params.plan not in plan_folders():
        problems.append(f"plan：没有规划 {params.plan}；{near(params.plan, sorted(plan_folders()))}")
    published = (params.forecast_published,) if params.forecast_published else ()
    tables = {
        name: getattr(params, name) for name in ("data", "comparison_data", "outcome_data", "learn_from")
    }
    for field, names in {**tables, "forecast_published": published}.items():
        for name in names:
            file = (ROOT / name).resolve()
            if not file.is_relative_to(ROOT):
                problems.append(f"{field}：{name} 不在本项目中；路径从项目文件夹写起，如 data/…")
            elif not file.is_file():
                here = sorted(p.name for p in file.parent.glob("*") if p.is_file())
                where = f"{Path(name).parent.as_posix()}/"
                problems.append(
                    f"{field}：没有文件 {name}" + (f"；{where} 中有：{'、'.join(here)}" if here else "")
                )
    folder = (ROOT / params.evaluation).resolve()
    if not folder.is_relative_to(ROOT) or not folder.is_dir():
        problems.append(
            f"evaluation：没有文件夹 {params.evaluation}；路径从项目文件夹写起，如 data/demo/evaluation"
        )
    if params.as_of and not any(name.endswith(".duckdb") for name in params.data):
        problems.append("as_of：只用于 data 中的数据库(.duckdb)；其他数据文件没有历次填报")
    return problems


def _logo_problems(logo: str) -> list[str]:
    file = (ROOT / logo).resolve()
    if not logo:
        return []
    if not file.is_relative_to(ROOT) or not file.is_file():
        return [f"cover / logo：没有文件 {logo}；路径从项目文件夹写起"]
    return [] if file.suffix.lower() in LOGOS else [f"cover / logo：{logo} 不是图片；允许 {'、'.join(LOGOS)}"]


def _map_problems(given: MapFacts) -> list[str]:
    """Boundaries are shown only with the number under which the authority approved the map (《地图管理条例》)."""
    problems = []
    if given.boundaries and not (ROOT / given.boundaries).resolve().is_file():
        problems.append(f"map / boundaries：没有文件 {given.boundaries}；路径从项目文件夹写起")
    if given.boundaries and not APPROVAL.match(given.approval):
        problems.append(
            f"map / approval：画行政区域边界须写审图号，如 冀S（2024）012号；现在是“{given.approval}”。没有审图号请去掉 boundaries，用方格图"
        )
    places = list(given.tiles.values())
    if len(set(places)) < len(places):
        problems.append("map / tiles：有两个乡镇街道排在同一格；每格只能放一个")
    return problems


def _year_problems(params: PackParams) -> list[str]:
    problems = []
    if params.outcome_year is not None and params.outcome_year <= params.data_until:
        problems.append(f"outcome_year：{params.outcome_year} 应在 data_until（{params.data_until}）之后")
    if params.outcome_data and params.outcome_year is None:
        problems.append("outcome_data：给出了事后数据，还须给出 outcome_year")
    if params.forecast_origin is not None and params.forecast_origin >= params.data_until:
        problems.append(
            f"forecast_origin：{params.forecast_origin} 应在 data_until（{params.data_until}）之前"
        )
    if params.forecast_published and params.forecast_origin is None:
        problems.append("forecast_published：给出了当时公布的结果，还须给出 forecast_origin（作预测的年份）")
    return problems


def _section_problems(params: PackParams) -> list[str]:
    """Only the package's own notebooks run, with parameters that they have, each on a page of its own."""
    problems = []
    known = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    documents = {"documents / brief": params.documents.brief, "documents / formal": params.documents.formal}
    placed = [
        (f"{field} 第 {number} 项", section)
        for field, group in {"sections": params.sections, **documents}.items()
        for number, section in enumerate(group, 1)
    ]
    for place, section in placed:
        if section.notebook not in known:
            problems.append(f"{place}：没有笔记本 {section.notebook}；{near(section.notebook, known)}")
        else:
            problems += [f"{place}（{section.notebook}）：{text}" for text in _parameter_problems(section)]
    pages = [section.page for section in params.notebooks]
    for page in sorted({page for page in pages if pages.count(page) > 1 or page in ("index", "data")}):
        problems.append(f"sections、documents：页面 {page}.html 重名；同一笔记本用多次时，参数须不同")
    return problems


def _parameter_problems(section: Section) -> list[str]:
    try:
        defaults = notebook_parameters(NOTEBOOKS / section.notebook)
    except (ValueError, KeyError, TypeError, SyntaxError):
        return ["不是完好的笔记本文件；恢复它，或由 xhcp init 新建的项目中拷来"]
    if defaults is None:
        return ["没有带 parameters 标签的参数格"]
    problems = [f"参数格中缺少 {name}" for name in GIVEN if name not in defaults]
    open_names = [name for name in defaults if name not in GIVEN]
    for name, value in section.parameters.items():
        if name not in open_names:
            problems.append(
                f"没有参数 {name}；{near(name, open_names) if open_names else '它没有可改的参数'}"
            )
        elif not _fits(value, defaults[name]):
            kind = _KINDS.get(type(defaults[name]), "同类的值")
            problems.append(f"参数 {name}：{value!r} 应为{kind}，如 {defaults[name]!r}")
    return problems


_KINDS = {str: "文字", bool: "true 或 false", int: "整数", float: "数字"}


def _fits(value: Scalar, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, float) and not isinstance(value, bool):
        return isinstance(value, int | float)
    return type(value) is type(default)
