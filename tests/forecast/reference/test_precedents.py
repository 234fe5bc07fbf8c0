"""Chinese precedents: truly the nearest, of different provinces, never later, none where none is near, and no figure in them."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from xhcp_eval.commands.cli import app
from xhcp_eval.errors import DataError
from xhcp_eval.forecast.panel import make_panel
from xhcp_eval.forecast.reference import precedents as module
from xhcp_eval.forecast.reference.precedents import (
    AFTER,
    CLASS,
    COURSE,
    FILE,
    MOVED_ON,
    SHAPE,
    Book,
    find_precedents,
    in_classes,
    kind_of,
    make_precedents,
    provinces,
    write_precedents,
)

PLACES = [f"第{k}省" for k in range(8)]


def panel_of(*rows, first=2010, upper=100.0):
    frames = [
        pd.DataFrame(
            {"series": f"s{i}", "year": np.arange(first, first + len(v)), "value": np.asarray(v, float), "lower": 0.0, "upper": upper}
        )
        for i, v in enumerate(rows)
    ]  # fmt: skip
    return make_panel(pd.concat(frames, ignore_index=True))


def demonstration(seed=0, years=16, indicators=6):
    """Made-up yearly figures of eight provinces: shares that drift."""
    rng = np.random.default_rng(seed)
    frames = []
    for k in range(indicators):
        for place in PLACES:
            value = np.clip(50 + np.cumsum(rng.normal(rng.uniform(-1.5, 1.5), 0.7, years)), 0, 100)
            frames.append(
                pd.DataFrame(
                    {
                        "indicator": f"demo_{k}",
                        "region": place,
                        "year": 2000 + np.arange(years),
                        "value": value,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True).assign(unit="percent", lower=0.0, upper=100.0)  # fmt: skip


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(3)
    return [np.clip(60 + np.cumsum(rng.normal(m, 1, 10)), 0, 100) for m in (-2, -0.5, 0.5, 1, 2)]


def by_hand(panel, kind, ahead, last, row, book):
    """Distances to each province's nearest case, in plain loops."""
    spread = book.seen.std(axis=0)
    own = module.usual_histories(panel)
    mine = in_classes(np.array([[float(own.column(name)[row]) for name in MOVED_ON]]))[0]
    best: dict[str, tuple[float, int]] = {}
    for case, about in book.names.iterrows():
        if (
            about["kind"] != kind
            or about["last_year"] + ahead > last
            or np.isnan(book.outcome[case, ahead - 1])
        ):
            continue
        distance = (
            sum(((a - b) / s) ** 2 for a, b, s in zip(mine, book.seen[case], spread, strict=True)) ** 0.5
        )
        if distance < best.get(about["region"], (np.inf, 0))[0]:
            best[about["region"]] = (distance, case)
    return sorted(best.values())


@pytest.mark.parametrize("ahead", [2, 5, 8])
def test_the_nearest_are_the_nearest_of_three_provinces(series, ahead):
    panel, book = panel_of(*series), provinces()
    found = find_precedents(panel, ["percent"] * len(panel), ahead)
    shown = 0
    for row in range(len(panel)):
        wanted = [
            (d, case) for d, case in by_hand(panel, "share", ahead, 2019, row, book)[:3] if d <= book.near
        ]
        got = found.rows[row][found.rows[row] >= 0]
        np.testing.assert_allclose(found.distance[row, : len(got)], [d for d, _ in wanted], rtol=1e-6)
        assert len(got) == len(wanted) and book.names["region"].iloc[got].is_unique
        assert (book.names["kind"].iloc[got] == "share").all() and np.isfinite(
            book.outcome[got, ahead - 1]
        ).all()
        shown += len(got)
    assert shown >= 10


def test_nothing_later_than_the_series_own_last_year_is_known(series):
    """A forecast made in 2015 knows nothing of what provinces did in 2016."""
    for first in (1997, 2004, 2006):
        found = find_precedents(panel_of(*series, first=first), ["percent"] * 5, 5)
        rows = found.rows[found.rows >= 0]
        assert (found.book.names["last_year"].iloc[rows] + 5 <= first + 9).all()
    assert (find_precedents(panel_of(*series, first=1997), ["percent"] * 5, 5).rows == -1).all()


def test_what_came_after_plays_no_part_in_nearness(series):
    frame = pd.read_csv(FILE)
    other = frame.assign(**{name: frame[name] * -3 + 1 for name in AFTER})
    a, b = (find_precedents(panel_of(*series), ["percent"] * 5, 5, book=Book.of(f)) for f in (frame, other))
    np.testing.assert_array_equal(a.rows, b.rows)


def test_a_series_unlike_any_has_none():
    wild = panel_of([50, 1, 99, 2, 98, 1, 99, 3, 97, 1])
    found = find_precedents(wild, ["percent"], 5)
    assert (found.rows == -1).all() and np.isnan(found.distance).all() and np.isnan(found.courses()).all()


def test_near_is_nearer_than_nine_in_ten_pairs():
    book, rng = provinces(), np.random.default_rng(0)
    a, b = rng.integers(0, len(book.names), (2, 60_000))
    one, two = (book.names.iloc[rows].reset_index(drop=True) for rows in (a, b))
    fit = (
        (one["kind"] == two["kind"])
        & (one["indicator"] != two["indicator"])
        & (one["region"] != two["region"])
    )
    pairs = (((book.seen[a] - book.seen[b]) / book.seen.std(axis=0)) ** 2).sum(axis=1)[fit] ** 0.5
    assert len(pairs) > 10_000 and np.mean(pairs <= book.near) == pytest.approx(0.1, abs=0.01)


def test_a_case_of_the_book_finds_its_like_and_its_course_in_its_own_unit():
    frame = demonstration()
    book = Book.of(make_precedents(frame))
    one = frame[(frame["indicator"] == "demo_2") & (frame["region"] == PLACES[4])]
    cut = one["value"].to_numpy()[:8]
    panel = make_panel(
        pd.DataFrame(
            {"series": "s", "year": np.arange(2030, 2038), "value": cut, "lower": 0.0, "upper": 100.0}
        )
    )
    found = find_precedents(panel, ["percent"], 5, book=book)
    about = book.names.iloc[found.rows[0, 0]]
    assert (about["indicator"], about["region"], about["last_year"]) == ("demo_2", PLACES[4], 2007)
    assert found.distance[0, 0] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(
        found.courses()[0, 0, :8], one["value"].to_numpy()[8:], atol=COURSE / 2 * found.own.scale[0] + 1e-9
    )


def test_precedents_tell_more_than_any_three_of_their_kind():
    """Leave-one-out over the file, other indicators only: the mean of the three nearest against three at random."""
    book, rng = provinces(), np.random.default_rng(1)
    names, after = book.names, np.arcsinh(book.outcome[:, 4])
    of = {name: pd.factorize(names[name])[0] for name in ("indicator", "region", "kind")}
    distance = module._distances(book.seen, book.seen, book.seen)
    fit = (
        (of["kind"] == of["kind"][:, None])
        & (of["indicator"] != of["indicator"][:, None])
        & (of["region"] != of["region"][:, None])
    )
    rows, least = module._nearest_by_province(np.where(fit, distance, np.inf), names["region"].to_numpy(), 3)
    near = least[:, 2] <= book.near
    chance = np.array([rng.choice(np.flatnonzero(line), 3) for line in fit])
    error, random = (np.abs(after[pick].mean(axis=1) - after) for pick in (rows, chance))
    assert near.mean() > 0.8 and error[near].mean() < 0.75 * random[near].mean()
    assert error[~near].mean() > 0.8 * random[~near].mean(), (
        "farther ones are no better than chance, and aren't shown"
    )


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return pd.read_csv(FILE)


def test_the_file_holds_names_years_classes_and_half_changes_only(shipped):
    assert list(shipped.columns) == [
        "indicator",
        "region",
        "kind",
        "first_year",
        "last_year",
        *MOVED_ON,
        *AFTER,
    ]
    assert FILE.stat().st_size < 1_000_000 and shipped["region"].nunique() == 31
    assert set(shipped["kind"]) == {"share", "rate", "count", "measure"}
    for name in (*MOVED_ON, *AFTER):
        width = COURSE if name in AFTER else CLASS.get(name, SHAPE)
        steps = shipped[name].dropna() / width
        np.testing.assert_allclose(steps, steps.round(), atol=1e-6)
    named = pd.read_csv(module.FOLDER / "indicators.csv", dtype=str).set_index("indicator")
    assert (named.loc[shipped["indicator"], "name_zh"].str.contains("[\u4e00-\u9fff]")).all()
    assert (named.loc[shipped["indicator"], "redistributed"] == "false").all()


def test_one_cut_a_series(shipped):
    """Two overlapping ones would tell the series' shape more closely than either."""
    assert not shipped.duplicated(["indicator", "region"]).any()


def levels(share):
    """The levels of a share, in points, that its classes allow: whatever anchor and typical change would give them."""
    below, above = np.meshgrid(*[np.expm1(np.linspace(0, 10, 400))] * 2, indexing="ij")
    place = (below - above) / np.maximum(below + above, 1e-9)
    with np.errstate(divide="ignore"):
        relative = np.log(1 / np.maximum(below, 0.01) + 1e-4)
    told = {"room_below": np.log1p(np.minimum(below, 1e3)), "room_above": np.log1p(np.minimum(above, 1e3)),
            "place": place, "relative_change": relative}  # fmt: skip
    fits = np.all(
        [np.round(told[name] / width) == round(share[name] / width) for name, width in CLASS.items()], axis=0
    )
    return (100 * below / np.maximum(below + above, 1e-9))[fits]


def test_no_level_can_be_told_to_a_point(shipped):
    """Where a share stood, from all that is kept of it, is left open by a point of a hundred at least, by seven mostly."""
    classes = shipped[shipped["kind"] == "share"][list(CLASS)].drop_duplicates()
    widths = np.array([np.ptp(levels(share)) for share in classes.to_dict("records")])
    assert len(widths) > 15 and widths.min() > 1 and np.median(widths) > 7


def test_series_that_differ_only_in_level_and_size_give_the_same_row():
    """Nothing of unit, level or typical change is left but in wide classes: two figures, one row."""
    frame = demonstration().assign(unit="count", upper=np.inf)
    other = frame.assign(value=frame["value"] * 1.3 + 3)
    one, two = make_precedents(frame), make_precedents(other)
    shape = [name for name in MOVED_ON if name not in CLASS]
    same = (np.abs(one[shape + list(AFTER)[:8]] - two[shape + list(AFTER)[:8]]) < 1e-9).mean(axis=None)
    assert same > 0.9


@pytest.mark.parametrize(("years", "after"), [(9, 5), (12, 6), (16, 8), (20, 10), (26, 10)])
def test_the_later_half_is_what_came_after(years, after):
    found = make_precedents(demonstration(years=years, indicators=1))
    assert (found["last_year"] == 2000 + years - 1 - after).all() and len(found) == len(PLACES)
    assert (found["first_year"] == max(2000, 2000 + years - 1 - after - 11)).all()
    assert found[list(AFTER)].notna().sum(axis=1).eq(after).all()


def test_short_series_and_shares_at_an_end_are_left_out():
    with pytest.raises(DataError, match="够长"):
        make_precedents(demonstration(years=8))
    frame = demonstration(indicators=1)
    full = frame["region"] == PLACES[0]
    frame.loc[full, "value"] = np.linspace(99, 99.9, 16)
    assert set(make_precedents(frame)["region"]) == set(PLACES[1:])


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="unit、upper"):
        make_precedents(demonstration().drop(columns=["unit", "upper"]))


@pytest.mark.parametrize(("unit", "end", "kind"), [
    ("percent", 100, "share"), ("percent", np.inf, "measure"), ("permille", 1000, "rate"), ("per_100k_live_births", np.inf, "rate"),
    ("count", np.inf, "count"), ("hours_per_week", np.inf, "measure"), ("ratio", np.inf, "measure"),
])  # fmt: skip
def test_kinds(unit, end, kind):
    assert kind_of(unit, end) == kind


def test_the_command_makes_the_file_again(tmp_path):
    data, out = tmp_path / "demo.parquet", tmp_path / "out.csv"
    names = pd.read_csv(module.FOLDER / "indicators.csv", dtype=str)["indicator"]
    codes = dict(zip([f"demo_{k}" for k in range(6)], names[names.str.startswith("cnh_")], strict=False))
    frame = demonstration()
    frame.assign(indicator=frame["indicator"].map(codes | {"demo_5": "nobody_named_this"})).to_parquet(data)
    done = CliRunner().invoke(app, ["precedents", str(data), "--out", str(out)])
    assert done.exit_code == 0 and "40 条" in done.stdout
    found = pd.read_csv(out)
    assert "nobody_named_this" not in set(found["indicator"]) and found["indicator"].nunique() == 5
    wanted = make_precedents(frame[frame["indicator"] != "demo_5"])
    pd.testing.assert_frame_equal(found[list(AFTER)], wanted[list(AFTER)], check_dtype=False)
    first = out.read_bytes()
    write_precedents([data], out)
    assert out.read_bytes() == first


def test_data_of_which_nothing_is_named_are_refused(tmp_path):
    demonstration().to_parquet(tmp_path / "demo.parquet")
    with pytest.raises(DataError, match=r"indicators\.csv"):
        write_precedents([tmp_path / "demo.parquet"], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
