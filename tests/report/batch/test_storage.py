"""A report is there whole or not at all, in a folder and in a store without renames."""

from __future__ import annotations

import json
import os
import signal

import pytest
from waiting import python

from xhcp_eval.errors import ParamsError, RunError
from xhcp_eval.report.batch.storage import MARKER, Folder, Remote, open_store, rows_folder

PLACES = ["folder", "memory"]


@pytest.fixture(params=PLACES)
def store(request, tmp_path):
    if request.param == "folder":
        return open_store(tmp_path / "out")
    return open_store(f"memory://{tmp_path.name}")


def make(store, key: str, text: str = "x") -> None:
    with store.making("甲/p", key) as work:
        (work / "history").mkdir()
        (work / "index.html").write_text(text, encoding="utf-8", newline="\n")
        (work / "history" / "00.json").write_text("{}", encoding="utf-8", newline="\n")


def test_a_report_has_its_key_once_it_is_whole(store):
    assert store.key("甲/p") == ""
    make(store, "k1")
    assert store.key("甲/p") == "k1"
    assert store.read("甲/p/index.html") == "x"
    make(store, "k2", "y")
    assert (store.key("甲/p"), store.read("甲/p/index.html")) == ("k2", "y")


def test_one_that_fails_leaves_the_last_as_it_was(store):
    make(store, "k1")
    with pytest.raises(ValueError, match="stop"), store.making("甲/p", "k2") as work:
        (work / "index.html").write_text("half", encoding="utf-8", newline="\n")
        raise ValueError("stop")
    assert (store.key("甲/p"), store.read("甲/p/index.html")) == ("k1", "x")


def test_a_report_that_lost_a_file_or_its_marker_is_none(tmp_path):
    for name in ("history/00.json", MARKER):
        store = Folder(tmp_path)
        make(store, "k")
        (tmp_path / "甲/p" / name).unlink()
        assert store.key("甲/p") == ""
    (tmp_path / "甲/p" / MARKER).write_text("[1]", encoding="utf-8", newline="\n")
    assert store.key("甲/p") == ""


def test_a_store_without_renames_writes_the_marker_last(tmp_path, monkeypatch):
    store = Remote(f"memory://{tmp_path.name}")
    written = []
    put = store._put
    monkeypatch.setattr(store, "_put", lambda name, content: (written.append(name), put(name, content)))
    make(store, "k")
    assert written[-1] == f"甲/p/{MARKER}" and len(written) == 3
    monkeypatch.setattr(store, "_put", lambda name, content: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        make(store, "k2")
    assert store.key("甲/p") == ""


def test_text_is_written_and_read(store):
    assert store.read("batch.json") is None
    store.write("batch.json", "甲")
    assert store.read("batch.json") == "甲"


def test_what_killed_runs_left_is_tidied(tmp_path):
    store = Folder(tmp_path)
    make(store, "k")
    half, aside = tmp_path / "甲/.p.partial-0a1b2c3d", tmp_path / "乙/.p.old-0a1b2c3d"
    for folder in (half, aside, tmp_path / "甲/.p.old-11111111"):
        folder.mkdir(parents=True)
    (tmp_path / ".batch.json.new").touch()
    (aside / "index.html").touch()
    store.tidy()
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")) == ["乙/p", "甲/p"]
    assert (tmp_path / "乙/p/index.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["乙", "甲"]


HOLD = "import sys; from xhcp_eval.report.batch.storage import open_store\nwith open_store(sys.argv[1]).locked(): print('held', flush=True); sys.stdin.read()"


def test_two_batches_do_not_share_a_folder_and_a_dead_one_holds_none(tmp_path):
    with python("-c", HOLD, tmp_path) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="另一个批次正在写"), open_store(tmp_path).locked():
            pass
        other.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    with open_store(tmp_path).locked():
        assert (tmp_path / ".batch.lock").exists()


def test_addresses(tmp_path):
    assert isinstance(open_store(f"file://{tmp_path}/a%20b"), Folder)
    assert open_store(f"file://{tmp_path}/a%20b").path == tmp_path / "a b"
    with pytest.raises(ParamsError, match="不能使用"):
        open_store("nonsense://x")


def test_the_marker_lists_the_files(tmp_path):
    make(Folder(tmp_path), "k")
    found = json.loads((tmp_path / "甲/p" / MARKER).read_text(encoding="utf-8"))
    assert found == {"key": "k", "files": ["history/00.json", "index.html"]}


def test_the_folder_of_rows_is_empty_each_time():
    folder = rows_folder("out", "b")
    (folder / "x").touch()
    assert rows_folder("out", "b") == folder
    assert list(folder.iterdir()) == []
    folder.rmdir()
