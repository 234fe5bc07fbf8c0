"""Shares pooled over two years: the exact pass agrees with counts drawn by the thousand, and with plain arithmetic."""

import numpy as np
import pytest
from xhcp_eval.province.ahead import look_ahead
from xhcp_eval.province.chances import _simulated
from xhcp_eval.province.reading import read_block
from xhcp_eval.province.windows import two_year_windows

from xhcp_eval.observations import read_table
from xhcp_eval.plan import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.settings import Settings

PLAN = load_plan("xinhua_2021_2030")
DRAWS = 20_000


@pytest.fixture(scope="module")
def future():
    table = read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)
    regions = np.array([PLAN.region], object)
    block = read_block(table, PLAN, Settings(draws=DRAWS, few_cases=400), 2025, regions, False)
    return look_ahead(block, PLAN.end_year)


@pytest.fixture(scope="module")
def rows(future):
    """Series whose shares are judged by two years together."""
    block = future.block
    share = block.facts.kind[block.indicator] == "proportion"
    found = np.flatnonzero((block.window == 2) & block.counted & share & (future.place >= 0))
    assert len(found) > 10
    return found[:: max(1, len(found) // 40)]


def limits(future, rows, place):
    """Bounds around the median of the last coming year; place: how far from it, in points."""
    return future.quantiles[future.place[rows], 2, future.quantiles.shape[2] // 2] + place


@pytest.mark.parametrize(("start", "stop"), [(1, 5), (1, 2), (4, 4), (1, 1)])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("place", [-1.5, 0.0, 2.0])
def test_it_agrees_with_counts_drawn(future, rows, start, stop, sign, place):
    given = (np.full(len(rows), start), np.full(len(rows), stop))
    bound = limits(future, rows, place)
    ours = two_year_windows(future, rows, *given, np.full(len(rows), sign), bound)
    drawn = _simulated(future, rows, *given, np.full(len(rows), sign), bound)
    assert ((ours >= -1e-12) & (ours <= 1 + 1e-12)).all()
    error = np.sqrt(np.maximum(ours * (1 - ours), 1 / DRAWS) / DRAWS)
    # 256 quasi-random paths of the level leave an error of their own
    assert (np.abs(ours - drawn) <= 4.5 * error + 0.004).all()


def test_a_bound_that_nothing_can_miss_or_meet(future, rows):
    one = np.ones(len(rows), int)
    assert two_year_windows(future, rows, one, 5 * one, one, np.full(len(rows), -1.0)) == pytest.approx(1)
    assert two_year_windows(future, rows, one, 5 * one, -one, np.full(len(rows), -1.0)) == pytest.approx(0)
    assert two_year_windows(future, rows, one, 5 * one, one, np.full(len(rows), 1e6)) == pytest.approx(0)


def test_every_year_is_harder_than_the_last_alone(future, rows):
    one, bound = np.ones(len(rows), int), limits(future, rows, 0.0)
    every = two_year_windows(future, rows, one, 5 * one, one, bound)
    last = two_year_windows(future, rows, 5 * one, 5 * one, one, bound)
    assert (every <= last + 0.004).all()
    assert (every < last - 0.01).any()
