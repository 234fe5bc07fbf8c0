"""Rows of one indicator of the demonstration district: its total, its cuts, its townships or schools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np

from xhcp_eval.demo.district import District, Entry, along
from xhcp_eval.plan.model import Indicator
from xhcp_eval.plan.units import UNITS

Row = dict[str, object]


def indicator_rows(district: District, indicator: Indicator, entry: Entry) -> Iterator[Row]:
    """All rows of one indicator; columns that are at their default are left out.

    district: draws the counts and keeps them for the indicators that build on them. entry: of the profile.
    """
    unit = UNITS[indicator.unit]
    entry = replace(entry, by=tuple(indicator.disaggregation))
    if entry.since is not None:
        rows = _by_year(district, district.years >= entry.since)
    elif entry.path is None and not entry.categories:
        rows = _sex_ratio(district, entry)
    elif unit.per is None and indicator.kind != "count":
        rows = _means(district, indicator.id, entry, unit.decimals)
    else:
        rows = _counted(district, indicator.id, entry, unit.per)
    facts = {"indicator": indicator.id, "unit": indicator.unit, "department": indicator.departments[0]}
    for row in rows:
        if cast(int, row["year"]) >= entry.first and row["year"] in (entry.years or district.years):
            broken = row["year"] == entry.series_break.get("year")
            yield row | facts | ({"series_break": True, "note": entry.series_break["note"]} if broken else {})


def _counted(district: District, name: str, entry: Entry, per: float | None) -> Iterator[Row]:
    """Rows of a share, a rate or a count; its categories, if it has any, add up to it."""
    if not entry.categories:
        yield from _cuts(district, *district.counts(name, entry, per), entry, per)
        return
    parts = []
    for category, special in entry.categories.items():
        part = replace(entry, categories={}, **special)
        parts.append(district.counts(f"{name}/{category}", part, per))
        yield from (row | {"category": category} for row in _cuts(district, *parts[-1], entry, per))
    numerator, denominator = (np.sum(arrays, axis=0) for arrays in zip(*parts, strict=True))
    yield from _cuts(district, numerator, denominator, entry, per)


def _cuts(
    district: District, numerator: np.ndarray, denominator: np.ndarray | None, entry: Entry, per: float | None
) -> Iterator[Row]:
    """Rows of every cut; a cut without anybody to count among has none."""
    if denominator is None:
        for labels, count in district.cuts(numerator, entry.by):
            yield from _by_year(district, count, **labels)
        return
    pairs = zip(district.cuts(numerator, entry.by), district.cuts(denominator, entry.by), strict=True)
    for (labels, above), (_, below) in pairs:
        value = np.round(per * above / np.maximum(below, 1), 4)
        for row, x, n in zip(_by_year(district, value, **labels), above, below, strict=True):
            if n > 0:
                yield row | {"numerator": int(x), "denominator": int(n)}


def _means(district: District, name: str, entry: Entry, decimals: int) -> Iterator[Row]:
    """Rows of a mean without counts: the district's, or each school's and their mean."""
    rng = district.stream(name)
    path = along(entry.path, district.years)
    if not entry.schools:
        yield from _by_year(
            district, np.round(path * (1 + entry.noise * rng.standard_normal(len(path))), decimals)
        )
        return
    stage, number = entry.schools.split()
    of_school = entry.spread * rng.standard_normal((int(number), 1))
    values = np.rint(path + of_school + entry.noise * rng.standard_normal((int(number), len(path))))
    yield from _by_year(district, np.round(values.mean(axis=0), 2))
    for i, hours in enumerate(values, 1):
        region = f"{district.name}/示范{stage}{i:02d}"
        yield from _by_year(district, hours, region=region, level="school")


def _sex_ratio(district: District, entry: Entry) -> Iterator[Row]:
    """Boys born per 100 girls, of the births that everything else is counted among."""
    low, high = cast(list[int], entry.of)
    births = district.aged(low, high)
    pairs = zip(
        district.cuts(births[:, :, :1], entry.by), district.cuts(births[:, :, 1:], entry.by), strict=True
    )
    for (labels, boys), (_, girls) in pairs:
        yield from _by_year(district, np.round(100 * boys / girls, 2), **labels)


def _by_year(district: District, values: np.ndarray, **labels: str) -> Iterator[Row]:
    place = {"region": district.name, "level": "district"}
    for year, value in zip(district.years, values, strict=True):
        yield place | labels | {"year": int(year), "value": float(value)}
