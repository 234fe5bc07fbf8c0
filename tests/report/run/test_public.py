"""The public edition of a pack: in every file of its folder hidden figures are hidden, and nothing stands that isn't printed."""

import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from docx import Document

from xhcp_eval.errors import DisclosureError, RunError
from xhcp_eval.observations.publish.archive import read_editions
from xhcp_eval.observations.table import KEY
from xhcp_eval.pack.pack import compute_pack
from xhcp_eval.pack.params import load_params
from xhcp_eval.plan.units import UNITS, format_value
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.run import public
from xhcp_eval.report.run.public import BOOK, PAGE, TABLE, TEXT, publish_pack, write_public

PARAMS = load_params(ROOT / "params" / "annual_2024.yaml")
SOME = ("infant_mortality_rate", "neonatal_mortality_rate", "under5_stunting_prevalence", "left_behind_children_count",
        "left_behind_care_coverage", "child_injury_mortality_rate", "child_fall_mortality_rate")  # fmt: skip


@pytest.fixture(scope="module")
def pack():
    whole = compute_pack(PARAMS)
    rows = whole.observations
    return whole.with_frames(observations=rows[rows["indicator"].isin(SOME) & (rows["year"] > 2021)])


@pytest.fixture(scope="module")
def published(pack, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(public, "compute_pack", lambda params: pack)
        base = tmp_path_factory.mktemp("public")
        return publish_pack(PARAMS, base / "reports", archive=base / "archive"), base


def rows_of(path):
    """Every row of every table of a file, as texts."""
    if path.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(path)
        return [
            tuple("" if v is None else str(v) for v in r)
            for s in sheets
            for r in s.iter_rows(values_only=True)
        ]
    if path.suffix == ".csv":
        return [tuple(r) for r in pd.read_csv(path, dtype=str, encoding="utf-8-sig").fillna("").to_numpy()]
    if path.suffix == ".docx":
        return [tuple(c.text for c in row.cells) for t in Document(str(path)).tables for row in t.rows]
    page = path.read_text(encoding="utf-8")
    lines = re.findall(r"<tr>(.*?)</tr>", page)
    unescaped = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in lines]
    return [tuple(text.replace("&lt;", "<") for text in row) for row in unescaped]


def test_the_folder_holds_four_files_and_nothing_internal(published):
    found, base = published
    assert sorted(p.name for p in found.folder.iterdir()) == sorted([BOOK, TABLE, TEXT, PAGE])
    assert [p.name for p in (base / "reports").iterdir()] == ["annual_2024.public"]
    for path in found.folder.iterdir():
        parts = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                parts = [archive.read(name) for name in archive.namelist()]
        for part in parts:
            assert b"primary" not in part and b"secondary" not in part and b"numerator" not in part
    book = openpyxl.load_workbook(found.folder / BOOK)
    assert not book.defined_names and all(s.sheet_state == "visible" for s in book)
    assert not [c for s in book for row in s.iter_rows() for c in row if c.comment or c.hyperlink]


def test_no_hidden_figure_stands_in_any_file(published, pack):
    """Of the rows that name a figure none holds the number that is hidden, nor the counts behind it."""
    found, _ = published
    rows = found.edition.rows.merge(pack.observations, on=list(KEY), suffixes=("", "_true"))
    hidden = rows[rows["suppressed"] != ""]
    assert len(hidden) > 60 and (hidden["region"] == "新华区").sum() > 10
    for path in found.folder.iterdir():
        cells = rows_of(path)
        text = "\n".join("|".join(row) for row in cells)
        for row in hidden.itertuples():
            if row.numerator == row.numerator:
                assert f"{row.numerator:.0f}/{row.denominator:,.0f}" not in text
            place = _texts_of(row, cells, path.suffix)
            assert place, f"{path.name} has no row for {row.name}, {row.region}, {row.group}"
            assert set(place) == {row.published}, (
                f"{path.name}: {row.name}, {row.region}, {row.year}: {place}"
            )


def _texts_of(row, cells, suffix):
    """What stands for one figure in a file: the cell of its year in the rows of its name, place and group."""
    name = row.region if suffix in (".xlsx", ".csv") else row.region.rpartition("/")[2]
    own = row.region == "新华区" and suffix in (".docx", ".html")
    match = [r for r in cells if row.name in r[:2] and row.group in r[:5] and (own or name in r[:5])]
    if suffix == ".csv":
        return [r[6] for r in match if r[5] == str(row.year)]
    if own:
        match = [r for r in match if not any(cell.startswith("示范") for cell in r)]
    return [r[row.year - 2025] for r in match]


def test_what_is_shown_is_true_in_every_file(published):
    rows = published[0].edition.rows
    shown = rows[(rows["suppressed"] == "") & (rows["region"] == "新华区")]
    assert len(shown) > 20
    for path in published[0].folder.iterdir():
        cells = rows_of(path)
        for row in shown.itertuples():
            place = _texts_of(row, cells, path.suffix)
            if path.suffix in (".xlsx", ".csv"):
                assert [float(text) for text in place] == pytest.approx([row.value], abs=1e-4)
            else:
                assert place == [
                    format_value(row.value, row.unit).removesuffix(UNITS[row.unit].label or "个数")
                ]


def test_demonstration_data_are_marked_in_every_file(published):
    for path in published[0].folder.iterdir():
        text = str(rows_of(path)) if path.suffix in (".xlsx", ".csv") else ""
        if path.suffix == ".docx":
            text = "".join(p.text for p in Document(str(path)).paragraphs)
        assert "演示数据" in (text or path.read_text(encoding="utf-8"))


def test_an_edition_is_kept_and_published_again_is_the_same(published, pack, monkeypatch):
    found, base = published
    monkeypatch.setattr(public, "compute_pack", lambda params: pack)
    before = (found.folder / TABLE).read_bytes()
    again = publish_pack(PARAMS, base / "reports", archive=base / "archive")
    assert again.earlier == 1 and (again.folder / TABLE).read_bytes() == before
    (kept,) = (base / "archive").rglob("*.csv")
    assert kept.name == "2024-1.csv" and len(read_editions(kept.parent)[0]) == len(found.edition.rows)


def test_a_trial_writes_nothing(pack, monkeypatch, tmp_path):
    monkeypatch.setattr(public, "compute_pack", lambda params: pack)
    told = []
    found = publish_pack(
        PARAMS, tmp_path, archive=tmp_path / "a", trial=True, tell=lambda *step: told.append(step)
    )
    assert found.folder is None and not list(tmp_path.iterdir())
    assert told[0][0] == 0 and told[-1][0] == told[-1][1] > 0


def test_nothing_is_left_of_a_refused_edition(pack, monkeypatch, tmp_path):
    monkeypatch.setattr(public, "compute_pack", lambda params: pack)
    monkeypatch.setattr(
        "xhcp_eval.observations.publish.suppression.guard",
        lambda cells, state, rule: (state.hidden, state.hidden & False),
    )
    with pytest.raises(DisclosureError, match="没有写文件"):
        publish_pack(PARAMS, tmp_path, archive=tmp_path / "a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_nothing_is_left_of_an_interrupted_one(pack, monkeypatch, tmp_path, stop):
    monkeypatch.setattr(public, "compute_pack", lambda params: pack)

    def broken(*given):
        raise stop

    monkeypatch.setattr(public, "write_word", broken)
    with pytest.raises(stop):
        publish_pack(PARAMS, tmp_path, archive=tmp_path / "a")
    assert not list(tmp_path.rglob("*.*"))


def test_a_folder_of_other_things_is_not_replaced(pack, monkeypatch, tmp_path):
    monkeypatch.setattr(public, "compute_pack", lambda params: pack)
    (tmp_path / "annual_2024.public").mkdir()
    (tmp_path / "annual_2024.public" / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(RunError, match="不会覆盖"):
        publish_pack(PARAMS, tmp_path, archive=tmp_path / "a")


def test_writers_are_given_no_counts(pack, published, tmp_path, monkeypatch):
    """A writer that prints every column it gets would still tell nothing."""
    rows = published[0].edition.rows
    hidden = rows[rows["suppressed"] != ""]
    assert hidden["value"].isna().all() and not {"numerator", "denominator", "note"} & set(rows.columns)
    seen = {}
    monkeypatch.setattr(public, "write_book", lambda given, *rest: seen.update(rows=given))
    write_public(pack, published[0].edition, tmp_path)
    pd.testing.assert_frame_equal(seen["rows"], rows)
