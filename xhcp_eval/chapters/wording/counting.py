"""Opening numbers: how many targets, how many can be told, how many are met; by the letter and by what is sure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from xhcp_eval.chapters.kit.tables import own_targets
from xhcp_eval.chapters.wording.readers import READERS, Reader
from xhcp_eval.pack.pack import Pack
from xhcp_eval.verdict.schema import INSIDE, OUTSIDE
from xhcp_eval.verdict.status import Status


@dataclass(frozen=True)
class Counts:
    """Targets of one year. over: that year has been reported. inside, outside: by the letter, by the value alone."""

    year: int
    over: bool
    total: int
    by_word: dict[Reader, int]
    inside: int
    outside: int
    open_inside: int

    def __getitem__(self, word: Reader) -> int:
        return self.by_word.get(word, 0)

    @property
    def steady(self) -> int:
        """Reached, or expected to be; once the year is over, what was reached."""
        return self[Reader.SECURE] + (0 if self.over else self[Reader.LIKELY])

    @property
    def by_letter(self) -> str:
        """Counted by the reported value alone."""
        return f"达到{self.inside}，未达到{self.outside}"

    @property
    def by_verdict(self) -> str:
        """Counted by what can be told with confidence; parts that are nought are left out."""
        if self.over:
            # a figure of its year is still to come
            words = [
                ("已达到", self.steady),
                (Reader.LIKELY.value, self[Reader.LIKELY]),
                ("未达到", self[Reader.RISK]),
            ]
        else:
            words = [("稳", self.steady), ("有风险", self[Reader.RISK])]
        told = [*words, (self._open_word, self[Reader.OPEN]), ("不能算", self[Reader.NONE])]
        return "、".join(f"{word}{n}" for word, n in told if n)

    @property
    def _open_word(self) -> str:
        return Reader.OPEN.value


def questions(pack: Pack, year: int) -> pd.DataFrame:
    """Targets of the goals themselves for a year ("every year" ones count for the last), readings of one counted once."""
    return own_targets(pack, True, year).drop_duplicates("question")


def counts(pack: Pack, year: int) -> Counts:
    """How the targets of a year stand.

    A promise of every year that was broken counts as at risk as long as the plan runs.
    """
    return counts_of(questions(pack, year), year, year <= pack.params.data_until)


def counts_of(rows: pd.DataFrame, year: int, over: bool) -> Counts:
    """The counts of some rows of an assessment, a row a target."""
    by_word = Counter(READERS[Status(status)] for status in rows["status"])
    sides = Counter(str(side) for side in rows["side"])
    open_ = rows[rows["status"].astype(str).map(READERS) == Reader.OPEN]
    return Counts(
        year,
        over,
        len(rows),
        dict(by_word),
        sides[INSIDE],
        sides[OUTSIDE],
        int((open_["side"] == INSIDE).sum()),
    )


def counts_table(pack: Pack, years: list[int]) -> list[tuple[str, ...]]:
    """Both ways of counting side by side: a row a way, a column a year; by the letter only for years that are over."""
    found = [counts(pack, year) for year in years]
    letter = ("按报表数值（按字面）", *(one.by_letter if one.over else "–" for one in found))
    return [letter, ("按有把握的判定", *(one.by_verdict for one in found))]
