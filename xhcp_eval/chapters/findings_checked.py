"""Whether an edited sentence keeps to the verdict and the figures of its targets; what else it says is the editor's own."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from xhcp_eval.chapters.findings_worded import Finding, numbers_in
from xhcp_eval.chapters.wording.readers import word_of
from xhcp_eval.verdict.status import Status

# A claim beside the statuses that a sentence may make only where the status of all that it rests on carries it.
CLAIMS: dict[str, tuple[str, ...]] = {
    "已经达标": (Status.MET,), "已实现": (Status.MET,), "全面完成": (Status.MET,), "提前完成": (Status.MET,),
    "如期实现": (Status.MET, Status.LIKELY), "能够实现": (Status.MET, Status.LIKELY),
    "显著改善": (Status.MET, Status.LIKELY), "成效显著": (Status.MET,),
}  # fmt: skip
NEGATION = r"(?:没|不|无|非|未|免|别)(?:再|是|会|属|算|必|至|能|可|于|存|曾|有|在|说|存在)?$"
DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
NUMERAL = "[零〇一二两三四五六七八九十百点]+"
MOST_LISTED = 20


class Said(NamedTuple):
    """A number of a text. text: as it stands there. value: what it says. half: half a unit of its last digit."""

    text: str
    value: float
    half: float


def text_faults(text: str, finding: Finding) -> list[str]:
    """What an edited text lacks or has too much of, in words with what is allowed; empty where all is well.

    The status word of each verdict that the finding rests on must stand in it, or the reader's word, and isn't denied; no
    other status and no claim beyond it; every number equals one of the results once these are rounded to its digits. Blanks
    and full-width letters make no difference.
    """
    plain, written = _plain(text), _plain(finding.text)
    faults = []
    for status in finding.statuses if finding.targets else ():
        words = status_words(status)
        if not any(_states(plain, word) for word in words):
            faults.append(f"没有写明判定，须写“{'”或“'.join(words)}”，不得否定")
    others = [
        word for word in Status if word not in finding.statuses and word in plain and word not in written
    ]
    if beyond := [*others, *claims_too_much(text, finding)]:
        faults.append(f"说“{'、'.join(beyond)}”，超出了判定（{'、'.join(finding.statuses) or '无'}）")
    results = [*finding.numbers, *(said.value for said in _said(written))]
    if wrong := [said.text for said in _said(plain) if not _is_result(said, results)]:
        known = sorted(abs(value) for value in results if value == value)
        allowed = list(dict.fromkeys(f"{round(value, 2):.12g}" for value in known))
        more = "等" if len(allowed) > MOST_LISTED else ""
        listed = "、".join(allowed[:MOST_LISTED]) + more if allowed else "没有"
        faults.append(f"数字 {'、'.join(wrong)} 不是结果里的数；可用的数：{listed}")
    return faults


def status_words(status: str) -> tuple[str, ...]:
    """Words that state a verdict: the status, and what readers are told in its place."""
    over = [word_of(status, True)] if status in (Status.MET, Status.MISSED) else []
    reader = [] if status == Status.MISSED else [word_of(status)]
    return tuple(dict.fromkeys([str(status), *reader, *over]))


def claims_too_much(text: str, finding: Finding) -> list[str]:
    """Words of a text that claim more than the statuses of its targets carry; empty where all is well."""
    plain, written = _plain(text), _plain(finding.text)
    return [
        word
        for word, allowed in CLAIMS.items()
        if word in plain and word not in written and not set(finding.statuses) <= set(allowed)
    ]


def _plain(text: str) -> str:
    """A text without what the eye doesn't see: width of letters, blanks, marks of no width."""
    wide = unicodedata.normalize("NFKC", text)
    return "".join(c for c in wide if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))


def _states(plain: str, word: str) -> bool:
    return any(not re.search(NEGATION, plain[: found.start()]) for found in re.finditer(word, plain))


def _said(plain: str) -> list[Said]:
    """Numbers of a plain text: digits, also with 万 or 亿, and shares in words (百分之九十, 三分之一, 九成), multiples (两倍)."""
    found = [Said(*one) for one in numbers_in(plain)]
    for match in re.finditer(rf"({NUMERAL}|千|万)分之({NUMERAL}|\d+(?:\.\d+)?)", plain):
        below, above = match.groups()
        whole = 1.0 if below in ("百", "千", "万") else _numeral(below) / 100
        value = (float(above) if above[0].isdigit() else _numeral(above)) / (whole or 1.0)
        digits = len(re.split(r"[点.]", above)[1]) if re.search(r"[点.]", above) else 0
        found.append(Said(match[0], value, 0.5 * 10.0**-digits))
    found += [
        Said(match[0], 10 * _numeral(match[1]), 5.0)
        for match in re.finditer(r"([一二三四五六七八九十])成(?![为立果效员年长熟功绩本就人分不])", plain)
    ]
    # a multiple is no result of a target, whatever its number
    times = re.finditer(rf"(?:{NUMERAL}|\d+(?:\.\d+)?)倍", plain)
    found += [Said(match[0], float("nan"), 0.0) for match in times]
    return found


def _numeral(text: str) -> float:
    """A number below a thousand in Chinese numerals; NaN for what is none."""
    whole, _, after = text.partition("点")
    total, last = 0, None
    for sign in whole:
        if sign in "十百":
            total += (1 if last is None else last) * (10 if sign == "十" else 100)
            last = 0
        else:
            last = DIGITS[sign]
    digits = [str(DIGITS[sign]) for sign in after if sign in DIGITS]
    return float(f"{total + (last or 0)}.{''.join(digits) or 0}")


def _is_result(said: Said, results: list[float]) -> bool:
    """Whether some result, rounded as the number is, is that number; what isn't nothing doesn't round to nothing."""
    if said.value == 0:
        return any(value == 0 for value in results)
    return any(abs(abs(value) - said.value) <= said.half + 1e-9 * abs(value) for value in results)
