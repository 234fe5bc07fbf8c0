"""Every picture of the brief and of the official report, in all packs: a finding as title, words apart and large enough."""

import re
from xml.etree import ElementTree

import pytest

from xhcp_eval.chapters.brief.poster import poster
from xhcp_eval.chapters.figures.canvas import TYPE, WIDTH, wide
from xhcp_eval.chapters.formal.chapters import chapter
from xhcp_eval.chapters.kit.blocks import Picture
from xhcp_eval.pack.pack import open_pack
from xhcp_eval.provenance import ROOT

PACKS = sorted(path.stem for path in (ROOT / "params").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=PACKS)
def pack(request):
    return open_pack(request.param)


@pytest.fixture(scope="module")
def pictures(pack):
    named = [str(section.parameters["chapter"]) for section in pack.params.documents.formal]
    formal = [block for name in named for block in chapter(pack, name) if isinstance(block, Picture)]
    return [poster(pack), *formal]


def root_of(picture: Picture) -> ElementTree.Element:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return ElementTree.fromstring(picture.svg.replace("<svg", f"<svg {names}", 1))


def boxes(picture: Picture) -> list[tuple[str, float, float, float, float]]:
    """Words with left, top, right and bottom of their letters, points."""
    found = []
    for text in root_of(picture).iter(f"{SVG}text"):
        x, y, long = float(text.get("x")), float(text.get("y")), wide(text.text)
        left = x - long * {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0)
        found.append((text.text, left, y - 0.8 * TYPE, left + long, y + 0.1 * TYPE))
    return found


def meet(one, other) -> bool:
    return one[1] + 0.3 < other[3] and other[1] + 0.3 < one[3] and one[2] < other[4] and other[2] < one[4]


def test_no_two_words_overlap_and_none_leaves_its_picture(pictures):
    for picture in pictures:
        found = boxes(picture)
        together = [(a[0], b[0]) for k, a in enumerate(found) for b in found[k + 1 :] if meet(a, b)]
        assert not together, picture.title
        outside = [
            b
            for b in found
            if b[1] < -0.5 or b[2] < -0.5 or b[3] > WIDTH + 0.5 or b[4] > picture.height * 0.75 + 0.5
        ]
        assert not outside, picture.title


def test_letters_are_nine_points_in_print(pictures):
    for picture in pictures:
        root = root_of(picture)
        assert {float(group.get("font-size")) for group in root.iter() if group.get("font-size")} == {TYPE}
        # a picture wider than the text of a report would be made smaller, and its letters with it
        assert picture.width * 0.75 <= WIDTH + 0.6
        assert float(root.get("viewBox").split()[2]) == pytest.approx(picture.width * 0.75, abs=0.6)


def test_titles_are_findings_made_from_data(pictures):
    titles = [picture.title for picture in pictures]
    assert all(re.search(r"\d", title) for title in titles)
    assert not [title for title in titles if re.search("历年值|预测区间|对照图|示意图", title)]
    assert len(set(titles)) == len(titles)


def test_what_is_shown_is_told_and_where_it_comes_from(pack, pictures):
    for picture in pictures:
        assert picture.alt.startswith(f"{picture.title}。") and len(picture.alt) > len(picture.title) + 10
        assert picture.source
    sources = [picture.source for picture in pictures[1:]]
    assert all(("演示数据" in source) == pack.is_demo for source in sources)


def test_only_ink_of_known_meaning_is_used(pictures):
    """Status colours stand in the poster and the timeline alone."""
    from xhcp_eval.chapters.kit.style import STATUS_STYLE

    status = {look.colour for look in STATUS_STYLE.values()}
    for picture in pictures[1:]:
        if "有过风险" not in picture.title:
            assert not status & set(re.findall(r'"(#[0-9A-Fa-f]{6})"', picture.svg)), picture.title


def test_national_packs_have_no_figures_of_groups_and_places(pack, pictures):
    national = pack.plan.level == "national"
    assert any("乡镇街道" in picture.title for picture in pictures) is not national
    assert any("差别超出偶然" in picture.title for picture in pictures) is not national
