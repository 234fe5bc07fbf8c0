"""What all parts of the brief rest on: its targets in order, where their numbers stand, how far clauses go on a line."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xhcp_eval.chapters.kit.tables import AT_RISK, most_urgent_first, own_targets
from xhcp_eval.chapters.wording.counting import questions
from xhcp_eval.chapters.wording.names import task_name
from xhcp_eval.observations.table import is_below, is_total
from xhcp_eval.pack.pack import Pack, once_a_pack
from xhcp_eval.pack.params import DATA_PAGE
from xhcp_eval.verdict.status import Status

AT_RISK_LIST = f"{DATA_PAGE}#at-risk"
BY_INDICATOR = ("30_domain.ipynb", "31_indicators.ipynb")
HARD = (Status.MISSED.value, Status.UNLIKELY.value)


def is_over(pack: Pack) -> bool:
    """Whether the plan has run out: nothing is at risk any more, and suggestions are for the next plan."""
    return pack.params.data_until >= pack.plan.end_year


@once_a_pack
def end_targets(pack: Pack) -> pd.DataFrame:
    """Targets of the plan's last year, what needs attention most first."""
    return most_urgent_first(questions(pack, pack.plan.end_year))


def undone_tasks(pack: Pack) -> list[str]:
    """Names of the plan's one-off tasks that nobody has reported as done."""
    rows = own_targets(pack, False)
    rows = rows[(rows["kind"] == "yes_no") & (rows["latest_value"] == 0)]
    return list(map(task_name, rows["indicator_name"]))


@once_a_pack
def risks(pack: Pack) -> pd.DataFrame:
    """Targets missed, hard to reach or at risk: the hard ones first, the largest shortfall first, promises of every year last."""
    rows = end_targets(pack)
    rows = rows[rows["status"].isin(AT_RISK)]
    order = rows.assign(_easy=~rows["status"].isin(HARD), _size=rows["children"].fillna(0))
    order = order.sort_values(["every_year", "_easy", "_size"], ascending=[True, True, False], kind="stable")
    return order.drop(columns=["_easy", "_size"])


def hardest(pack: Pack, census: bool = False) -> list[pd.DataFrame]:
    """Targets that are hard to reach or missed, by goal (by indicator in a plan without goals), the most children first.

    census: full counts of villages and the like as well, which are built rather than watched.
    """
    rows = risks(pack)
    rows = rows[rows["status"].isin(HARD) & ~rows["every_year"] & (rows["gap"] > 0)]
    full = {indicator.id for indicator in pack.plan.indicators if indicator.census and not census}
    rows = rows[~rows["indicator"].isin(full)]
    key = rows["goal"].where(rows["goal"] != "", rows["indicator"])
    groups = [part for _, part in rows.groupby(key, sort=False)]
    return sorted(groups, key=lambda part: -part["children"].fillna(0).sum())


def to_indicator(pack: Pack, indicator: str) -> str:
    """Address of an indicator's rows on the data page; of its list of risks where the page has no chapter for it."""
    chapters = [section for section in pack.params.sections if section.notebook in BY_INDICATOR]
    domain = pack.plan.domain_of(pack.plan.indicator(indicator))
    told = any(section.parameters.get("domain", "") in ("", domain) for section in chapters)
    return f"{DATA_PAGE}#{indicator}" if told else AT_RISK_LIST


def to_chapter(pack: Pack, notebook: str) -> str:
    """Address of a chapter of the data page; of its summary where it has none."""
    pages = [section.page for section in pack.params.sections if section.notebook == notebook]
    return f"{DATA_PAGE}#{pages[0] if pages else 'index'}"


def to_domain(pack: Pack, domain: str) -> str:
    """Address of a domain's chapter on the data page; of that of all indicators, or the summary, where it has none."""
    pages = {
        section.parameters.get("domain", ""): section.page
        for section in pack.params.sections
        if section.notebook in BY_INDICATOR
    }
    return f"{DATA_PAGE}#{pages.get(domain) or pages.get('') or 'index'}"


def joined(clauses: Iterable[str], limit: int, opening: str = "", between: str = "；") -> str:
    """As many clauses as stay within `limit` characters with the stop, in their order; "" if there are none.

    The first that is too long ends it: a lesser one mustn't stand in its place.
    """
    text = ""
    for clause in filter(None, clauses):
        longer = f"{text}{between}{clause}" if text else opening + clause
        if len(longer) >= limit:
            break
        text = longer
    return f"{text}。" if text else ""


def shortfalls(pack: Pack, row) -> list[tuple[str, float, float, float]]:
    """Townships that fall short of a target: name, how many short, numerator, denominator; the largest shortfall first.

    row: of an assessment, a share with a target value. Empty without counts of townships.
    """
    rows = pack.observations
    rows = rows[(rows["indicator"] == row.indicator) & (rows["year"] == row.latest_year)]
    rows = rows[(rows["level"] == "township") & is_total(rows) & is_below(rows, pack.region)]
    rows = rows.dropna(subset=["numerator", "denominator"])
    sign = 1 if row.direction == "up" else -1
    found = []
    for one in rows.itertuples():
        short = sign * (row.target_value / 100 * one.denominator - one.numerator)
        if short > 0:
            found.append((one.region.rsplit("/", 1)[-1], short, one.numerator, one.denominator))
    return sorted(found, key=lambda place: -place[1])
