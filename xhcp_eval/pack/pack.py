"""One pack opened: plan, data, forecasts and verdicts computed once and shared by all its notebooks."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from inspect import signature
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar
from weakref import WeakKeyDictionary

import pandas as pd

from xhcp_eval import provenance
from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.folder import EvaluationFolder, evaluation_inputs
from xhcp_eval.files import home
from xhcp_eval.forecast.reference.peers import Company
from xhcp_eval.pack.frames import FRAMES, compute_frames, input_tables, read_tables
from xhcp_eval.pack.params import PackParams, load_params
from xhcp_eval.plan.model import Plan
from xhcp_eval.plan.reading import load_plan

Said = TypeVar("Said")
_HELD: dict[Path, Pack] = {}
STORE = home.ROOT / "reports" / ".packs"


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything that a pack's notebooks show.

    params, plan: as loaded. frames: by name, each also an attribute: observations, comparison, histories, forecast,
    assessment, goals, quality, completeness, outcomes, scenarios, comparables, nearest, precedents, breaks, warnings (what
    each holds: `pack.frames`). stamp: versions, input hashes, time.
    """

    params: PackParams
    plan: Plan
    frames: Mapping[str, pd.DataFrame] = field(repr=False)
    stamp: dict

    def __repr__(self) -> str:
        return f"<Pack {self.params.pack}: {self.region}, data until {self.params.data_until}>"

    @property
    def region(self) -> str:
        """Path of the region that is judged; the parameters', or else the plan's own."""
        return self.params.region or self.plan.region

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in FRAMES:
            return self.frames[name]
        raise AttributeError(f"报告包没有“{name}”；可用的有：{'、'.join(FRAMES)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *FRAMES]

    def with_frames(self, **frames: pd.DataFrame) -> Pack:
        """A copy with some frames changed; those that weren't computed are so when they are asked for."""
        # a ChainMap writes to its first map only; a dict made of the others would compute them all
        return replace(self, frames=ChainMap(frames, self.frames))  # type: ignore[arg-type]

    @property
    def is_demo(self) -> bool:
        """Whether any figure is demonstration data, so that every page must say so."""
        return bool((self.observations["status"] == "demo").any()) or self.stamp.get("demo_evaluation", False)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p><b>{escape(self.params.title)}</b>：{len(self.assessment)} 项判定，{len(self.observations)} 个数据点</p>"


def once_a_pack(say: Callable[..., Said]) -> Callable[..., Said]:
    """What a function says of a pack is kept for as long as the pack lives: chapters and summary show the same tables.

    say: function of a pack and further hashable arguments; what it returns isn't to be changed.
    """
    kept: WeakKeyDictionary[Pack, dict] = WeakKeyDictionary()
    names = signature(say)

    @wraps(say)
    def said(pack: Pack, *args: object, **named: object) -> Said:
        bound = names.bind(pack, *args, **named)
        bound.apply_defaults()
        key = tuple(bound.arguments.values())[1:]
        known = kept.setdefault(pack, {})
        if key not in known:
            known[key] = say(pack, *args, **named)
        return known[key]

    return said


@dataclass(frozen=True)
class Given:
    """What is known already of a pack that is one of many.

    rows: checked figures of its region, all years. assessment: its verdicts. inputs: hashes of these by name, as its
    record is to name them. company: what its series learn from of the other regions, by data year.
    """

    rows: pd.DataFrame
    assessment: pd.DataFrame | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    company: Mapping[int, Company | None] = field(default_factory=dict)


def open_pack(pack: str = "midterm_2025", snapshot: str = "") -> Pack:
    """The pack of a params file, from its snapshot if one is given, else computed now.

    pack: name of a file in params/ (without .yaml). snapshot: folder written by `save_pack`.
    Raises ParamsError, PlanError or DataError, in Chinese.
    """
    if not snapshot:
        return stored_pack(load_params(home.ROOT / "params" / f"{pack}.yaml"))
    folder = Path(snapshot)
    return _HELD[folder] if folder in _HELD else read_snapshot(folder)


def stored_pack(params: PackParams) -> Pack:
    """The pack computed, or as it was computed last time where neither data nor parameters nor code have changed.

    A database may be written to while it is read, so that packs of databases are always computed.
    """
    if any(name.endswith(".duckdb") for name in params.data):
        return compute_pack(params)
    stamp = provenance.stamp(_inputs(params), params.plan)
    parts = [
        params.model_dump_json(),
        stamp["inputs"],
        stamp["packages"],
        stamp["python"],
        provenance.code_hash(),
    ]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()[:16]
    folder = STORE / f"{params.pack}-{key}"
    try:
        return read_snapshot(folder)
    except (OSError, ValueError, KeyError):  # none yet, or one that was damaged
        pack = compute_pack(params)
        _store(pack, folder)
        return pack


def _store(pack: Pack, folder: Path) -> None:
    """Keep a computed pack, whole or not at all, in place of earlier ones; a disk that refuses only costs time."""
    try:
        STORE.mkdir(parents=True, exist_ok=True)
        work = Path(mkdtemp(prefix="~", dir=STORE))
        save_pack(pack, work)
        for old in STORE.glob(f"{pack.params.pack}-*"):
            shutil.rmtree(old, ignore_errors=True)
        work.rename(folder)
    except OSError:
        return


def read_snapshot(folder: Path) -> Pack:
    """The pack of a folder written by `save_pack`. Raises OSError, ValueError or KeyError for one that isn't whole."""
    params = PackParams.model_validate_json((folder / "params.json").read_text(encoding="utf-8"))
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    # parquet keeps column names as text; quantile levels are numbers
    frames["forecast"].columns = [
        c if c in ("series", "year") else float(c) for c in frames["forecast"].columns
    ]
    stamp = json.loads((folder / "stamp.json").read_text(encoding="utf-8"))
    return Pack(params, load_plan(params.plan), frames, stamp)


def hold_pack(pack: Pack, snapshot: Path) -> None:
    """Let `open_pack` in processes forked from this one find the pack under the name of a snapshot; drops any other."""
    _HELD.clear()
    _HELD[snapshot] = pack


def evaluation_folder(pack: Pack) -> EvaluationFolder:
    """The folder of what a third party brought. Raises DataError if the pack's parameters name none."""
    if not pack.params.evaluation:
        raise DataError(f"报告包 {pack.params.pack} 的参数没有写 evaluation（评估资料文件夹）")
    return EvaluationFolder(pack.params.evaluation)


def save_pack(pack: Pack, folder: Path) -> None:
    """Write the snapshot of a pack into a folder, for its notebooks to open."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FRAMES:
        frame = pack.frames[name]
        frame.rename(columns=str).to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "params.json").write_text(pack.params.model_dump_json(), encoding="utf-8", newline="\n")
    (folder / "stamp.json").write_text(
        json.dumps(pack.stamp, ensure_ascii=False), encoding="utf-8", newline="\n"
    )


def compute_pack(params: PackParams, given: Given | None = None) -> Pack:
    """Read and check a pack's figures; its frames are projected, judged and compared when they are asked for.

    given: figures that are known already, instead of the data that the parameters name. Raises PlanError or
    DataError, which asking for a frame may do as well.
    """
    plan = load_plan(params.plan)
    if given is None:
        table = read_tables(params.data, plan, params.region or plan.region, params.as_of)
        frames, stamp = compute_frames(params, plan, table), provenance.stamp(_inputs(params), params.plan)
    else:
        frames = compute_frames(params, plan, given.rows, given.assessment, given.company)
        stamp = provenance.stamp(_others(params), params.plan)
        stamp = stamp | {"inputs": {**given.inputs, **stamp["inputs"]}}
    return Pack(params, plan, frames, stamp | _demo_evaluation(params))


def _inputs(params: PackParams) -> list[str]:
    return [*params.data, *_others(params)]


def _others(params: PackParams) -> list[str]:
    return [*input_tables(params), *evaluation_inputs(params.evaluation)]


def _demo_evaluation(params: PackParams) -> dict[str, bool]:
    return {"demo_evaluation": EvaluationFolder(params.evaluation).is_demo} if params.evaluation else {}
