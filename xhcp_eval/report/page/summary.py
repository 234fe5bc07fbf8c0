"""A report in short, for what is made over several: the page over all reports, and what has changed since.

Each folder of a pack holds `summary.json` of its report, and in `history/` those of earlier reports that said
something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.errors import RunError

if TYPE_CHECKING:
    import pandas as pd

    from xhcp_eval.pack.pack import Pack

SUMMARY = "summary.json"
HISTORY = "history"
KEPT = 20  # earlier reports of a pack
TARGET_FIELDS: tuple[str, ...] = (
    *(
        "question",
        "indicator",
        "indicator_name",
        "decides_goal",
        "target_year",
        "every_year",
        "op",
        "reading",
    ),
    *("unit", "target_value", "target_text", "base_value", "latest_year", "latest_value", "n_points"),
    *("probability", "own_status", "status", "reason"),
)


def summarise(pack: Pack) -> dict:
    """What a report says and rests on, as plain values: facts of the run, and a dict a target with a verdict."""
    params = pack.params
    return {
        "pack": params.pack,
        "title": params.title,
        "page": params.data_page,
        "region": pack.region,
        "plan": params.plan,
        "plan_name": pack.plan.name,
        "end_year": pack.plan.end_year,
        "data_until": params.data_until,
        "is_demo": pack.is_demo,
        "rules": {**params.settings.model_dump(mode="json"), "use_recollection": params.use_recollection},
        **{name: pack.stamp[name] for name in ("computed_at", "version", "packages", "inputs")},
        "targets": _targets(pack),
    }


def _targets(pack: Pack) -> list[dict]:
    names = {domain.id: domain.name for domain in pack.plan.domains}
    rows = pack.assessment[pack.assessment["role"] == "verdict"]
    plain = rows[list(TARGET_FIELDS)].assign(domain=rows["domain"].map(names).fillna(""))
    # by way of JSON: numpy's numbers and the several kinds of missing become plain ones
    return json.loads(plain.to_json(orient="records", force_ascii=False, double_precision=12))


def write_summary(pack: Pack, folder: Path, earlier: Path) -> list[dict]:
    """Write the summary of a report and take over those of the reports before it.

    folder: of the new report. earlier: folder of the last one, may not exist. A report that says the same as
    the last is no new one. Returns the earlier summaries, the latest first.
    """
    now = summarise(pack)
    before = [one for one in (read_summary(earlier / SUMMARY), *history(earlier)) if one is not None]
    before = [one for one in before if _said(one) != _said(now)][:KEPT]
    _write(folder / SUMMARY, now)
    if before:
        (folder / HISTORY).mkdir()
    for number, one in enumerate(before):
        _write(folder / HISTORY / f"{number:02d}.json", one)
    return before


def _said(summary: dict) -> dict:
    return {name: value for name, value in summary.items() if name not in ("computed_at", "page")}


def history(folder: Path) -> list[dict]:
    """Summaries of a pack's earlier reports, the latest first."""
    found = (read_summary(path) for path in sorted((folder / HISTORY).glob("*.json")))
    return [one for one in found if one is not None]


def read_summary(path: Path) -> dict | None:
    """A summary from its file; nothing if there is none. Raises RunError for a file that is no summary."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RunError(f"{path} 不是报告摘要，请删除后重新生成报告") from error
    return found


def targets_frame(summary: dict) -> pd.DataFrame:
    """The targets of a summary as a frame, a row each, with `domain` and TARGET_FIELDS; missing texts empty."""
    import pandas as pd

    frame = pd.DataFrame(summary["targets"], columns=[*TARGET_FIELDS, "domain"])
    numbers = ["target_value", "base_value", "latest_year", "latest_value", "n_points", "probability"]
    frame[numbers] = frame[numbers].apply(pd.to_numeric)
    texts = ["reading", "target_text", "reason", "own_status"]
    return frame.assign(**{name: frame[name].fillna("") for name in texts})


def _write(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
