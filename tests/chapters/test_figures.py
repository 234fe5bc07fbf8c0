"""Boxes of every word in the figures of the data page, in all packs: none over another, none cut off, none too small to read."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from xhcp_eval.chapters import equity, method_validation, outcomes, overview, strategy_effect
from xhcp_eval.chapters.figures.canvas import Canvas, wide
from xhcp_eval.chapters.kit import fan, goals, places, units
from xhcp_eval.chapters.kit.course import has_line
from xhcp_eval.chapters.kit.style import TYPE
from xhcp_eval.chapters.kit.views import FigureView
from xhcp_eval.chapters.third_party import scores
from xhcp_eval.pack.pack import Pack, open_pack
from xhcp_eval.plan.kinds import KINDS
from xhcp_eval.provenance import ROOT

PACKS = sorted(path.stem for path in (ROOT / "params").glob("*.yaml"))
PAPER = 174 / 25.4 * 96  # width of the text on A4, CSS pixels: nothing wider, which would be made smaller
NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SVG = "{http://www.w3.org/2000/svg}"


def fans(pack: Pack) -> Iterator[FigureView]:
    for facts in pack.plan.indicators:
        if facts.targets and KINDS[facts.kind].drawn and has_line(pack, facts.id):
            yield fan.fan_chart(pack, facts.id)
        if any(target.aggregation for target in facts.targets) and len(units.unit_rows(pack, facts.id)):
            yield units.units_chart(pack, facts.id)


def once(pack: Pack) -> Iterator[FigureView]:
    """One of each other kind that the pack has figures for."""
    shown = [overview.chances(pack)]
    if pack.params.forecast_origin is not None:
        shown.append(outcomes.result_figure(pack))
    if pack.params.pack == "midterm_2025":
        rows = equity.equity_rows(pack, "township")
        apart = [i for i in rows.loc[rows["apart"], "indicator"] if pack.plan.indicator(i).unit == "percent"]
        shown += [places.funnel_plot(pack, "eye_exam_coverage_0_6"), places.township_multiples(pack, "neonatal_visit_rate"),
                  places.township_strips(pack, apart), scores.score_map(pack, scores.appraisal_of(pack)),
                  goals.scenario_curves(pack, pack.scenarios["target_id"].iloc[0]), goals.status_grid(pack, "health"),
                  goals.target_ladder(pack, "infant_mortality_rate"), goals.gap_lollipop(pack),
                  method_validation.provinces_diagram()]  # fmt: skip
        shown += [
            strategy_effect.effect_chart(pack, s)
            for s in strategy_effect.studies(pack)
            if s.result is not None
        ]
    yield from (view for view in shown if isinstance(view, FigureView))


@pytest.fixture(scope="module", params=PACKS)
def figures(request) -> list[FigureView]:
    pack = open_pack(request.param)
    return [*fans(pack), *once(pack)]


def moved(node, at: tuple[float, float]) -> tuple[float, float]:
    """Where a group's own shift puts what stands inside it."""
    found = (
        re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", node.get("transform", ""))
        if node.tag == f"{SVG}g"
        else None
    )
    return (at[0] + float(found[1]), at[1] + float(found[2])) if found else at


def words(view: FigureView) -> list[tuple[str, float, float, float, float, float]]:
    """Words with left, top, right, bottom of their letters and the size of these, points; turned ones stand on end."""
    root = ElementTree.fromstring(view.drawing.replace("<svg", f"<svg {NAMES}", 1))
    found = []

    def visit(node, at, size):
        at, size = moved(node, at), float(node.get("font-size", size))
        if node.tag == f"{SVG}text":
            found.append(box(node, at, size))
        for child in node:
            visit(child, at, size)

    visit(root, (0.0, 0.0), 0.0)
    return [one for one in found if one[0]]


def box(node, at: tuple[float, float], size: float):
    style = node.get("style", "")
    size = float(named[1]) if (named := re.search(r"(?:font: |font-size: )([\d.]+)px", style)) else size
    anchor = (
        named[1] if (named := re.search(r"text-anchor: (\w+)", style)) else node.get("text-anchor")
    ) or "start"
    text = "".join(node.itertext()).strip()
    long = wide(text) * size / TYPE
    turned = re.search(r"rotate\((-?[1-9][\d.]*)", node.get("transform", ""))
    shift = re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", node.get("transform", ""))
    x, y = (float(shift[1]), float(shift[2])) if shift else (float(node.get("x", 0)), float(node.get("y", 0)))
    x, y = x + at[0], y + at[1]
    before = {"middle": 0.5, "end": 1.0}.get(anchor, 0.0) * long
    if turned:
        return text, x - 0.8 * size, y - long + before, x + 0.1 * size, y + before, size
    return text, x - before, y - 0.8 * size, x - before + long, y + 0.1 * size, size


def meet(one, other) -> bool:
    return (
        one[1] + 0.5 < other[3]
        and other[1] + 0.5 < one[3]
        and one[2] + 0.5 < other[4]
        and other[2] + 0.5 < one[4]
    )


def test_no_two_words_overlap(figures):
    faults = [(view.caption[:30], a[0], b[0]) for view in figures
              for found in [words(view)] for k, a in enumerate(found) for b in found[k + 1 :] if meet(a, b)]  # fmt: skip
    assert not faults


def test_no_word_is_cut_off(figures):
    faults = [(view.caption[:30], w) for view in figures for w in words(view)
              if w[1] < -1 or w[2] < -1 or w[3] > 0.75 * view.width + 1 or w[4] > 0.75 * view.height + 1]  # fmt: skip
    assert not faults


def test_letters_are_twelve_pixels_on_a_screen_and_nine_points_in_print(figures):
    for view in figures:
        assert {w[5] for w in words(view)} and min(w[5] for w in words(view)) >= TYPE, view.caption
        assert view.width <= PAPER + 1, view.caption


def test_each_says_what_it_finds_and_how_it_is_read(figures):
    for view in figures:
        assert re.search(r"\d", view.caption) and len(view.alt) > 20, view.caption
        assert "nan" not in view.html


def test_what_lies_over_another_would_be_found():
    canvas = Canvas(40.0)
    canvas.words(10, 10, "目标60%")
    canvas.words(20, 14, "预测64%")
    one, other = words(canvas.view("1", "两处文字相叠"))
    assert meet(one, other) and not meet(one, (*other[:1], 200, *other[2:3], 240, *other[4:]))
