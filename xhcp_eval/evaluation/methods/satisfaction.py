"""Satisfaction surveys: what parents and children say, as sure as the sample's design and its answers allow.

Shares and means carry intervals of the design (strata, clusters, weights); what wasn't answered is counted; a priority is
named only where intervals tell it apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.questionnaire import ANSWERED, SKIPPED, UNANSWERED, UNSURE, USABLE, Questionnaire
from xhcp_eval.observations.survey import LEAST_ANSWERS
from xhcp_eval.showing import ShowsFrame

TOTAL = "全部"
HIGH_NONRESPONSE = 0.2


def satisfaction_table(questionnaire: Questionnaire, level: float = 0.95) -> pd.DataFrame:
    """Share satisfied (best `Scale.top` scores) and mean score of every question, for all and for each group.

    level: of the intervals. Returns item, label, topic, group, option, n, effective_n, design_effect, share, share_low,
    share_high (0-1), mean, mean_low, mean_high, note. Groups under 30 answers, or within one cluster, are suppressed (NaN,
    the note says so); an effective n under 30 is flagged. Variances: Taylor linearisation with clusters drawn with
    replacement (Wolter 2007, ch. 6). Shares: Clopper-Pearson on the effective sample size (Korn & Graubard 1998, Survey
    Methodology 24:193; truncated at n as in Parker et al. 2017, NCHS Series 2 no. 175); means: t. Degrees of freedom:
    clusters minus strata that hold answers. Raked weights are taken as fixed. Raises DataError (a stratum with one
    cluster), ParamsError (level).
    """
    _check_design(questionnaire, level)
    cuts = [(TOTAL, TOTAL)] + [(g.name, o) for g in questionnaire.description.groups for o in g.options]
    member = np.column_stack(
        [np.ones(len(questionnaire.weight), bool)] + [questionnaire.groups[g] == o for g, o in cuts[1:]]
    )
    parts = []
    for item in questionnaire.description.items:
        y = questionnaire.answers[item.id].to_numpy(float)
        cut = questionnaire.description.scales[item.scale].cut
        part = _estimates(questionnaire, y, cut, member & ~np.isnan(y)[:, None], level)
        head: dict[str, object] = {"item": item.id, "label": item.label, "topic": item.topic}
        head |= {"group": [g for g, _ in cuts], "option": [o for _, o in cuts]}
        parts.append(pd.concat([pd.DataFrame(head), part], axis=1))
    return pd.concat(parts, ignore_index=True)


def _estimates(q: Questionnaire, y: np.ndarray, cut: float, inside: np.ndarray, level: float) -> pd.DataFrame:
    """One row a group. inside: (n, groups) whether a respondent belongs to the group and answered; the first is all."""
    from scipy import stats

    n, freedom = inside.sum(axis=0), _freedom(q, inside)
    least = np.where(np.arange(len(n)) == 0, 2, LEAST_ANSWERS)
    told = (n >= least) & (freedom >= 1)
    p, p_error = _means(q, np.where(inside, (y >= cut)[:, None], 0.0), inside)
    mean, error = _means(q, np.where(inside, y[:, None], 0.0), inside)
    weight = q.weight[:, None] * inside
    with np.errstate(invalid="ignore", divide="ignore"):
        # where all say the same nothing varies, and only the weights' own inequality is left to count
        flat = p_error < 1e-9
        size = np.where(flat, weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0), p * (1 - p) / p_error**2)
        size = np.minimum(size, n)
        t = stats.t.ppf((1 + level) / 2, np.maximum(freedom, 1))
        low, high = _share_limits(
            p, size * (stats.t.ppf((1 + level) / 2, np.maximum(n - 1, 1)) / t) ** 2, level
        )
        half = np.where(error < 1e-9, np.nan, t * error)
        found = pd.DataFrame(
            {"effective_n": size, "design_effect": np.where(flat, np.nan, n * p_error**2 / (p * (1 - p))),
             "share": p, "share_low": low, "share_high": high, "mean": mean, "mean_low": mean - half, "mean_high": mean + half}
        )  # fmt: skip
    notes = [_note(*cell) for cell in zip(n, least, freedom, size, error, strict=True)]
    found.loc[~told] = np.nan
    return pd.concat([pd.Series(n, name="n"), found], axis=1).assign(note=notes)


def _note(n: int, least: int, freedom: int, size: float, error: float) -> str:
    if n < least:
        return f"有效回答 {n} 份，不足 {least} 份，不单独估计"
    if freedom < 1:
        return "回答都落在同一个群里，误差无法估计，不单独估计"
    notes = ["回答没有差异，均值的区间无法估计"] if error < 1e-9 else []
    if size < LEAST_ANSWERS:
        notes.append(f"有效样本量 {size:.0f}，不足 {LEAST_ANSWERS}，只作参考")
    return "；".join(notes)


def _share_limits(p: np.ndarray, size: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy import stats

    alpha = (1 - level) / 2
    low = stats.beta.ppf(alpha, size * p, size * (1 - p) + 1)
    high = stats.beta.ppf(1 - alpha, size * p + 1, size * (1 - p))
    return np.where(p < 1e-12, 0.0, low), np.where(p > 1 - 1e-12, 1.0, high)


def _means(q: Questionnaire, y: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of the columns and their standard errors. y: (n, m), 0 where not inside. NaN where nobody is."""
    weight = q.weight[:, None] * inside
    with np.errstate(invalid="ignore"):
        share = weight / weight.sum(axis=0)
    mean = (share * y).sum(axis=0)
    return mean, _errors(q, share * (y - mean))


def _errors(q: Questionnaire, influence: np.ndarray) -> np.ndarray:
    """Standard errors of linearised totals (n, m): spread of the clusters' sums within strata."""
    clusters = pd.DataFrame(influence).groupby([q.stratum, _units(q)]).sum(min_count=1)
    strata = clusters.groupby(level=0)
    return np.sqrt(strata.var(ddof=1).mul(strata.size(), axis=0).sum(skipna=False).to_numpy())


def _freedom(q: Questionnaire, inside: np.ndarray) -> np.ndarray:
    """Clusters minus strata that hold answers (Korn & Graubard 1999, Analysis of Health Surveys, sec. 5.2), by column."""
    held = pd.DataFrame(inside).groupby([q.stratum, _units(q)]).any()
    return (held.sum() - held.groupby(level=0).any().sum()).to_numpy()


def _units(q: Questionnaire) -> np.ndarray:
    """First-stage units: clusters, or respondents where they were drawn singly."""
    return np.where(q.cluster == "", [f"#{i}" for i in range(len(q.cluster))], q.cluster)


def _check_design(q: Questionnaire, level: float) -> None:
    if not 0 < level < 1:
        raise ParamsError(f"level={level}：须在 0 与 1 之间")
    counts = pd.Series(_units(q)).groupby(q.stratum).nunique()
    if (counts < 2).any():
        alone = "、".join(str(name) or TOTAL for name in counts.index[counts < 2])
        raise DataError(f"层“{alone}”只有 1 个抽样单位，误差无法估计；请与相近的层合并")


def importance_performance(
    questionnaire: Questionnaire, level: float = 0.95, cuts: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Importance-performance analysis: which question stands in which quadrant, where the intervals tell.

    cuts: (importance, satisfaction) that divide high from low; None: the mean over the questions, whose own uncertainty is
    carried. Returns item, label, topic, importance, importance_low, importance_high, performance, performance_low,
    performance_high, importance_cut, performance_cut, importance_side, performance_side (高, 低, 不能判断), quadrant. A side is
    told only if the interval of question minus cut lies off zero (each at `level`, not corrected for their number). Martilla
    & James 1977, Journal of Marketing 41:77. Raises DataError (no pairs, one pair without given cuts, a question nobody
    answered, a stratum with one cluster), ParamsError.
    """
    _check_design(questionnaire, level)
    items = {item.id: item for item in questionnaire.description.items}
    pairs = [(item.id, item.importance_of) for item in items.values() if item.importance_of]
    if not pairs:
        raise DataError("问卷说明里没有重要性题（importance_of），不能做重要性—满意度分析")
    if cuts is None and len(pairs) < 2:
        raise DataError("只有 1 对重要性与满意度题，没有可比的均值；请给出分界值 cuts")
    asked = [items[second] for _, second in pairs]
    table = pd.DataFrame({"item": [i.id for i in asked], "label": [i.label for i in asked], "topic": [i.topic for i in asked]})  # fmt: skip
    for place, name in enumerate(("importance", "performance")):
        part = _against_cut(questionnaire, [pair[place] for pair in pairs], cuts and cuts[place], level)
        table = table.join(part.add_prefix(f"{name}_").rename(columns={f"{name}_mean": name}))
    names = {
        ("高", "低"): "重点改进",
        ("高", "高"): "保持优势",
        ("低", "低"): "次要改进",
        ("低", "高"): "不必再加",
    }
    sides = zip(table["importance_side"], table["performance_side"], strict=True)
    return table.assign(quadrant=[names.get(side, "不能判断") for side in sides])


def _against_cut(q: Questionnaire, ids: list[str], cut: float | None, level: float) -> pd.DataFrame:
    """Means with intervals and on which side of the cut they lie, by linearised differences."""
    y = q.answers[ids].to_numpy(float)
    weight = q.weight[:, None] * ~np.isnan(y)
    if (weight.sum(axis=0) == 0).any():
        raise DataError(f"题 {'、'.join(np.array(ids)[weight.sum(axis=0) == 0])} 没有人回答")
    share, y = weight / weight.sum(axis=0), np.nan_to_num(y)
    mean = (share * y).sum(axis=0)
    influence = share * (y - mean)
    line, shared = (mean.mean(), influence.mean(axis=1, keepdims=True)) if cut is None else (cut, 0.0)
    from scipy import stats

    t = stats.t.ppf((1 + level) / 2, _freedom(q, weight > 0))
    own, apart = _errors(q, influence), _errors(q, influence - shared)
    # without any spread nothing is told: all alike in a sample doesn't make all alike
    told = (apart > 1e-9) & (np.abs(mean - line) > t * apart)
    side = np.where(told, np.where(mean > line, "高", "低"), "不能判断")
    half = np.where(own > 1e-9, t * own, np.nan)
    return pd.DataFrame({"mean": mean, "low": mean - half, "high": mean + half, "cut": line, "side": side})


def item_nonresponse(questionnaire: Questionnaire) -> pd.DataFrame:
    """How many of those asked did not answer each question.

    Returns item, label, asked (all but skipped), answered, unanswered, unsure, skipped, rate (unanswered and unsure over
    asked; NaN if nobody was asked), note (flagged above 20%).
    """
    rows = []
    for item in questionnaire.description.items:
        state = questionnaire.states[item.id].value_counts()
        answered, empty, unsure, skipped = (
            int(state.get(s, 0)) for s in (ANSWERED, UNANSWERED, UNSURE, SKIPPED)
        )
        asked = answered + empty + unsure
        rate = (empty + unsure) / asked if asked else np.nan
        note = "没有人被问到" if not asked else "未答偏多，结果可能有偏" if rate > HIGH_NONRESPONSE else ""
        rows.append((item.id, item.label, asked, answered, empty, unsure, skipped, rate, note))
    return pd.DataFrame(rows, columns=["item", "label", "asked", "answered", "unanswered", "unsure", "skipped", "rate", "note"])  # fmt: skip


def response_rate(questionnaire: Questionnaire) -> pd.DataFrame:
    """Share of the questionnaires handed out that came back usable, by stratum and in all (AAPOR 2016, RR2).

    Usable: at least half of the questions that were asked are answered. Returns stratum, sent, returned, usable, rate.
    Raises DataError: `sent` missing from the description, strata unlike it, more returned than sent.
    """
    sent = questionnaire.description.sent
    if not sent:
        raise DataError("问卷说明里没有发出份数（sent），不能计算应答率")
    asked = (questionnaire.states != SKIPPED).sum(axis=1)
    usable = ((questionnaire.states == ANSWERED).sum(axis=1) >= USABLE * asked.clip(lower=1)).to_numpy()
    place = questionnaire.stratum if set(sent) != {TOTAL} else np.full(len(usable), TOTAL, object)
    if odd := sorted(set(place) - set(sent)):
        raise DataError(f"发出份数（sent）没有层“{'、'.join(odd)}”；现有 {'、'.join(sent)}")
    table = pd.DataFrame([(name, number, int((place == name).sum()), int(usable[place == name].sum())) for name, number in sent.items()],
                         columns=["stratum", "sent", "returned", "usable"])  # fmt: skip
    wrong = table[(table["returned"] > table["sent"]) | (table["sent"] <= 0)]
    if len(wrong):
        raise DataError(
            "应答率不能计算：",
            [f"{r.stratum}：发出 {r.sent} 份，收回 {r.returned} 份" for r in wrong.itertuples()],
        )
    if len(table) > 1:
        table.loc[len(table)] = [TOTAL, *table[["sent", "returned", "usable"]].sum()]
    return table.assign(rate=table["usable"] / table["sent"])


@dataclass(frozen=True, eq=False)
class Reliability(ShowsFrame):
    """How far questions measure one thing.

    alpha, low, high: Cronbach's alpha and its interval at `level`. n: respondents who answered all; dropped: the others.
    items: item, item_rest (correlation with the sum of the others), alpha_if_deleted, note. note: Chinese.
    """

    alpha: float
    low: float
    high: float
    level: float
    n: int
    k: int
    dropped: int
    items: pd.DataFrame
    note: str

    def to_frame(self) -> pd.DataFrame:
        """One row, without the table of items."""
        return pd.DataFrame([{name: value for name, value in vars(self).items() if name != "items"}])


def cronbach_alpha(scores: pd.DataFrame | np.ndarray, level: float = 0.95) -> Reliability:
    """Cronbach's alpha with Feldt's interval, and each question against the rest; respondents with gaps are dropped.

    scores: (n respondents, k questions), NaN missing; columns of a frame name the questions. Cronbach 1951, Psychometrika
    16:297; interval: Feldt 1965, Psychometrika 30:357 (F with n - 1 and (n - 1)(k - 1)). Unweighted, as it describes the
    questions rather than the population. Raises DataError (shape, one question, under 2 complete respondents, a question
    or a sum without variance), ParamsError (level).
    """
    if not 0 < level < 1:
        raise ParamsError(f"level={level}：须在 0 与 1 之间")
    whole, names, dropped = _complete(scores)
    n, k = whole.shape
    from scipy import stats

    alpha, freedom = _alpha(whole), (n - 1, (n - 1) * (k - 1))
    low, high = (
        float(1 - (1 - alpha) * stats.f.ppf(q, *freedom)) for q in ((1 + level) / 2, (1 - level) / 2)
    )
    note = "系数为负：多半有反向题未转换" if alpha < 0 else ""
    if not note and n < LEAST_ANSWERS:
        note = f"答全的不足 {LEAST_ANSWERS} 人，只作参考"
    return Reliability(alpha, low, high, level, n, k, dropped, _item_statistics(whole, names), note)


def _complete(scores: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, pd.Index, int]:
    """Rows without gaps, names of the questions, and how many rows were dropped; DataError if alpha can't be told."""
    if np.ndim(scores) != 2 or np.shape(scores)[1] < 2:
        raise DataError(f"信度分析须为 受访者×题 的表，至少 2 题，现为 {np.shape(scores)}")
    frame = pd.DataFrame(scores)
    try:
        x = frame.to_numpy(float)
    except (TypeError, ValueError) as error:
        raise DataError("信度分析须用数字得分：每行一名受访者，每列一题") from error
    whole = x[np.isfinite(x).all(axis=1)]
    if len(whole) < 2:
        raise DataError(f"答全的受访者只有 {len(whole)} 名，至少要 2 名才能计算信度")
    if (still := np.ptp(whole, axis=0) == 0).any():
        named = "、".join(map(str, frame.columns[still]))
        raise DataError(f"题 {named} 的回答全部相同（方差为零），信度无法计算")
    if whole.sum(axis=1).var() <= 1e-12:
        raise DataError("各人总分相同（方差为零），信度无法计算；请检查是否有反向题未转换")
    return whole, frame.columns, len(x) - len(whole)


def _alpha(x: np.ndarray) -> float:
    k, total = x.shape[1], x.sum(axis=1).var(ddof=1)
    return float(k / (k - 1) * (1 - x.var(axis=0, ddof=1).sum() / total)) if total > 1e-12 else np.nan


def _item_statistics(x: np.ndarray, names: pd.Index) -> pd.DataFrame:
    rows = []
    for i, name in enumerate(names):
        rest = np.delete(x, i, axis=1)
        other = rest.sum(axis=1)
        related = float(np.corrcoef(x[:, i], other)[0, 1]) if other.var() > 1e-12 else np.nan
        note = "与其余题反向，请检查是否需转换" if related < 0 else ""
        rows.append((name, related, _alpha(rest) if rest.shape[1] > 1 else np.nan, note))
    return pd.DataFrame(rows, columns=["item", "item_rest", "alpha_if_deleted", "note"])
