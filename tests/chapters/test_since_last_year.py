"""Changes on the year before: told where chance doesn't explain them, or where all there is was counted."""

import numpy as np
import pytest

from xhcp_eval.chapters.formal.chapters import chapter
from xhcp_eval.chapters.kit.blocks import Paragraph, Table
from xhcp_eval.chapters.since_last_year import FULL, TESTED, UNTESTED, since_last_year
from xhcp_eval.chapters.wording.yearly import change_sentence, counts_text, short_counts
from xhcp_eval.pack.pack import open_pack


@pytest.fixture(scope="module")
def pack():
    return open_pack("annual_2024")


@pytest.fixture(scope="module")
def rows(pack):
    return since_last_year(pack)


def test_values_are_those_reported_for_both_years(pack, rows):
    own = pack.observations
    for name in ("out_of_school_venue_utilisation", "inclusive_childcare_place_count"):
        mine = own[
            (own["indicator"] == name)
            & (own["region"] == pack.region)
            & (own[["sex", "residence", "category"]] == "total").all(axis=1)
        ]
        values = mine.set_index("year")["value"]
        row = rows.set_index("indicator").loc[name]
        assert (row["before"], row["now"]) == (values[2023], values[2024])


def test_what_chance_may_have_made_is_not_told(rows):
    by = rows.set_index("indicator")
    assert by.loc["under5_mortality_rate", "how"] == TESTED and not by.loc["under5_mortality_rate", "told"]
    assert by.loc["childrens_home_coverage", "how"] == FULL and by.loc["childrens_home_coverage", "told"]
    assert not rows.loc[rows["how"] == UNTESTED, "told"].any()
    assert not rows.loc[rows["change"].abs() < 1e-9, "told"].any()


def test_counts_add_up(rows):
    told = rows[rows["told"]]
    text = counts_text(rows)
    assert text.startswith(f"可比的{len(rows)}项中{int(told['better'].sum())}项变好")
    assert short_counts(rows).endswith("（超出偶然的）") and short_counts(rows[~rows["told"]]).endswith(
        "没有能断定的升降"
    )


def test_a_fall_is_worded_with_both_years_and_its_unit(pack, rows):
    row = next(rows[rows["indicator"] == "inclusive_childcare_place_count"].itertuples())
    assert (
        change_sentence(pack.plan, row, (2023, 2024))
        == "普惠托位数由2023年的1,380个减至2024年的1,340个，减少40个"
    )
    row = next(rows[rows["indicator"] == "eye_exam_coverage_0_6"].itertuples())
    assert (
        change_sentence(pack.plan, row, (2023, 2024))
        == "0-6岁眼保健和视力检查覆盖率由2023年的83.9%升至2024年的86.2%，升2.3个百分点"
    )


def test_the_chapter_names_declines_first_and_every_domain(pack, rows):
    blocks = chapter(pack, "yearly")
    table = next(block for block in blocks if isinstance(block, Table))
    worse = [row[-1] for row in table.rows]
    assert worse == sorted(worse, key=lambda word: word != "变差") and len(table.rows) <= 12
    leads = {block.lead for block in blocks if isinstance(block, Paragraph)}
    assert {
        f"{domain.name}：" for domain in pack.plan.domains if (rows["domain"] == domain.id).any()
    } <= leads
    assert np.isfinite(rows["now"]).all()
