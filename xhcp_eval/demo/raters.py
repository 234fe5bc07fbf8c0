"""Demonstration of what people would score: four raters, departments' own scores, evidence, experts' comparisons, a recount.

Nobody has scored anything: levels are drawn by chance, and every text says that it is made up.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.evaluation.methods.independent_check import draw_sample
from xhcp_eval.evaluation.methods.rubric import (
    EVIDENCE_COLUMNS,
    SCORE_COLUMNS,
    SELF,
    THIRD_PARTY,
    Rubric,
    load_rubric,
    rubric_items,
)
from xhcp_eval.evaluation.scoring.appraisal import appraise
from xhcp_eval.evaluation.unit_ranking import load_ranking_rule
from xhcp_eval.files.home import ROOT, plan_folder
from xhcp_eval.observations.cells import write_csv
from xhcp_eval.observations.table import is_total
from xhcp_eval.plan.model import Plan

FOLDER = ROOT / "data" / "demo" / "evaluation"
SEED = 20260401
RATERS = ("演示专家1", "演示专家2", "演示专家3", "演示专家4")
OWN = "演示部门自评"
MARK = "演示数据，由程序生成"
# the raters of this domain do not see alike, so that a Delphi round has work to do
APART = "law"


def write_raters(plan: Plan, observations: pd.DataFrame, folder: str | Path = FOLDER) -> list[Path]:
    """Write scores.csv, evidence.csv, judgements.csv, recount.csv and efficiency.csv into a folder; return their paths.

    observations: the demonstration district's table, of which a sample is recounted.
    """
    folder = Path(folder)
    rubric = load_rubric(plan_folder(plan.id) / "rubric.yaml")
    rng = np.random.default_rng(SEED)
    scores, evidence = _scores(plan, rubric, rng)
    tables = {
        "scores": scores, "evidence": evidence, "recount": _recount(observations, rng), "efficiency": _efficiency(observations, np.random.default_rng(SEED + 2)),
        "judgements": _judgements([c.indicator for c in load_ranking_rule(folder / "ranking.yaml", plan).criteria], rng),
    }  # fmt: skip
    return [write_csv(frame, folder / f"{name}.csv") for name, frame in tables.items()]


def _scores(plan: Plan, rubric: Rubric, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two rounds: the second only of items on which the first did not agree."""
    items = rubric_items(rubric, plan)
    level = rng.choice([0.6, 1.6, 2.4, 3.0, 3.6], p=[0.08, 0.22, 0.34, 0.26, 0.10], size=len(items))
    spread = np.where(items["domain"] == APART, 1.1, 0.33)
    lean = rng.normal(0, 0.1, len(RATERS))
    first = np.clip(
        np.round(level[:, None] + lean + spread[:, None] * rng.normal(size=(len(items), len(RATERS)))), 0, 4
    )
    own = np.clip(np.round(level + 0.7 + 0.3 * rng.normal(size=len(items))), 0, 4)
    sheets = [(rater, THIRD_PARTY, 1, items["item"], first[:, n]) for n, rater in enumerate(RATERS)]
    sheets.append((OWN, SELF, 1, items["item"], own))
    one = _put_together(sheets, rubric, rng)
    again = items["item"].isin(appraise(items, *one, rubric).again).to_numpy()
    middle = np.median(first, axis=1)[:, None]
    # most come nearer after reading each other's reasons, some don't
    pull = rng.choice([0.45, 0.8, 1.0], p=[0.7, 0.15, 0.15], size=len(items))[:, None]
    moved = np.round(np.clip(middle + pull * (first - middle), 0, 4))
    sheets += [
        (rater, THIRD_PARTY, 2, items.loc[again, "item"], moved[again, n]) for n, rater in enumerate(RATERS)
    ]
    return _put_together(sheets, rubric, np.random.default_rng(SEED + 1))


def _put_together(
    sheets: list, rubric: Rubric, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of scores, each with evidence that carries it; a few have none, and are void."""
    by_score = {s: [e.name for e in rubric.evidence_types if e.supports == s] for s in range(5)}
    rows: list[tuple] = []
    pieces: dict[str, list[tuple]] = {}
    for rater, role, number, items, given in sheets:
        for item, score in zip(items, given, strict=True):
            cited = ""
            if rng.random() > 0.012:
                kind = by_score[int(score)][rng.integers(len(by_score[int(score)]))]
                place = pieces.setdefault(rater, [])
                day = f"2026-{3 + rng.integers(2):02d}-{1 + rng.integers(28):02d}"
                place.append((rater, len(place) + 1, kind, day, "演示单位", "演示地点", rater, MARK))
                cited = str(len(place))
            rows.append((item, rater, role, number, int(score), MARK, cited))
    evidence = [piece for found in pieces.values() for piece in found]
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS)), pd.DataFrame(
        evidence, columns=list(EVIDENCE_COLUMNS)
    )


def _judgements(indicators: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Pairwise comparisons of six experts, one of whom contradicts himself."""
    scale = np.array([1 / 5, 1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4, 5])
    taste = rng.normal(0, 0.45, len(indicators))
    rows = []
    for expert in range(1, 7):
        noise = 1.6 if expert == 6 else 0.25
        for i, j in combinations(range(len(indicators)), 2):
            ratio = np.exp(taste[i] - taste[j] + noise * rng.normal())
            times = scale[np.abs(np.log(scale) - np.log(ratio)).argmin()]
            rows.append((f"演示专家{expert}", indicators[i], indicators[j], round(float(times), 4), MARK))
    return pd.DataFrame(rows, columns=["expert", "first", "second", "times", "note"])


def _recount(observations: pd.DataFrame, rng: np.random.Generator, size: int = 30) -> pd.DataFrame:
    """A drawn sample of figures with events recounted at the source: most agree, some were reported too high."""
    sample = draw_sample(observations, size, SEED)
    reported = sample["numerator"].to_numpy(float)
    share = np.where(
        rng.random(len(sample)) < 0.25,
        rng.uniform(0.82, 0.97, len(sample)),
        rng.uniform(0.992, 1.0, len(sample)),
    )
    found = sample.assign(
        reported=reported.astype(int), recounted=np.round(reported * share).astype(int), note=MARK
    )
    return found[["department", "indicator", "region", "year", "reported", "recounted", "note"]]


def _efficiency(observations: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Funds of every township in two years, drawn about what its counted services would need."""
    wanted = {"产出_健康管理儿童": "under7_health_management_rate", "产出_新生儿访视": "neonatal_visit_rate"}
    whole = is_total(observations)
    rows = observations[
        whole & (observations["level"] == "township") & observations["year"].isin([2021, 2025])
    ]
    found = rows[rows["indicator"].isin(wanted.values())].pivot(
        index=["region", "year"], columns="indicator", values="numerator"
    )
    found = (
        found.rename(columns={name: title for title, name in wanted.items()})[list(wanted)]
        .astype(float)
        .reset_index()
    )
    load = found["产出_健康管理儿童"] / 1000 + found["产出_新生儿访视"] / 150
    waste = np.exp(np.abs(rng.normal(0, 0.25, len(found))))
    gain = np.where(found["year"] == 2025, 0.94, 1.0)
    return pd.DataFrame({
        "unit": found["region"].str.rsplit("/", n=1).str[-1], "year": found["year"],
        "投入_经费万元": (6 * load**0.92 * waste * gain).round(1),
        **{title: found[title].astype(int) for title in wanted}, "note": MARK,
    })  # fmt: skip
