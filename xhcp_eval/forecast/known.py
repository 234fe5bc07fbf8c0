"""Where it will be when a cause is known ahead: children already born, facilities with an opening date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.forecast.panel import Panel, make_panel
from xhcp_eval.forecast.projection import LEVELS, as_table, check_ahead, project_panel, trend_model

How = Literal["per", "plus"]
# What a forecast year rests on, as the column `basis` tells it.
KNOWN, ASSUMED, LACKING, TREND = "已知", "假定：", "缺", "按走势"


def cohorts(births: pd.DataFrame, shares: Mapping[int, float]) -> pd.DataFrame:
    """Children of the ages that count in each year, from births: what `project_known` takes as `known`.

    births: columns series, year, value (born in that calendar year) and optionally assumed (text: why a value that is no
    fact yet is taken to be so). shares: years from birth to the year told -> share of that year's births. First grade of
    those six by 31 August: {6: 8/12, 7: 4/12}; kindergarten, three to five: {3: 8/12, 4: 1, 5: 1, 6: 4/12}.
    Returns series, year, value, assumed; only years all of whose parts are there, so nothing is made up.
    Raises ParamsError for unusable shares, DataError for unusable births.
    """
    if not shares or any(lag != int(lag) or not 0 < share < np.inf for lag, share in shares.items()):
        raise ParamsError(f"shares={dict(shares)!r}：须为“相隔年数（整数）: 份额（大于 0）”，至少一项")
    births = _checked(births, "出生数", "per")
    parts = [
        births.assign(year=births["year"] + int(lag), value=births["value"] * share)
        for lag, share in shares.items()
    ]
    found = pd.concat(parts).groupby(["series", "year"])
    table = found.agg(value=("value", "sum"), assumed=("assumed", _reasons))
    return table[found.size() == len(shares)].reset_index()


def project_known(
    frame: pd.DataFrame,
    known: pd.DataFrame,
    horizon: int,
    how: How = "per",
    quantiles: Sequence[float] = LEVELS,
    method: str = "auto",
) -> pd.DataFrame:
    """`project` for series whose cause is known ahead: only what is left when it is taken out is forecast.

    frame, horizon, quantiles, method: as in `project`; of series with a cause, counts (numerator, denominator) aren't
    used: their chance shows in the history.
    known: columns series (names as in `frame`), year, value and optionally assumed (text: why a value that is no fact yet
    is taken to be so). The past is needed as well. Other series of `frame` are forecast as always.
    how: "per", value = ratio x known, the ratio being forecast: `known` are the children of that age (see `cohorts`), the
    ratio is the intake or participation ratio of school planning. A year in which `known` is missing or 0 has no ratio.
    "plus", value = rest + all additions so far, the rest being forecast: `known` are additions in the year from which they
    count (negative for closures); years between the first and the last told that are left out have none.
    Returns the columns of `project` and, after year, basis: 已知 (known), 假定：… (assumed, with the reason), 缺 (nobody
    knows: quantiles are missing, nothing is made up), 按走势 (a series without a cause).
    Raises ParamsError as `project` does and for an unknown `how`; DataError, all faults at once, for unusable columns or
    numbers, series that `frame` hasn't, fewer than two years to tell a ratio from, additions beyond the value.
    Source: cohort survival method, e.g. A. C. Mehta, Projections of Population, Enrolment and Teachers (NIEPA).
    """
    if how not in ("per", "plus"):
        raise ParamsError(f"how={how!r}；允许 per（按比例，如入学比）、plus（另加，如计划新建）")
    model, levels = trend_model(method), check_ahead(horizon, quantiles)
    panel, known, horizon = make_panel(frame), _checked(known, "已知量", how), int(horizon)
    row = pd.Index(panel.keys).get_indexer(known["series"])
    driven = np.isin(np.arange(len(panel)), row)
    amount, basis = _grid(known[row >= 0], row[row >= 0], panel, horizon, how)
    rest = _taken_out(panel, amount[:, : len(panel.years)], how)
    _complain("已知量与数据对不上", [*_strangers(known[row < 0]), *_faults(rest.take(driven), how)])
    values = np.empty((len(panel), horizon, len(levels)))
    ahead = panel.last[:, None] + np.arange(1, horizon + 1)
    if not driven.all():
        values[~driven] = project_panel(panel.take(~driven), model, horizon, levels)
    # the rest may end before the value does, where the cause of the last years isn't known
    steps = ahead[driven] - rest.last[driven, None] - 1
    found = project_panel(rest.take(driven), model, int(steps.max()) + 1, levels)
    found = np.take_along_axis(found, steps[:, :, None], axis=1)
    part = np.take_along_axis(amount, ahead, axis=1)[driven, :, None]
    bounds = panel.lower[driven, None, None], panel.upper[driven, None, None]
    values[driven] = np.clip(found + part if how == "plus" else found * part, *bounds)
    table = as_table(panel, values, levels)
    table.insert(2, "basis", np.take_along_axis(basis, ahead, axis=1).ravel())
    return table


def _grid(
    known: pd.DataFrame, row: np.ndarray, panel: Panel, horizon: int, how: How
) -> tuple[np.ndarray, np.ndarray]:
    """What is known of each year of the panel and of `horizon` more, and what that rests on: (n_series, years) each."""
    amount = np.full((len(panel), len(panel.years) + horizon), np.nan)
    reason = np.full(amount.shape, "", object)
    column = known["year"].to_numpy() - panel.years[0]
    inside = (column >= 0) & (column < amount.shape[1])
    amount[row[inside], column[inside]] = known["value"].to_numpy()[inside]
    reason[row[inside], column[inside]] = known["assumed"].to_numpy()[inside]
    if how == "plus":
        last = np.full(len(panel), -1)
        np.maximum.at(last, row, column)
        beyond = np.arange(amount.shape[1]) > last[:, None]
        amount = np.where(beyond, np.nan, np.nancumsum(amount, axis=1))
        # what is added on an assumption stays an assumption
        since = np.maximum.accumulate(np.where(reason == "", 0, np.arange(reason.shape[1])), axis=1)
        reason = np.take_along_axis(reason, since, axis=1)
    else:
        amount[amount == 0] = np.nan
    told = np.where(reason == "", KNOWN, ASSUMED + reason)
    basis = np.where(np.isfinite(amount), told, LACKING)
    basis[~np.isin(np.arange(len(panel)), row)] = TREND
    return amount, basis


def _taken_out(panel: Panel, amount: np.ndarray, how: How) -> Panel:
    """Ratios to the cause, or what is there beside the additions; without bounds and counts, which are the value's."""
    values = panel.values - amount if how == "plus" else panel.values / amount
    endless, none = np.full(len(panel), np.inf), np.full(values.shape, np.nan)
    signed = np.nanmin(panel.values, axis=1) < 0
    return replace(
        panel,
        values=values,
        numerator=none,
        denominator=none,
        lower=np.where(signed, -np.inf, 0.0),
        upper=endless,
        ceiling=endless,
        last=values.shape[1] - 1 - np.argmax(np.isfinite(values)[:, ::-1], axis=1),
    )


def _strangers(known: pd.DataFrame) -> list[str]:
    names = known["series"].unique()
    return [f"已知量里的序列 {'、'.join(map(str, names))} 不在数据里，或没有数值"] if len(names) else []


def _faults(rest: Panel, how: How) -> list[str]:
    """Why what is left can't be forecast, series by series. rest: the series with a cause only."""
    few = np.isfinite(rest.values).sum(axis=1) < 2
    problems = [
        f"序列 {key}：数据和已知量都有数值的年份不足两年，不能估计{'其余部分' if how == 'plus' else '比例'}；请补充往年的已知量"
        for key in rest.keys[few]
    ]
    for key, values, lower in zip(rest.keys, rest.values, rest.lower, strict=True):
        years = rest.years[values < lower]
        if len(years):
            problems.append(
                f"序列 {key}：{'、'.join(map(str, years))} 年累计新增超过当年数值；请核对新增的年份和数量"
            )
    return problems


def _checked(table: pd.DataFrame, name: str, how: How) -> pd.DataFrame:
    """Columns series, year, value, assumed of a table of what is known, rows without a value left out."""
    absent = [column for column in ("series", "year", "value") if column not in table.columns]
    if absent:
        raise DataError(
            f"{name}缺少列 {'、'.join(absent)}；需要 series、year、value，可加 assumed（假定的理由）"
        )
    table = table[table["value"].notna()]
    reason = table["assumed"] if "assumed" in table.columns else pd.Series("", table.index)
    reason = reason.where(reason.notna(), "")
    value, year = (pd.to_numeric(table[c], errors="coerce").to_numpy(float) for c in ("value", "year"))
    wrong = {
        "不是数": ~np.isfinite(value),
        "年份不是整数": ~np.isfinite(year) | (year != np.floor(year)),
        "重复：同一序列同一年出现多次": table.duplicated(["series", "year"], keep="first").to_numpy(),
        "assumed 须写明假定的理由（文字）": ~reason.map(lambda text: isinstance(text, str)).to_numpy(bool),
    }
    if how == "per":
        wrong["为负；须不小于 0"] = value < 0
    told = np.where(np.isfinite(year), [f"{number:g}" for number in year], table["year"].astype(str))
    where = table["series"].astype(str).to_numpy() + " " + told.astype(object) + " 年"
    _complain(
        f"{name}不可用", [f"{'、'.join(where[bad])}：{what}" for what, bad in wrong.items() if bad.any()]
    )
    if not len(table):
        raise DataError(f"{name}里没有任何数值")
    return pd.DataFrame(
        {"series": table["series"], "year": year.astype(int), "value": value, "assumed": reason.str.strip()}
    )


def _reasons(texts: pd.Series) -> str:
    return "；".join(dict.fromkeys(text for text in texts if text))


def _complain(message: str, problems: list[str]) -> None:
    if problems:
        raise DataError(message, problems)
