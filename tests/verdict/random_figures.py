"""A plan of every kind of indicator, and random figures of it: a block's arrays are held against plain readings of them."""

import numpy as np
import pandas as pd
from small_plan import indicator, plan_of, rate, table_of

ITEMS = [
    rate(id="r"), indicator(exceptional_years=[2022]),
    indicator(id="events", kind="count", unit="count", direction="down", upper=None),
    indicator(id="places", kind="count", unit="count", direction="down", upper=None, census=True),
    indicator(id="asked", measurement_level=["survey"]),
    indicator(id="gross", kind="ratio", upper=None),
    indicator(id="villages", census=True),
]  # fmt: skip
PLAN = plan_of(ITEMS)
STATUS = ["reported", "recollection", "survey", "single_copy"]


def random_table(seed):
    """Figures of two counties and their townships in every cut, in no order, some of them of other plans or ages."""
    rng = np.random.default_rng(seed)
    keys = [
        (name, place, year, residence, category, sex, age)
        for name in (*(item["id"] for item in ITEMS), "stranger")
        for place in ("乙县", "乙县/东镇", "甲县", "甲县/西镇", "甲县/东镇/小学", "丙县")
        for year in range(2015, 2026)
        for residence, category, sex, age in [
            ("total", "total", "total", "total"), ("urban", "total", "total", "total"),
            ("rural", "total", "total", "total"), ("total", "公办", "total", "total"),
            ("total", "total", "male", "total"), ("total", "total", "total", "0-5"),
        ]
        if rng.random() < 0.4
    ]  # fmt: skip
    columns = ["indicator", "region", "year", "residence", "category", "sex", "age"]
    table = pd.DataFrame(keys, columns=columns)
    n = len(table)
    counts = rng.integers(0, 41, n).astype(float)
    table = table.assign(
        level=np.where(table["region"].str.contains("/"), "township", "district"), value=counts,
        numerator=np.where(rng.random(n) < 0.8, counts, np.nan), denominator=np.where(rng.random(n) < 0.9, np.where(table["region"].str.contains("东镇"), 40.0, 100.0), np.nan),
        status=rng.choice(STATUS, n, p=[0.75, 0.1, 0.1, 0.05]), unit="percent", source="填报表",
        series_break=rng.random(n) < 0.04, exceptional=rng.random(n) < 0.1,
    )  # fmt: skip
    return table_of(table).sample(frac=1, random_state=seed)
