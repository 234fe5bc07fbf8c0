"""What was sent out to raters and what came back: under one lock, both files in one step, every sheet kept."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.folder import PAIR, PENDING, VINTAGE_COLUMNS, EvaluationFolder
from xhcp_eval.evaluation.methods.rubric import SCORE_COLUMNS
from xhcp_eval.files.lock import held
from xhcp_eval.files.whole import remove, replacing, whole_file
from xhcp_eval.observations.cells import write_csv

SENT, LOCK = "sent.json", ".scoring.lock"


class Received(NamedTuple):
    """One sheet that came back. file: its name. scores, evidence: of `read_scoring_book`."""

    file: str
    scores: pd.DataFrame
    evidence: pd.DataFrame

    @property
    def whose(self) -> tuple[str, int]:
        """Rater and round."""
        return str(self.scores["rater"].iloc[0]), int(self.scores["round"].iloc[0])

    @property
    def content(self) -> str:
        """Hash of what the rater wrote, whatever the file was saved by."""
        written = [frame.to_csv(index=False) for frame in (self.scores, self.evidence)]
        return hashlib.sha256("\n".join(written).encode("utf-8")).hexdigest()[:16]


@contextmanager
def scoring(folder: Path) -> Iterator[None]:
    """Hold a folder of scores for one command, and finish first what a killed one left half in place.

    Raises RunError if another command holds it.
    """
    with held(folder / LOCK, f"另一个评分命令正在写 {folder}；请等它结束再试"):
        _finish(folder)
        yield


def sent_out(folder: Path) -> dict[str, dict]:
    """Stamps of the sheets that were sent out, by their code; empty if none was.

    Raises DataError if the record is damaged or isn't as it was written.
    """
    path = folder / SENT
    if not path.is_file():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        changed = [one["stamp"]["code"] for one in rows if one["sha256"] != _hash(one["stamp"])]
        found = {one["stamp"]["code"]: one["stamp"] for one in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"发出记录 {path} 已损坏；请从备份恢复") from error
    if changed:
        raise DataError(
            f"发出记录 {path} 被改动过，请从备份恢复：", [f"编号 {code} 的一条" for code in changed]
        )
    return found


def record_sent(folder: Path, stamps: list[dict]) -> None:
    """Add stamps (of `sheet_stamp`) to the record of what was sent out, under the lock and before the sheets are written.

    Raises DataError where a code of a rater stands for someone in another role already: their evidence would be mixed.
    """
    known = sent_out(folder)
    roles = {one["rater"]: one["role"] for one in known.values()}
    if other := [one["rater"] for one in stamps if roles.get(one["rater"], one["role"]) != one["role"]]:
        raise DataError(
            "这些评分者编号已用于另一种身份（第三方评分、部门自评须用不同编号）：" + "、".join(other)
        )
    rows = [{"stamp": one, "sha256": _hash(one)} for one in [*known.values(), *stamps]]
    with whole_file(folder / SENT) as unfinished:
        text = json.dumps(rows, ensure_ascii=False, indent=1)
        unfinished.write_text(text + "\n", encoding="utf-8", newline="\n")


def keep(folder: Path, sheets: list[Received]) -> list[str]:
    """Keep what came back beside what is there, all or nothing; earlier sheets stay, the newest counts. Under the lock.

    Returns the files that change nothing: the same as what counts already. Raises DataError,
    all faults at once: two sheets of one rater and round, other items than before, an earlier round than one that came
    in, a sheet that was replaced since.
    """
    old = EvaluationFolder(folder.resolve()).submissions() if (folder / "scores.csv").is_file() else None
    before = old[0] if old else pd.DataFrame(columns=[*SCORE_COLUMNS, *VINTAGE_COLUMNS])
    whose = [one.whose for one in sheets]
    faults = [
        f"同一人同一轮交了几份：{rater} 第{number}轮"
        for rater, number in dict.fromkeys(whose)
        if whose.count((rater, number)) > 1
    ]
    faults += [f"{one.file}：{fault}" for one in sheets if (fault := _fault(one, before))]
    if faults:
        raise DataError("评分表未读入，什么也没有存：", faults)
    new = [one for one in sheets if one.content != _newest(before, *one.whose)]
    if new:
        _put(folder, old, new)
    return [one.file for one in sheets if one.content == _newest(before, *one.whose)]


def _fault(sheet: Received, before: pd.DataFrame) -> str:
    rater, number = sheet.whose
    mine = before[before["rater"] == rater]
    same = mine[mine["round"] == number]
    if len(same) and sheet.content == _newest(before, rater, number):
        return ""
    if (again := same.loc[same["content"] == sheet.content, "submitted_on"]).size:
        return f"与 {rater} 第{number}轮 {again.iloc[0]} 收的一份相同，那一份已被后来的更正取代；如确要改回，请在评分理由里写明"
    if len(mine) and (later := mine["round"].max()) > number:
        return f"{rater} 已交第{later}轮，第{number}轮不能再交"
    if len(same) and set(same["item"]) != set(sheet.scores["item"]):
        return f"{rater} 第{number}轮已收的一份是另一组项目；同一人同一轮只能有一份，请在原来那一份上改了再交"
    return ""


def _newest(before: pd.DataFrame, rater: str, number: int) -> str:
    rows = before[(before["rater"] == rater) & (before["round"] == number)]
    return "" if rows.empty else str(rows.sort_values("submission")["content"].iloc[-1])


def _put(folder: Path, old: tuple[pd.DataFrame, pd.DataFrame] | None, new: list[Received]) -> None:
    """Both files whole in a folder beside, which its name makes valid; then each in its place."""
    now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    first = int(max(frame["submission"].max() for frame in old if len(frame))) + 1 if old else 1
    pair = [[frame] for frame in old] if old else [[], []]
    for number, one in enumerate(new, first):
        for parts, frame in zip(pair, (one.scores, one.evidence), strict=True):
            parts.append(frame.assign(submission=number, submitted_on=now, content=one.content))
    with replacing(folder / PENDING) as work:
        for name, parts in zip(PAIR, pair, strict=True):
            write_csv(pd.concat(parts, ignore_index=True), work / name)
    _finish(folder)


def _finish(folder: Path) -> None:
    """Put a pair that waits in its place; done again from the start as often as it is broken off."""
    waiting = folder / PENDING
    for name in PAIR:
        if (waiting / name).is_file():
            with whole_file(folder / name) as unfinished:
                shutil.copyfile(waiting / name, unfinished)
    remove(waiting)
    for half in folder.glob(f".{PENDING}.partial-*"):
        remove(half)
    for name in (*PAIR, SENT):
        for half in folder.glob(f".{Path(name).stem}.partial-*{Path(name).suffix}"):
            half.unlink(missing_ok=True)


def _hash(stamp: dict) -> str:
    text = json.dumps(stamp, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
