"""The chapters of the data page: nothing is said twice, and what stands elsewhere is named."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from lxml import html

from xhcp_eval.chapters import domains, overview
from xhcp_eval.chapters.method_and_sources import every_target
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module", params=["midterm_2025", "national_midterm"])
def page(request) -> html.HtmlElement:
    """What the pack's chapters of indicators, its lists and the table of all targets show."""
    pack = open_pack(request.param)
    parts = [overview.headline(pack), overview.status_matrix(pack, year=pack.plan.end_year), overview.at_risk(pack),
             overview.undecided(pack), every_target(pack)]  # fmt: skip
    if pack.plan.goals:
        for domain in pack.plan.domains:
            parts += [domains.how_to_read(pack, domain.id), domains.goals_of(pack, domain.id), domains.domain_section(pack, domain.id)]  # fmt: skip
    else:
        parts.append(domains.domain_section(pack))
    return html.fragment_fromstring("".join(part.html for part in parts), create_parent="main")


def plain(node) -> str:
    return re.sub(r"\s+", "", node.text_content())


def test_no_paragraph_and_no_row_stands_twice(page):
    said = Counter(text for p in page.xpath(".//p[not(ancestor::figure)]") if len(text := plain(p)) > 25)
    rows = Counter(plain(row) for row in page.xpath(".//tbody/tr[not(ancestor::details)]"))
    assert len(said) > 20 and len(rows) > 20
    assert [text for text, n in (said + rows).items() if n > 1] == []


def test_the_lists_that_other_pages_lead_to_have_their_anchors(page):
    ids = Counter(page.xpath(".//*[not(ancestor-or-self::svg)]/@id"))
    assert {overview.AT_RISK_ANCHOR, overview.UNDECIDED_ANCHOR, "by-domain"} <= set(ids)
    assert max(ids.values()) == 1


def test_a_strategy_of_several_goals_is_listed_under_the_first_and_named_under_the_others():
    pack = open_pack("midterm_2025")
    several = next(s for s in pack.plan.strategies if len(s.goals) > 1)
    node = html.fragment_fromstring(
        domains.domain_section(pack, pack.plan.goal(several.goals[0]).domain).html, create_parent="main"
    )
    assert len(node.xpath(f".//td[text()='{several.id}']")) == len(several.commitments or [1])
    assert any(
        pack.plan.goal(several.goals[0]).name in plain(p) for p in node.iter("p") if "另见" in plain(p)
    )
