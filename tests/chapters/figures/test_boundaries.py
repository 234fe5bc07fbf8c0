"""Boundaries out of GeoJSON: outer rings by name, faults told all at once."""

import json
import math

import pytest

from xhcp_eval.chapters.figures.boundaries import read_boundaries
from xhcp_eval.errors import DataError

SQUARE = [[[114.0, 38.0], [114.2, 38.0], [114.2, 38.1], [114.0, 38.1], [114.0, 38.0]]]


def feature(name: str, kind: str = "Polygon", coordinates=SQUARE) -> dict:
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def written(folder, *features):
    path = folder / "map.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8", newline="\n"
    )
    return path


def test_a_degree_east_is_shorter_than_one_north(tmp_path):
    path = written(tmp_path, feature("甲镇"), feature("别处"))
    (ring,) = read_boundaries(path, ("甲镇",))["甲镇"]
    across, down = (max(values) - min(values) for values in zip(*ring, strict=True))
    assert across == pytest.approx(0.2 * math.cos(math.radians(38.05)))
    assert down == pytest.approx(0.1)


def test_parts_of_a_unit_and_its_holes(tmp_path):
    hole = [[114.05, 38.02], [114.1, 38.02], [114.1, 38.05], [114.05, 38.02]]
    path = written(tmp_path, feature("甲镇", "MultiPolygon", [[SQUARE[0], hole], SQUARE]))
    assert len(read_boundaries(path, ("甲镇",))["甲镇"]) == 2


def test_all_faults_are_told_at_once(tmp_path):
    path = written(tmp_path, feature("甲镇", "Point", [1, 2]))
    with pytest.raises(DataError) as caught:
        read_boundaries(path, ("甲镇", "乙镇"))
    said = str(caught.value)
    assert "第 1 个要素（甲镇）不是 Polygon 或 MultiPolygon" in said
    assert "没有“乙镇”的边界" in said


def test_what_is_no_geojson_is_refused(tmp_path):
    path = tmp_path / "map.geojson"
    path.write_text("[]", encoding="utf-8", newline="\n")
    with pytest.raises(DataError, match="不是 GeoJSON 文件"):
        read_boundaries(path, ("甲镇",))
