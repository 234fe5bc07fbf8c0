"""The command line as people meet it: help in Chinese, codes, a project found or missed, a log of the work."""

from __future__ import annotations

import json

import pytest
from typer.main import get_command

from xhcp_eval.commands import cli, start
from xhcp_eval.files import home


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command line; returns its code, what it printed and what it complained of."""
    monkeypatch.setenv(home.VARIABLE, "")
    monkeypatch.delenv("XHCP_QUIET", raising=False)

    def words(*given):
        code = start.main(list(map(str, given)))
        told = capsys.readouterr()
        return code, told.out, told.err

    return words


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / home.MARK).touch()
    (tmp_path / "params").mkdir()
    monkeypatch.setattr(home, "PROJECT", tmp_path)
    monkeypatch.setattr(home, "ROOT", tmp_path)
    return tmp_path


def all_commands(group=None, path=()):
    group = group or get_command(cli.app)
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from all_commands(command, (*path, name))


@pytest.mark.parametrize("path", [path for path, _ in all_commands()], ids=" ".join)
def test_help_is_chinese_throughout(run, path):
    code, out, _ = run(*path, "--help")
    assert code == 0
    assert "用法：" in out and "显示这段帮助" in out
    for word in ("Usage", "Options", "Arguments", "Show this", "default:", "required"):
        assert word not in out


def test_every_command_and_option_says_what_it_is():
    for path, command in all_commands():
        assert command.help, path
        for parameter in command.params:
            assert getattr(parameter, "help", "") or parameter.name == "help", (path, parameter.name)


def test_version_and_groups(run):
    assert run("--version")[1].startswith("xhcp_eval ")
    out = run("--help")[1]
    for heading in (cli.DATA, cli.REPORT, cli.SCORES, cli.BATCH, cli.PROJECT, cli.WORKSHOP):
        assert heading in out


@pytest.mark.parametrize(
    "words, said",
    [
        (["plann"], "没有命令 plann；是否指 plan"),
        (["run", "a", "--forc"], "没有选项 --forc；是否指 --force"),
        (["run"], "缺少参数"),
        (["template"], "缺少选项 --year"),
        (["template", "--year", "abc"], "--year：应为整数"),
        (["due", "more"], "多出的参数：more"),
    ],
)
def test_wrong_use_is_told_in_chinese_and_ends_with_2(run, words, said):
    code, _, err = run(*words)
    assert code == start.MISUSED
    assert said in err and "用法见：xhcp" in err


def test_outside_a_project_a_command_says_how_to_make_one(run, monkeypatch):
    monkeypatch.setattr(home, "PROJECT", None)
    code, _, err = run("due")
    assert code == start.WRONG and "xhcp init" in err
    assert run("--help")[0] == run("--version")[0] == 0


@pytest.mark.parametrize(
    "form", [["--project", "X", "due"], ["due", "--project=X"], ["due", "--project", "X"]]
)
def test_the_project_may_be_named_anywhere_before_paths_are_settled(form, monkeypatch):
    monkeypatch.setenv(home.VARIABLE, "")
    assert start._choose_project(form) == ["due"]
    import os

    assert os.environ[home.VARIABLE] == "X"


def test_what_is_behind_two_dashes_is_not_ours():
    assert start._choose_project(["test", "--", "--project", "X"]) == ["test", "--", "--project", "X"]


def test_a_run_leaves_a_log_with_the_trace_of_what_went_wrong(run, project):
    code, _, err = run("run", "nothing")
    assert code == start.WRONG and "没有参数文件 nothing" in err and "Traceback" not in err
    (log,) = (project / "reports" / ".log").glob("*_run.log")
    text = log.read_text(encoding="utf-8")
    assert "xhcp run nothing" in text and "Traceback" in text
    run("due")  # only looks
    assert len(list((project / "reports" / ".log").iterdir())) == 1


def test_a_disk_that_refuses_the_log_stops_nothing(run, project):
    (project / "reports").touch()  # no folder can be made there
    assert run("run", "nothing")[0] == start.WRONG


def test_an_interruption_has_a_code_of_its_own(run, monkeypatch):
    def interrupted(words):
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "_run", interrupted)
    code, _, err = run("report")
    assert code == start.INTERRUPTED and "已中断" in err


def test_results_as_json(run, project):
    code, out, _ = run("due", "--json")
    assert code == 0 and json.loads(out) == []
    (project / "params" / "bad.yaml").write_text("pack: 1\n", encoding="utf-8", newline="\n")
    (found,) = json.loads(run("due", "--json")[1])
    assert (found["what"], found["subject"]) == ("参数有误", "bad")


def test_several_packs_go_on_after_a_failure(run, project, monkeypatch):
    from xhcp_eval.errors import DataError
    from xhcp_eval.report.page import overview
    from xhcp_eval.report.run import runner

    ran = []

    def run_pack(path, out, force):
        ran.append(path.stem)
        if path.stem == "b":
            raise DataError("坏数据")
        return out / path.stem

    monkeypatch.setattr(runner, "run_pack", run_pack)
    monkeypatch.setattr(overview, "write_overview", lambda out: out / "index.html")
    files = [project / "params" / f"{name}.yaml" for name in "abc"]
    for file in files:
        file.touch()
    code, out, err = run("run", *files)
    assert ran == ["a", "b", "c"] and code == start.WRONG
    assert "3 份报告中 1 份没有做成" in err and "b：坏数据" in err and "总览" in out
    assert run("-q", "run", files[0])[1] == ""
