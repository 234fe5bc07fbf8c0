"""What has changed since the year before: a row an indicator, with what chance may have to do with it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.chapters.kit.tables import own_targets
from xhcp_eval.forecast.small_numbers import equality_p
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.verdict.series import series_key

RATE = 0.05  # false discoveries among the changes that are told
COLUMNS = ("indicator", "domain", "before", "now", "change", "better", "how", "told", "size")
TESTED, FULL, UNTESTED = "计数可检验", "全数清点", "没有计数"
SAME = 1e-9


@once_a_pack
def since_last_year(pack: Pack) -> pd.DataFrame:
    """Changes on the last year of all indicators with a target and a figure in both years, `COLUMNS`.

    before, now, change: in the indicator's unit. better: as the plan wants it. how: whether chance can be tested (counts),
    has no part (all units are counted) or can't be told. told: the change exceeds chance (false discovery rate 5%, Benjamini
    & Hochberg 1995) or is of a full count. size: change against the value before, for the order. Values are single years',
    none pooled, since the last break of definition.
    """
    year, found = pack.params.data_until, []
    rows = own_targets(pack, None)
    rows = rows[rows["direction"].isin(["up", "down"]) & ~rows["kind"].isin(["gap", "yes_no"])]
    histories = pack.histories.set_index(["series", "year"])
    for row in rows.drop_duplicates("indicator").itertuples():
        keys = [(series_key(row.indicator, pack.region), y) for y in (year - 1, year)]
        if all(key in histories.index for key in keys):
            found.append(_pair(pack, row, *(histories.loc[key] for key in keys)))
    frame = pd.DataFrame(found, columns=[*COLUMNS[:7], "p"])
    frame = frame[frame["change"].notna()].reset_index(drop=True)
    return frame.assign(
        told=_told(frame),
        size=(frame["change"] / frame["before"].where(frame["before"] != 0)).abs().fillna(np.inf),
    )


def _pair(pack: Pack, row, before: pd.Series, now: pd.Series) -> tuple:
    facts = pack.plan.indicator(row.indicator)
    counted = np.isfinite([before["numerator"], now["numerator"], before["denominator"], now["denominator"]])
    how = TESTED if counted.all() else FULL if facts.census or facts.kind == "count" else UNTESTED
    counts = (now["numerator"], now["denominator"], before["numerator"], before["denominator"])
    p = (
        float(equality_p(*counts, "proportion" if facts.kind == "proportion" else "rate"))
        if how == TESTED
        else np.nan
    )
    change = float(now["value"] - before["value"])
    better = change * (1 if row.direction == "up" else -1) > SAME
    return row.indicator, row.domain, float(before["value"]), float(now["value"]), change, better, how, p


def _told(frame: pd.DataFrame) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    told = ((frame["how"] == FULL) & (frame["change"].abs() > SAME)).to_numpy(copy=True)
    tested = (frame["how"] == TESTED).to_numpy()
    if tested.any():
        told[tested] = multipletests(frame.loc[tested, "p"], RATE, method="fdr_bh")[0]
    return told
