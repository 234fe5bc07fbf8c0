"""The learned forecaster: what it looks at, what it promises, and that no network speaks on what it saw."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.panel import make_panel
from xhcp_eval.forecast.projection import project, project_panel
from xhcp_eval.forecast.reference import network, peers, training
from xhcp_eval.forecast.reference.features import histories
from xhcp_eval.forecast.reference.lessons import arrange, lessons
from xhcp_eval.forecast.reference.model import load_model, panel_histories, reference_model
from xhcp_eval.forecast.reference.peers import Company, peer_features

SEVEN = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
short_series = st.lists(st.floats(0.5, 99.5), min_size=2, max_size=30)


def seen(values, lower=0.0, upper=100.0, noise=0.0):
    values = np.atleast_2d(np.asarray(values, float))
    n = len(values)
    return histories(values, np.full(n, lower), np.full(n, upper), np.broadcast_to(noise, values.shape))


def frame(values, name="a", first=2010, **columns):
    years = np.arange(first, first + len(values))
    return pd.DataFrame({"series": name, "year": years, "value": np.asarray(values, float), **columns})


# --- features


def test_a_worked_row():
    found = seen([10.0, 12.0, 11.0, 15.0])
    # yearly changes 2, -1, 4: mean size 7/3; half a change of 2% of the room (12 to the nearer bound) beside three
    scale = (7 + 0.5 * 0.02 * 12) / 3.5
    assert found.anchor[0] == 15.0
    assert found.scale[0] == pytest.approx(scale)
    assert found.column("change_1")[0] == pytest.approx(np.arcsinh(4 / scale), rel=1e-6)
    assert found.column("change_2")[0] == pytest.approx(np.arcsinh(-1 / scale), rel=1e-6)
    assert found.column("signs")[0] == pytest.approx(1 / 3)
    assert found.column("points")[0] == pytest.approx(np.log(4))
    assert found.column("mean")[0] == pytest.approx(np.arcsinh((12 - 15) / scale), rel=1e-6)
    assert found.column("lowest")[0] == pytest.approx(np.arcsinh((10 - 15) / scale), rel=1e-6)
    slope = np.polyfit(range(4), [10, 12, 11, 15], 1)[0]
    assert found.column("slope")[0] == pytest.approx(np.arcsinh(slope / scale), rel=1e-6)


# natural increase per mille: eight falls and a rise, 1.4 in all; the largest value 1.5
NATURAL_INCREASE = [1.5, 1.3, 1.4, 1.1, 1.0, 0.9, 0.6, 0.5, 0.4, 0.3]


@pytest.mark.parametrize("far", [10.0, 1000.0, 1e6])
def test_bounds_nowhere_near_say_nothing_of_how_far_values_move(far):
    found = seen(NATURAL_INCREASE, -far, far)
    # nine changes of 1.4 in all, and half a change of 2% of the largest value's size, not of the 9 or 999 to a bound
    scale = (1.4 + 0.5 * 0.02 * 1.5) / 9.5
    assert found.scale[0] == pytest.approx(scale)
    assert found.column("relative_change")[0] == pytest.approx(np.log(scale / 1.5 + 1e-4), rel=1e-5)


@given(st.lists(st.floats(0.001, 100), min_size=2, max_size=30), st.sampled_from([100.0, 1000.0]))
@settings(max_examples=60, deadline=None)
def test_above_zero_the_room_is_the_way_to_the_nearer_bound(values, upper):
    mean, steps = np.mean(values), len(values) - 1
    room = min(mean, upper - mean)
    scale = (np.abs(np.diff(values)).sum() + 0.5 * 0.02 * room) / (steps + 0.5)
    if room > 1e-6 * mean:
        assert seen(values, 0.0, upper).scale[0] == pytest.approx(scale, rel=1e-9)


def test_years_without_a_single_event_are_not_measured_by_the_unit():
    nothing = [0.0] * 8
    # a scale that networks learned from: half a change of 2% of 2% of it, beside seven of none
    assert seen(nothing, 0.0, 1000.0).scale[0] == pytest.approx(0.5 * 0.02 * 0.02 * 1000 / 7.5)
    # per 100,000 the end tells no more than none, and half an event does where counts are known
    assert seen(nothing, 0.0, 1e5).scale[0] == seen(nothing, 0.0, np.inf).scale[0]
    counts = np.zeros((1, 8)), np.full((1, 8), 63000.0)
    noise, _ = counting_variance(np.array([nothing]), *counts, np.array([1e5]))
    # variance of a rate with half an event in all years; a change has that of two years
    half_event = np.sqrt(2 * 1e10 * (0.5 / (8 * 63000 + 1)) / 63000)
    found = seen(nothing, 0.0, 1e5, noise)
    movement = found.scale[0] * np.sqrt(1 - found.column("anchor_noise")[0] ** 2)
    assert movement == pytest.approx(0.02 * half_event, rel=1e-2)


def test_below_zero_a_near_bound_counts_as_it_did():
    # 2 above its lower bound of -10: that is nearer than the values are large
    found = seen([-8.5, -7.5, -8.0], -10.0, 1000.0)
    assert found.scale[0] == pytest.approx((1.0 + 0.5 + 0.5 * 0.02 * 2) / 2.5)


@given(short_series, st.sampled_from([0.01, 10.0, 1000.0]))
@settings(max_examples=40, deadline=None)
def test_units_do_not_matter(values, unit):
    plain, other = seen(values), seen(np.array(values) * unit, 0, 100 * unit)
    np.testing.assert_allclose(other.x, plain.x, atol=2e-3)
    np.testing.assert_allclose(other.scale, plain.scale * unit, rtol=1e-9)


@given(short_series)
@settings(max_examples=40, deadline=None)
def test_features_are_numbers_and_gaps_at_the_ends_do_not_matter(values):
    gap = [np.nan, np.nan]
    found, padded = seen(values), seen([*gap, *values, *gap])
    assert np.isfinite(found.x).all() and found.scale[0] > 0
    np.testing.assert_allclose(padded.x, found.x, atol=1e-5)


def test_a_single_point_is_missing():
    found = seen([np.nan, 5.0, np.nan])
    assert np.isnan(found.x).all() and np.isnan(found.anchor).all()


def test_without_noise_it_stands_at_its_last_value_and_under_heavy_noise_near_its_mean():
    values = [4.0, 8.0, 3.0, 9.0, 4.0, 8.0]
    assert seen(values).anchor[0] == 8.0
    blurred = seen(values, noise=25.0)
    assert abs(blurred.anchor[0] - np.mean(values)) < 0.4
    assert blurred.column("noise_share")[0] == 1.0
    assert blurred.scale[0] < 5.0


def test_the_level_is_that_of_statsmodels_local_level():
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(3)
    values = 50 + rng.normal(0, 1, 12).cumsum() + rng.normal(0, 1.5, 12)
    found = seen(values, noise=2.25)
    # the same variances, a first level known only from the first value
    change = np.diff(values)
    share = min(1, 11 * 4.5 / (change**2).sum())
    room = min(values.mean(), 100 - values.mean())
    weight = 11 * (1 - share)
    movement = (np.abs(change).mean() * np.sqrt(1 - share) * weight + 0.5 * 0.02 * room) / (weight + 0.5)
    model = UnobservedComponents(values, "local level")
    model.ssm.initialize_known(values[:1], np.array([[2.25 + movement**2]]))
    smoothed = model.smooth([2.25, movement**2])
    level, variance = smoothed.filtered_state[0, -1], smoothed.filtered_state_cov[0, 0, -1]
    assert found.anchor[0] == pytest.approx(level, abs=0.02)
    assert (found.column("anchor_noise")[0] * found.scale[0]) ** 2 == pytest.approx(variance, rel=0.02)


# --- peers


def test_peers_a_worked_group():
    values = np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [50.0, 40.0, 30.0]])
    anchor, scale = values[:, -1], np.array([1.0, 1.0, 10.0])
    found = peer_features(values, anchor, scale, np.full(3, 2), np.array([0, 0, 1]))
    assert found[:, 0] == pytest.approx(np.log([2, 2, 1]))
    # mean move over one year in typical changes: both of the first group rise by one a year
    assert found[:, 1] == pytest.approx([1, 1, -1])
    # where the group's mean of the last year (4, 4, 30) lies from each, in typical changes
    assert found[:, 13] == pytest.approx(np.arcsinh([1, -1, 0]))


def test_peers_do_not_depend_on_the_order_or_on_other_groups():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (12, 8)).cumsum(axis=1)
    scale, last, group = np.ones(12), np.full(12, 7), np.repeat([0, 1], 6)
    whole = peer_features(values, values[:, -1], scale, last, group)
    order = rng.permutation(12)
    mixed = peer_features(values[order], values[order, -1], scale, last, group[order])
    np.testing.assert_allclose(mixed, whole[order], rtol=1e-5)
    first = peer_features(values[:6], values[:6, -1], scale[:6], last[:6], group[:6])
    np.testing.assert_allclose(first, whole[:6], rtol=1e-5)


# --- a company named outright


def world(seed, regions=12, indicators=3, years=12, first=2010):
    """Walks in percent of some regions and indicators, with gaps, ends of their own and counts in one indicator."""
    rng, rows = np.random.default_rng(seed), []
    for i in range(indicators):
        for r in range(regions):
            values = np.clip(40 + 10 * i + 8 * rng.normal() + rng.normal(0.3, 1 + i, years).cumsum(), 1, 99)
            known = rng.random(years) < 0.85
            known[:2], known[years - rng.integers(0, 4) :] = True, False
            counts = {"numerator": 3 * values, "denominator": 300.0} if i == 1 else {}
            one = frame(values, f"i{i}r{r}", first, lower=0.0, upper=100.0, indicator=f"i{i}", **counts)
            rows.append(one[known])
    return pd.concat(rows, ignore_index=True)


WORDS = ("i0", "i1", "i2")


def regions_of(data, *numbers):
    return data[data["series"].str.split("r").str[1].astype(int).isin(numbers)]


def as_today(panel):
    """Features among the panel's own series."""
    own = panel_histories(panel, np.arange(len(panel)))
    group = np.unique(panel.indicator, return_inverse=True)[1]
    return peer_features(panel.values, own.anchor, own.scale, panel.last, group)


def from_company(panel, company):
    rows = np.arange(len(panel))
    return company.features(panel, rows, panel_histories(panel, rows))


def row(panel, key):
    return panel.keys.tolist().index(key)


def test_members_of_a_company_see_what_they_see_among_themselves():
    panel = make_panel(world(1), WORDS)
    np.testing.assert_array_equal(from_company(panel, Company.of(panel)), as_today(panel))


@pytest.mark.parametrize("seed", range(5))
def test_a_stranger_counts_among_its_own_peers_as_if_it_had_been_there(seed, monkeypatch):
    data = world(seed)
    members = regions_of(data, *range(1, 9))
    if seed in (1, 2):
        # a company whose years begin later and end sooner than the stranger's
        members = members[members["year"].between(2013, 2017)]
    if seed in (2, 3):
        # the other way round
        data = data[data["year"].between(2012, 2019)]
    company = Company.of(make_panel(members, WORDS))
    strangers = make_panel(regions_of(data, 0), WORDS)
    found = from_company(strangers, company)
    for i, key in enumerate(strangers.keys):
        union = make_panel(pd.concat([members, data[data["series"] == key]]), WORDS)
        theirs = as_today(union)[row(union, key)]
        np.testing.assert_allclose(found[i, :22], theirs[:22], rtol=2e-6, atol=2e-6)
        # what regions did next goes by levels, told in a yardstick that a stranger among eight moves a little
        assert np.abs(found[i, 22:] - theirs[22:]).max() < 0.5
        # told in the company's yardstick it is the same to the digit
        own, group = (
            panel_histories(union, np.arange(len(union))),
            np.unique(union.indicator, return_inverse=True)[1],
        )
        yard = company.sums.yard[np.searchsorted(company.code, np.unique(union.indicator))]
        monkeypatch.setattr(peers, "yardstick", lambda *of, yard=yard: yard)
        same = peer_features(union.values, own.anchor, own.scale, union.last, group)[row(union, key)]
        monkeypatch.undo()
        np.testing.assert_allclose(found[i], same, rtol=2e-6, atol=2e-6)


def test_only_the_same_key_of_the_same_indicator_is_a_member():
    data = world(3)
    company = Company.of(make_panel(regions_of(data, *range(8)), WORDS))
    one = make_panel(data[data["series"] == "i0r0"], WORDS)
    renamed = replace(one, keys=np.array(["elsewhere"]))
    # the size of the group, and with it the double weight of the series, tells them apart
    assert from_company(one, company)[0, 0] == pytest.approx(np.log(8))
    assert from_company(renamed, company)[0, 0] == pytest.approx(np.log(9))
    other = replace(one, indicator=np.array([2]))
    assert from_company(other, company)[0, 0] == pytest.approx(np.log(9))


def test_a_member_that_goes_on_after_its_company_ended_stands_where_its_peers_do():
    data = world(4)
    old = make_panel(data[data["year"] <= 2014], WORDS)
    found = from_company(make_panel(data, WORDS), Company.of(old))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:, 9:14], 0)


def test_an_answer_depends_on_the_series_and_its_company_only():
    data, rng = world(5, regions=20), np.random.default_rng(5)
    company = Company.of(make_panel(regions_of(data, *range(10)), WORDS))
    model, names = reference_model(), data["series"].unique()
    panel = make_panel(data, WORDS)
    for of in ("value", "level"):
        whole = project_panel(panel, model, 8, SEVEN, of, company)
        assert np.isfinite(whole).all()
        for size in (1, 2, 7, 23, 59):
            some = data[data["series"].isin(rng.permutation(names)[:size])]
            part = make_panel(some.sample(frac=1, random_state=size), WORDS)
            found = project_panel(part, model, 8, SEVEN, of, company)
            at = [row(panel, key) for key in part.keys]
            np.testing.assert_allclose(found, whole[at], rtol=1e-12)
    # not even the horizon asked for others matters
    near = project_panel(panel, model, 3, SEVEN, "level", company)
    np.testing.assert_allclose(near, whole[:, :3], rtol=1e-12)


def test_a_company_changes_answers_and_needs_two_of_an_indicator_with_two_points():
    data = world(6)
    data = data[data["series"].isin([f"i{i}r{r}" for i in range(3) for r in range(12 if i else 2)])]
    single = data[data["series"] == "i0r1"].iloc[:1]
    few = pd.concat([data[data["series"] != "i0r1"], single])
    panel, model = make_panel(data, WORDS), reference_model()
    alone = project_panel(replace(panel, indicator=None), model, 5, SEVEN, "level")
    apart = {}
    for name, members in (("two", data), ("one", few)):
        found = project_panel(panel, model, 5, SEVEN, "level", Company.of(make_panel(members, WORDS)))
        apart[name] = np.abs(found - alone).max(axis=(1, 2)) / np.abs(alone).max(axis=(1, 2))
    first = panel.indicator == 0
    assert (apart["two"] > 1e-3).all()
    assert (apart["one"][first] < 1e-4).all() and (apart["one"][~first] > 1e-3).all()


def test_a_company_can_be_sent_away_and_may_be_empty():
    panel = make_panel(world(7), WORDS)
    company = pickle.loads(pickle.dumps(Company.of(panel)))
    np.testing.assert_array_equal(from_company(panel, company), as_today(panel))
    nobody = Company.of(make_panel(frame([5.0], indicator="i0"), WORDS))
    model = reference_model()
    found = project_panel(panel, model, 2, SEVEN, "level", nobody)
    alone = project_panel(replace(panel, indicator=None), model, 2, SEVEN, "level")
    np.testing.assert_allclose(found, alone, rtol=1e-4)
    with pytest.raises(DataError, match="没有指明指标"):
        Company.of(replace(panel, indicator=None))


def test_without_a_company_answers_are_what_they_were():
    # figures of the shipped model, asked without a company
    before = [
        [22.0644181, 24.9916131, 27.0302987, 28.9961981, 31.4763636, 34.1683131, 39.0141485],
        [40.7059996, 46.3236894, 49.9216869, 53.384928, 57.013169, 60.9025132, 66.7420138],
        [60.6353584, 72.2465473, 77.8893267, 81.9164315, 84.9633753, 87.9844957, 92.6390286],
    ]
    found = project_panel(make_panel(world(8), WORDS), reference_model(), 5, SEVEN)[[0, 13, 30], 4]
    np.testing.assert_allclose(found, before, rtol=1e-5)


# --- network


def test_a_row_has_the_same_bits_whatever_rows_stand_beside():
    """Matrix products round by blocks: rows in other places, among others, alone."""
    model = reference_model()
    rng = np.random.default_rng(11)
    x = rng.normal(size=(3000, model.alone.mean.shape[1])).astype(np.float32)
    whole = model.alone.predict(x, 10)
    for rows in ([7], np.arange(300, 431), rng.permutation(3000), np.array([2999, 0, 1])):
        np.testing.assert_array_equal(model.alone.predict(x[rows], 10), whole[rows])


def test_a_network_learns_the_quantiles_of_what_it_sees():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (20000, 2)).astype(np.float32)
    y = (x[:, :1] * 3 + np.exp(x[:, 1:]) * rng.normal(0, 1, (20000, 1))).astype(np.float32)
    weights = network.train(x, y, np.ones(20000), network.Recipe(16, 60, 0.01, 0.0, 0.0), seed=1)
    at = np.array([[0.5, -0.5], [-0.5, 0.5]], np.float32)
    found = network.assemble(network.parts(weights, at, 1))[:, 0]
    truth = 3 * at[:, :1] + np.exp(at[:, 1:]) * stats.norm.ppf(network.GRID)
    np.testing.assert_allclose(found[:, 3:-3], truth[:, 3:-3], atol=0.3)
    assert (np.diff(found, axis=1) > 0).all()


def test_the_slope_is_that_of_the_loss():
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1, (50, 3)).astype(np.float32)
    y = rng.normal(0, 2, (50, 2)).astype(np.float32)
    y[3, 1] = np.nan
    weights = [w.astype(float) for w in network._start(rng, 3, 5, y)]

    def loss():
        # the growth of errors with the years is divided out
        error = (y / np.sqrt([1, 2]))[..., None] - network.assemble(network.parts(weights, x, 2)) / np.sqrt(
            [1, 2]
        )[:, None]
        return np.nansum(np.maximum(network.GRID * error, (network.GRID - 1) * error)) / (
            50 * 2 * len(network.GRID)
        )

    slopes = network._gradient(weights, x, y, np.ones(50))
    for w, slope in zip(weights, slopes, strict=True):
        at = tuple(rng.integers(0, size) for size in w.shape)
        before = w[at]
        w[at] = before + 1e-6
        up = loss()
        w[at] = before - 1e-6
        down = loss()
        w[at] = before
        assert slope[at] == pytest.approx((up - down) / 2e-6, abs=2e-4)


# --- lessons and training


@pytest.fixture(scope="module")
def small_world():
    rng = np.random.default_rng(5)
    rows = []
    for i in range(6):
        for r in range(12):
            values = np.clip(50 + rng.normal(0.3, 1 + i, 25).cumsum(), 1, 99)
            rows.append(
                frame(
                    values,
                    first=1995,
                    indicator=f"i{i}",
                    region=f"r{r}",
                    unit="percent",
                    lower=0.0,
                    upper=100.0,
                )
            )
    return pd.concat(rows, ignore_index=True).drop(columns="series")


def test_lessons_never_look_past_their_origin(small_world):
    late = small_world.copy()
    cut = late["year"] > 2012
    late.loc[cut, "value"] = 1.0
    series, changed = arrange(small_world), arrange(late)
    from xhcp_eval.forecast.reference import lessons as module

    last, none = np.full(len(series.values), 2012 - 1995), np.zeros(len(series.values), bool)
    one = module._cases(series, last, none, False, np.random.default_rng(0))
    two = module._cases(changed, last, none, False, np.random.default_rng(0))
    np.testing.assert_array_equal(one.own, two.own)
    np.testing.assert_array_equal(one.peers, two.peers)
    assert not np.array_equal(one.outcome, two.outcome)


def test_two_lessons_of_five_are_blurred_by_counts(small_world):
    found = lessons(arrange(small_world), seed=1)
    names = seen([1.0, 2.0]).names
    counted = found.own[:, names.index("noise_share")] > 0
    assert 0.3 < counted.mean() < 0.55
    assert np.isfinite(found.own).all() and np.isfinite(found.peers).all()
    assert not found.grown.any(), "shares have an upper end"
    assert found.company.min() < 5 and found.company.max() == 12


def test_growth_is_drawn_around_what_has_no_upper_end(small_world):
    from xhcp_eval.forecast.reference import lessons as module

    open_end = small_world["indicator"] == "i1"
    series = arrange(small_world.assign(upper=small_world["upper"].mask(open_end)))
    grown, able = module._growing(series, np.random.default_rng(0))
    np.testing.assert_array_equal(able, series.names[series.indicator] == "i1")
    np.testing.assert_array_equal(grown.values[~able], series.values[~able])
    factor = grown.values[able] / series.values[able]
    assert (factor > 0).all() and np.ptp(np.log(factor)) > 0.1
    rows = lessons(series, seed=1)
    assert 0.1 < rows.grown[rows.indicator == series.names.tolist().index("i1")].mean() < 0.3
    assert not rows.grown[rows.indicator != series.names.tolist().index("i1")].any()


def test_intervals_are_stretched_until_they_hold_what_unseen_indicators_did(small_world):
    """Networks that expect half of the movement are stretched about twice; then 80% and 95% hold what they say."""
    recipe = network.Recipe(hidden=8, epochs=3)
    cases = lessons(arrange(small_world), seed=2)
    fold = cases.indicator % 3
    shares = np.ones(len(fold))
    for kind in training.KINDS:
        tasks = [training.Task(kind, k, 9 + k) for k in range(3)]
        narrow = replace(cases, outcome=cases.outcome / 2)
        trained = [training._train_one(narrow, fold, task, recipe) for task in tasks]
        raw = training._ensemble(kind, tasks, trained)
        found = training._widened(kind, raw, cases, fold, shares)
        assert 1.5 < found.stretch < 2.6
        rows = np.flatnonzero(training._taught(cases, kind) & (fold == 1))
        quantiles = found.unseen(1).predict(training.features_of(cases, kind)[rows], 5)
        middle = raw.unseen(1).predict(training.features_of(cases, kind)[rows], 5)[..., network.MIDDLE]
        np.testing.assert_allclose(quantiles[..., network.MIDDLE], middle, atol=1e-5)
        outcome = cases.outcome[rows, :5]
        for low, high, level in ((3, 11, 0.8), (1, 13, 0.95)):
            held = (outcome >= quantiles[..., low]) & (outcome <= quantiles[..., high])
            assert held[np.isfinite(outcome)].mean() == pytest.approx(level, abs=0.06)


def test_an_indicator_counts_as_another_of_its_source_and_growth_counts_nothing(small_world):
    told = dict(zip([f"i{i}" for i in range(6)], "AABCDE", strict=True))
    named = small_world.assign(source=small_world["indicator"].map(told), upper=np.inf)
    series = arrange(named)
    cases = lessons(series, seed=3)
    shares = training._shares(named, series.names, cases)
    assert cases.grown.any() and not shares[cases.grown].any()
    each = np.bincount(cases.indicator, shares)
    np.testing.assert_allclose(each[2:], 1)
    np.testing.assert_allclose(each[:2], 1 / np.sqrt(2))


def test_training_twice_gives_the_same_bytes_and_judges_by_networks_that_never_saw_it(small_world, tmp_path):
    recipe = network.Recipe(hidden=8, epochs=1)
    models = [training.train_model(small_world, recipe, networks=1, seed=4, jobs=1) for _ in range(2)]
    paths = [tmp_path / f"{i}.npz" for i in range(2)]
    for model, path in zip(models, paths, strict=True):
        training.save_model(model, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    stored = load_model(paths[0])
    assert set(stored.fold_of) == {f"i{i}" for i in range(6)}
    unseen = stored.without("i3")
    assert len(unseen.alone) == 1 and (unseen.alone.fold == stored.fold_of["i3"]).all()
    assert stored.without("new") is stored


def test_a_network_never_sees_its_own_fold(small_world):
    cases = lessons(arrange(small_world), seed=2)
    fold = cases.indicator % 3
    other = replace(cases, own=cases.own.copy(), outcome=cases.outcome.copy())
    other.own[fold == 1], other.outcome[fold == 1] = 0.5, 7.0
    recipe = network.Recipe(hidden=8, epochs=3)
    for kind in training.KINDS:
        trained = [
            [training._train_one(c, fold, training.Task(kind, k, 9), recipe)[0][2] for c in (cases, other)]
            for k in (1, 2)
        ]
        np.testing.assert_array_equal(*trained[0])
        assert not np.array_equal(*trained[1])


def test_parts_are_made_of_whole_sources_where_five_are_named(small_world):
    names = np.array([f"i{i}" for i in range(6)])
    told = {
        "i0": "UNESCO UIS via a.org",
        "i1": "UNESCO UIS (2019)",
        "i2": "B",
        "i3": "C via c.org",
        "i4": "D",
        "i5": "E",
    }
    folds = training._folds(small_world.assign(source=small_world["indicator"].map(told)), names, 1)
    assert folds[0] == folds[1] and sorted(set(folds)) == [0, 1, 2, 3, 4]
    # one source under five addresses can't be parted from itself
    one = small_world.assign(source="A via " + small_world["indicator"])
    assert not training.by_source(one) and sorted(set(training._folds(one, names, 1))) == [0, 1, 2, 3, 4]


def test_how_still_histories_go_on_is_learned_from_whole_tables(small_world):
    def regions(values, indicator):
        facts = {"indicator": indicator, "unit": "percent", "lower": 0.0, "upper": 100.0}
        return [frame(values, first=1995, region=f"s{r}", **facts) for r in range(5)]

    still, fell = regions(np.full(25, 100.0), "i0"), regions([100.0] * 12 + [40.0] * 13, "i1")
    data = pd.concat([small_world, *still, *fell], ignore_index=True).drop(columns="series")
    recipe = network.Recipe(hidden=8, epochs=1)
    all_of_it = training.train_model(data, recipe, networks=1, jobs=1).still[-1]
    whole = training.train_model(
        data.assign(whole=data["indicator"] != "i1"), recipe, networks=1, jobs=1
    ).still[-1]
    assert all_of_it[0].min() < -0.5 and whole[0].min() == 0


def test_training_says_what_is_missing(small_world):
    with pytest.raises(DataError, match="缺少列 region"):
        training.train_model(small_world.drop(columns="region"))
    with pytest.raises(DataError, match="至少需要 5 个"):
        training.train_model(small_world[small_world["indicator"] == "i1"])


# --- the model that is shipped


def test_one_series_and_the_same_among_many():
    values = [70.0, 72.0, 71.0, 75.0, 77.0, 76.0]
    many = pd.concat([frame(values, f"s{i}", lower=0.0, upper=100.0) for i in range(3)])
    alone = project(frame(values, "s0", lower=0.0, upper=100.0), 12, SEVEN)
    together = project(many, 12, SEVEN)
    np.testing.assert_allclose(together.iloc[:12, 2:], alone.iloc[:, 2:], rtol=1e-4)


@given(short_series, st.integers(1, 14))
@settings(max_examples=40, deadline=None)
def test_quantiles_rise_and_stay_within_bounds(values, horizon):
    found = project(frame(values, lower=0.0, upper=100.0), horizon, SEVEN).iloc[:, 2:].to_numpy()
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) >= 0).all() and found.min() >= 0 and found.max() <= 100


def test_a_series_that_never_moved_goes_on_as_real_ones_did():
    def ends(values, **columns):
        return project(frame(values, **columns), 5, SEVEN).iloc[-1, 2:].to_numpy(float)

    top = ends([100.0] * 6, lower=0.0, upper=100.0)
    assert top[3] == 100 and 90 < top[0] < 99
    middle = ends([60.0] * 8, lower=0.0, upper=100.0)
    assert middle[3] == pytest.approx(60, abs=3) and middle[0] < 59.5 and middle[-1] > 70
    rate = ends([5.0] * 6, lower=0.0, upper=1000.0)
    assert rate[0] < 5 < rate[-1] < 12
    nothing = ends([0.0] * 6, lower=0.0, upper=1000.0)
    assert nothing[0] == 0 and np.isfinite(nothing).all()
    counted = ends([60.0] * 8, lower=0.0, upper=100.0, numerator=60.0, denominator=100.0)
    assert not np.allclose(counted, middle)


def test_quantiles_of_still_histories_by_hand():
    from xhcp_eval.forecast.reference.network import GRID
    from xhcp_eval.forecast.reference.still import is_still, learn

    # 40 series stand at 100 for four years; then ten of them fall by 5, ever after
    values = np.full((40, 6), 100.0)
    values[:10, 4:] = 95.0
    found = learn(values, np.zeros(40), np.full(40, 100.0), 2)
    # the second origin (year five) knows only the thirty that stayed
    first = np.concatenate([np.full(10, -0.05), np.zeros(60)])
    assert found[0, 0] == pytest.approx(np.quantile(first, GRID))
    assert is_still(np.array([[5.0, np.nan, 5.0], [5.0, 5.1, 5.0]])).tolist() == [True, False]


def test_a_rate_about_one_between_bounds_of_a_thousand_is_not_foreseen_to_jump_by_tens():
    def widths(far):
        found = project(frame(NATURAL_INCREASE, lower=-far, upper=far), 5, SEVEN).iloc[:, 2:].to_numpy()
        return (found[:, -1] - found[:, 0])[[0, 4]]

    # the values moved by 0.16 a year on average and over a range of 1.2 in nine years
    assert (widths(1000.0) < [1.2, 5.0]).all()
    np.testing.assert_allclose(widths(1000.0), widths(1e6), rtol=1e-2)
    np.testing.assert_allclose(widths(1000.0), widths(100.0), rtol=0.2)


def test_after_eight_years_without_a_death_among_63000_no_hundreds_are_foreseen():
    counts = {"numerator": 0.0, "denominator": 63000.0}
    found = project(frame([0.0] * 8, lower=0.0, upper=1e5, **counts), 5, SEVEN).iloc[:, 2:].to_numpy()
    # one death is 1.6 per 100,000; 2% of the scale would be 1,260 of them
    assert found[:, 3].max() == 0 and 0 < found[-1, -1] < 10


def test_spread_grows_with_the_years_beyond_the_last_learned():
    found = project(frame([50.0, 52.0, 49.0, 53.0, 55.0, 54.0]), 15, SEVEN).iloc[:, 2:].to_numpy()
    width = found[:, -1] - found[:, 0]
    assert (np.diff(width[9:]) > 0).all()
    assert found[14, 3] == pytest.approx(found[9, 3], rel=1e-6)


def test_two_regions_of_one_indicator_learn_from_one_another():
    rng = np.random.default_rng(8)
    rows = [
        frame(60 + rng.normal(0, 1, 10).cumsum(), f"r{i}", lower=0.0, upper=100.0, indicator="x")
        for i in range(6)
    ]
    data = pd.concat(rows)
    among = project(data, 5, SEVEN).iloc[:, 2:].to_numpy()
    alone = project(data.drop(columns="indicator"), 5, SEVEN).iloc[:, 2:].to_numpy()
    two = project(data[data["series"] < "r2"], 5, SEVEN).iloc[:, 2:].to_numpy()
    one = project(data[data["series"] < "r1"], 5, SEVEN).iloc[:, 2:].to_numpy()
    assert (
        not np.allclose(among, alone)
        and not np.allclose(two, alone[:10])
        and not np.allclose(two, among[:10])
    )
    np.testing.assert_allclose(one, alone[:5], rtol=1e-5)


def test_shipped_networks_are_split_by_indicator():
    model = reference_model()
    assert len(model.fold_of) == 1565
    for name, fold in list(model.fold_of.items())[:3]:
        held = model.without(name)
        assert 0 < len(held.alone) < len(model.alone)
        assert (held.alone.fold == fold).all() and (held.among.fold == fold).all()


def test_counting_noise_does_not_make_a_trend():
    rng = np.random.default_rng(2)
    share, births = 0.1, 60
    deaths = rng.binomial(births, share, (300, 8))
    rows = [
        frame(
            1000 * d / births,
            f"s{i}",
            lower=0.0,
            upper=1000.0,
            numerator=d.astype(float),
            denominator=float(births),
        )
        for i, d in enumerate(deaths)
    ]
    level = project(pd.concat(rows), 1, SEVEN, of="level").iloc[:, 2:].to_numpy()
    reported = project(pd.concat(rows), 1, SEVEN).iloc[:, 2:].to_numpy()
    # the level stays near the truth though the last count swings by a third of it
    assert np.sqrt(np.mean((level[:, 3] - 100) ** 2)) < 0.75 * np.std(1000 * deaths[:, -1] / births)
    future = 1000 * rng.binomial(births, share, 300) / births
    inside = (future >= reported[:, 1]) & (future <= reported[:, 5])
    assert 0.74 < inside.mean() < 0.97


def test_counting_variance_of_nothing_known_is_nothing():
    values = np.array([[1.0, 2.0, np.nan]])
    missing = np.full_like(values, np.nan)
    variance, counted = counting_variance(values, missing, missing, np.array([100.0]))
    assert not counted.any() and (variance == 0).all()


def test_a_panel_can_be_cut():
    panel = make_panel(pd.concat([frame([1.0, 2.0], "a"), frame([3.0, 4.0], "b")]))
    part = panel.take(np.array([False, True]))
    assert part.keys.tolist() == ["b"] and part.values.tolist() == [[3.0, 4.0]]
    assert replace(part, indicator=None).indicator is None
