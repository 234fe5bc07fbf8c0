"""The map of townships: tiles in a grid or where the parameters place them, boundaries only with their number."""

import json
import re
from dataclasses import replace

import pytest

from xhcp_eval.chapters.figures import townships
from xhcp_eval.chapters.figures.canvas import wide
from xhcp_eval.chapters.figures.townships import _fitting, _names, _places, township_map
from xhcp_eval.observations.table import is_below
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.pack.params import MapFacts


@pytest.fixture(scope="module")
def pack():
    return open_pack("midterm_2025")


def with_map(pack, **facts):
    return replace(pack, params=pack.params.model_copy(update={"map": MapFacts(**facts)}))


def test_the_title_counts_the_townships_below_the_target(pack):
    rows = pack.observations
    rows = rows[
        (rows["indicator"] == "eye_exam_coverage_0_6")
        & (rows["year"] == 2025)
        & (rows["level"] == "township")
    ]
    short = rows[rows["value"] < 90]
    (picture,) = township_map(pack)
    assert picture.title.startswith(f"眼保健检查{len(rows)}个乡镇街道中{len(short)}个未达到全区目标")
    worst = short.loc[short["value"].idxmin()]
    assert f"{worst['region'].rsplit('/', 1)[-1]}最差（{worst['value']:.1f}%）" in picture.title


def test_every_township_has_a_tile_with_its_value(pack):
    (picture,) = township_map(pack)
    for name in _names(pack):
        assert f"<title>{name}" in picture.svg and f">{name}</text>" in picture.svg


def test_tiles_stand_where_the_parameters_place_them_and_the_rest_below():
    names = [f"{k}镇" for k in range(7)]
    assert _places(names, {}) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
    assert _places(names[:3], {"1镇": (2, 5)}) == [(3, 0), (2, 5), (3, 1)]


@pytest.mark.parametrize("count", [1, 5, 31])
def test_a_region_of_any_number_of_townships_has_its_map(pack, count):
    rows = pack.observations
    below = is_below(rows, pack.region) & (rows["level"] == "township")
    kept = [f"{pack.region}/{name}" for name in _names(pack)[:count]]
    fewer = rows[~below | rows["region"].isin(kept)]
    more = [
        rows[rows["region"] == kept[0]].assign(region=f"{pack.region}/新设{k}镇")
        for k in range(count - len(kept))
    ]
    changed = pack.with_frames(observations=townships.pd.concat([fewer, *more], ignore_index=True))
    assert len(_names(changed)) == count
    (picture,) = township_map(changed)
    assert picture.svg.count("<rect") % count == 0


def test_a_long_name_is_cut_to_its_tile():
    assert _fitting("示范一街道", 60) == "示范一街道"
    assert _fitting("南大街街道办事处", 45) == "南大街"
    assert wide(_fitting("很长很长很长的名称镇", 40)) <= 40


def test_boundaries_are_drawn_with_their_number_below(pack, tmp_path):
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [
            [[k, 0], [k + 1, 0], [k + 1, 1], [k, 1], [k, 0]]]}}
        for k, name in enumerate(_names(pack))
    ]  # fmt: skip
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps({"features": features}), encoding="utf-8", newline="\n")
    (picture,) = township_map(with_map(pack, boundaries=str(path), approval="冀S（2024）012号"))
    assert "审图号：冀S（2024）012号。" in picture.source
    assert len(re.findall(r'<path d="[^"]*Z"', picture.svg)) == 2 * len(features)
    assert "审图号" not in township_map(pack)[0].source


def test_there_is_no_map_without_townships():
    assert township_map(open_pack("national_midterm")) == []
