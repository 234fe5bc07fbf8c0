"""How regions stand beside each other: how many targets each may be expected to meet, and between which ranks it lies.

No rank is given alone: whether a target will be met is drawn from its probability, for all regions at once, and the
ranks of all draws make the interval.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xhcp_eval.report.page.summary import targets_frame
from xhcp_eval.verdict.status import Status

DRAWS, SEED, LEVEL = 2000, 2030, 0.95
UNKNOWN = (Status.UNDECIDABLE, Status.NO_DATA, Status.DISPUTED)
CERTAIN = {Status.MET: 1.0, Status.MISSED: 0.0}
COLUMNS = ("region", "targets", "unknown", "expected", "low", "high", "best_rank", "worst_rank")


def deciding_targets(summaries: Mapping[str, dict]) -> pd.DataFrame:
    """Targets of the goals themselves in the plan's last year, each question once, of all regions.

    summaries: `summary.json` of each region's report. Returns the fields of `targets_frame` with `region`.
    """
    frames = []
    for region, summary in summaries.items():
        frame = targets_frame(summary).drop_duplicates("question")
        last = frame["decides_goal"].astype(bool) & (frame["target_year"] == summary["end_year"])
        frames.append(frame[last & (frame["status"] != Status.NOT_JUDGED)].assign(region=region))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["region", "status"])


def standing(targets: pd.DataFrame, draws: int = DRAWS, seed: int = SEED) -> pd.DataFrame:
    """Expected number of targets met by each region, with intervals of the number and of the rank.

    targets: of `deciding_targets`: region, question, status, probability. A target met or missed for good counts as
    such. Of targets that can't be judged nothing is known: in each draw a region meets a share of them that is
    itself drawn from 0 to 1, so that missing data widen a region's interval and never earn it a rank. Targets are
    drawn independently, which makes intervals too narrow where a region's targets fail together.
    Returns one row a region (COLUMNS), best first; intervals hold 95% of draws, ranks of ties are shared.
    """
    if targets.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    chance = chances(targets)
    regions = list(chance.index)
    asked = (
        pd.crosstab(targets["region"], targets["question"]).reindex(index=regions, columns=chance.columns) > 0
    )
    unknown = (asked & chance.isna()).sum(axis=1).to_numpy()
    met = _drawn(chance.fillna(0.0).to_numpy(), unknown, draws, np.random.default_rng(seed))
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(met, [tail, 100 - tail], axis=0, method="closest_observation")
    best, worst = np.percentile(_ranks(met), [tail, 100 - tail], axis=0)
    found = pd.DataFrame(
        dict(zip(COLUMNS, (regions, asked.sum(axis=1).to_numpy(), unknown, met.mean(axis=0), low, high,
                           np.floor(best).astype(int), np.ceil(worst).astype(int)), strict=True))
    )  # fmt: skip
    return found.sort_values(["expected", "region"], ascending=[False, True], ignore_index=True)


def chances(targets: pd.DataFrame) -> pd.DataFrame:
    """Chance of each region (rows) to meet each question (columns); missing where it can't be judged."""
    chance = targets["probability"].astype(float)
    chance = targets["status"].map(CERTAIN).astype(float).fillna(chance)
    chance = chance.mask(targets["status"].isin(UNKNOWN))
    return targets.assign(_chance=chance).pivot(index="region", columns="question", values="_chance")


def _drawn(chance: np.ndarray, unknown: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Targets met in each draw: (draws, regions). chance: (regions, questions). unknown: how many, (regions,)."""
    met = np.empty((draws, len(chance)))
    for draw in range(draws):  # one draw at a time: all at once would be gigabytes for a country
        met[draw] = (rng.random(chance.shape) < chance).sum(axis=1)
    return met + rng.binomial(unknown, rng.random(met.shape))


def _ranks(met: np.ndarray) -> np.ndarray:
    """Rank in each draw, 1 for most met; ties share the mean of theirs."""
    from scipy.stats import rankdata

    return rankdata(-met, method="average", axis=1)
