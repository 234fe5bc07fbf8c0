"""The card of the learned model, written from its cross-validation: what it learned from, how right it was, its limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from xhcp_eval.errors import DataError
from xhcp_eval.forecast.backtests.backtest import COVERED, Backtest, backtest, label
from xhcp_eval.forecast.backtests.scores import SCORED_LEVELS
from xhcp_eval.forecast.projection import trend_model
from xhcp_eval.forecast.reference.model import ARTEFACT, FEWEST_PEERS, ReferenceModel, load_model
from xhcp_eval.forecast.reference.training import (
    FOLDS,
    KINDS,
    NETWORKS_A_FOLD,
    by_source,
    save_model,
    sources_of,
    train_model,
    whole_indicators,
)
from xhcp_eval.provenance import file_hash

CLASSICAL = ("last_value", "drift", "linear", "logit_linear", "theta", "local_drift")
PER_INDICATOR = 30
ASSETS = ARTEFACT.parent
COLUMNS: dict[str, str] = {
    "wql": "加权分位损失", "mase": "MASE", "coverage_50": "50%区间覆盖", "coverage_80": "80%区间覆盖",
    "coverage_95": "95%区间覆盖", "brier": "布赖尔得分", "log_score": "对数得分", "calibration_error": "校准误差",
}  # fmt: skip
SHORT = ("n_targets", "brier", "coverage_80", "coverage_95", "calibration_error")
HEADS = COLUMNS | {"n_targets": "案例", "n": "预测", "drift": "带漂移随机游走"}
SEEN_KIN: dict[str, str] = {
    "来源": "- 每个指标只由没有见过它、也没有见过同一来源任何指标的那部分网络打分；但不同来源里也有相近的指标（如两个来源的婴儿死亡率）。",
    "指标": "- 每个指标只由没有见过它的那部分网络打分；但同一来源的指标彼此相近（如 1 岁以下与 5 岁以下死亡率），换一个来源，得分会差一些。",
}
LIMITS = """\
- 学到的是行政与统计序列的一般动法，不知道政策、投入和人口结构；看不到历史里没有的转折。
- 国家级死亡率等序列是模型平滑过的估计，区县填报的序列没有那么平滑；两类分开看。
- 目标期最长学到 10 年；再往后中位数不动，区间按年数的平方根放宽。
- 2020—2022 年的异常只在少数序列里出现过，模型没有专门学习冲击。"""


def cross_validate(frame: pd.DataFrame, model: ReferenceModel, together: bool = False) -> Backtest:
    """Backtest of the model beside classical ones; on each indicator only networks speak that never saw it.

    frame: what the model was trained on (columns as in `make_cases`). together: cases of whole years, in which
    regions of one indicator learn from one another.
    """
    classical = {name: trend_model(name) for name in CLASSICAL}
    return backtest(frame, {"reference": model} | classical, per_indicator=PER_INDICATOR, together=together)


def model_scores(folder: Path = ASSETS) -> dict:
    """The cross-validated scores that came with the model: facts of the training data, and by way of judging ("alone",
    "together") method -> scores."""
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


def provinces_hindcast(folder: Path = ASSETS) -> dict:
    """What was said of Chinese provinces at an earlier year, and what happened: counts and shares, as
    `benchmarks/hindcast_provinces.py` wrote them. year, years (ahead), histories; all, maternal_child: facts; alone,
    together: reliability (columns of `scores.reliability`) and gap_interval (95%, of said less happened)."""
    return json.loads((folder / "provinces.json").read_text(encoding="utf-8"))


def _scores(result: Backtest) -> dict[str, dict[str, float]]:
    names = [*COLUMNS, "n_targets"]
    table = result.scores().set_index("method")[names]
    return {method: {k: round(float(v), 4) for k, v in row.items()} for method, row in table.iterrows()}


def write_card(
    frame: pd.DataFrame,
    model: ReferenceModel,
    alone: Backtest,
    together: Backtest,
    digest: str,
    trained_on: str,
) -> str:
    """The card as Chinese Markdown.

    frame: training data. alone, together: from `cross_validate`. digest: sha256 of the data's file. trained_on: date.
    """
    parted = "来源" if by_source(frame) else "指标"
    return "\n".join(
        [
            "# 参照类模型说明卡",
            "",
            *_learned_from(frame, digest, trained_on),
            *_made_of(frame, model, parted),
            "",
            f"## 单条序列的得分（按{parted}交叉检验，向前 5 年）",
            "",
            *_table(alone),
            "",
            "## 同一指标的各地区相互学习时",
            "",
            *_table(together),
            "",
            "## 按数据的类别",
            "",
            *_by_group(alone, together),
            "",
            "## 按历史长短和向前年数（单条序列）",
            "",
            *_split(alone, "length", "历史年数", SHORT),
            "",
            *_split(alone, "horizon", "向前年数", ("n", *(f"coverage_{share}" for share in COVERED))),
            "",
            f"每个指标 {PER_INDICATOR} 个案例，方括号内为按指标重抽的 95% 自助法区间。加权分位损失在 "
            f"{len(SCORED_LEVELS)} 个水平（{SCORED_LEVELS[0]:g}—{SCORED_LEVELS[-1]:g}）上平均，以历史年均变化的绝对值为单位。",
            "",
            "## 局限",
            "",
            SEEN_KIN[parted],
            LIMITS,
            "",
        ]
    )


def _made_of(frame: pd.DataFrame, model: ReferenceModel, parted: str) -> list[str]:
    """What the model consists of and what it gives. parted: by what the indicators were parted."""
    return [
        f"- 组成：{len(model.alone)} 个小网络看单条序列，{len(model.among)} 个同时看同一指标的其他地区"
        f"（至少 {FEWEST_PEERS} 个），各取平均。指标按{parted}分成 {FOLDS} 份，每个网络只学其中 {FOLDS - 1} 份。",
        "- 从未变动过的序列没有年均变化可言，改用真实的不变序列后来的走法（按所处位置分四类），只学自没有剔除过不变地区的"
        f"{len(whole_indicators(frame))}个指标。",
        "- 结果：未来 1—10 年每年的分位数。",
    ]


def _learned_from(frame: pd.DataFrame, digest: str, trained_on: str) -> list[str]:
    """How much the model learned from, by source where the data tell, and what file it was."""
    series = frame[["indicator", "region"]].drop_duplicates()
    sources = "、".join(f"{name} {count} 个" for name, count in sources_of(frame).value_counts().items())
    return [
        f"- 学自：{frame['indicator'].nunique()} 个真实指标、{len(series)} 条序列、{len(frame)} 个年度数值"
        f"（{frame['year'].min()}—{frame['year'].max()}年）"
        + (f"；按来源：{sources}。" if sources else "。"),
        f"- 训练数据 sha256：`{digest}`；训练日期：{trained_on}；重新训练：`xhcp train 数据文件…`。"
        "随项目分发的模型学过哪些指标、各自的来源与许可，见 data/reference/learned.csv。",
    ]


CHINA = "china_province"
GROUPS: dict[str, str] = {
    "country": "国家", "municipal": "瑞典市镇", "state": "美国各州", "district": "德国各县", CHINA: "中国各省",
    "small area": "斯德哥尔摩小区", "subnational": "其他次国家地区",
}  # fmt: skip


def _by_group(alone: Backtest, together: Backtest) -> list[str]:
    """Our scores by kind of region, beside those of a random walk with drift; China first."""
    names = (*SHORT[:2], "drift", *SHORT[2:])
    rows = []
    for way, result in (("单条", alone), ("相互学习", together)):
        ours, drift = _of(result, "group"), _of(result, "group", "drift")
        ours = ours.assign(drift=drift["brier"])
        for group in sorted(ours.index, key=lambda name: (name != CHINA, name)):
            told = GROUPS.get(group, group or "未分组")
            rows.append([told, way, *(_plain(ours.loc[group], name) for name in names)])
    return _markdown(["类别", "方式", *(HEADS[name] for name in names)], rows)


def _split(result: Backtest, by: str, head: str, names: Sequence[str]) -> list[str]:
    """Our scores by one property of the cases. head: its Chinese name. names: which scores."""
    rows = [[str(value), *(_plain(row, name) for name in names)] for value, row in _of(result, by).iterrows()]
    return _markdown([head, *(HEADS[name] for name in names)], rows)


def _of(result: Backtest, by: str, method: str = "reference") -> pd.DataFrame:
    """Scores of one method, a row for each value of `by`; intervals aren't shown, so hardly anything is drawn for them."""
    table = result.scores(by=[by], draws=2)
    return table[table["method"] == method].set_index(by)


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    head, *body = ("| " + " | ".join(line) + " |" for line in [heads, *rows])
    return [head, "|---" * len(heads) + "|", *body]


def _plain(row: pd.Series, name: str) -> str:
    """A score without its interval: counts whole, coverages in percent."""
    if name.startswith("coverage"):
        return f"{row[name]:.1%}"
    return f"{row[name]:,.0f}" if name.startswith("n") else f"{row[name]:.3f}"


NETWORKS = len(KINDS) * FOLDS * NETWORKS_A_FOLD


def train_and_describe(
    data: Sequence[Path], out: Path, done: Callable[[object], None] = lambda task: None
) -> list[Path]:
    """Train the model on one file or several and write model.npz, CARD.md and scores.json into a folder.

    data: parquet with the columns of `train_model` and group. done: called after each of the `NETWORKS` networks. Raises
    DataError for a file that can't be read or used.
    """
    frame = pd.concat([_read(path) for path in data], ignore_index=True)
    save_model(train_model(frame, done=done), out / "model.npz")
    digest = "、".join(file_hash(path) for path in data)
    return [out / "model.npz", *describe(frame, out, digest, date.today().isoformat())]


def _read(path: Path) -> pd.DataFrame:
    """A file to learn from; of a figure that stands twice the last counts."""
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}：读不出训练数据（{error}）；需要 parquet 文件") from error
    texts = [name for name in ("indicator", "region", "unit", "group", "source") if name in frame.columns]
    frame = frame.assign(**{name: frame[name].astype(str) for name in texts})
    key = [name for name in ("indicator", "region", "year") if name in frame.columns]
    return frame.drop_duplicates(key, keep="last")


def describe(frame: pd.DataFrame, out: Path, digest: str, trained_on: str) -> list[Path]:
    """Judge the model in a folder by cross-validation, as it is shipped; write CARD.md and scores.json beside it.

    frame: what it was trained on. digest, trained_on: as in `write_card`.
    """
    model = load_model(out / "model.npz")
    alone, together = cross_validate(frame, model), cross_validate(frame, model, together=True)
    facts = {
        "indicators": len(model.fold_of),
        "values": len(frame),
        "trained_on": trained_on,
        "data_sha256": digest,
    }
    found = facts | {
        "alone": _scores(alone),
        "together": _scores(together),
        "provinces": {way: _provinces(result) for way, result in (("alone", alone), ("together", together))},
    }
    texts = {
        "CARD.md": write_card(frame, model, alone, together, digest, trained_on),
        "scores.json": json.dumps(found, ensure_ascii=False, indent=1) + "\n",
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    return [out / name for name in texts]


def _provinces(result: Backtest) -> dict[str, float]:
    """Our scores on Chinese provinces; none where there are none."""
    ours = _of(result, "group")
    return {name: round(float(ours.at[CHINA, name]), 4) for name in SHORT} if CHINA in ours.index else {}


def _table(result: Backtest) -> list[str]:
    rows = [
        [label(row["method"]), *(_cell(row, name) for name in COLUMNS)]
        for _, row in result.scores().iterrows()
    ]
    return _markdown(["方法", *COLUMNS.values()], rows)


def _cell(row: pd.Series, name: str) -> str:
    """A score with its interval where there is one; coverages alone."""
    if name.startswith("coverage") or f"{name}_low" not in row:
        return _plain(row, name)
    return f"{_plain(row, name)} [{row[name + '_low']:.3f}–{row[name + '_high']:.3f}]"
