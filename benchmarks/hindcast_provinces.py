"""Chinese provinces asked in 2015 what would hold in 2020: mean probability beside what happened.

Run: python benchmarks/hindcast_provinces.py DATA... [--model FILE] [--year 2015] [--write FILE]

DATA: files that the model was trained on; those with Chinese provinces are enough. Histories end in `--year`; what happened is
the value five years later, or four where the indicator's figures end there. Answered by networks that saw nothing of the
indicator's source, each province alone and together with the others.

No target is chosen by hand. Three rules make them, in the direction wanted of the indicator (`DIRECTIONS`):
reach: -0.5, 0, 0.5, 1 and 1.5 times sqrt(years) mean yearly changes ahead of the last value, the range from which backtests
draw theirs: an open question for each province by itself, as a district's own plan sets it.
common: the three quartiles of all provinces' last values, the same for all: as a national plan sets it, held already by some.
round: the next multiple of a round step (1, 2 or 5 times a power of ten), the largest that is at most five years of the
median province's mean yearly change: people set round numbers within reach.
Histories that never moved are left out, as in backtests. --write keeps what the chapter on method validation shows
(`xhcp_eval/forecast/reference/provinces.json`): counts and shares only, no figure of a province.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from corpus import check_sources, provincial, read
from measure import machine

from xhcp_eval.forecast.backtests import scores
from xhcp_eval.forecast.backtests.cases import mean_change
from xhcp_eval.forecast.panel import Panel, make_panel
from xhcp_eval.forecast.reference.model import ReferenceModel, load_model, reference_model

YEARS = 5
LEVELS = np.union1d([0.025, 0.975], scores.SCORED_LEVELS)
REACHES = (-0.5, 0.0, 0.5, 1.0, 1.5)
QUARTILES = (0.25, 0.5, 0.75)
WITHIN = 0.05
# First rule that matches part of the name, the sign wanted, and why; names that none matches have no direction.
DIRECTIONS = (
    (r"pupils_per_junior_school|pupils_per_100k", 0, "follows births; neither way is better"),
    (r"mortality|underweight|incidence", -1, "illness and death are to fall"),
    (r"illiteracy", -1, "everybody is to read"),
    (r"pupil_teacher_ratio", -1, "fewer pupils a teacher is what school standards ask"),
    (r"antenatal|delivery|maternal|neonatal|postnatal|management", 1, "care is to reach everybody"),
    (r"health_beds|hospital_beds$|hospitals$|health_centres", 1, "health plans set least numbers of them"),
    (r"technicians|doctors|nurses", 1, "health plans set least numbers of them"),
    (r"insured", 1, "insurance is to reach everybody"),
    (r"community_service", 1, "services are to be near everybody"),
    (r"childrens_books", 1, "children's plans ask for more books"),
    (r"green_cover|park_area|public_toilets", 1, "city plans set least values of them"),
)
# What was counted changed after 2015: the figure jumps whatever happened. Told apart from the others.
REDEFINED = {
    "cnp_basic_medical_insured": "the countryside's insurance was merged into it from 2016 to 2018",
    "cnp_resident_medical_insured": "the countryside's insurance was merged into it from 2016 to 2018",
    "cnp_community_service_institutions": "what counts as one was defined anew",
}
MATERNAL_CHILD = r"antenatal|delivery|maternal|neonatal|postnatal|under|mortality"


def direction(indicator: str) -> int:
    """Sign wanted of an indicator, by the first rule that matches its name; 0 where none does."""
    return next((sign for pattern, sign, _ in DIRECTIONS if re.search(pattern, indicator)), 0)


def histories(frame: pd.DataFrame, year: int) -> tuple[Panel, pd.DataFrame]:
    """Series up to a year that have a value in it, moved before and have a direction; and their facts.

    Returns the panel, keyed "indicator|region", and in its order indicator, sign, years (ahead), outcome.
    """
    frame = frame.assign(sign=frame["indicator"].map({n: direction(n) for n in frame["indicator"].unique()}))
    frame = frame[frame["sign"] != 0]
    end = frame.groupby("indicator")["year"].transform("max").clip(upper=year + YEARS)
    told = frame[(frame["year"] == end) & (end >= year + YEARS - 1)]
    told = told.assign(series=told["indicator"] + "|" + told["region"], years=told["year"] - year)
    facts = told.set_index("series")[["indicator", "sign", "years", "value"]].rename(
        columns={"value": "outcome"}
    )
    past = frame[frame["year"] <= year].assign(series=lambda f: f["indicator"] + "|" + f["region"])
    panel = make_panel(past[past["series"].isin(facts.index)])
    use = (panel.years[panel.last] == year) & (mean_change(panel.values) > 0)
    panel = panel.take(use)
    return panel, facts.loc[panel.keys].reset_index(drop=True)


def questions(panel: Panel, facts: pd.DataFrame) -> pd.DataFrame:
    """Targets of every series by every rule: row (in the panel), kind, target."""
    last = panel.values[np.arange(len(panel)), panel.last]
    change, sign = mean_change(panel.values), facts["sign"].to_numpy()
    parts = [("reach", last + sign * u * np.sqrt(facts["years"]) * change) for u in REACHES]
    values = pd.Series(last).groupby(facts["indicator"])
    parts += [("common", values.transform("quantile", q)) for q in QUARTILES]
    step = _round_step(YEARS * pd.Series(change).groupby(facts["indicator"]).transform("median").to_numpy())
    # a value on a multiple but for rounding goes on to the next one
    parts.append(("round", step * sign * (np.floor(sign * last / step + 1e-6) + 1)))
    found = [
        pd.DataFrame({"row": np.arange(len(panel)), "kind": k, "target": np.asarray(t)}) for k, t in parts
    ]
    table = pd.concat(found, ignore_index=True)
    return table.assign(target=np.clip(table["target"], panel.lower[table["row"]], panel.upper[table["row"]]))


def _round_step(size: np.ndarray) -> np.ndarray:
    """Largest of 1, 2 and 5 times a power of ten that isn't above a size."""
    power = 10.0 ** np.floor(np.log10(size))
    return power * np.select([size >= 5 * power, size >= 2 * power], [5.0, 2.0], 1.0)


def unseen_quantiles(model: ReferenceModel, panel: Panel, indicator: pd.Series) -> np.ndarray:
    """Quantiles (n, YEARS, len(LEVELS)) within the bounds, by networks that saw nothing of the indicator's source."""
    found = np.full((len(panel), YEARS, len(LEVELS)), np.nan)
    for name in indicator.unique():
        rows = np.flatnonzero(indicator == name)
        found[rows] = model.without(name)(panel.take(rows), YEARS, LEVELS)
    return np.clip(found, panel.lower[:, None, None], panel.upper[:, None, None])


def answered(model: ReferenceModel, panel: Panel, facts: pd.DataFrame) -> pd.DataFrame:
    """One row a question: indicator, kind, met, and probability alone and together."""
    asked = questions(panel, facts)
    of = facts.iloc[asked["row"]].reset_index(drop=True)
    reached = np.where(of["sign"] > 0, of["outcome"] >= asked["target"], of["outcome"] <= asked["target"])
    asked = asked.assign(indicator=of["indicator"], met=reached.astype(float))
    for way, company in (("alone", None), ("together", panel.indicator)):
        found = unseen_quantiles(model, replace(panel, indicator=company), facts["indicator"])
        found = found[asked["row"], of["years"].to_numpy(int) - 1]
        asked[way] = scores.probability_beyond(found, LEVELS, asked["target"], of["sign"])
    return asked


def told(rows: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Said and happened: n, share that happened, Brier of always saying that share (known afterwards only), and for both
    ways mean probability, its gap and the Brier score."""

    def one(cell: pd.DataFrame) -> pd.Series:
        happened = cell["met"].mean()
        line = {"n": len(cell), "happened": happened, "base_brier": happened * (1 - happened)}
        for way in ("alone", "together"):
            line[f"said_{way}"] = cell[way].mean()
            line[f"gap_{way}"] = cell[way].mean() - happened
            line[f"brier_{way}"] = scores.brier(cell[way], cell["met"]).mean()
        return pd.Series(line)

    table = rows.groupby(by).apply(one, include_groups=False).reset_index() if by else one(rows).to_frame().T
    return table.astype({"n": int})


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table with three decimals."""
    print(f"\n{title}\n{table.to_string(index=False, float_format=lambda v: f'{v:.3f}')}", flush=True)


def report(rows: pd.DataFrame) -> None:
    """Print what was said and happened, with and without redefined indicators."""
    kept = rows[~rows["indicator"].isin(REDEFINED)]
    for way in ("alone", "together"):
        gap = kept[way] - kept["met"]
        low, high = scores.bootstrap_interval(gap, kept["indicator"])
        held = "held" if abs(gap.mean()) <= WITHIN else "NOT held"
        print(
            f"{way}: said less happened {gap.mean():+.3f} ({low:+.3f} to {high:+.3f}), bar {WITHIN}: {held}"
        )
        error = scores.calibration_error(kept[way], kept["met"])
        show(f"Reliability {way}, calibration error {error:.3f}", scores.reliability(kept[way], kept["met"]))
    show("All questions", told(kept))
    show("With redefined indicators", told(rows))
    show("By rule", told(kept, "kind"))
    show("By indicator", told(rows, "indicator"))
    health = rows[rows["indicator"].str.startswith("cnh_") & rows["indicator"].str.contains(MATERNAL_CHILD)]
    if len(health):
        show(f"Maternal and child health, {health['indicator'].nunique()} rates", told(health))
        show("Maternal and child health by rule", told(health, "kind"))


def summary(rows: pd.DataFrame, year: int) -> dict:
    """What a reader is told of the hindcast, redefined indicators left out."""
    kept = rows[~rows["indicator"].isin(REDEFINED)]
    health = kept[kept["indicator"].str.startswith("cnh_") & kept["indicator"].str.contains(MATERNAL_CHILD)]

    def facts(part: pd.DataFrame) -> dict:
        line = told(part).iloc[0]
        return {"indicators": part["indicator"].nunique()} | {k: round(float(v), 4) for k, v in line.items()}

    found: dict = {"year": year, "years": YEARS, "histories": kept["row"].nunique(), "all": facts(kept)}
    if len(health):
        found["maternal_child"] = facts(health)
    for way in ("alone", "together"):
        bins = scores.reliability(kept[way], kept["met"]).round(4)
        low, high = scores.bootstrap_interval(kept[way] - kept["met"], kept["indicator"])
        ends = [round(float(end), 4) for end in (low, high)]
        found[way] = {"reliability": bins.to_dict("list"), "gap_interval": ends}
    return found


def main() -> None:
    """Ask, and print what was said and what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="files that the model was trained on")
    parser.add_argument("--model", type=Path, help="a model.npz; by default the one that is shipped")
    parser.add_argument("--year", type=int, default=2015)
    parser.add_argument("--write", type=Path, help="file for what the chapter on method validation shows")
    options = parser.parse_args()
    frame = provincial(read(options.data))
    model = load_model(options.model) if options.model else reference_model()
    check_sources(frame, model)
    panel, facts = histories(frame, options.year)
    print(machine())
    print(f"{len(panel)} histories of {facts['indicator'].nunique()} indicators to {options.year}")
    rows = answered(model, panel, facts)
    report(rows)
    if options.write:
        text = json.dumps(summary(rows, options.year), ensure_ascii=False, indent=1) + "\n"
        options.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
