"""A reader with a computer: what can be worked out from public tables. Formulated apart from the code that protects them.

The reader has the printed texts of one or more editions, the denominators of five and more (births and children stand in other
yearbooks), and knows what every reader of a yearbook knows: boys and girls, town and country, towns and subdistricts
make up the whole; subdistricts are the urban and towns the rural part; neonatal deaths are among infant deaths, these among
deaths under five, causes among all injuries; some rates are shares of a number that stands in the same table.
"""

import math
from collections import defaultdict

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CELL = ["indicator", "year", "region", "sex", "age", "residence", "category"]
PER = {"count": 1, "percent": 100, "permille": 1e3, "per_1000": 1e3, "per_10k": 1e4, "per_100k": 1e5,
       "per_100k_live_births": 1e5}  # fmt: skip
AMONG = [
    ("infant_mortality_rate", ["neonatal_mortality_rate"]),
    ("under5_mortality_rate", ["infant_mortality_rate"]),
    ("child_injury_mortality_rate", [
        "child_drowning_mortality_rate", "child_road_traffic_mortality_rate", "child_fall_mortality_rate",
        "child_burn_mortality_rate", "child_poisoning_mortality_rate",
    ]),
    ("child_injury_disability_rate", ["child_fall_burn_poison_disability"]),
    ("left_behind_children_count", ["left_behind_care_coverage"]),
    ("neonatal_mortality_rate", ["neonatal_death_review_coverage"]),
    ("inclusive_kindergarten_coverage", ["public_kindergarten_share"]),
]  # fmt: skip
SHARE_OF = {
    "left_behind_care_coverage": "left_behind_children_count",
    "neonatal_death_review_coverage": "neonatal_mortality_rate",
}
WIDEST = 1e6
WAYS = 6  # tables drawn at once before cells are asked one by one


def attack(editions, truth, least):
    """Least and greatest count of each hidden cell, sought no further than `least` numbers.

    editions: frames with `CELL`, unit and printed (a number, "<5" or "…"). truth: frame with `CELL`, unit, numerator,
    denominator, value: gives denominators of five and more, and which sums add up; its other numbers are not used.
    Returns a frame with `CELL`, low, high.
    """
    cells = pd.concat(editions)[[*CELL, "unit"]].drop_duplicates(CELL)
    cells = cells.merge(truth[[*CELL, "numerator", "denominator", "value"]], on=CELL, how="left")
    cells = cells[cells["unit"].isin(PER)].reset_index(drop=True)
    place = {key: k for k, key in enumerate(cells[CELL].itertuples(index=False, name=None))}
    texts = [[] for _ in place]
    for edition in editions:
        for *key, text in edition[[*CELL, "printed"]].itertuples(index=False, name=None):
            if tuple(key) in place:
                texts[place[tuple(key)]].append(text)
    denominators = _denominators(cells, texts, place)
    ranges = [
        _range(*facts) for facts in zip(texts, denominators, cells["unit"], cells["indicator"], strict=True)
    ]
    low, high = np.array(ranges).T
    secret = np.array([all(isinstance(t, str) and t[0] in "<…" for t in said) for said in texts])
    least_seen, most_seen = _solve(_sums(cells, place), low, high, secret, least)
    found = cells.assign(low=least_seen, high=most_seen, few=high - low + 1)
    return found.loc[secret, [*CELL, "low", "high", "few"]]


def too_narrow(found, least):
    """Rows of `attack` that were narrowed to fewer than `least` numbers, and than print and denominator alone leave."""
    return found[found["high"] - found["low"] + 1 < np.minimum(least, found["few"])]


def _denominators(cells, texts, place):
    known = cells["denominator"].where(cells["denominator"] >= 5).to_numpy(copy=True)
    for (indicator, *rest), k in place.items():
        if indicator in SHARE_OF:
            whole = place.get((SHARE_OF[indicator], *rest))
            if whole is not None and all(isinstance(text, str) for text in texts[whole]):
                known[k] = np.nan
    return known


def _range(said, cases, unit, indicator):
    low, high = 0.0, cases if cases == cases and "gross" not in indicator else WIDEST
    for text in said:
        if isinstance(text, str):
            if text.startswith("<"):
                low, high = max(low, 1.0), min(high, float(text[1:]) - 1)
        elif unit == "count":
            low = high = float(text)
        elif cases == cases:
            half = 0.5e-4 * cases / PER[unit] + 1e-6
            middle = text * cases / PER[unit]
            low, high = max(low, math.ceil(middle - half)), min(max(high, middle), math.floor(middle + half))
    return low, high


def _sums(cells, place):
    """(parts, whole, equal) for all that a reader knows to add up; sums that don't in truth are no knowledge."""
    count = np.where(cells["unit"] == "count", cells["value"], cells["numerator"])
    implied = cells["value"] * cells["denominator"] / cells["unit"].map(PER)
    count = np.where(np.isnan(count), implied, count)
    parts = defaultdict(list)
    for key, k in place.items():
        cell = dict(zip(CELL, key, strict=True))
        for name in ("sex", "age", "residence", "category"):
            if cell[name] != "total":
                parts[tuple({**cell, name: "total"}.values()), name].append(k)
        above, _, own = cell["region"].rpartition("/")
        if above and not own.startswith(("示范小学", "示范中学")):
            parts[tuple({**cell, "region": above}.values()), "town"].append(k)
            if cell["residence"] == "total":
                where = "urban" if own.endswith("街道") else "rural"
                parts[tuple({**cell, "region": above, "residence": where}.values()), "kind"].append(k)
    found = []
    for (whole, _), some in parts.items():
        if whole in place:
            left = count[some].sum() - count[place[whole]]
            if left < 0.5:
                found.append((some, place[whole], abs(left) < 0.5))
    for whole, names in AMONG:
        for (indicator, *rest), k in place.items():
            if indicator == whole:
                some = [place[name, *rest] for name in names if (name, *rest) in place]
                found += [(some, k, False)] if some and count[some].sum() - count[k] < 0.5 else []
    return found


def _solve(sums, low, high, secret, least):
    size, free = len(low), high > low
    seen = np.array([np.full(size, np.inf), np.full(size, -np.inf)])
    rows = [(some, whole, equal) for some, whole, equal in sums if free[[*some, whole]].any()]
    tied = [(k, n) for n, (some, whole, _) in enumerate(rows) for k in (*some, whole) if free[k]]
    if tied:
        a, b = np.array(tied).T
        both = size + len(rows)
        graph = coo_array((np.ones(len(a)), (a, size + b)), (both, both))
        group = connected_components(graph, directed=False)[1]
    else:
        group = np.arange(size)
    of_group = defaultdict(list)
    for n, row in enumerate(rows):
        of_group[group[size + n]].append(row)
    rng = np.random.default_rng(1)
    for number in np.unique(group[:size][secret]):
        unknown = np.flatnonzero((group[:size] == number) & free)
        _solve_group(of_group[number], unknown, (low, high), secret, least, seen, rng)
    fixed = secret & ~free
    seen[:, fixed] = low[fixed]
    return seen


def _solve_group(rows, unknown, limits, secret, least, seen, rng):
    low, high = limits
    position = {cell: k for k, cell in enumerate(unknown)}
    matrix, right, equal = np.zeros((len(rows), len(unknown))), np.zeros(len(rows)), np.zeros(len(rows), bool)
    for n, (some, whole, is_equal) in enumerate(rows):
        equal[n] = is_equal
        for cell, sign in (*((k, 1.0) for k in some), (whole, -1.0)):
            if cell in position:
                matrix[n, position[cell]] += sign
            else:
                right[n] -= sign * low[cell]
    rules = [LinearConstraint(matrix, np.where(equal, right, -np.inf), right)] if rows else []
    bounds = Bounds(low[unknown], np.minimum(high[unknown], WIDEST))

    def look(aim):
        found = milp(aim, integrality=np.ones(len(unknown)), bounds=bounds, constraints=rules)
        assert found.x is not None, "the published figures contradict each other"
        values = np.round(found.x)
        seen[0, unknown], seen[1, unknown] = (
            np.minimum(seen[0, unknown], values),
            np.maximum(seen[1, unknown], values),
        )

    asked = [k for k in range(len(unknown)) if secret[unknown[k]]]
    for _ in range(WAYS if len(asked) > WAYS else 0):
        aim = rng.choice([-1.0, 1.0], len(unknown))
        look(aim)
        look(-aim)
    for k in asked:
        for sign in (1.0, -1.0):
            if seen[1, unknown[k]] - seen[0, unknown[k]] + 1 < least:
                look(sign * (np.arange(len(unknown)) == k))
