"""`judge` says of each region and target what the naive twin says, whoever stands beside it; bad questions are refused."""

import numpy as np
import pandas as pd
import pytest
from naive_series import DRAWS, read
from naive_verdict import judge_all
from small_plan import counted, target, verdicts_of
from small_plan import indicator as item

from xhcp_eval.errors import DataError
from xhcp_eval.observations.table import UNSURE, read_table
from xhcp_eval.plan.model import Target
from xhcp_eval.plan.reading import load_plan
from xhcp_eval.provenance import ROOT
from xhcp_eval.verdict.chances import SUREST
from xhcp_eval.verdict.judging import judge, learn_from
from xhcp_eval.verdict.operators import OPERATORS
from xhcp_eval.verdict.outlook import DIGITS
from xhcp_eval.verdict.schema import BY_ARRAYS, BY_PLAN, EMPTY, SHOWN
from xhcp_eval.verdict.settings import Settings
from xhcp_eval.verdict.status import Status
from xhcp_eval.verdict.words import REASONS

PLAN = load_plan("xinhua_2021_2030")
DISTRICT = PLAN.region
SETTINGS = Settings()
TAIL = (1 - SETTINGS.level) / 2
LIMITS = (SETTINGS.unlikely, SETTINGS.likely, SETTINGS.secure, *SETTINGS.undecidable)
# where the base year lies ahead the bound is the median of simulated ones, and these hang on it
HANGING = ("gap", "gap_relative", "required_pace", "children", "on_line")
# comparisons of one probability are many
NEAR = 4.5


@pytest.fixture(scope="module")
def district():
    return read_table(ROOT / "data" / "demo" / "xinhua_2015_2025.csv", PLAN)


def region(table, name):
    """The district under another name, units and all."""
    return table.assign(region=table["region"].str.replace(DISTRICT, name, n=1, regex=False))


def perturbed(table, name, seed):
    """Another region: counts redrawn, years missing, definitions changed, recollections, odd years, townships gone."""
    rng = np.random.default_rng(seed)
    found = region(table, name).reset_index(drop=True)
    counted = found["numerator"].notna() & found["denominator"].notna() & (found["value"] > 0)
    per = found["value"] * found["denominator"] / found["numerator"]
    drawn = rng.poisson(found["numerator"].fillna(0) * rng.uniform(0.8, 1.1, len(found)))
    drawn = np.minimum(drawn, found["denominator"].fillna(0))
    counted &= per.notna()
    value = (per * drawn / found["denominator"]).round(4)
    found["numerator"] = found["numerator"].mask(counted, drawn)
    highest = found["value"].where(found["value"] > 100, 100)
    found["value"] = found["value"].mask(counted, value.clip(upper=highest))
    found["series_break"] |= rng.random(len(found)) < 0.02
    found["exceptional"] |= rng.random(len(found)) < 0.04
    found["status"] = found["status"].mask(rng.random(len(found)) < 0.06, "recollection")
    found["status"] = found["status"].mask(rng.random(len(found)) < 0.02, "survey")
    units = found["region"].unique()
    gone = rng.choice(units[units != name], size=rng.integers(0, len(units)), replace=False)
    return found[(rng.random(len(found)) > 0.12) & ~found["region"].isin(gone)]


def other_plan(table, seed, each=2):
    """The same indicators, with targets of every kind, near what was reported: also those that the plan doesn't have."""
    rng = np.random.default_rng(seed)
    last = table[table["region"] == DISTRICT].sort_values("year").groupby("indicator")["value"].last()
    indicators = []
    for indicator in PLAN.indicators:
        targets, plain = [], indicator.kind not in ("yes_no", "gap")
        for k in range(each if plain and indicator.id in last else 0):
            op = str(rng.choice([op for op in OPERATORS if op != "maintain"]))
            value = round(float(last[indicator.id]) * rng.uniform(0.9, 1.1), 4)
            value = min(value, np.inf if indicator.upper is None else indicator.upper)
            value = float(rng.choice([-10, 5])) if op == "relative_change_vs_base" else value
            value = None if op == "no_worse_than" and rng.random() < 0.7 else value
            floor = value if op.startswith("trend") and rng.random() < 0.3 else None
            year = "every_year" if rng.random() < 0.4 else int(rng.choice([2024, 2025, 2030]))
            units = "min_over_township" if rng.random() < 0.3 else None
            targets.append(
                Target(
                    id=f"{indicator.id}@{k}", indicator=indicator.id, year=year, op=op, value=value, floor=floor,
                    base_year=int(rng.choice([2014, 2018, 2020, 2022, 2026])), level=PLAN.level, aggregation=units,
                )
            )  # fmt: skip
        targets = targets if plain else indicator.targets
        indicators.append(indicator.model_copy(update={"targets": tuple(targets)}))
    return PLAN.model_copy(update={"indicators": tuple(indicators)})


def near(p, q, draws=DRAWS):
    """Whether a share of simulated futures may be a probability; integrals and quasi-random futures are off a little too."""
    error = np.sqrt(np.maximum(q * (1 - q), 1 / draws) / draws)
    return np.abs(p - q) <= NEAR * error + 0.004


def futures_behind(row):
    """How many independent futures a comparison of probabilities rests on: ours, or ours and those of the arrays."""
    drawn = row["every_year"] or row["kind"] == "gap" or np.isnan(row["limit"])
    return 1 / (1 / DRAWS + 1 / SETTINGS.draws) if drawn else DRAWS


def on_a_limit(row):
    """Whether simulation error alone may give a row another status."""
    p, narrowed = row["probability"], row["narrowed"]
    unsure = np.isfinite(p) and any(near(limit, p, futures_behind(row)) for limit in LIMITS)
    return unsure or (np.isfinite(narrowed) and (near(narrowed, TAIL) or near(narrowed, 1 - TAIL)))


def differing(expected, found):
    """Names of the columns in which a row isn't what the twin says, whatever simulation leaves open."""
    simulated, drawn, open_ = expected.get("futures"), expected.get("drawn"), on_a_limit(found)
    behind = futures_behind(found)
    left_open = {"status"} | ({"own_status", "reason_code", "small_count", "trend_word"} if open_ else set())
    left_open |= set(HANGING) if simulated is not None else set()
    for name in BY_ARRAYS:
        ours, theirs = found[name], expected.get(name, EMPTY[name])
        theirs = np.nan if theirs is None else theirs
        if name in left_open:
            continue
        if isinstance(theirs, str):
            same = str(ours) == theirs
        elif name == "target_value" and simulated is not None:
            below, upto = (simulated < ours).mean(), (simulated <= ours).mean()
            same = below <= 0.5 <= upto or near(below, 0.5, behind) or near(upto, 0.5, behind)
        elif name in ("probability", "narrowed"):
            same = np.isnan(ours) == np.isnan(theirs) and (np.isnan(ours) or near(theirs, ours, behind))
        elif name in ("latest_low", "latest_high") and drawn is not None:
            same = near((drawn < ours).mean(), TAIL if name == "latest_low" else 1 - TAIL)
        else:
            same = np.isclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True)
        if not same:
            yield name, ours, theirs


def check(verdicts, table, region=DISTRICT, use_recollection=False):
    """Every column of a region's rows is the twin's; returns how many probabilities were compared."""
    plan, block = verdicts.plan, verdicts.block
    series = read(table, plan, region, verdicts.outlook, verdicts.until, use_recollection)
    twin = judge_all(series, plan, region)
    frame = verdicts.region(region).frame.reset_index(drop=True)
    keys = [block.series(row).key if row >= 0 else EMPTY["series"] for row in frame["series"]]
    frame = frame.assign(series=keys)
    assert len(frame) == len(twin) == len(plan.targets()) + len(plan.milestones)
    at = {name: k for k, name in enumerate(block.regions)}[region]
    for k, (expected, (_, found)) in enumerate(zip(twin, frame.iterrows(), strict=True)):
        assert not list(differing(expected, found)), (found["target_id"], list(differing(expected, found)))
        failed = verdicts.failed[(verdicts.failed["region"] == at) & (verdicts.failed["target"] == k)]
        ours = sorted(
            (block.series(int(one.series)).key, one.year, one.first_year, round(one.value, 9))
            for one in failed.itertuples()
        )
        assert ours == sorted((*f[:3], round(f[3], 9)) for f in expected.get("failures", []))
    read_differently = frame[(frame["role"] == "verdict") & (frame["reading"] != "")]
    for _, rows in read_differently.groupby("question", observed=True):
        differ = rows["own_status"].nunique() > 1
        assert (rows["status"] == (Status.DISPUTED if differ else rows["own_status"].iloc[0])).all()
    others = frame.drop(read_differently.index)
    assert (others["status"].astype(str) == others["own_status"].astype(str)).all()
    return int(frame["probability"].notna().sum())


@pytest.mark.parametrize(("until", "compared"), [(2020, 80), (2023, 90), (2025, 90)])
def test_the_demonstration_district_is_judged_as_by_the_twin(district, until, compared):
    verdicts = judge(district, PLAN, until=until)
    assert verdicts.frame.columns.tolist() == [*BY_PLAN, *BY_ARRAYS] and set(verdicts.explained()) == set(
        SHOWN
    )
    assert check(verdicts, district) >= compared
    p = verdicts.frame["probability"].dropna()
    assert p.between(SUREST, 1 - SUREST).all() and (p == p.round(DIGITS)).all()


def test_random_regions_are_judged_as_by_the_twin(district):
    names = ["甲市/子县", "乙市/丑县"]
    table = pd.concat([perturbed(district, name, seed) for seed, name in enumerate(names)], ignore_index=True)
    for name, use, until in ((names[0], False, 2021), (names[1], True, 2024)):
        verdicts = judge(table, PLAN, names, until=until, use_recollection=use)
        assert verdicts.regions == names
        assert check(verdicts, table, name, use) > 50


def test_targets_that_the_plan_does_not_have_are_judged_as_by_the_twin(district):
    """Every operator, every-year promises of few events, base years ahead, small units: settings that pool more."""
    settings = Settings(few_events=200, few_cases=400)
    for seed, until in ((13, 2020), (11, 2024)):
        table = perturbed(district, "甲县", seed)
        verdicts = judge(table, other_plan(district, seed), "甲县", settings, until, use_recollection=True)
        assert check(verdicts, table, "甲县", True) > 80
        assert verdicts.frame["n_failures"].any() or until == 2020


def same(alone, beside, name=DISTRICT):
    """All columns but the position of a series in its block, to the last digit that is promised."""
    one, other = (
        v.region(name).frame.drop(columns="series").astype({"region": str}) for v in (alone, beside)
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-12, atol=1e-12, check_categorical=False)
    one, other = (v.region(name).explained() for v in (alone, beside))
    pd.testing.assert_frame_equal(one, other, rtol=1e-12, atol=1e-12, check_categorical=False)


@pytest.fixture(scope="module")
def neighbours(district):
    """Five regions: the district, one that ends earlier, one with a third of its rows, one that begins earlier, a random one."""
    parts = [
        district,
        region(district[district["year"] <= 2022], "甲县"),
        region(district.iloc[::3], "乙县"),
        region(district, "丙县").assign(year=district["year"] - 4),
        perturbed(district, "邻区", 3),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("until", [2020, 2023])
def test_a_region_is_judged_alike_whoever_is_asked_for_beside_it(neighbours, until):
    """Gaps, simulated bounds and all: also where five regions learn from one another."""
    every = ["丙县", "邻区", DISTRICT, "甲县", "乙县"]
    together = judge(neighbours.sample(frac=1, random_state=1), PLAN, every, until=until)
    assert together.regions == every
    for name in (DISTRICT, "乙县"):
        same(judge(neighbours, PLAN, name, until=until), together, name)


def test_a_region_by_itself_has_nobody_to_learn_from(district, neighbours):
    alone = judge(district, PLAN, until=2023)
    two = neighbours[neighbours["region"].str.split("/").str[0].isin([DISTRICT, "乙县"])]
    found = judge(two, PLAN, DISTRICT, until=2023)
    assert not alone.frame["probability"].equals(found.frame["probability"])
    # what was reported doesn't depend on others
    pd.testing.assert_series_equal(alone.frame["latest_value"], found.frame["latest_value"])


def test_what_was_learned_once_serves_every_block(neighbours):
    company = learn_from(neighbours, PLAN, 2023)
    own = neighbours[neighbours["region"].str.split("/").str[0] == "邻区"]
    same(
        judge(neighbours, PLAN, "邻区", until=2023),
        judge(own, PLAN, "邻区", until=2023, beside=company),
        "邻区",
    )


def test_projecting_everything_changes_no_verdict(district):
    some, every = (judge(district, PLAN, until=2025, project_all=flag) for flag in (False, True))
    pd.testing.assert_frame_equal(some.frame, every.frame, rtol=1e-12)


def test_every_reason_has_words(district):
    codes = set()
    for seed, until in ((5, 2023), (6, 2017)):
        verdicts = judge(perturbed(district, "甲县", seed), PLAN, "甲县", until=until, use_recollection=True)
        codes |= set(verdicts.frame["reason_code"].astype(str))
        assert (verdicts.frame["own_status"].astype(str) != "").all()
        assert (verdicts.explained()["reason"] != "").all()
    assert codes <= set(REASONS) and len(codes) > 10


def test_a_region_without_figures_has_no_data(district):
    """It reports from 2024 on, and nothing of it is known before."""
    table = pd.concat([district, region(district[district["year"] > 2023], "空县")], ignore_index=True)
    empty = judge(table, PLAN, "空县", until=2023).frame
    assert set(empty["own_status"]) == {"缺数据", "不作判定"}
    assert empty["probability"].isna().all() and len(empty) == len(PLAN.targets()) + len(PLAN.milestones)
    assert (empty["series"] == -1).all() and (empty["status"] == empty["own_status"]).all()


def test_a_target_without_its_base_shows_nothing(district):
    """Nothing of another series either: no status of data, no year."""
    later = district[district["year"] >= 2024].assign(status="recollection").query("year == 2024")
    table = pd.concat([later, district[district["year"] == 2025]])
    plan = other_plan(district, 1)
    target = plan.indicator("infant_mortality_rate").targets[0].model_copy(
        update={"op": "relative_change_vs_base", "value": -10.0, "base_year": 2026, "year": 2030, "aggregation": None}
    )  # fmt: skip
    indicators = [
        i.model_copy(update={"targets": (target,) if i.id == "infant_mortality_rate" else ()})
        for i in plan.indicators
    ]
    verdicts = judge(table, plan.model_copy(update={"indicators": tuple(indicators)}))
    row = verdicts.frame.iloc[0]
    assert (row["own_status"], row["reason_code"], row["series"]) == ("缺数据", "no_base", -1)
    assert np.isnan(row["latest_value"]) and verdicts.explained()["data_status"].iloc[0] == ""


def test_a_gap_whose_sides_end_apart_is_left_unjudged(district):
    """One side was last reported for a year that the other skipped: no word on the gap, and the others are judged."""
    source = district["indicator"].eq("infant_mortality_rate") & district["region"].eq(DISTRICT)
    rural = source & district["residence"].eq("rural") & (district["year"] > 2023)
    urban = source & district["residence"].eq("urban") & district["year"].eq(2023)
    found = judge(district[~rural & ~urban], PLAN, until=2025).frame.set_index("indicator")
    assert found.loc["infant_mortality_urban_rural_gap", "reason_code"] == "no_gap_base"
    assert found.loc["under5_mortality_urban_rural_gap", "reason_code"] != "no_gap_base"


def test_tables_that_cannot_be_used_are_refused(district):
    for name in ("numerator", "year", "region", "indicator"):
        with pytest.raises(DataError, match=f"缺少列.*{name}"):
            judge(district.drop(columns=name), PLAN)
    with pytest.raises(DataError, match="重复"):
        judge(pd.concat([district, district.head(1)]), PLAN)
    with pytest.raises(DataError, match="数值缺失"):
        judge(district.assign(value=np.nan), PLAN)
    with pytest.raises(DataError, match="互相包含"):
        judge(district, PLAN, [DISTRICT, f"{DISTRICT}/示范甲镇"])


def test_what_the_table_does_not_have_is_refused_with_what_is_near(district):
    with pytest.raises(DataError, match=r"没有2031年.*2025年、2024年、2023年"):
        judge(district, PLAN, until=2031)
    assert judge(district, PLAN, until=2031, may_lag=True).frame["latest_year"].max() == 2025
    with pytest.raises(DataError, match="没有2010年"):
        judge(district, PLAN, until=2010, may_lag=True)
    with pytest.raises(DataError, match=r"没有地区 “新华县”.*新华区"):
        judge(district, PLAN, "新华县")
    with pytest.raises(DataError, match=f"没有规划“{PLAN.name}”.*gdp"):
        judge(district.assign(indicator="gdp"), PLAN)


def test_a_region_above_those_of_the_table_may_be_asked_for():
    """Nothing was reported of it as a whole; what lies below it are its units."""
    table = counted([80], 1000, region="甲省/甲市/甲县", years=[2025])
    for name in ("甲省", "甲省/甲市", "甲省/甲市/甲县"):
        verdicts = verdicts_of([item(targets=[target(2025, ">=", 70)])], table, regions=name)
        assert verdicts.regions == [name] and verdicts.block.unit.tolist() == [name != "甲省/甲市/甲县"]
        assert (verdicts.frame["own_status"] == "缺数据").tolist() == [name != "甲省/甲市/甲县"]
    with pytest.raises(DataError, match="没有地区 “甲”"):
        verdicts_of([item(targets=[target(2025, ">=", 70)])], table, regions="甲")


def test_recollections_shape_a_trend_only_where_they_are_let():
    table = counted([80, 82, 84, 86, 88, 90, 91, 92, 93, 94], 1000)
    table.loc[table["year"] > 2023, "status"] = "recollection"
    items = [item(targets=[target(2030, ">=", 93)])]
    plain, without, with_ = (
        verdicts_of(items, table, **options).frame["probability"][0]
        for options in ({}, {"use_recollection": False}, {"use_recollection": True})
    )
    assert plain == without != with_


@pytest.mark.parametrize("status", UNSURE)
@pytest.mark.parametrize("loose", [False, True])
def test_no_verdict_rests_on_a_figure_that_nothing_speaks_for(status, loose):
    """Neither as the latest value nor as a base, whether it may shape the trend or not."""
    promises = [
        item(targets=[target(2030, ">=", 90)]),
        item(id="based", targets=[target(2030, "trend_up", None, base_year=2020)]),
    ]
    table = [
        counted(range(70, 80), 500, status=status),
        counted(range(70, 80), 500, name="based").assign(
            status=lambda t: t["status"].mask(t["year"] <= 2020, status)
        ),
    ]
    found = verdicts_of(promises, *table, use_recollection=loose).explained().set_index("indicator")
    why = "only_recollection" if loose else "not_reported"
    assert found.loc["x", ["status", "reason_code"]].tolist() == [Status.NO_DATA.value, why]
    assert found.loc["based", ["base_year", "base_value"]].tolist() == [2021, 75]
