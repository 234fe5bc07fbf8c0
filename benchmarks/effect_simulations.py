"""Do the intervals for the effect of a measure hold what they promise on series as short as a district's?

A thousand simulated data sets with a known effect for every setting: interrupted series (10 to 20 points, AR(1)),
Poisson counts, difference in differences (6 to 20 units, 12 years, AR(1)), synthetic control (10 to 30 donors, two
common factors, AR(1)). Prints bias (with its simulation error) and the share of 95% intervals that hold the truth;
the goal is 93 to 97, a star marks the others. The simulation error of a share is 0.7 points. The steps of the public
functions are called one by one, without the tables and sentences, which take most of the time.

Run: python benchmarks/effect_simulations.py [--draws 1000] [--only series|differences|synthetic]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from xhcp_eval.evaluation.methods import difference_in_differences as did
from xhcp_eval.evaluation.methods import interrupted_series as its
from xhcp_eval.evaluation.methods import synthetic_control as sc

AUTOCORRELATION = (0.0, 0.3, 0.6)
EFFECT = 1.5


def ar1(rng: np.random.Generator, periods: int, units: int, rho: float) -> np.ndarray:
    """Stationary AR(1) noise of variance 1, (periods, units)."""
    noise = rng.standard_normal((periods, units))
    for time in range(1, periods):
        noise[time] = rho * noise[time - 1] + np.sqrt(1 - rho**2) * noise[time]
    return noise


def series(rng: np.random.Generator, points: int, rho: float, errors: str, counts: bool) -> dict[str, tuple]:
    """Step and mean effect of one interrupted series."""
    times, start = np.arange(points, dtype=float), points // 2
    after, noise = times >= start, ar1(rng, points, 1, rho)[:, 0]
    design, names = its._design(times, start, True, None, 2)
    if counts:
        exposure = np.full(points, 5000.0)
        rate = np.exp(-3 + 0.02 * times + np.log(0.8) * after + 0.1 * noise)
        values, step, mean = rng.poisson(exposure * rate), np.log(0.8), np.log(0.8)
    else:
        exposure, bend = None, 0.2 * (times - start)
        values = 20 + 0.3 * times + after * (EFFECT + bend) + noise
        step, mean = EFFECT, EFFECT + bend[after].mean()
    target, scaled = its._working(values, design, exposure)
    parts = its._parts(its._FITS[errors](target, scaled, counts), design, names, after, False)
    rows = parts.set_index("effect")[["estimate", "low", "high"]].T.to_dict("list")
    return {"step": (*rows["水平变化"], step), "mean": (*rows["平均效应"], mean)}


def differences(rng: np.random.Generator, units: int, treated: int, rho: float) -> dict[str, tuple]:
    """Effect of one panel; bootstrap, permutation and pre-trend test are asked whether they reject the truth."""
    group = np.arange(units) < treated
    values = (rng.normal(50, 5, units) + rng.standard_normal((12, 1)) + ar1(rng, 12, units, rho)).T
    # The truth is nought: an effect would be subtracted again, as all is linear.
    change = values[:, 6:].mean(axis=1) - values[:, :6].mean(axis=1)
    kept = {
        "wild": did._wild_p(change[None], group, 199, rng),
        "permutation": did._permutation_p(change, group, rng),
        "pre-trend": did._wild_p((values[:, :5] - values[:, 5:6]).T, group, 199, rng),
    }
    told = {name: (0.0, -np.inf if p > 0.05 else 1, np.inf, 0.0) for name, p in kept.items()}
    return {"CR2": (*(float(x[0]) for x in did._compare(change[None], group)[:3]), 0.0)} | told


def synthetic(rng: np.random.Generator, donors: int, rho: float) -> dict[str, tuple]:
    """Effect of one synthetic control; drawn again where its fit is refused."""
    years, before = 20, 12
    factors = 1.4 * np.cumsum(rng.standard_normal((years, 2)), axis=0)
    values = rng.uniform(50, 60, donors + 1) + factors @ rng.uniform(0, 1, (2, donors + 1))
    values += ar1(rng, years, donors + 1, rho)
    after = np.arange(years) >= before
    values[after, 0] += EFFECT
    others = values[:, 1:]
    own = values[:, 0] - others @ sc._weights(values[~after, :1] - others[~after])
    if np.sqrt((own[~after] ** 2).mean()) > sc.WORST_FIT * others[~after].std(axis=1, ddof=1).mean():
        return synthetic(rng, donors, rho)
    gaps = np.column_stack([own, *(sc._placebo(others, after, j) for j in range(donors))])
    half, estimate = sc._half_width(sc._placebos(gaps, after, list(range(donors + 1)))), own[after].mean()
    again = np.isnan(half)
    return (
        synthetic(rng, donors, rho)
        if again
        else {"placebo t": (estimate, estimate - half, estimate + half, EFFECT)}
    )


def measured(draws: int, setting: str, one: Callable[[], dict[str, tuple]]) -> None:
    """Print bias, its simulation error, coverage and width over the draws of one setting."""
    found: dict[str, list[tuple]] = {}
    for _ in range(draws):
        for name, values in one().items():
            found.setdefault(name, []).append(values)
    for name, rows in found.items():
        estimate, low, high, truth = np.array(rows, float).T
        bias = estimate - truth
        coverage = 100 * ((low <= truth) & (truth <= high)).mean()
        mark = " " if 93 <= coverage <= 97 else "*"
        error = bias.std() / np.sqrt(len(rows))
        width = np.median(high - low)
        print(f"{setting:34} {name:10} n={len(rows):5} bias {bias.mean():+.3f} ({error:.3f})  {coverage:5.1f}%{mark} width {width:.2f}", flush=True)  # fmt: skip


def main() -> None:
    """Run all settings, or those of one method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--only", choices=["series", "differences", "synthetic"])
    options = parser.parse_args()
    draws, rng = options.draws, np.random.default_rng(20240501)
    for rho in AUTOCORRELATION:
        if options.only in (None, "series"):
            for points in (10, 16, 20):
                for errors in ("ar1", "hac") if points == 20 else ("ar1",):
                    measured(draws, f"series {points} points, rho {rho}, {errors}",
                             lambda p=points, r=rho, e=errors: series(rng, p, r, e, False))  # fmt: skip
            measured(
                draws, f"counts 16 points, rho {rho}, ar1", lambda r=rho: series(rng, 16, r, "ar1", True)
            )
        if options.only in (None, "differences"):
            for units, treated in ((6, 3), (10, 4), (20, 3), (20, 6)):
                measured(draws, f"differences {treated} of {units}, rho {rho}",
                         lambda u=units, t=treated, r=rho: differences(rng, u, t, r))  # fmt: skip
        if options.only in (None, "synthetic"):
            for donors in (10, 19, 30):
                measured(
                    draws,
                    f"synthetic {donors} donors, rho {rho}",
                    lambda d=donors, r=rho: synthetic(rng, d, r),
                )


if __name__ == "__main__":
    main()
