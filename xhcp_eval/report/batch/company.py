"""What all regions of a batch have to teach one another: worked out once, handed to every region's report."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from xhcp_eval.forecast.reference.model import FEWEST_PEERS
from xhcp_eval.forecast.reference.peers import Company
from xhcp_eval.observations.table import DIMENSIONS, TOTAL
from xhcp_eval.pack.frames import read_tables
from xhcp_eval.pack.params import PackParams
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.verdict.judging import learn_from

# Of series that learn: whole regions, as they are in each region's file.
WHOLE = [(name, "==", TOTAL) for name in DIMENSIONS]


def write_company(params: PackParams, files: Sequence[str], path: Path) -> str:
    """Write what the regions of a pack learn from, by the years that it judges; returns the path, or "" for too few.

    params: of the pack. files: Parquet files, one a region. path: of the new file. A forecast made at an earlier year
    learns from what was known then.
    """
    if len(files) < FEWEST_PEERS and not params.learn_from:
        return ""
    plan = load_plan(params.plan)
    tables = [pd.read_parquet(file, filters=[*WHOLE, ("level", "==", plan.level)]) for file in files]
    if params.learn_from:
        others = read_tables(params.learn_from, plan)
        own = {name for t in tables for name in t["region"].unique()}
        # as `judge` does: a region that stands in both is that of the batch
        tables.append(others[~others["region"].isin(own)])
    together = pd.concat(tables, ignore_index=True)
    asked = (params.data_until, params.forecast_origin, params.outcome_year)
    years = {year for year in asked if year is not None}
    found = {
        year: learn_from(together, plan, year, params.settings, params.use_recollection)
        for year in sorted(years)
    }
    path.write_bytes(pickle.dumps(found))
    return str(path)


def read_company(written: bytes | str) -> Mapping[int, Company | None]:
    """What `write_company` wrote for this very batch, by data year; nothing for ""."""
    if not written:
        return {}
    return pickle.loads(written if isinstance(written, bytes) else Path(written).read_bytes())
