"""Which reports a batch is to make: its file, checked, then one task a region and pack, each with its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from xhcp_eval.errors import ParamsError
from xhcp_eval.files.home import PACKAGE, ROOT, plan_folder
from xhcp_eval.files.yaml_door import load_yaml
from xhcp_eval.forecast.reference.model import FEWEST_PEERS
from xhcp_eval.pack.params import NOTEBOOKS, Documents, Name, PackParams, Text, load_params
from xhcp_eval.provenance import file_hash
from xhcp_eval.report.batch.names import folder_name
from xhcp_eval.report.batch.rows import Rows
from xhcp_eval.report.batch.tasks import Task

ALL = "all"
Count = Annotated[int, Field(ge=0, strict=True)]


class BatchParams(BaseModel):
    """Everything a batch is asked to do.

    batch: its name. title: of its page. packs: names of files in params/ (without .yaml). data: tables or
    databases with the figures of all regions, relative to the project. regions: "all" (of the plan's level) or
    paths. out: folder of the reports, relative to the project, or a URL. as_of: databases as they were known then.
    leave_out: notebooks that aren't run. jobs: reports made at once. retries: further attempts after a crash.
    memory_limit_mb, time_limit_s: of one report, 0 none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: Name
    title: Text = "各地区评估报告"
    packs: tuple[Text, ...] = Field(min_length=1)
    data: tuple[Text, ...] = Field(min_length=1)
    regions: Text | tuple[Text, ...] = ALL
    out: Text = ""
    as_of: date | None = None
    leave_out: tuple[Text, ...] = ()
    jobs: int = Field(2, ge=1, le=1024, strict=True)
    retries: Count = 2
    memory_limit_mb: Count = 0
    time_limit_s: float = Field(0, ge=0)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """Regions named, each once; None for all."""
        if isinstance(self.regions, str):
            return None if self.regions == ALL else (self.regions,)
        return tuple(dict.fromkeys(self.regions))

    @property
    def place(self) -> str:
        """Where reports go: a URL, or the path of a folder."""
        return self.out if "://" in self.out else str(ROOT / (self.out or f"reports/{self.batch}"))

    @property
    def files(self) -> list[Path]:
        """Paths of the data."""
        return [ROOT / name for name in self.data]


def load_batch(path: str | Path) -> BatchParams:
    """Read and check the file of a batch. Raises ParamsError that lists every problem, in Chinese."""
    path = Path(path)
    batch = load_yaml(path, BatchParams, "批次文件")
    missing = [str(name) for name, file in zip(batch.data, batch.files, strict=True) if not file.is_file()]
    if missing:
        raise ParamsError(f"{path.name} 不能使用：", [f"data：没有文件 {name}" for name in missing])
    return batch


def load_packs(batch: BatchParams) -> list[PackParams]:
    """The packs of a batch, as their files are. Raises ParamsError naming a missing or faulty file."""
    packs = [load_params(ROOT / "params" / f"{name}.yaml") for name in dict.fromkeys(batch.packs)]
    known = {section.notebook for pack in packs for section in pack.sections}
    if absent := sorted(set(batch.leave_out) - known):
        raise ParamsError(f"leave_out：报告包里没有 {'、'.join(absent)}；有：{'、'.join(sorted(known))}")
    return packs


def plan_tasks(batch: BatchParams, packs: Sequence[PackParams], rows: dict[str, Rows]) -> Iterator[Task]:
    """A task for each region and pack, region by region; its rows as the path of a file.

    packs: as loaded. rows: of the regions, by plan. Tasks of regions whose data can't be used have no key.
    """
    names = sorted({name for found in rows.values() for name in (*found.files, *found.problems)})
    # regions that learn from one another are reported on anew when a figure of any of them as a whole changes
    taught = {plan: sorted(found.taught.items()) for plan, found in rows.items()}
    company = {plan: _hash(found) if len(found) >= FEWEST_PEERS else "" for plan, found in taught.items()}
    for region in names:
        for pack in packs:
            path, digest = rows[pack.plan].files.get(region, ("", ""))
            params = region_params(pack, region, batch)
            key = task_key(params, digest + company[pack.plan]) if digest else ""
            inputs = {f"{'、'.join(batch.data)}（{region}）": digest}
            yield Task(
                region=region,
                pack=pack.pack,
                folder=folder_name(region),
                key=key,
                params=params.model_dump_json(),
                rows=path,
                inputs=inputs,
                out=batch.place,
            )


def region_params(pack: PackParams, region: str, batch: BatchParams) -> PackParams:
    """A pack's parameters for another region: its title, the batch's data, nothing that only its own region has."""
    leaf = region.rpartition("/")[2]
    own = pack.region or "\0"
    title = pack.title.replace(own, leaf) if own in pack.title else f"{leaf}：{pack.title}"
    return pack.model_copy(
        update={
            "region": region,
            "title": title,
            "data": batch.data,
            "as_of": batch.as_of,
            "sections": tuple(one for one in pack.sections if one.notebook not in batch.leave_out),
            "documents": Documents(),
            "evaluation": pack.evaluation if region == pack.region else "",
            "forecast_published": pack.forecast_published if region == pack.region else "",
            "jobs": 1,
        }
    )


def task_key(params: PackParams, rows: str) -> str:
    """Hash of everything a report depends on: rows, parameters, plan, notebooks, other tables, code."""
    values = params.model_dump(mode="json", exclude={"jobs"})
    return _hash([rows, values, _shared(params.plan, _others(params))])


def _others(params: PackParams) -> tuple[str, ...]:
    """Files beside the region's rows, relative to the project."""
    texts = Path("params", "texts", f"{params.pack}.yaml").as_posix()
    folder = ROOT / params.evaluation
    brought = sorted(folder.glob("*")) if params.evaluation else []
    files = [
        ROOT / name for name in (*params.comparison_data, *params.outcome_data, *params.learn_from, texts)
    ]
    files += [ROOT / params.forecast_published] if params.forecast_published else []
    files += [*brought, *(NOTEBOOKS / section.notebook for section in params.sections)]
    return tuple(str(path) for path in files if path.is_file())


@cache
def _shared(plan: str, others: tuple[str, ...]) -> str:
    """Hash of what is the same for all regions."""
    code = (p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    plans = plan_folder(plan).glob("*.yaml")
    files = [*code, *plans, *map(Path, others)]
    return _hash([(path.name, file_hash(path)) for path in sorted(files)])


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode("utf-8")).hexdigest()
