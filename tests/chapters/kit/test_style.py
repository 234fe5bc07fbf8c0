"""Chinese text and symbols are drawn, not boxed; meanings stay apart for every reader and on every printer.

Colour-blindness is simulated by the matrices of Machado, Oliveira & Fernandes (2009), "A physiologically-based model for simulation
of color vision deficiency", severity 1.0, applied to linear light. Differences are CIE 1976 (L*, a*, b*) distances, where 2.3 is
just to be noticed side by side (Mahy, Van Eycken & Oosterlinck 1994); grey print keeps L* alone.
"""

from __future__ import annotations

import textwrap
import warnings
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
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


SIGHTS = {
    "all colours": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65
JUDGED = (Status.MET, Status.LIKELY, Status.AT_RISK, Status.UNLIKELY, Status.MISSED)
OPEN = (Status.UNDECIDABLE, Status.DISPUTED, Status.NO_DATA)


def linear(colour: str) -> np.ndarray:
    """Light of a colour written #RRGGBB (IEC 61966-2-1)."""
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(colour: str, sight: str = "all colours") -> np.ndarray:
    x = TO_XYZ @ np.clip(SIGHTS[sight] @ linear(colour), 0, 1) / WHITE
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one: str, other: str, sight: str = "all colours") -> float:
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


def grey(one: str, other: str) -> float:
    return abs(float(lab(one)[0] - lab(other)[0]))


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def colour_of(status: Status) -> str:
    return style.STATUS_STYLE[status].colour


def test_the_scale_of_difference_is_right():
    """White and black of CIELAB, and the pure primaries of sRGB in its published values."""
    assert lab("#FFFFFF") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab("#000000") == pytest.approx([0, 0, 0], abs=0.02)
    assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


def test_the_simulation_confuses_what_readers_confuse():
    """Red and green of one brightness all but meet for who lacks one of them, not for who sees all or lacks blue."""
    red, green = "#C65050", "#7F7F2A"
    assert apart(red, green, "no green") < 0.4 * apart(red, green)
    assert apart(red, green, "no blue") > 0.9 * apart(red, green)


@pytest.mark.parametrize("status", Status)
def test_numbers_on_a_coloured_bar_can_be_read(status):
    look = style.STATUS_STYLE[status]
    assert contrast(look.colour, mpl.colors.to_hex(look.ink)) >= 4.5  # WCAG AA


@pytest.mark.parametrize("sight", SIGHTS)
def test_no_two_statuses_look_alike(sight):
    for one, other in combinations((*JUDGED, *OPEN), 2):
        assert apart(colour_of(one), colour_of(other), sight) > 15, (one, other)


def test_statuses_that_follow_each_other_differ_in_grey_print():
    for one, other in pairwise(JUDGED):
        assert grey(colour_of(one), colour_of(other)) > 10, (one, other)
    assert grey(colour_of(Status.MET), colour_of(Status.MISSED)) > 15


@pytest.mark.parametrize("sight", SIGHTS)
def test_what_is_ahead_is_no_status_and_no_history(sight):
    for status in (*JUDGED, *OPEN):
        assert apart(style.FORECAST, colour_of(status), sight) > 18, status
    assert apart(style.FORECAST, style.HISTORY, sight) > 20
    assert apart(style.FORECAST, style.TARGET, sight) > 25


def test_status_colours_mean_statuses_only():
    statuses = {look.colour.upper() for look in style.STATUS_STYLE.values()}
    others = {
        style.HISTORY,
        style.FORECAST,
        style.FORECAST_FAR,
        style.FORECAST_NEAR,
        style.TARGET,
        style.SHORT,
        style.MUTED,
        style.FAINT,
    }
    others |= {*style.ORDINAL, *(colour for colour, _, _ in style.LINES)}  # fmt: skip
    assert not statuses & {colour.upper() for colour in others}
    for colour in others - {style.FORECAST_FAR, style.FORECAST_NEAR, style.FAINT, *style.ORDINAL}:
        assert all(apart(colour, status) > 10 for status in statuses), colour


def test_bands_of_a_forecast_and_its_lines_are_apart_in_grey_print():
    for dark in (False, True):
        steps = [style.PAPER, style.FORECAST_FAR, style.FORECAST_NEAR, style.FORECAST]
        steps = [style.DARK[colour] for colour in steps] if dark else steps
        assert all(grey(one, other) > 8 for one, other in pairwise(steps)), dark


def test_steps_of_a_score_rise_evenly_in_grey_print():
    assert all(grey(one, other) > 10 for one, other in pairwise(style.ORDINAL))


def test_lines_of_several_methods_are_told_apart_without_colour():
    assert len({(dash, marker) for _, dash, marker in style.LINES}) == len(style.LINES)


@pytest.mark.parametrize("name", ["HISTORY", "FORECAST", "TARGET", "SHORT", "MUTED"])
def test_lines_and_words_can_be_read_by_light_and_in_the_dark(name):
    """WCAG 2.2 AA for text: everything that is drawn as a line may also be a word."""
    colour = getattr(style, name)
    assert contrast(colour, style.PAPER) >= 4.5
    assert contrast(style.DARK[colour], style.DARK[style.PAPER]) >= 4.5


@pytest.mark.parametrize("sight", SIGHTS)
def test_meanings_stay_apart_in_the_dark(sight):
    history, forecast, target = (style.DARK[c] for c in (style.HISTORY, style.FORECAST, style.TARGET))
    assert apart(history, forecast, sight) > 20
    assert apart(forecast, target, sight) > 25
    assert all(apart(forecast, colour_of(status), sight) > 8 for status in JUDGED)


def test_a_target_is_dashed_and_the_darkest_of_all():
    assert lab(style.TARGET)[0] < min(lab(style.HISTORY)[0], lab(style.FORECAST)[0], 5)
    assert len(style.DASHES) == 2


def test_the_dark_rules_name_every_colour_of_figures():
    css = style.dark_css()
    for light, dark in style.DARK.items():
        assert f'[stroke="{light}"]' in css and f'[style*="stroke: {light.lower()}"]' in css
        assert dark in css
    assert css.count("{") == css.count("}")
    assert "svg [fill" in css and ':not(text)[fill="#FFFFFF"]' in css  # letters upon a status stay white
