"""Boundaries of a region's units out of a GeoJSON file, for maps that are printed only with their 审图号."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from xhcp_eval.errors import DataError

Ring = tuple[tuple[float, float], ...]
NAMES = ("name", "NAME", "名称", "乡镇", "街道")  # fields in which a feature's name may stand


@lru_cache(maxsize=4)
def read_boundaries(path: Path, places: tuple[str, ...]) -> dict[str, tuple[Ring, ...]]:
    """Outer rings by unit, in degrees shrunk so that east-west and north-south lengths are alike.

    path: GeoJSON (RFC 7946) with a Polygon or MultiPolygon for each of `places`, named in one of `NAMES`. Raises DataError
    that lists what is wrong: no GeoJSON, units without a shape, shapes of another kind.
    """
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path.name} 不是 GeoJSON 文件（应是 FeatureCollection）：{error}") from error
    found, problems = {}, []
    for number, feature in enumerate(features, 1):
        name = next(
            (str(feature["properties"][key]) for key in NAMES if key in feature.get("properties", {})), ""
        )
        if name not in places:
            continue
        try:
            found[name] = _rings(feature["geometry"])
        except (KeyError, TypeError, ValueError):
            problems.append(f"第 {number} 个要素（{name}）不是 Polygon 或 MultiPolygon")
    problems += [f"没有“{name}”的边界" for name in places if name not in found]
    if problems:
        raise DataError(f"{path.name} 不能用来画图（名称写在 {'、'.join(NAMES)} 之一）：", problems)
    return {name: tuple(_shrunk(ring, _middle(found)) for ring in rings) for name, rings in found.items()}


def _rings(geometry: dict[str, Any]) -> list[list[tuple[float, float]]]:
    kind, parts = geometry["type"], geometry["coordinates"]
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(kind)
    outer = [parts[0]] if kind == "Polygon" else [part[0] for part in parts]
    return [[(float(x), float(y)) for x, y, *_ in ring] for ring in outer]


def _middle(found: dict[str, list[list[tuple[float, float]]]]) -> float:
    latitudes = [y for rings in found.values() for ring in rings for _, y in ring]
    return (min(latitudes) + max(latitudes)) / 2


def _shrunk(ring: list[tuple[float, float]], latitude: float) -> Ring:
    return tuple((x * math.cos(math.radians(latitude)), y) for x, y in ring)
