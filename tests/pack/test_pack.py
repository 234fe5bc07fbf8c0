"""A pack opened twice is computed once, and anew when anything it rests on has changed."""

import pandas as pd
import pytest

from xhcp_eval import provenance
from xhcp_eval.pack import pack as pack_module
from xhcp_eval.pack.frames import FRAMES
from xhcp_eval.pack.pack import open_pack


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """An empty store, and a list that grows with every computing."""
    computed = []
    real = pack_module.compute_pack

    def compute(params):
        computed.append(params.pack)
        return real(params)

    monkeypatch.setattr(pack_module, "STORE", tmp_path / "store")
    monkeypatch.setattr(pack_module, "compute_pack", compute)
    return computed


def test_computed_once_and_the_same(counted):
    first, second = open_pack("national_hindcast_2015"), open_pack("national_hindcast_2015")
    assert counted == ["national_hindcast_2015"]
    for name in FRAMES:
        left, right = getattr(first, name), getattr(second, name)
        pd.testing.assert_frame_equal(left, right, check_dtype=False, check_categorical=False)
    assert second.stamp == first.stamp and second.params == first.params


def test_other_code_is_another_pack(counted, monkeypatch):
    open_pack("national_hindcast_2015")
    monkeypatch.setattr(provenance, "code_hash", lambda: "other")
    open_pack("national_hindcast_2015")
    assert len(counted) == 2
    assert len(list(pack_module.STORE.iterdir())) == 1  # the earlier one makes room


def test_a_damaged_store_only_costs_time(counted):
    open_pack("national_hindcast_2015")
    (folder,) = pack_module.STORE.iterdir()
    (folder / "assessment.parquet").write_bytes(b"x")
    assert len(open_pack("national_hindcast_2015").assessment)
    (folder / "stamp.json").unlink(missing_ok=True)
    assert len(open_pack("national_hindcast_2015").assessment)


def test_a_store_that_can_not_be_written_only_costs_time(counted, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(pack_module, "STORE", tmp_path / "file" / "store")
    assert len(open_pack("national_hindcast_2015").assessment)
