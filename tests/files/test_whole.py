"""A folder is replaced as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from xhcp_eval.errors import RunError
from xhcp_eval.files import whole
from xhcp_eval.files.whole import replacing


def write(folder: Path, text: str) -> None:
    (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def target(tmp_path) -> Path:
    """A report already in place."""
    folder = tmp_path / "midterm"
    folder.mkdir()
    write(folder, "旧")
    (folder / "stale.html").touch()
    return folder


def test_a_new_folder_takes_the_place_of_none(tmp_path):
    with replacing(tmp_path / "reports" / "midterm") as work:
        write(work, "新")
        assert not (tmp_path / "reports" / "midterm").exists()
    assert read(tmp_path / "reports" / "midterm") == "新"


def test_the_old_folder_goes_as_a_whole(target):
    with replacing(target) as work:
        write(work, "新")
        assert read(target) == "旧"
    assert names(target.parent) == ["midterm"]
    assert names(target) == ["index.html"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_happens_the_old_folder_stays(target, error):
    with pytest.raises(error), replacing(target) as work:
        write(work, "新")
        raise error
    assert names(target.parent) == ["midterm"]
    assert read(target) == "旧"


def test_an_old_folder_that_is_held_open_stays(target, monkeypatch):
    def held(self, other):
        raise PermissionError("被占用")

    monkeypatch.setattr(whole, "FIRST_WAIT", 0)
    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(RunError, match="可能正被其他程序打开"), replacing(target) as work:
        write(work, "新")
    monkeypatch.undo()
    assert names(target.parent) == ["midterm"]
    assert read(target) == "旧"


def test_if_the_second_rename_fails_the_old_folder_comes_back(target, monkeypatch):
    rename = Path.rename

    def fail_for_new(self, other):
        if "partial" in self.name:
            raise OSError("磁盘错误")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(RunError, match="磁盘错误"), replacing(target) as work:
        write(work, "新")
    assert names(target.parent) == ["midterm"]
    assert read(target) == "旧"


def test_a_file_held_for_a_moment_only_delays(target, monkeypatch):
    rename, calls = Path.rename, []

    def held_once(self, other):
        calls.append(self.name)
        if len(calls) == 1:
            raise PermissionError("被占用")
        return rename(self, other)

    monkeypatch.setattr(whole, "FIRST_WAIT", 0)
    monkeypatch.setattr(Path, "rename", held_once)
    with replacing(target) as work:
        write(work, "新")
    assert read(target) == "新"


def test_a_run_killed_between_the_renames_is_made_good(target):
    target.rename(target.with_name(".midterm.old-12345678"))
    with pytest.raises(ValueError, match="x"), replacing(target):
        raise ValueError("x")
    assert read(target) == "旧"
    assert names(target.parent) == ["midterm"]
