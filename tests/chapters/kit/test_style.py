"""Chinese text and symbols are drawn, not boxed; statuses are told apart without colour."""

from __future__ import annotations

import textwrap
import warnings
from itertools import combinations

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.views import figure_view
from xhcp_eval.plan.units import UNITS
from xhcp_eval.verdict.status import Status

SIGNS = "●◕◑○✕？⚖－◇–—‰≤≥±−×℃✓→①②③⑩（）：；，。、“”《》％αβχ²√／·…⚠"


def characters() -> str:
    words = "婴儿死亡率新华区儿童发展规划中期评估预测区间三年合并待核实口径变更"
    return words + SIGNS + "".join(Status) + "".join(unit.label + unit.point_label for unit in UNITS.values())


def test_every_character_in_use_is_drawn():
    figure, axes = style.new_figure()
    axes.plot([2020, 2025], [-3, 2])
    axes.text(2020, -3, "\n".join(textwrap.wrap(characters(), 40)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert figure_view(figure, alt="各种字符").png


def test_a_character_without_a_glyph_would_be_noticed():
    figure, axes = style.new_figure()
    axes.set_title("龘")
    with pytest.warns(UserWarning, match="missing from font"):
        figure_view(figure, alt="生僻字")


def test_the_theme_is_seaborns_with_our_font_and_palette():
    style.use_style()
    assert mpl.rcParams["font.family"] == [style.FONT_FAMILY, "DejaVu Sans"]
    colours = [entry["color"] for entry in mpl.rcParams["axes.prop_cycle"]]
    assert [mpl.colors.to_hex(colour).upper() for colour in colours] == list(style.PALETTE)
    assert mpl.rcParams["axes.axisbelow"] is True  # seaborn's whitegrid


def test_the_font_has_a_name_of_its_own_and_its_licence_beside_it():
    names = TTFont(style.FONT_FILE)["name"]
    assert names.getDebugName(1) == style.FONT_FAMILY
    assert "Open Font License" in names.getDebugName(13)
    assert "SIL OPEN FONT LICENSE" in style.FONT_FILE.with_name("OFL.txt").read_text(encoding="utf-8")
    assert style.FONT_FILE.stat().st_size < 2_000_000


def test_the_font_holds_the_characters_of_gb2312():
    known = TTFont(style.FONT_FILE).getBestCmap()
    every = [bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xF7) for cell in range(0xA1, 0xF9)]
    assert len(every) > 6000
    assert all(ord(character) in known for character in every)


def test_every_status_has_a_look():
    assert set(style.STATUS_STYLE) == set(Status)
    for field in ("symbol", "colour", "css"):
        values = [getattr(look, field) for look in style.STATUS_STYLE.values()]
        assert len(set(values)) == len(values), field


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("status", Status)
def test_numbers_on_a_coloured_bar_can_be_read(status):
    look = style.STATUS_STYLE[status]
    assert contrast(look.colour, look.ink) >= 4.5  # WCAG AA


def test_neighbours_in_a_bar_differ_in_brightness_or_hue():
    judged = [
        style.STATUS_STYLE[s].colour for s in (Status.MET, Status.LIKELY, Status.AT_RISK, Status.UNLIKELY)
    ]
    for one, other in combinations(judged, 2):
        distance = (
            sum((a - b) ** 2 for a, b in zip(*map(mpl.colors.to_rgb, (one, other)), strict=True)) ** 0.5
        )
        assert distance > 0.3


@pytest.mark.parametrize(
    "text", ["$\\x$", "$", "=1+1", "a_b^c", "5$ 到 $10", "\\frac{1}{", "甲$\\undefined{x}$乙"]
)
def test_what_people_type_is_never_a_formula_in_a_figure(text):
    figure, axes = style.new_figure()
    axes.set_title(text)
    axes.set_yticks([0], [text])
    axes.annotate(text, (0, 0))
    axes.plot([0, 1], [0, 1], label=text)
    axes.legend()
    assert figure_view(figure, alt=text).png
    assert axes.title.get_parse_math() is False
