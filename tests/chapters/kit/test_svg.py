"""A small SVG shows what the figure holds, and stays the same from run to run."""

from __future__ import annotations

import numpy as np
import pytest
from lxml import etree

from xhcp_eval.chapters.kit import style
from xhcp_eval.chapters.kit.svg import figure_svg


def drawn(tight: bool = False, draw=lambda ax: ax.plot([2020, 2025], [5, 4.25])):
    figure, axes = style.new_figure(4, 3)
    draw(axes)
    return figure_svg(figure, tight)


def parsed(svg: str) -> etree._Element:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return etree.fromstring(f"<svg {spaces}>{svg}</svg>".encode())


def test_the_size_is_that_of_the_figure_in_css_pixels():
    _, width, height = drawn()
    assert (width, height) == (4 * 96, 3 * 96)


def test_cut_to_what_is_drawn_a_lonely_figure_is_smaller():
    assert drawn(tight=True)[1] < drawn()[1]


def test_it_is_whole_and_every_clip_it_names_is_in_it():
    svg, *_ = drawn()
    root = parsed(svg)
    named = {clip.split("#")[1].rstrip(")") for clip in root.xpath("//@clip-path")}
    assert named
    assert named <= set(root.xpath("//@id"))


def test_letters_keep_their_signs_and_their_numbers():
    svg, *_ = drawn(draw=lambda ax: ax.set_title("婴儿死亡率 <4.25‰> & 0.125"))
    assert "婴儿死亡率 <4.25‰> & 0.125" in [node.text for node in parsed(svg).iter("{*}text")]


def test_opacities_and_widths_are_not_rounded_away():
    svg, *_ = drawn(draw=lambda ax: ax.fill_between([0, 1], [0, 0], [1, 1], alpha=0.05, linewidth=0.35))
    assert "opacity: 0.05" in svg
    assert "stroke-width: 0.35" in svg


def test_a_heat_map_carries_its_picture():
    svg, *_ = drawn(draw=lambda ax: ax.imshow(np.eye(3)))
    assert "data:image/png;base64," in svg
    assert parsed(svg).xpath("//*[local-name()='image']")


def test_markers_turns_and_shifts_stay():
    svg, *_ = drawn(draw=lambda ax: (ax.plot([0, 1], [0, 1], "o"), ax.set_ylabel("率", rotation=90)))
    assert parsed(svg).xpath("//*[local-name()='use']")
    assert "rotate(-90" in svg


def test_the_same_figure_gives_the_same_text():
    assert drawn() == drawn()


@pytest.mark.parametrize("unwanted", ["<style", "<metadata", "http", "font-family:", "<g></g>", "<g>"])
def test_nothing_superfluous_is_left(unwanted):
    assert unwanted not in drawn()[0]


def test_a_colour_bar_leaves_every_group_closed():
    """Matplotlib writes empty groups as <g/> there; one taken for an opening tag left a loose end."""

    def heat(ax):
        ax.figure.colorbar(ax.imshow(np.arange(6).reshape(2, 3)))

    svg, *_ = drawn(draw=heat)
    assert svg.count("</g>") == sum(1 for g in parsed(svg).iter("{*}g") if len(g) or g.text)
