"""Jumps that nobody marked: years in which a series moved far beyond its own habit and the noise of its counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.panel import Panel, previous

COLUMNS: tuple[str, ...] = ("series", "year", "kind", "before", "after", "jump", "typical", "ratio")
SHIFT, SPIKE, OPEN = "水平跳变", "一年尖峰", "末年跳变"
LEAST_CHANGES = 5
THRESHOLD = 7.0
LEAST_SPREAD = 0.01
BACK = 0.5


def unmarked_breaks(panel: Panel) -> pd.DataFrame:
    """Jumps that a change of definition, a slip or a one-off event may lie behind.

    panel: series, already cut at their marked breaks. A yearly change is a jump where it lies more than 7 robust
    standard deviations from the series' median change, and from no change; five changes at least. The deviation is the
    changes' median absolute one, at least 1% of the level and a quarter of the mean change, with the noise of counts on
    top. On random walks of eleven points it flags none of 1,500 series with normal steps, 3% of those with Student t4
    steps, and finds 98% of the shifts of 14 typical changes (tests/forecast/test_breaks.py).
    kind: a shift stays (水平跳变), a spike goes back by half or more the year after (一年尖峰, told of the first of its two
    jumps), in the last year nobody knows yet (末年跳变).
    Returns one row a jump with `COLUMNS`: values before and after, the change a year, the mean absolute change, their
    ratio. Source: Iglewicz & Hoaglin 1993, How to detect and handle outliers (modified z-score).
    """
    change, gap, noise = _changes(panel)
    known = np.isfinite(change)
    enough = known.sum(axis=1) >= LEAST_CHANGES
    middle = np.nanmedian(np.where(enough[:, None], change, 0.0), axis=1)
    off = change - middle[:, None]
    spread = 1.4826 * np.nanmedian(np.where(enough[:, None], np.abs(off), 0.0), axis=1)
    level = np.nanmedian(np.abs(panel.values), axis=1)
    typical = np.nanmean(np.where(enough[:, None], np.abs(change), 0.0), axis=1)
    # a series that mostly stands still has no spread, but a step of its usual size is no jump
    spread = np.maximum(np.maximum(spread, LEAST_SPREAD * level), typical / 4)
    width = np.sqrt(spread[:, None] ** 2 + noise)
    size = np.minimum(np.abs(off), np.abs(change))
    jumped = enough[:, None] & known & (size > THRESHOLD * np.maximum(width, 1e-300))
    return _rows(panel, jumped, change, gap, typical)


def break_sentence(row: dict, value: str, typical: str) -> str:
    """What to ask the department about a jump, in Chinese. value, typical: the changes with their unit."""
    then = {SHIFT: "其后停在新水平", SPIKE: "次年又回落", OPEN: "是否持续尚不可知"}[row["kind"]]
    return (
        f"{row['year']}年每年变动{value}，是历年通常变动（{typical}）的{row['ratio']:.0f}倍，{then}，数据中没有说明。"
        "请核实：若口径变更，请在该行标 series_break，预测只用此后的数；若是特殊年份，请标 exceptional。"
    )


def _changes(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Change a year since the previous value, years between, and counting variance of the change, (n, n_years)."""
    values = panel.values
    variance, _ = counting_variance(values, panel.numerator, panel.denominator, panel.upper)
    before = previous(values)
    known, start = before >= 0, np.maximum(before, 0)
    gap = np.where(known, np.arange(values.shape[1]) - before, np.nan)
    change = np.where(known, values - np.take_along_axis(values, start, axis=1), np.nan) / gap
    noise = (variance + np.take_along_axis(variance, start, axis=1)) / gap**2
    return change, gap, np.nan_to_num(noise)


def _rows(
    panel: Panel, jumped: np.ndarray, change: np.ndarray, gap: np.ndarray, typical: np.ndarray
) -> pd.DataFrame:
    found, told = [], set()
    for i, t in zip(*np.nonzero(jumped), strict=True):
        if (i, t) in told:
            continue
        later = np.flatnonzero(np.isfinite(change[i, t + 1 :]))
        jump = change[i, t]
        kind = OPEN
        if len(later):
            following = t + 1 + int(later[0])
            goes_back = change[i, following] * np.sign(jump) <= -BACK * abs(jump)
            kind = SPIKE if goes_back else SHIFT
            if goes_back:
                told.add((i, following))
        after = panel.values[i, t]
        ratio = abs(jump) / max(typical[i], 1e-12)
        found.append(
            (
                panel.keys[i],
                int(panel.years[t]),
                kind,
                after - jump * gap[i, t],
                after,
                jump,
                typical[i],
                ratio,
            )
        )
    return pd.DataFrame(found, columns=list(COLUMNS))
