"""What the attributes of an SVG drawing say, in matplotlib's terms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xhcp_eval.errors import RunError

if TYPE_CHECKING:
    from matplotlib.path import Path as Outline
    from matplotlib.transforms import Affine2D

_STEP = re.compile(r"[MLHVCQSTAZmlhvcqstaz]|-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TURN = re.compile(r"(\w+)\(([^)]*)\)")


def declared(node) -> dict[str, str]:
    """What a node says of its looks, in attributes and in its style, which counts for more."""
    style = {
        name: value for name, value in node.items() if name.startswith(("stroke", "fill", "font", "text"))
    }
    for part in (node.get("style") or "").split(";"):
        name, _, value = part.partition(":")
        if value:
            style[name.strip()] = value.strip()
    return style


def points(text: str) -> float:
    """A length; px in a drawing of ours is a point."""
    return float(re.match(r"[\d.]+", text.strip())[0])


def colour(style: dict[str, str], kind: str, default: str) -> tuple[float, ...] | str:
    """A colour with its opacity. kind: fill or stroke. default: what SVG takes if nothing is said."""
    from matplotlib.colors import to_rgba

    colour = style.get(kind, default)
    if colour == "none":
        return "none"
    return to_rgba(colour, float(style.get(f"{kind}-opacity", 1)) * float(style.get("opacity", 1)))


def turned(text: str) -> Affine2D:
    """The transformation that a text of SVG describes; the last named is done first."""
    from math import radians

    from matplotlib.transforms import Affine2D

    done = Affine2D()
    for name, numbers in reversed(_TURN.findall(text)):
        values = [float(n) for n in re.split(r"[ ,]+", numbers.strip())]
        if name == "translate":
            done.translate(values[0], values[1] if len(values) > 1 else 0)
        elif name == "scale":
            done.scale(values[0], values[-1])
        elif name == "rotate":
            done.rotate_around(*(values[1:] or (0, 0)), radians(values[0]))
        else:
            raise RunError(f"报告中有一幅图含有不能转成图片的变换 {name}")
    return done


def outline(text: str) -> Outline:
    """The path that the `d` of SVG describes: moves, lines and curves to absolute places."""
    from matplotlib.path import Path as Outline

    points: list[tuple[float, float]] = []
    codes: list[int] = []
    steps = iter(_STEP.findall(text))
    kinds = {
        "M": (Outline.MOVETO, 1),
        "L": (Outline.LINETO, 1),
        "Q": (Outline.CURVE3, 2),
        "C": (Outline.CURVE4, 3),
    }
    for step in steps:
        if step in "zZ":
            points.append((0.0, 0.0))
            codes.append(Outline.CLOSEPOLY)
        elif step in kinds:
            code, count = kinds[step]
            points += [(float(next(steps)), float(next(steps))) for _ in range(count)]
            codes += [code] * count
        else:
            raise RunError(f"报告中有一幅图含有不能转成图片的路径“{step}”")
    return Outline(points or [(0.0, 0.0)], codes or [Outline.MOVETO])
