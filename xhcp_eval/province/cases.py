"""Single regions out of a block: what `assess` judges each with, its chances found for all regions at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xhcp_eval.assessment import Case
from xhcp_eval.evidence import History, series_key
from xhcp_eval.plan import Plan
from xhcp_eval.province.ahead import Ahead, look_ahead
from xhcp_eval.province.assess import integrated_chances
from xhcp_eval.province.reading import read_block
from xhcp_eval.province.series import RESIDENCES
from xhcp_eval.settings import Settings

DIGITS = 12  # of a chance; beyond them it hangs on which regions were worked out together


def open_case(
    observations: pd.DataFrame,
    plan: Plan,
    region: str | None = None,
    settings: Settings | None = None,
    as_of: int | None = None,
    use_recollection: bool = False,
) -> Case:
    """As `assessment.make_case`, with chances integrated wherever they can be, so that `assess` simulates the rest only.

    Parameters and errors are those of `open_cases`; region: path (default: the plan's own).
    """
    return open_cases(observations, plan, [region or plan.region], settings, as_of, use_recollection)[0]


def open_cases(
    observations: pd.DataFrame,
    plan: Plan,
    regions: Iterable[str],
    settings: Settings | None = None,
    as_of: int | None = None,
    use_recollection: bool = False,
) -> list[Case]:
    """Many regions ready to be judged: their series projected and their chances found in one go.

    observations: checked table of all of them and their units. plan: as loaded. regions: paths. settings: rules of
    judgement. as_of: last year that may be used (default: the table's last). use_recollection: let unverified
    figures shape trends. Returns a case a region, in the order given; a region is judged alike whoever stands beside
    it. Raises DataError for a table that can't be used.
    """
    settings, wanted = settings or Settings(), np.array(list(dict.fromkeys(regions)), object)
    as_of = as_of or int(observations["year"].max())
    block = read_block(observations, plan, settings, as_of, wanted, use_recollection)
    future = look_ahead(block, plan.end_year, simulates=False)
    chances = integrated_chances(future, plan).round(DIGITS)
    names = [target.id for target in plan.targets()]
    order = np.argsort(block.owner, kind="stable")
    parts = np.split(order, np.searchsorted(block.owner[order], np.arange(1, len(wanted))))
    facts = {indicator.id: indicator for indicator in plan.reportable}
    cases = []
    for region, rows, row in zip(wanted, parts, chances, strict=True):
        found = (_history(future, facts, int(k)) for k in rows)
        series = {h.key: h for h in sorted(found, key=lambda h: h.key.split("|"))}
        units: dict[str, list[History]] = {}
        for history in series.values():
            if history.is_unit:
                units.setdefault(history.indicator.id, []).append(history)
        known = {name: float(p) for name, p in zip(names, row, strict=True) if np.isfinite(p)}
        cases.append(Case(plan, str(region), series, settings, as_of, units, known))
    return cases


def _history(future: Ahead, facts: dict, row: int) -> History:
    """A series of the block by itself, over its reported years."""
    block = future.block
    indicator = facts[block.facts.id[block.indicator[row]]]
    place, category = str(block.places[block.place[row]]), str(block.categories[block.category[row]])
    at = np.flatnonzero(block.seen[row])
    return History(
        key=series_key(indicator.id, place, RESIDENCES[block.residence[row]], category),
        indicator=indicator,
        region=place,
        category=category,
        years=block.years[at],
        values=block.values[row, at],
        numerator=block.numerator[row, at],
        denominator=block.denominator[row, at],
        trusted=block.trusted[row, at],
        exceptional=block.exceptional[row, at],
        survey=bool(block.survey[row]),
        is_unit=bool(block.unit[row]),
        statuses=tuple(dict.fromkeys(block.statuses[k] for k in block.status[row, at])),
        forecast=_forecast(future, row),
    )


def _forecast(future: Ahead, row: int) -> np.ndarray | None:
    """Quantiles of the coming years until the plan's end, (n_years, n_levels); none where there are none."""
    if future.place[row] < 0:
        return None
    last = int(future.block.years[future.block.last[row]])
    skipped = int(future.skipped[row])
    return future.quantiles[future.place[row], skipped : skipped + max(1, future.end - last)]
