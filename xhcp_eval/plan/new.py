"""A new plan to begin with: a folder of commented YAML that passes the checks."""

from __future__ import annotations

import re
from pathlib import Path

from xhcp_eval.errors import PlanError
from xhcp_eval.files.home import ROOT, plan_folders
from xhcp_eval.files.whole import replacing

_PLAN = """\
# 规划的基本情况。全部字段见文档“规划文件”；改完运行 xhcp plan {name} 检查，错误会一次列全。
id: {name}
name: 某县儿童发展规划（2021—2030年）   # 报告中的全称
region: 某县                              # 数据表 region 列里的写法
level: district                           # district 县区 | province 省 | national 全国
base_year: 2020                           # 基期
start_year: 2021
midterm_year: 2025
end_year: 2030
source: 某县儿童发展规划（2021—2030年）
domains:                                  # 领域：编号和名称，先后即报告中的先后
- {{id: health, name: 健康}}
- {{id: education, name: 教育}}
"""
_GOALS = """\
# 主要目标，编号为 领域.序号。kind：quantified 有数量要求 | direction 只有方向 | disparity 缩小差距 | qualitative 无指标，凭证据评议
goals:
- id: health.1
  domain: health
  number: 1
  name: 婴儿死亡率
  kind: quantified
  indicators: [infant_mortality_rate]
- id: education.1
  domain: education
  number: 1
  name: 学前教育毛入园率
  kind: quantified
  indicators: [preschool_gross_enrolment]
"""
_INDICATORS = """\
# 指标及其目标值。一个指标一段；编号用小写英文字母、数字和下划线，数据表 indicator 列写这个编号。
# unit：percent | per_1000 | per_100k | count | …；kind：proportion 占比 | rate 率 | ratio 比 | count 个数 | mean 平均数 | yes_no 是否
# direction：up 越高越好 | down 越低越好。op：<= < >= >（给出 value），或 trend_up trend_down no_worse_than（给出 base_year）。
indicators:
- id: infant_mortality_rate
  name: 婴儿死亡率
  short_name_zh: 婴儿死亡率                # 最多 8 个字，用在图上
  count_noun_zh: 例                        # 数出来的是什么，写在数字后面
  goal: health.1
  unit: permille
  kind: rate
  lower: 0
  direction: down
  numerator_zh: 该年不满1岁死亡的婴儿数
  denominator_zh: 该年活产数
  departments: [县卫健委]                  # 第一个为牵头部门
  targets:
  - {year: 2025, op: '<=', value: 5, level: district}
  - {year: 2030, op: '<=', value: 4, level: district}
- id: preschool_gross_enrolment
  name: 学前教育毛入园率
  short_name_zh: 毛入园率
  count_noun_zh: 名幼儿
  goal: education.1
  unit: percent
  kind: ratio                              # 两个数相比，可以超过 100%
  lower: 0
  direction: up
  numerator_zh: 在园幼儿数
  denominator_zh: 3—5岁人口数
  departments: [县教育局]
  targets:
  - {year: 2030, op: '>=', value: 93, level: district}
"""


def new_plan(name: str, root: Path = ROOT) -> Path:
    """Write a small plan to be filled in: data/plans/<name>/ with plan.yaml, goals.yaml and indicators.yaml; returns the folder.

    name: letters, digits and underscores. root: the project.
    Raises PlanError for another kind of name, or one that is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        raise PlanError(
            f"规划名 {name!r} 不合要求：以小写英文字母开头，只用小写字母、数字、下划线，例 ruzhou_2021_2030"
        )
    folder = root / "data" / "plans" / name
    if name in plan_folders() or folder.exists():
        raise PlanError(f"已有规划 {name}；请换一个名称")
    with replacing(folder) as work:
        texts = {"plan.yaml": _PLAN.format(name=name), "goals.yaml": _GOALS, "indicators.yaml": _INDICATORS}
        for file, text in texts.items():
            (work / file).write_text(text, encoding="utf-8", newline="\n")
    return folder
