"""What more indicators teach: models learned from few and from many, judged on the same indicators of sources none of their
networks saw.

Run: python benchmarks/learning_curve.py DATA... --first FILE [--sizes 43 150 500] [--whole FILE] [--repeats 2]

DATA and --first as in unseen.py, whose cases these are. Each size draws so many indicators by seed, `--repeats` times, and
trains as the shipped model is trained: five parts of whole sources, one network a part and kind. An indicator is judged by
networks of the part that holds its source, so each network has learned from about four fifths of the size. All indicators
come last: trained here too, or read from the file after --whole. The recipe is the same for all sizes: with more passes over
few indicators (20 and more in place of 6) networks of 43 and of 150 did no better as a rule. Histories that never moved are left
out: networks don't answer them.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from corpus import answers, check_sources, kinds, read
from measure import machine
from unseen import ASKED, OURS, asked, judged, savings, show, summary

from xhcp_eval.forecast.reference.model import ReferenceModel, load_model
from xhcp_eval.forecast.reference.training import SEED, sources_of, train_model

SIZES = (43, 150, 500)
SHOWN = [
    "method",
    "brier",
    "brier_low",
    "brier_high",
    "wql",
    "wql_low",
    "wql_high",
    "covered_80",
    "covered_95",
]


def trained(frame: pd.DataFrame, size: int, seed: int) -> ReferenceModel:
    """The model of so many indicators drawn by seed; all of them where there are no more."""
    names = np.sort(frame["indicator"].unique())
    picked = np.random.default_rng(seed).permutation(names)[:size]
    return train_model(frame[frame["indicator"].isin(picked)])


def knowing_all(model: ReferenceModel, frame: pd.DataFrame) -> ReferenceModel:
    """The model with every indicator of the frame put in the part that holds its source; of sources that no network saw
    any part may answer, so the first does."""
    source = sources_of(frame)
    fold = pd.Series(model.fold_of)
    of_source = fold.groupby(source.reindex(fold.index)).first()
    return replace(model, fold_of=source.map(of_source).fillna(0).astype(int).to_dict())


def main() -> None:
    """Train, judge, print scores by size and what all indicators save against fewer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="files to learn from")
    parser.add_argument(
        "--first", type=Path, required=True, help="file of the first indicators, left out of the mixed set"
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--whole", type=Path, help="a model of all indicators, in place of training one")
    parser.add_argument("--repeats", type=int, default=2, help="draws of each size")
    parser.add_argument("--draws", type=int, default=3, help="draws of the cases")
    options = parser.parse_args()
    start, frame = time.perf_counter(), read(options.data)
    models = [
        (f"{size}", trained(frame, size, SEED + k)) for size in options.sizes for k in range(options.repeats)
    ]
    whole = load_model(options.whole) if options.whole else train_model(frame)
    models.append((OURS, whole))
    print(f"{machine()}\ntrained in {time.perf_counter() - start:.0f} s", flush=True)
    kind, parts = kinds(frame), []
    for _, model in models:
        check_sources(frame, model)
    for facts, cases in asked(frame, options.first, options.draws):
        for number, (size, model) in enumerate(models):
            found = answers(knowing_all(model, frame), cases, ASKED)
            part = judged(size, cases, found, kind)
            part = part[part["case"].isin(np.flatnonzero(cases.scale > 0))]
            parts.append(part.assign(**facts, repeat=number % max(options.repeats, 1)))
    report(pd.concat(parts, ignore_index=True), len(whole.fold_of))
    print(f"{time.perf_counter() - start:.0f} s")


def report(rows: pd.DataFrame, whole: int) -> None:
    """Print scores by size, pooled over repeats, and what the model of all indicators saves. whole: how many those are."""
    print(f"ours: the model of all {whole} indicators")
    for (name, together), part in rows.groupby(["set", "together"], sort=False):
        title = f"{name}, {'together' if together else 'alone'}"
        show(title, summary(part, ["method"])[[*SHOWN, "calibration"]])
        by_repeat = part.groupby(["method", "repeat"], sort=False)["brier"].mean().unstack()
        print(
            by_repeat.add_prefix("Brier of repeat ").to_string(float_format=lambda v: f"{v:.4f}", na_rep="")
        )
        ours = part[part["method"] == OURS]
        for repeat, some in part[part["method"] != OURS].groupby("repeat"):
            show(f"{title}, saved by all, repeat {repeat}", savings(pd.concat([ours, some])))


if __name__ == "__main__":
    main()
