"""The pages of one report lead to each other; a report of one page leads nowhere."""

from __future__ import annotations

from xhcp_eval.pack.params import load_params
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.page.layers import layers_of


def test_the_pages_of_a_report_in_the_order_of_their_length():
    params = load_params(ROOT / "params" / "midterm_2025.yaml")
    found = layers_of(params, "data.html")
    assert [layer.file for layer in found] == ["index.html", "formal.html", "data.html"]
    assert [layer.here for layer in found] == [False, False, True]


def test_pages_that_are_not_made_are_not_named():
    params = load_params(ROOT / "params" / "midterm_2025.yaml")
    brief = params.model_copy(update={"documents": params.documents.model_copy(update={"formal": ()})})
    assert [layer.file for layer in layers_of(brief, "index.html")] == ["index.html", "data.html"]
    bare = params.model_copy(
        update={"documents": params.documents.model_copy(update={"formal": (), "brief": ()})}
    )
    assert layers_of(bare, "index.html") == ()
