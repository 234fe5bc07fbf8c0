"""The data that the learned model was trained on, and its answers by networks that never saw an indicator's source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.forecast.backtests.cases import Cases
from xhcp_eval.forecast.classical.trend import TrendModel
from xhcp_eval.forecast.reference.model import ReferenceModel
from xhcp_eval.forecast.reference.training import sources_of

KEY = ["indicator", "region", "year"]
PROVINCES = "china_province"
SHARES, RATES, COUNTS = ("percent",), ("permille", "per_10k", "per_100k"), ("count", "amount")


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """Files of training data as one frame; of a figure that stands twice the last counts, as in training."""
    frames = [pd.read_parquet(path) for path in paths]
    texts = ("indicator", "region", "unit", "group", "source")
    frames = [
        f.assign(**{name: f[name].astype(str) for name in texts}).drop_duplicates(KEY, keep="last")
        for f in frames
    ]
    return pd.concat(frames, ignore_index=True)


def provincial(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of Chinese provinces."""
    return frame[frame["group"] == PROVINCES]


def kinds(frame: pd.DataFrame) -> pd.Series:
    """Kind of each indicator: share, rate, count or other.

    Units tell: percent; per thousand, ten thousand or hundred thousand; counts and amounts. Many units aren't told ("rate"):
    an indicator of whole numbers only is a count then, anything else other.
    """
    told = frame.groupby("indicator")["unit"].first()
    whole = (frame["value"] % 1 == 0).groupby(frame["indicator"]).all()
    names = np.select(
        [told.isin(SHARES), told.isin(RATES), told.isin(COUNTS) | whole], ["share", "rate", "count"], "other"
    )
    return pd.Series(names, index=told.index)


def check_sources(frame: pd.DataFrame, model: ReferenceModel) -> None:
    """Stop where a source stands in several folds of a model: its networks would be judged on what resembles their lessons."""
    fold = pd.Series(model.fold_of, dtype=float)
    number = fold.groupby(sources_of(frame).reindex(fold.index)).nunique()
    split = number.index[number > 1]
    if len(split):
        raise SystemExit(f"sources in several folds of the model: {', '.join(split)}")


def answers(model: TrendModel, cases: Cases, levels: np.ndarray) -> np.ndarray:
    """Quantiles (n, horizon, n_levels) of cases within their bounds; a learned model answers with networks of the fold
    that an indicator belongs to, so by none that saw its source."""
    panel = cases.panel
    if not isinstance(model, ReferenceModel):
        found = np.asarray(model(panel, cases.horizon, levels), float)
        return np.clip(found, panel.lower[:, None, None], panel.upper[:, None, None])
    found = np.full((len(cases), cases.horizon, len(levels)), np.nan)
    fold = pd.Series(cases.indicator).map(model.fold_of).fillna(-1).to_numpy(int)
    for k in np.unique(fold):
        rows = np.flatnonzero(fold == k)
        unseen = model.without(cases.indicator[rows[0]])
        found[rows] = unseen(panel.take(rows), cases.horizon, levels)
    return np.clip(found, panel.lower[:, None, None], panel.upper[:, None, None])
