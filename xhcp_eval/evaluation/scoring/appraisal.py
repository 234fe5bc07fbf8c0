"""Scores by people put together: what counts, how far the raters agree, what goes to another round, composites by domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.evaluation.methods.agreement import (
    Agreement,
    intraclass_correlation,
    kendall_w,
    krippendorff_alpha,
)
from xhcp_eval.evaluation.methods.delphi import (
    AGAIN,
    AGREED,
    EXHAUSTED,
    FEW,
    OUTCOMES,
    SETTLED_APART,
    StopRule,
    delphi_outcome,
    delphi_rounds,
)
from xhcp_eval.evaluation.methods.rubric import SELF, THIRD_PARTY, Rubric, void_reasons
from xhcp_eval.showing import ShowsFrame

NOT_SCORED = "not_scored"
WORDS = OUTCOMES | {NOT_SCORED: "未评"}
GROUP = "组织实施"
ITEM_COLUMNS = (
    "item", "name", "kind", "domain", "n_raters", "median", "low", "high", "void", "self_score", "self_gap", "round",
    "status", "status_word",
)  # fmt: skip


@dataclass(frozen=True)
class Appraisal(ShowsFrame):
    """Scores of a rubric put together.

    items: one row an item (`ITEM_COLUMNS`); median only where the raters agree, low and high always. scores: every
    score with `void` and why. agreement: one row a domain and for all, by Krippendorff's alpha, and ICC and Kendall's
    W where every rater scored every item. rounds: where each item stood after each round.
    """

    items: pd.DataFrame
    scores: pd.DataFrame
    agreement: pd.DataFrame
    rounds: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The items, as the conclusions take them."""
        return self.items

    @property
    def again(self) -> list[str]:
        """Items that go to another round."""
        return self.items.loc[self.items["status"] == AGAIN, "item"].tolist()


def appraise(items: pd.DataFrame, scores: pd.DataFrame, evidence: pd.DataFrame, rubric: Rubric) -> Appraisal:
    """Put the scores of all raters and rounds together by the rules of the rubric.

    items: of `rubric_items`. scores, evidence: as `void_reasons` takes them. An item agrees when enough valid scores
    of third-party raters lie within `max_range` and, where the domain's alpha is below `least_alpha`, are all alike;
    else it goes to a Delphi round. Raises DataError (also for items that the rubric doesn't have).
    """
    unknown = sorted(set(scores["item"]) - set(items["item"])) if "item" in scores.columns else []
    if unknown:
        raise DataError(f"评分表里有评分标准没有的项目：{'、'.join(map(str, unknown[:10]))}")
    why = void_reasons(scores, evidence, rubric)
    scores = scores.assign(void=why != "", void_reason=why)
    counted = scores[~scores["void"] & scores["score"].notna() & (scores["role"] == THIRD_PARTY)]
    if counted.empty:
        raise DataError("没有一个有效的第三方评分：都没有评，或都没有证据")
    counted = counted.assign(score=counted["score"].astype(float), domain=counted["item"].map(_groups(items)))
    agreement = _agreement(counted)
    rounds = delphi_rounds(counted)
    found = _item_rows(items, scores, counted, rounds, agreement, rubric)
    return Appraisal(found, scores, agreement, rounds)


def domain_composites(appraisal: Appraisal, kind: str = "goal") -> pd.DataFrame:
    """Mean score of each domain with the bounds that open items leave: domain, n_items, n_agreed, mean, low, high, lowest.

    kind: goal, strategy or measure. mean: of the agreed items. low, high: of all items, those not agreed at their raters'
    lowest and highest, those not scored at 0 and 4: nobody knows better. lowest: the poorest agreed item, which a
    mean would hide.
    """
    rows = appraisal.items[appraisal.items["kind"] == kind]
    agreed = rows["status"] == AGREED
    rows = rows.assign(
        group=rows["item"].map(_groups(rows)),
        bottom=rows["median"].where(agreed, rows["low"]).fillna(0.0),
        top=rows["median"].where(agreed, rows["high"]).fillna(4.0),
        agreed=agreed,
    )
    found = rows.groupby("group", sort=False).agg(
        n_items=("item", "size"), n_agreed=("agreed", "sum"), mean=("median", "mean"), low=("bottom", "mean"), high=("top", "mean"),
        lowest=("median", "min"),
    )  # fmt: skip
    return found.rename_axis("domain").reset_index()


def seen_by(appraisal: Appraisal, rater: str) -> pd.DataFrame:
    """What a rater is shown of the last round of each item: index item, columns median, spread, own, reasons (no names)."""
    last = appraisal.rounds.groupby("item").tail(1).set_index("item")
    valid = appraisal.scores[~appraisal.scores["void"] & (appraisal.scores["role"] == THIRD_PARTY)]
    latest = valid[valid["round"] == valid["item"].map(last["round"])]
    own = appraisal.scores[appraisal.scores["rater"] == rater].groupby("item")["score"].last()
    told = latest.groupby("item")[["score", "reason"]].apply(_told)
    return pd.DataFrame({
        "median": last["median"].map("{:g}".format),
        "spread": [f"{a:g}—{b:g}" for a, b in zip(last["q1"], last["q3"], strict=True)],
        "own": own.reindex(last.index).map(lambda v: "" if pd.isna(v) else f"{v:g}"),
        "reasons": told.reindex(last.index).fillna(""),
    })  # fmt: skip


def _told(group: pd.DataFrame) -> str:
    """Reasons sorted by score, so that their order tells nothing of who gave them."""
    given = group[group["reason"].fillna("").str.strip() != ""].sort_values(["score", "reason"])
    return "\n".join(
        f"{score:g}分：{reason}" for score, reason in given[["score", "reason"]].itertuples(index=False)
    )


def _groups(items: pd.DataFrame) -> dict[str, str]:
    return dict(zip(items["item"], items["domain"].where(items["domain"] != "", GROUP), strict=True))


def _agreement(counted: pd.DataFrame) -> pd.DataFrame:
    """Agreement in the first round, which alone is independent, by domain and for all items."""
    first = counted[counted["round"] == counted.groupby("item")["round"].transform("min")]
    parts = dict(list(first.groupby("domain", sort=False))) | {"全部": first}
    rows = [{"domain": name, **row} for name, part in parts.items() for row in _measures(part)]
    return pd.DataFrame(rows)


def _measures(part: pd.DataFrame) -> list[dict]:
    wide = part.pivot(index="item", columns="rater", values="score").to_numpy(float)
    complete = wide[~np.isnan(wide).any(axis=1)]
    found = []
    for name, call, table in (
        ("Krippendorff α（ordinal）", lambda x: krippendorff_alpha(x, "ordinal"), wide),
        ("ICC(2,1)", lambda x: intraclass_correlation(x, "2,1"), complete),
        ("Kendall W", kendall_w, complete),
    ):
        try:
            found.append(vars(call(table)))
        except DataError as error:
            nan = float("nan")
            empty = Agreement(name, nan, nan, nan, 0.95, len(table), table.shape[1], note=str(error))
            found.append(vars(empty))
    return found


def _item_rows(items, scores, counted, rounds, agreement, rubric: Rubric) -> pd.DataFrame:
    rules = rubric.rules
    stop = StopRule(rules.min_raters, rules.max_range, rules.stable_share, rules.most_rounds)
    outcome = delphi_outcome(rounds, stop).set_index("item")
    last = rounds.groupby("item").tail(1).set_index("item")
    alpha = agreement[agreement["method"].str.startswith("Krippendorff")].set_index("domain")["estimate"]
    doubted = items["item"].map(_groups(items)).map(alpha).to_numpy() < rules.least_alpha
    found = items[["item", "name", "kind", "domain"]].reset_index(drop=True)
    for column in ("n_raters", "median", "low", "high", "round"):
        found[column] = last[column].reindex(found["item"]).to_numpy(float)
    status = outcome["outcome"].reindex(found["item"]).fillna(NOT_SCORED).to_numpy(object)
    # one panel that doesn't agree as a whole is believed only where nobody differs
    apart = (status == AGREED) & doubted & (found["high"] > found["low"]) & (found["round"] == 1)
    status[apart] = AGAIN if rules.most_rounds > 1 else EXHAUSTED
    found["status"], found["status_word"] = status, [WORDS[one] for one in status]
    found.loc[found["status"] != AGREED, "median"] = np.nan
    found["void"] = (
        scores[scores["void"]].groupby("item").size().reindex(found["item"]).fillna(0).to_numpy(int)
    )
    own = (
        scores[(scores["role"] == SELF) & ~scores["void"]]
        .dropna(subset="score")
        .groupby("item")["score"]
        .median()
    )
    found["self_score"] = own.reindex(found["item"]).to_numpy(float)
    found["self_gap"] = found["self_score"] - found["median"]
    found["n_raters"] = found["n_raters"].fillna(0).astype(int)
    return found[list(ITEM_COLUMNS)]


__all__ = [
    "AGAIN",
    "AGREED",
    "EXHAUSTED",
    "FEW",
    "NOT_SCORED",
    "SETTLED_APART",
    "Appraisal",
    "appraise",
    "domain_composites",
    "seen_by",
]
