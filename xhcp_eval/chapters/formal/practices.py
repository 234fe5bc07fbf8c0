"""好做法: only what the evidence register can show, a document by name and the measure it belongs to; else that there was none."""

from __future__ import annotations

import re

from xhcp_eval.chapters.third_party.scores import item_names
from xhcp_eval.evaluation.methods.rubric import SELF, evidence_numbers
from xhcp_eval.pack.pack import Pack, evaluation_folder, once_a_pack

NAMED = re.compile("《[^《》]+》")
LEAST = 3  # score of a third party from which a measure is a good one
MOST = 2  # practices of a domain


@once_a_pack
def practices(pack: Pack) -> dict[str, list[str]]:
    """Sentences by domain: measure, document, who issued it and when. Empty without a register or a document named in it.

    A practice is a strategy that a third party scored at `LEAST` or more on a piece of evidence whose description names a
    document in 《》 and that has date and issuer.
    """
    folder = evaluation_folder(pack) if pack.params.evaluation else None
    if folder is None or not folder.has("scores.csv", "evidence.csv"):
        return {}
    scores, evidence = folder.scores()
    pieces = {
        (one.rater, str(one.number)): one
        for one in evidence.itertuples()
        if NAMED.search(str(one.description))
    }
    domains, names = {one.id: one.domain for one in pack.plan.strategies}, item_names(pack)
    found: dict[str, dict[str, str]] = {}
    for row in scores[(scores["score"] >= LEAST) & (scores["role"] != SELF)].itertuples():
        cited = [pieces.get((row.rater, number)) for number in evidence_numbers(row.evidence)]
        for one in cited if row.item in domains else ():
            if one is not None and one.date and one.issuer:
                document = NAMED.search(str(one.description))[0]  # type: ignore[index]
                text = f"{names.get(row.item, row.item)}，见{one.issuer}{str(one.date)[:4]}年{document}（第三方{row.score:g}分）"
                found.setdefault(domains[row.item], {}).setdefault(row.item, text)
    return {domain: list(texts.values())[:MOST] for domain, texts in found.items()}
