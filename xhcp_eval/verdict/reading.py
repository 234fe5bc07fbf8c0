"""From the checked table of observations to a `Block`: rows sorted into series, series into grids of years."""

from __future__ import annotations

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import TOTAL, is_unsure
from xhcp_eval.observations.typed import last_digit
from xhcp_eval.plan.model import Plan
from xhcp_eval.verdict.demands import Facts
from xhcp_eval.verdict.series import RESIDENCES, Block
from xhcp_eval.verdict.settings import Settings

NEEDED = (
    "indicator", "region", "level", "year", "sex", "age", "residence", "category", "value", "numerator",
    "denominator", "status", "series_break", "exceptional",
)  # fmt: skip
# Half a step of the third decimal; reports show two. A value that near its counts is as good as they are.
TYPED_EXACTLY = 5e-4


def read_block(
    observations: pd.DataFrame,
    plan: Plan,
    settings: Settings,
    until: int,
    regions: np.ndarray | None,
    use_recollection: bool,
) -> Block:
    """Arrange a checked table as a `Block`.

    observations: columns of `NEEDED`. regions: paths; None for every region of the plan's level in the table.
    until: last year used. use_recollection: let unverified figures shape trends.
    Raises DataError for missing columns, values or years, doubled figures, or regions within one another.
    """
    absent = [name for name in NEEDED if name not in observations.columns]
    if absent:
        raise DataError(f"数据表缺少列 {'、'.join(absent)}")
    paths, path_names = _sorted_codes(observations["region"])
    if regions is None:
        own = (observations["level"] == plan.level).to_numpy()
        regions = path_names[np.unique(paths[own])]
    regions = np.asarray(pd.unique(np.asarray(regions, object)), object)
    owner, unit = _owners(path_names, regions)
    facts = Facts.of(plan)
    keep = (owner[paths] >= 0) & (observations["year"].to_numpy() <= until)
    for name in ("age", "sex"):
        keep &= _is(observations[name], TOTAL)
    unsure = is_unsure(observations["status"]).to_numpy()
    if not use_recollection:
        keep &= ~unsure
    indicator_codes, indicator_names = pd.factorize(observations["indicator"])
    position = pd.Index(facts.id).get_indexer(np.asarray(indicator_names, object))
    keep &= position[indicator_codes] >= 0
    rows = np.flatnonzero(keep)
    table = observations.iloc[rows]
    place = paths[rows]
    category, categories = _sorted_codes(table["category"])
    parts = (position[indicator_codes[rows]], place, _sorted_codes(table["residence"])[0], category)
    series, first = _series(parts)
    head = table.iloc[first]
    grids = _grids(table, series, len(first), unsure[rows], facts, parts[0][first])
    return Block(
        facts=facts, settings=settings, regions=regions, indicator=parts[0][first], owner=owner[place[first]],
        place=place[first], places=path_names, unit=unit[place[first]],
        residence=pd.Index(RESIDENCES).get_indexer(np.asarray(head["residence"], object)),
        category=category[first], categories=categories, whole=_is(head["category"], TOTAL), **grids,
    )  # fmt: skip


def _is(column: pd.Series, word: str) -> np.ndarray:
    codes, names = pd.factorize(column)
    return np.asarray(names == word, bool)[codes] if len(names) else np.zeros(len(column), bool)


def _sorted_codes(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Codes in alphabetical order of the words, and the words."""
    codes, names = pd.factorize(column)
    names = np.asarray(names, object)
    order = np.argsort(names)
    rank = np.empty(len(names), int)
    rank[order] = np.arange(len(names))
    return rank[codes] if len(names) else np.zeros(0, int), names[order]


def _owners(paths: np.ndarray, regions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position of the region that each path belongs to (-1: none), and whether it isn't a region itself."""
    index, found = pd.Index(regions), pd.Series(paths, dtype=object)
    owner = index.get_indexer(found)
    unit, above = owner < 0, found
    while above.str.contains("/").any():
        above = above.where(above.str.contains("/"), "").str.rpartition("/")[0]
        higher = index.get_indexer(above)
        inner = paths[(higher >= 0) & ~unit]
        if len(inner):
            raise DataError(f"地区互相包含：{inner[0]} 在另一个待评估地区之内；请只列同一级的地区")
        owner = np.where(owner < 0, higher, owner)
    return owner, unit


def _series(parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Series that each row belongs to, (n_rows,), and the first row of each, (n,), in the order of the parts."""
    key, *others = parts
    for codes in others:
        key = key * (int(codes.max(initial=0)) + 1) + codes
    _, first, series = np.unique(key, return_index=True, return_inverse=True)
    return series, first


def _counted(
    values: np.ndarray, numerator: np.ndarray, denominator: np.ndarray, per: np.ndarray
) -> np.ndarray:
    """Values by their counts where these say more: 93 typed for 8777 of 9522 is 92.18, and judged as that.

    values, numerator, denominator: (n, n_years). per: (n,) of the unit, 1 where a value is no share or rate. A value
    within `TYPED_EXACTLY` of its counts stays as it was reported, and so does one further from them than a step of its
    last digit: that is no rounding, and the door and the review of the figures ask about it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.where(per > 1, per, np.nan)[:, None] * numerator / denominator
    apart = np.abs(exact - values)
    rounded = np.isfinite(exact) & (apart > TYPED_EXACTLY)
    rounded[rounded] = apart[rounded] <= last_digit(pd.Series(values[rounded])).to_numpy() * (1 + 1e-9)
    return np.where(rounded, exact, values)


def _grids(
    table: pd.DataFrame, series: np.ndarray, n: int, unsure: np.ndarray, facts: Facts, indicator: np.ndarray
) -> dict[str, np.ndarray]:
    year = table["year"].to_numpy(int)
    years = np.arange(year.min(), year.max() + 1) if len(year) else np.array([0])
    at = (series, year - years[0])
    value = table["value"].to_numpy(float)
    if not np.isfinite(value).all():
        row = table.iloc[int(np.flatnonzero(~np.isfinite(value))[0])]
        raise DataError(f"数值缺失：{row['region']} {row['indicator']} {row['year']}年")
    seen = np.zeros((n, len(years)), bool)
    seen[at] = True
    if seen.sum() < len(table):
        row = table.iloc[int(np.flatnonzero(pd.DataFrame(dict(enumerate(at))).duplicated())[0])]
        raise DataError(f"数据重复：{row['region']} {row['indicator']} {row['year']}年出现多次")
    broken = np.zeros(n, int)
    np.maximum.at(broken, series, table["series_break"].to_numpy(bool) * at[1])
    seen &= np.arange(len(years)) >= broken[:, None]

    def grid(cells: np.ndarray, empty: object) -> np.ndarray:
        found = np.full((n, len(years)), empty)
        found[at] = cells
        found[~seen] = empty
        return found

    events = facts.event_count[indicator]
    numerator = grid(table["numerator"].to_numpy(float, na_value=np.nan), np.nan)
    denominator = grid(table["denominator"].to_numpy(float, na_value=np.nan), np.nan)
    values = _counted(grid(value, np.nan), numerator, denominator, facts.per[indicator])
    # events without a population: Poisson counts per year
    numerator[events] = values[events]
    denominator[events] = np.where(seen[events], 1.0, np.nan)
    exceptional = grid(table["exceptional"].to_numpy(bool), False) | (
        seen & facts.exceptional(years)[indicator]
    )
    surveyed = grid(_is(table["status"], "survey"), False).any(axis=1)
    codes, statuses = pd.factorize(table["status"])
    return {
        "years": years, "seen": seen, "trusted": grid(~unsure, False), "exceptional": exceptional,
        "values": values, "numerator": numerator, "denominator": denominator,
        "survey": surveyed | facts.survey[indicator], "status": grid(codes.astype(np.int8), np.int8(-1)),
        "statuses": np.asarray(statuses, object),
    }  # fmt: skip
