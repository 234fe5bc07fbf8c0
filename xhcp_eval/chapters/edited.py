"""Sentences that people have edited, by what they are about: the official report and the brief print them too."""

from __future__ import annotations

from xhcp_eval.chapters.findings import marked
from xhcp_eval.chapters.findings_text import checked_texts, read_texts, sentences, text_file
from xhcp_eval.chapters.findings_worded import CHAPTERS, findings
from xhcp_eval.pack.pack import Pack, once_a_pack


@once_a_pack
def edited(pack: Pack) -> dict[tuple[str, str], str]:
    """Edited sentences with their marks, by chapter (key of `CHAPTERS`) and target, or key of a group of targets.

    Empty where nobody has edited anything: then no finding is worded at all. Raises ParamsError for a text file that can't
    be read, or whose texts don't keep to verdicts and results.
    """
    path = text_file(pack.params.pack)
    if not read_texts(path):
        return {}
    worded = findings(pack)
    entries = checked_texts(path, worded)
    return {
        (chapter, one.finding.key.removeprefix(f"{chapter}.")): marked(one).replace("\n", "")
        for chapter in CHAPTERS
        for one in sentences(worded, entries, chapter)
        if one.edited
    }


def edited_advice(pack: Pack, indicators: tuple[str, ...]) -> str:
    """Edited suggestions on some indicators, one after the other; "" for none."""
    told = [
        text
        for (chapter, target), text in edited(pack).items()
        if chapter == "suggestions" and target.split("@")[0] in indicators
    ]
    return "".join(told)


def other_advice(pack: Pack, indicators: set[str]) -> list[str]:
    """Edited suggestions on none of the indicators: gaps in the data, readings, doubts, targets that no matter is made of."""
    return [
        text
        for (chapter, target), text in edited(pack).items()
        if chapter == "suggestions" and target.split("@")[0] not in indicators
    ]
