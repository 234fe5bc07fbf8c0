"""A report's drawing (SVG) as a picture at any resolution, without a browser.

The drawings are ours (`xhcp_eval.chapters.kit.svg`): paths, letters, marks and clipping rectangles, nothing else. Each is given
back to matplotlib as what it was before, so that it looks the same on every system, with the packaged font.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from xhcp_eval.chapters.kit.style import FONT_FAMILY, use_style
from xhcp_eval.errors import RunError
from xhcp_eval.report.export.svg_parts import colour, declared, outline, points, turned

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.transforms import Affine2D

PRINT_DPI = 300
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_HREF = "{http://www.w3.org/1999/xlink}href"
_ALIGN = {"start": "left", "middle": "center", "end": "right"}
_CAPS = {"square": "projecting"}
# Fonts that a reader may have, in place of the packaged one, which a file of its own doesn't bring along.
_FALLBACKS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','SimHei'"


@dataclass(frozen=True)
class _Pen:
    """How things are drawn here.

    style: as inherited. place: from here to the drawing. clip: (x, y, w, h), and from where it was said to the drawing.
    """

    style: dict[str, str]
    place: Affine2D
    clip: tuple[tuple[float, ...], Affine2D] | None = None


def standalone_svg(svg: str, alt: str = "") -> str:
    """A drawing out of a page as a file of its own.

    svg: <svg> element as in the page. alt: what it shows, for who can't see it. Fonts that are usual on
    readers' systems stand in for the packaged one.
    """
    from html import escape

    text = svg.replace("<svg", f"<svg {_NAMESPACES}", 1)
    text = text.replace(f"'{FONT_FAMILY}',", f"'{FONT_FAMILY}',{_FALLBACKS},", 1)
    if alt:
        text = re.sub(r"(<svg[^>]*>)", lambda m: f"{m[1]}<desc>{escape(alt)}</desc>", text, count=1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


@lru_cache(maxsize=512)  # the Word document and the folder of figures show the same
def svg_png(svg: str, dpi: int = PRINT_DPI) -> bytes:
    """A drawing as PNG.

    svg: <svg> element of a report, in points. dpi: dots an inch, written into the file as well.
    Raises RunError for anything but what our drawings are made of: nothing is left out unsaid.
    """
    from matplotlib import rc_context

    try:
        root = ElementTree.fromstring(svg.replace("<svg", f"<svg {_NAMESPACES}", 1))
        width, height = (float(size) for size in root.get("viewBox", "").split()[2:])
    except (ElementTree.ParseError, ValueError) as error:
        raise RunError("报告中有一幅图不是完整的 SVG，不能转成图片") from error
    use_style()  # before the context, which would take it back
    # dashes are in points already
    with rc_context({"lines.scale_dashes": False}):
        return _saved(_drawing(root, width, height), dpi)


def _drawing(root, width: float, height: float) -> Drawing:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.transforms import Affine2D

    drawing = Drawing(figsize=(width / 72, height / 72), facecolor="white")
    named = {node.get("id"): node for node in root.iter() if node.get("id")}
    pen = _Pen({}, Affine2D().translate(0, -height).scale(1 / 72, -1 / 72))
    _Painter(drawing, named).children(root, pen)
    return drawing


def _saved(drawing: Drawing, dpi: int) -> bytes:
    """PNG of 256 colours: drawings have few, and the file is a third as large."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    drawing.set_dpi(dpi)
    canvas = FigureCanvasAgg(drawing)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = BytesIO()
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        buffer, "PNG", dpi=(dpi, dpi)
    )
    return buffer.getvalue()


class _Painter:
    """Draws SVG nodes on a matplotlib figure."""

    def __init__(self, drawing: Drawing, named: dict) -> None:
        self.drawing, self.named = drawing, named

    def children(self, node, pen: _Pen) -> None:
        for child in node:
            self.node(child, pen)

    def node(self, node, pen: _Pen) -> None:
        tag = node.tag.rpartition("}")[2]
        if tag in ("defs", "title", "desc"):
            return
        pen = self._pen(node, pen)
        if tag == "g":
            self.children(node, pen)
        elif tag == "path":
            self._path(node, pen)
        elif tag == "use":
            self._use(node, pen)
        elif tag == "text":
            self._text(node, pen)
        elif tag == "image":
            self._image(node, pen)
        else:
            raise RunError(f"报告中有一幅图含有不能转成图片的元素 <{tag}>")

    def _pen(self, node, pen: _Pen) -> _Pen:
        style = {**pen.style, **declared(node)}
        place = pen.place
        if turn := node.get("transform"):
            place = turned(turn) + place
        clip = pen.clip
        if found := re.search(r"#([^)\"]+)", node.get("clip-path") or ""):
            box = tuple(float(self.named[found[1]][0].get(k, 0)) for k in ("x", "y", "width", "height"))
            clip = box, place
        return _Pen(style, place, clip)

    def _use(self, node, pen: _Pen) -> None:
        shift = turned(f"translate({node.get('x', 0)} {node.get('y', 0)})")
        self.node(self.named[node.get(_HREF, "")[1:]], _Pen(pen.style, shift + pen.place, pen.clip))

    def _path(self, node, pen: _Pen) -> None:
        from matplotlib.patches import PathPatch

        style = pen.style
        dashes = [float(n) for n in re.findall(r"[\d.]+", style.get("stroke-dasharray", ""))]
        line = (float(style.get("stroke-dashoffset", 0)), dashes) if dashes else "solid"
        cap = style.get("stroke-linecap", "butt")
        patch = PathPatch(
            outline(node.get("d", "")),
            transform=pen.place + self.drawing.dpi_scale_trans,
            facecolor=colour(style, "fill", "#000000"),
            edgecolor=colour(style, "stroke", "none"),
            linewidth=points(style.get("stroke-width", "1")),
            linestyle=line,
            capstyle=_CAPS.get(cap, cap),
            joinstyle=style.get("stroke-linejoin", "miter"),
        )
        self._add(patch, pen)

    def _image(self, node, pen: _Pen) -> None:
        """A picture, such as a colour bar; upside down where the drawing is turned over."""
        from matplotlib.image import BboxImage
        from matplotlib.transforms import Bbox, TransformedBbox
        from PIL import Image

        data = node.get(_HREF, "").partition("base64,")[2]
        x, y, width, height = (float(node.get(name, 0)) for name in ("x", "y", "width", "height"))
        corners = pen.place.transform([(x, y), (x + width, y + height)])
        place = TransformedBbox(
            Bbox([corners.min(axis=0), corners.max(axis=0)]), self.drawing.dpi_scale_trans
        )
        upright = pen.place.get_matrix()[1, 1] < 0
        image = BboxImage(place, origin="upper" if upright else "lower", interpolation="nearest")
        image.set_data(Image.open(BytesIO(b64decode(data))).convert("RGBA"))
        self._add(image, pen)

    def _text(self, node, pen: _Pen) -> None:
        from math import degrees

        import numpy as np
        from matplotlib.text import Text

        style, turn = pen.style, pen.place.get_matrix()
        text = Text(
            *pen.place.transform((float(node.get("x", 0)), float(node.get("y", 0)))),
            "".join(node.itertext()).replace("$", r"\$"),
            transform=self.drawing.dpi_scale_trans,
            fontfamily=[FONT_FAMILY, "DejaVu Sans"],
            fontsize=points(style.get("font-size", "10")),
            fontweight=style.get("font-weight", "normal"),
            fontstyle=style.get("font-style", "normal"),
            color=colour(style, "fill", "#000000"),
            horizontalalignment=_ALIGN[style.get("text-anchor", "start")],
            verticalalignment="baseline",
            rotation=degrees(np.arctan2(turn[1, 0], turn[0, 0])),
            rotation_mode="anchor",
        )
        self._add(text, pen)

    def _add(self, artist, pen: _Pen) -> None:
        from matplotlib.transforms import Bbox, TransformedBbox

        # what comes later lies above, whatever it is
        artist.set_zorder(1 + len(self.drawing.get_children()))
        self.drawing.add_artist(artist)
        if pen.clip is not None:
            box, place = pen.clip
            inches = place + self.drawing.dpi_scale_trans
            artist.set_clip_box(TransformedBbox(Bbox.from_bounds(*box), inches))
