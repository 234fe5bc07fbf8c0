"""Two reports compared: which verdicts changed, and whether data, reading of the plan or method changed."""

from __future__ import annotations

from pathlib import PurePosixPath

import pandas as pd

from xhcp_eval.chapters.kit.tables import READING_LABELS
from xhcp_eval.chapters.kit.views import TableView, table
from xhcp_eval.plan.units import format_probability, format_value
from xhcp_eval.report.page.summary import targets_frame

DATA, READING, METHOD = "数据", "解读", "方法"
# Fields of a target that tell which of the three has changed.
EVIDENCE = ("latest_year", "latest_value", "base_value", "n_points")
QUESTION = ("target_value", "op", "every_year", "target_text")
KEY = ["question", "reading"]
SHOWN_PROBABILITY = 0.005  # half a percent: what a report's whole percents can show
COLUMNS = ["indicator_name", "target_year", "before", "after", "probability", "what", "why"]


def run_changes(old: dict, new: dict) -> dict[str, list[str]]:
    """What two reports rest on, compared: data, reading, method -> sentences; empty lists where nothing changed.

    old, new: summaries (`summarise`). Plans' files count as reading, other inputs as data, thresholds and
    versions as method.
    """
    found: dict[str, list[str]] = {DATA: [], READING: [], METHOD: []}
    if old["data_until"] != new["data_until"]:
        found[DATA].append(f"数据截至 {old['data_until']}年 → {new['data_until']}年")
    for name in sorted({*old["inputs"], *new["inputs"]}):
        before, after = old["inputs"].get(name), new["inputs"].get(name)
        if before != after:
            kind = READING if name.endswith((".yaml", ".yml")) else DATA
            found[kind].append(f"{_short_name(name)}：{_digest(before)} → {_digest(after)}")
    for label, one, other in (
        ("", {"程序": old["version"]}, {"程序": new["version"]}),
        ("软件包 ", old["packages"], new["packages"]),
        ("判定规则 ", old["rules"], new["rules"]),
    ):
        changed = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        found[METHOD] += [f"{label}{n}：{one.get(n, '无')} → {other.get(n, '无')}" for n in changed]
    return found


def _short_name(name: str) -> str:
    return "/".join(PurePosixPath(name).parts[-2:])


def _digest(value: str | None) -> str:
    return value[:8] if value else "无"


def compare_reports(old: dict, new: dict) -> pd.DataFrame:
    """Targets that two reports judge or know differently, a row each, changed statuses first.

    old, new: summaries of reports on the same plan. Columns: indicator_name, target_year, before, after
    (statuses; empty where the target isn't in that report), probability (text), what (what changed of it),
    why (data, reading, method, as far as the two reports tell). Where several have changed at once, all are
    named: two reports can't tell their shares apart.
    """
    whole = run_changes(old, new)
    both = targets_frame(old).merge(targets_frame(new), on=KEY, how="outer", suffixes=("_old", "_new"))
    rows = [_row(row, whole) for row in both.to_dict("records") if _differs(row)]
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.sort_values(
        ["before", "after"], key=lambda _: found["before"] == found["after"], kind="stable"
    ).reset_index(drop=True)


def _same(one: object, other: object) -> bool:
    return one == other or (one != one and other != other)


def _changed(row: dict, fields: tuple[str, ...]) -> list[str]:
    return [name for name in fields if not _same(row[f"{name}_old"], row[f"{name}_new"])]


def _missing(row: dict, side: str) -> bool:
    return not isinstance(row[f"status_{side}"], str)


def _differs(row: dict) -> bool:
    if _missing(row, "old") or _missing(row, "new"):
        return True
    return bool(_changed(row, ("status", "own_status", *EVIDENCE, *QUESTION))) or _moved(row)


def _moved(row: dict) -> bool:
    one, other = row["probability_old"], row["probability_new"]
    return not _same(one, other) and not abs(one - other) < SHOWN_PROBABILITY


def _row(row: dict, whole: dict[str, list[str]]) -> dict:
    side = "old" if _missing(row, "new") else "new"
    what, why = _what_and_why(row, whole)
    word = READING_LABELS.get(row["reading"])
    reading = f"（{word}）" if word else ""
    return {
        "indicator_name": row[f"indicator_name_{side}"] + reading,
        "target_year": int(row[f"target_year_{side}"]),
        "before": "" if _missing(row, "old") else row["status_old"],
        "after": "" if _missing(row, "new") else row["status_new"],
        "probability": " → ".join(format_probability(row[f"probability_{s}"]) for s in ("old", "new")),
        "what": "；".join(what),
        "why": "、".join(why),
    }


def _what_and_why(row: dict, whole: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    if _missing(row, "old") or _missing(row, "new"):
        return [f"{'新增' if _missing(row, 'old') else '不再列出'}的目标或解读"], [READING]
    what, why = [], []
    if _changed(row, EVIDENCE):
        what.append(_evidence_text(row))
        why.append(DATA)
    elif whole[DATA]:
        what.append("本身的数字未变，数据文件有变")
        why.append(DATA)
    if _changed(row, QUESTION):
        what.append(f"目标 {row['target_text_old']} → {row['target_text_new']}")
        why.append(READING)
    if whole[METHOD]:
        why.append(METHOD)
    return what, why or ["未查明"]


def _evidence_text(row: dict) -> str:
    if not _changed(row, ("latest_year", "latest_value")):
        return "基期值或历年数据有变"
    return f"现状值 {_latest(row, 'old')} → {_latest(row, 'new')}"


def _latest(row: dict, side: str) -> str:
    year, value = row[f"latest_year_{side}"], row[f"latest_value_{side}"]
    return "无" if value != value else f"{year:.0f}年 {format_value(value, row[f'unit_{side}'])}"


def changes_table(changes: pd.DataFrame) -> TableView:
    """What changed between two reports (`compare_reports`) as a table."""
    headers = {
        "indicator_name": "指标", "target_year": "目标年", "before": "上次状态", "after": "本次状态",
        "probability": "达标概率", "what": "变了什么", "why": "原因",
    }  # fmt: skip
    moved = int((changes["before"] != changes["after"]).sum())
    return table(
        changes, columns=headers, status=["before", "after"], wide=["what"],
        formats={"before": lambda v: v or "（未列）", "after": lambda v: v or "（未列）", "target_year": "{}"},
        caption=f"判定有变的目标 {moved} 项，数字或概率有变的 {len(changes) - moved} 项",
    )  # fmt: skip
