"""A drawing out of a page becomes the picture that matplotlib would have made of it."""

from __future__ import annotations

import base64
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
import seaborn
from documents_sample import drawing
from PIL import Image, ImageFilter

from xhcp_eval.chapters.kit.style import STATUS_STYLE, new_figure
from xhcp_eval.chapters.kit.views import FigureView, figure_view
from xhcp_eval.errors import RunError
from xhcp_eval.report.export.picture import standalone_svg, svg_png

PAGE = '<svg viewBox="0 0 {0} {0}">{1}</svg>'


def page_svg(view: FigureView) -> str:
    """The drawing as it stands in a page."""
    return view.html[view.html.index("<svg") : view.html.index("</svg>") + 6]


def blurred(data: bytes, size: tuple[int, int] | None = None) -> np.ndarray:
    """Grey values, blurred over a dot or two: letters may be a fraction of a dot off."""
    picture = Image.open(BytesIO(data)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    grey = white.convert("L").resize(size or white.size).filter(ImageFilter.GaussianBlur(2))
    return np.asarray(grey, dtype=float)


def heat_map() -> FigureView:
    figure, axes = new_figure(4, 3)
    seaborn.heatmap(np.arange(6).reshape(2, 3), ax=axes, annot=True, cmap="cividis", cbar=False)
    axes.set_xticks([0.5, 1.5, 2.5], ["甲镇", "乙镇", "丙街道"], rotation=45)
    return figure_view(figure, "热图")


def statuses() -> FigureView:
    figure, axes = new_figure(5, 2)
    for place, (word, look) in enumerate(STATUS_STYLE.items()):
        axes.bar([place], [1], color=look.colour, width=1, linewidth=0)
        axes.text(place, 0.5, f"{look.symbol} {word}", color=look.ink, fontsize=5, ha="center", rotation=90)
    axes.set_axis_off()
    return figure_view(figure, "各状态")


@pytest.mark.parametrize("draw", [drawing, heat_map, statuses])
def test_it_looks_as_matplotlib_draws_it(draw):
    view = draw()
    expected, ours = view.picture(150), svg_png(page_svg(view), 150)
    size = Image.open(BytesIO(ours)).size
    assert np.subtract(size, Image.open(BytesIO(expected)).size) == pytest.approx([0, 0], abs=2)
    difference = np.abs(blurred(expected, size) - blurred(ours))
    assert difference.mean() < 1.5  # of 255; letters cover a tenth of the smallest
    assert np.quantile(difference, 0.999) < 50
    # and it would be seen if something were missing
    empty = svg_png(PAGE.format(100, ""), 150)
    assert np.abs(blurred(expected, size) - blurred(empty, size)).mean() > 4


def test_it_has_300_dots_an_inch_and_says_so():
    picture = Image.open(BytesIO(svg_png(PAGE.format(72, ""))))
    assert picture.size == (300, 300)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_colours_are_exact():
    for look in STATUS_STYLE.values():
        square = f'<path d="M 0 0 L 72 0 L 72 72 L 0 72 z" style="fill: {look.colour}"/>'
        picture = Image.open(BytesIO(svg_png(PAGE.format(72, square), 72))).convert("RGB")
        assert "#{:02X}{:02X}{:02X}".format(*picture.getpixel((36, 36))) == look.colour.upper()


def test_what_comes_later_lies_above():
    square = '<path d="M 0 0 L 72 0 L 72 72 L 0 72 z" style="fill: #00ff00"/>'
    letter = '<text x="0" y="60" style="font-size: 90px; fill: #ff0000">█</text>'
    above = Image.open(BytesIO(svg_png(PAGE.format(72, square + letter), 72))).convert("RGB")
    below = Image.open(BytesIO(svg_png(PAGE.format(72, letter + square), 72))).convert("RGB")
    assert above.getpixel((20, 40)) == (255, 0, 0)
    assert below.getpixel((20, 40)) == (0, 255, 0)


def test_a_clip_cuts_and_a_mark_is_put_in_its_place():
    inside = (
        '<defs><path id="m" d="M -5 -5 L 5 -5 L 5 5 L -5 5 z"/><clipPath id="c"><rect x="0" y="0" width="36" height="72"/></clipPath></defs>'
        '<g clip-path="url(#c)"><path d="M 0 0 L 72 0 L 72 20 L 0 20 z" style="fill: #ff0000"/></g>'
        '<use xlink:href="#m" x="60" y="60" style="fill: #0000ff"/>'
    )
    picture = Image.open(BytesIO(svg_png(PAGE.format(72, inside), 72))).convert("RGB")
    assert picture.getpixel((10, 10)) == (255, 0, 0)
    assert picture.getpixel((60, 10)) == (255, 255, 255)
    assert picture.getpixel((60, 60)) == (0, 0, 255)


@pytest.mark.parametrize(("transform", "upright"), [("", True), ("scale(1 -1) translate(0 -72)", False)])
def test_a_picture_within_a_drawing_is_put_in_its_place(transform, upright):
    buffer = BytesIO()
    both = Image.new("RGB", (1, 2), "#ff0000")
    both.putpixel((0, 1), (0, 0, 255))
    both.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    inside = '<path d="M 0 0 L 72 0 L 72 72 L 0 72 z" style="fill: #ffffff"/>'
    inside += f'<image xlink:href="data:image/png;base64, {data}" transform="{transform}" x="36" y="0" width="36" height="72"/>'
    made = Image.open(BytesIO(svg_png(PAGE.format(72, inside), 72))).convert("RGB")
    ends = [made.getpixel((54, 5)), made.getpixel((54, 66))]
    assert ends == ([(255, 0, 0), (0, 0, 255)] if upright else [(0, 0, 255), (255, 0, 0)])
    assert made.getpixel((20, 36)) == (255, 255, 255)


def test_a_broken_drawing_is_refused():
    with pytest.raises(RunError, match="不是完整的 SVG"):
        svg_png(PAGE.format(72, "<g>"))


def test_any_shape_of_svg_is_drawn():
    inside = '<circle cx="36" cy="36" r="30" fill="#00ff00"/><path d="M 30 36 A 6 6 0 0 0 42 36 z" fill="#ff0000"/>'
    picture = Image.open(BytesIO(svg_png(PAGE.format(72, inside), 72))).convert("RGB")
    assert [picture.getpixel(at) for at in ((36, 10), (36, 39), (2, 2))] == [
        (0, 255, 0),
        (255, 0, 0),
        (255, 255, 255),
    ]


def test_a_drawing_without_size_is_said_to_be_broken():
    with pytest.raises(RunError, match="不是完整的 SVG"):
        svg_png("<svg></svg>")


def test_a_file_of_its_own_is_whole_and_names_usual_fonts():
    view = drawing()
    text = standalone_svg(page_svg(view), "甲<乙")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}desc").text == "甲<乙"
    assert "'XHCP Sans SC','Noto Sans CJK SC'" in text
    assert "Microsoft YaHei" in text
