"""Precision, recall and lift of a rule from cases that were warned of or not, and went wrong or not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError


def skill_of(table: pd.DataFrame, draws: int = 2000, seed: int = 0) -> dict:
    """Precision, recall, base rate and lift of a rule from one row a case.

    table: indicator, warned, wrong (bool). Returns precision, recall, base_rate; lift and lift_within, the precision
    over the base rate of all cases and over that of the warned cases' own indicators (what the rule tells beyond
    which indicator it is), each with _low and _high, 95% bootstrap intervals; n, n_warned, n_wrong; and better: whether
    both lifts lie above 1 with their whole intervals (None where it can't be told): a rule that only knows which
    indicators do badly needs no warning. Indicators are drawn again whole, since regions
    of one share its fate. Source: Field & Welsh 2007, JRSS B 69:369, for the bootstrap of clusters.
    Raises DataError without a case.
    """
    if table.empty:
        raise DataError("预警规则在这批序列上没有可判断的案例，无法实测")
    parts = table[["warned", "wrong"]].assign(hit=table["warned"] & table["wrong"], n=1).astype(float)
    sums = parts.groupby(table["indicator"].to_numpy()).sum()
    # how many warned cases would have gone wrong at the rate of their indicator
    sums["own"] = sums["warned"] * sums["wrong"] / sums["n"]
    weights = np.full(len(sums), 1 / len(sums))
    times = np.random.default_rng(seed).multinomial(len(sums), weights, draws)
    total, drawn = _rates(sums.sum()), _rates(pd.DataFrame(times @ sums.to_numpy(), columns=sums.columns))
    found = {name: float(value) for name, value in total.items()}
    for name in ("lift", "lift_within"):
        known = drawn[name][np.isfinite(drawn[name])]
        limits = np.quantile(known, [0.025, 0.975]) if len(sums) > 1 and len(known) else (np.nan, np.nan)
        found |= {f"{name}_low": float(limits[0]), f"{name}_high": float(limits[1])}
    counts = {f"n_{name}": int(parts[name].sum()) for name in ("warned", "wrong")}
    lows = [found["lift_low"], found["lift_within_low"]]
    better = bool(min(lows) > 1) if counts["n_warned"] and np.isfinite(lows).all() else None
    return found | {"n": len(table)} | counts | {"better": better}


def _rates(sums: pd.Series | pd.DataFrame) -> dict:
    """Rates from sums over cases: one set (Series), or one a bootstrap draw (DataFrame)."""
    hit, warned, wrong, n, own = (np.asarray(sums[c], float) for c in ("hit", "warned", "wrong", "n", "own"))
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = {"precision": hit / warned, "recall": hit / wrong, "base_rate": wrong / n}
        return rates | {"lift": rates["precision"] / rates["base_rate"], "lift_within": hit / own}


def skill_note(row: dict) -> str:
    """What the measured figures mean, in Chinese."""
    if not row["n_warned"]:
        return f"真实序列的{row['n']}个案例中从未发出，无法评价，仅供提示"

    def times(name: str) -> str:
        return f"{row[name]:.2f}倍（95%区间{row[f'{name}_low']:.2f}–{row[f'{name}_high']:.2f}）"

    figures = (
        f"发出{row['n_warned']}次，其中{row['precision'] * 100:.0f}%应验；全部{row['n']}个案例为{row['base_rate'] * 100:.0f}%，"
        f"前者是后者的{times('lift')}，是同一指标自身比例的{times('lift_within')}；应验的坏情形中事先预警了{row['recall'] * 100:.0f}%"
    )
    if row["better"]:
        return figures
    where = "在真实序列上" if not row["lift_low"] > 1 else "在真实序列的同一指标内部"
    return f"此规则{where}不比随机好（区间含1），仅供提示：{figures}"
