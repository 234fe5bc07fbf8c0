"""Demonstration of what parents would answer and what measures would cost, for the third party's evaluation.

Nobody was asked and nothing was spent: all is drawn by chance around the levels below, and every row says that it is
made up. questionnaire.yaml, written by hand, says what the columns are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.demo.raters import FOLDER, MARK
from xhcp_eval.evaluation.questionnaire import Description, load_description
from xhcp_eval.observations.cells import write_csv

SEED = 20260501
SKIPPED, UNSURE = "(跳过)", "不清楚"
# Latent level of each question, on a scale where the options are about 1 apart.
LEVELS = {
    "checkup": 3.9, "vaccination": 4.3, "care": 3.3, "kindergarten": 3.7, "after_school": 3.4, "childrens_home": 3.2,
    "playground": 3.1, "road_safety": 3.7, "overall": 3.7, "checkup_importance": 4.2, "vaccination_importance": 4.5,
    "care_importance": 4.6, "kindergarten_importance": 4.0, "after_school_importance": 3.9,
    "childrens_home_importance": 3.2, "playground_importance": 4.1, "road_safety_importance": 4.4,
}  # fmt: skip
# Drawn clusters, questionnaires handed out in each, children that one of them stands for.
DESIGN = {"街道": (20, 26, 110.0), "镇": (10, 26, 48.0)}
# Those with small children answer more readily, so that weighting has something to do.
ANSWER = {"0—2岁": 0.88, "3—5岁": 0.86, "6—11岁": 0.74, "12—17岁": 0.6}
AGES = (0.13, 0.17, 0.37, 0.33)
# Measure, first year, rows of kind and yearly yuan. The measures are those of measures.yaml.
SPENDING = (
    ("mobile_clinic", 2021, (("人员", 186_000), ("耗材", 42_000), ("运行管理", 58_000))),
    ("home_pilot", 2022, (("人员", 74_000), ("场地", 21_000), ("培训宣传", 9_000))),
    ("visit_reminder", 2020, (("运行管理", 12_600), ("培训宣传", 4_200))),
)
BOUGHT = (("mobile_clinic", 2021, 460_000), ("home_pilot", 2022, 58_000))
UNTIL = 2025


def write_evaluation_data(folder: str | Path = FOLDER, seed: int = SEED) -> list[Path]:
    """Write questionnaire.csv and costs.csv into a folder that holds questionnaire.yaml; return their paths.

    seed: of all draws; the same seed writes the same bytes.
    """
    folder = Path(folder)
    description = load_description(folder / "questionnaire.yaml")
    survey, money = (np.random.default_rng([seed, part]) for part in range(2))
    tables = {"questionnaire": questionnaire_rows(description, survey), "costs": cost_rows(money)}
    return [write_csv(frame, folder / f"{name}.csv") for name, frame in tables.items()]


def questionnaire_rows(description: Description, rng: np.random.Generator) -> pd.DataFrame:
    """Answers as a platform exports them: texts of options, one question as numbers, gaps and skips."""
    people = _respondents(rng)
    n = len(people)
    town = (people["place"] == "镇").to_numpy()
    _, cluster = np.unique(people["cluster"], return_inverse=True)
    lean = rng.normal(0, 0.22, cluster.max() + 1)[cluster] + rng.normal(0, 0.6, n)
    frame = pd.DataFrame({"序号": np.arange(1, n + 1), "抽样村居": people["cluster"], "抽样权重": people["weight"],
                          "1、您孩子的性别": people["sex"], "2、您孩子的年龄": people["age"], "3、您家住在": people["place"]})  # fmt: skip
    for item in description.items:
        asked_level = LEVELS[item.id] - 0.25 * town * (item.id in ("care", "playground", "road_safety"))
        score = np.clip(
            np.round(asked_level + lean * (0.3 if item.importance_of else 1) + rng.normal(0, 0.75, n)), 1, 5
        )
        texts = np.array(list(description.scales[item.scale].options), object)
        answer = score.astype(int).astype(str) if item.id == "overall" else texts[score.astype(int) - 1]
        answer = np.where(rng.random(n) < 0.03, "", answer)
        if item.id == "childrens_home":
            answer = np.where(rng.random(n) < 0.24, UNSURE, answer)
        frame[item.column] = np.where(_not_asked(item.id, people["age"]), SKIPPED, answer)
    return frame.assign(备注=MARK)


def _respondents(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for place, (clusters, handed_out, weight) in DESIGN.items():
        for number in range(1, clusters + 1):
            ages = rng.choice(list(ANSWER), p=AGES, size=handed_out)
            answered = rng.random(handed_out) < np.array([ANSWER[age] for age in ages])
            sexes = rng.choice(["男", "女"], p=[0.5, 0.5], size=handed_out)
            rows += [(place, f"演示{place[0]}{number:02d}", weight, sex, age)
                     for sex, age, came in zip(sexes, ages, answered, strict=True) if came]  # fmt: skip
    return pd.DataFrame(rows, columns=["place", "cluster", "weight", "sex", "age"])


def _not_asked(item: str, age: pd.Series) -> np.ndarray:
    """Kindergarten only of those aged 3 to 5, what concerns school only of those from 6."""
    if item == "kindergarten":
        return (age != "3—5岁").to_numpy()
    if item in ("after_school", "road_safety"):
        return age.isin(["0—2岁", "3—5岁"]).to_numpy()
    return np.zeros(len(age), bool)


def cost_rows(rng: np.random.Generator) -> pd.DataFrame:
    """Spending of the demonstration's measures, in the prices of each year."""
    rows = [(measure, year, "设备", amount, year, "演示台账", MARK) for measure, year, amount in BOUGHT]
    for measure, first, kinds in SPENDING:
        for year in range(first, UNTIL + 1):
            for kind, amount in kinds:
                spent = int(round(amount * 1.02 ** (year - first) * rng.uniform(0.93, 1.07), -2))
                rows.append((measure, year, kind, spent, year, "演示台账", MARK))
    columns = ["measure", "year", "kind", "amount", "price_year", "source", "note"]
    return pd.DataFrame(rows, columns=columns).sort_values(["measure", "year", "kind"], ignore_index=True)
