"""Weights of respondents: raked or post-stratified to the known population, adjusted for who didn't answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xhcp_eval.errors import DataError, ParamsError
from xhcp_eval.evaluation.questionnaire import Questionnaire
from xhcp_eval.showing import ShowsFrame


@dataclass(frozen=True, eq=False)
class Weighting(ShowsFrame):
    """Weights made to agree with the population.

    weight: (n,), summing as those before did, or to the population's counts. rounds: cycles until it agreed. gap: largest
    difference left between a margin and its target, as a share. design_effect_before, design_effect: 1 + squared coefficient
    of variation (Kish 1965). trimmed: weights held at the cap. margins: group, option, target, before, after (shares).
    """

    weight: np.ndarray
    rounds: int
    gap: float
    design_effect_before: float
    design_effect: float
    trimmed: int
    margins: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row: n, effective_n, rounds, gap, design effects, trimmed, smallest and largest weight over their mean."""
        relative = self.weight / self.weight.mean()
        names = ("rounds", "gap", "design_effect_before", "design_effect", "trimmed")
        head = {"n": len(relative), "effective_n": len(relative) / self.design_effect}
        return pd.DataFrame([head | {name: getattr(self, name) for name in names} | {"smallest": relative.min(), "largest": relative.max()}])  # fmt: skip


def rake(
    weight: np.ndarray,
    groups: pd.DataFrame,
    population: dict[str, dict[str, float]],
    trim: float | None = None,
    tolerance: float = 1e-8,
    rounds: int = 1000,
) -> Weighting:
    """Weights whose margins agree with the population's, by iterative proportional fitting.

    weight: (n,) design weights, above 0. groups: (n, columns) options of each respondent. population: column -> option ->
    people (counts, the same total in every column, or shares that sum to 1). trim: no weight above so many times the mean;
    the margins are fitted again after each cut, until both hold. tolerance: largest difference of a margin, as a share.
    Deming & Stephan 1940, Ann. Math. Stat. 11:427; trimming: Potter 1990, ASA Survey Research Methods. Raises DataError (an
    option without respondents or without people, unlike totals, a respondent whose option isn't told, no convergence).
    """
    start = _checked_weight(weight, len(groups), trim)
    codes, shares, totals = _margins(groups, population)
    total = start.sum() if abs(totals[0] - 1) < 1e-6 else totals[0]
    w, cap = start * (total / start.sum()), np.inf if trim is None else trim * total / len(start)
    for done in range(1, rounds + 1):  # noqa: B007 (told afterwards)
        for code, share in zip(codes, shares, strict=True):
            w = w * (share * total / np.bincount(code, w, len(share)))[code]
        over = w.max() > cap * (1 + 1e-9)
        gap = max(
            np.abs(np.bincount(c, w, len(s)) / total - s).max() for c, s in zip(codes, shares, strict=True)
        )
        if gap <= tolerance and not over:
            break
        w = np.minimum(w, cap)
    else:
        cause = "边际之间矛盾，或交叉后有空格" if trim is None else f"权重上限 {trim:g} 倍均值太紧"
        raise DataError(
            f"加权 {rounds} 轮仍不收敛（最大差 {gap:.2%}）：{cause}；请合并选项{'或放宽上限' if trim else ''}"
        )
    held = 0 if trim is None else int((w > cap * (1 - 1e-6)).sum())
    margins = _margin_table(population, codes, shares, start, w)
    return Weighting(w, done, float(gap), _kish(start), _kish(w), held, margins)


def poststratify(weight: np.ndarray, cells: pd.Series, population: dict[str, float]) -> Weighting:
    """Weights whose cells agree with the population's: `rake` with one margin, exact in one round.

    cells: (n,) cell of each respondent (joined labels for crossed groups). population: cell -> people, or shares.
    """
    name = str(cells.name or "单元")
    return rake(weight, pd.DataFrame({name: cells}), {name: population})


def weighted_for_nonresponse(
    questionnaire: Questionnaire, trim: float | None = 5.0
) -> tuple[Questionnaire, Weighting]:
    """The questionnaire with weights raked to every group whose population its description gives.

    trim: as in `rake`. Raises DataError if the description gives no population, and as `rake`.
    """
    population = {g.name: g.population for g in questionnaire.description.groups if g.population}
    if not population:
        raise DataError("问卷说明里没有总体人数（population），不能做无应答加权")
    found = rake(questionnaire.weight, questionnaire.groups, population, trim)
    return replace(questionnaire, weight=found.weight), found


def _checked_weight(weight: np.ndarray, n: int, trim: float | None) -> np.ndarray:
    start = np.asarray(weight, float)
    if start.shape != (n,) or n < 2:
        raise DataError(f"权重的形状 {start.shape} 与 {n} 名受访者不符（至少 2 名）")
    if not (np.isfinite(start) & (start > 0)).all():
        raise DataError(f"权重须为大于 0 的数；有 {int((~(start > 0)).sum())} 个不是")
    if trim is not None and trim <= 1:
        raise ParamsError(f"trim={trim:g}：权重上限须大于均值的 1 倍")
    return start


def _margins(
    groups: pd.DataFrame, population: dict[str, dict[str, float]]
) -> tuple[list[np.ndarray], list[np.ndarray], list[float]]:
    """Code of each respondent, shares of the population and its total, by margin; DataError for what can't be fitted."""
    if not population:
        raise DataError("没有给出总体人数，不能加权")
    if absent := [name for name in population if name not in groups]:
        raise DataError(f"没有分组列 {'、'.join(absent)}；现有 {'、'.join(map(str, groups.columns))}")
    codes = [pd.Index(list(people)).get_indexer(groups[name]) for name, people in population.items()]
    totals = [float(sum(people.values())) for people in population.values()]
    problems = [fault for (name, people), code in zip(population.items(), codes, strict=True)
                for fault in _margin_faults(groups[name], people, code)]  # fmt: skip
    if not np.allclose(totals, totals[0], rtol=1e-6):
        listed = "、".join(f"{name} {total:g}" for name, total in zip(population, totals, strict=True))
        problems.append(f"各分组的总体合计不同：{listed}")
    if problems:
        raise DataError("不能加权：", problems)
    shares = [np.array(list(p.values()), float) / t for p, t in zip(population.values(), totals, strict=True)]
    return codes, shares, totals


def _margin_faults(group: pd.Series, people: dict[str, float], code: np.ndarray) -> list[str]:
    found = np.bincount(code[code >= 0], minlength=len(people))
    faults = [f"{group.name}“{option}”：总体人数须大于 0，现为 {number:g}" for option, number in people.items() if not number > 0]  # fmt: skip
    faults += [f"{group.name}“{option}”：没有受访者，请与相近的选项合并" for option, n in zip(people, found, strict=True) if not n]  # fmt: skip
    if (code < 0).any():
        odd = "、".join(sorted({str(v) or "空" for v in group[code < 0]}))
        faults.append(f"{group.name}：{(code < 0).sum()} 名受访者的选项（{odd}）不在总体中；请补全或另列一项")
    return faults


def _margin_table(
    population: dict, codes: list[np.ndarray], shares: list[np.ndarray], before: np.ndarray, after: np.ndarray
) -> pd.DataFrame:
    parts = []
    for (name, people), code, share in zip(population.items(), codes, shares, strict=True):
        had, has = (np.bincount(code, w, len(share)) / w.sum() for w in (before, after))
        parts.append(
            pd.DataFrame(
                {"group": name, "option": list(people), "target": share, "before": had, "after": has}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _kish(weight: np.ndarray) -> float:
    return float(len(weight) * (weight**2).sum() / weight.sum() ** 2)
