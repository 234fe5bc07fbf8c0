"""Set-up without network: every command is recorded instead of run."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.specifiers import SpecifierSet

from xhcp_eval import __main__ as entry
from xhcp_eval import bootstrap


class Recorder:
    """Stands in for subprocess.run: notes commands, makes .venv, fails those that hold a given word."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.failing: set[str] = set()
        self.answers = {"config": b"", "-c": b"3.12\n"}

    def __call__(self, command, env=None, **_):
        self.commands.append(command)
        self.environments.append(env or {})
        if "venv" in command:
            for name in ("bin/python", "Scripts/python.exe"):
                (self.folder / ".venv" / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / ".venv" / name).touch()
        output = next((text for word, text in self.answers.items() if word in command), b"")
        failed = any(word in part for word in self.failing for part in command)
        return SimpleNamespace(returncode=int(failed), stdout=output)

    def installs(self) -> list[list[str]]:
        return [command for command in self.commands if "install" in command]


@pytest.fixture
def recorder(tmp_path, monkeypatch) -> Recorder:
    (tmp_path / "requirements.lock").write_bytes(b"x==1 \\\n    --hash=sha256:cc\n")
    (tmp_path / "requirements-dev.lock").write_bytes(
        b"tqdm==4.70.1 \\\n    --hash=sha256:aa\n"
        b"uv==0.13.9 \\\n    --hash=sha256:bb\n    # via xhcp-eval\n"
        b"x==1 \\\n    --hash=sha256:cc\n"
    )
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\n")
    venv = tmp_path / ".venv"
    places = {"ROOT": tmp_path, "VENV": venv, "STAMP": venv / "xhcp-setup.txt"}
    places |= {"LOCK": tmp_path / "requirements.lock", "PROJECT": tmp_path / "pyproject.toml"}
    places["DEV_LOCK"] = tmp_path / "requirements-dev.lock"
    for name, path in places.items():
        monkeypatch.setattr(bootstrap, name, path)
    for name in [*bootstrap.UV_ALWAYS, *bootstrap.UV_NAMES.values()]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/opt/uv")
    recorder = Recorder(tmp_path)
    monkeypatch.setattr(bootstrap.subprocess, "run", recorder)
    return recorder


def test_first_setup_makes_venv_then_installs_lock_then_project_by_uv(recorder, tmp_path, capsys):
    python = bootstrap.setup()
    assert python.is_relative_to(tmp_path / ".venv")
    assert [sys.executable, "-m", "venv", "--clear", str(tmp_path / ".venv")] in recorder.commands
    locked, project = recorder.installs()
    assert locked[:3] == ["/opt/uv", "pip", "install"]
    assert locked[locked.index("--python") + 1] == str(python)
    assert locked[-3:] == ["--require-hashes", "-r", str(tmp_path / "requirements.lock")]
    assert {"--no-deps", "--no-index", "--no-build-isolation"} < set(project)
    assert project[-2:] == ["-e", str(tmp_path)]
    assert "安装完成" in capsys.readouterr().out


def test_uv_is_told_to_compile_and_never_to_download_a_python(recorder):
    bootstrap.setup()
    told = recorder.environments[recorder.commands.index(recorder.installs()[0])]
    assert told["UV_COMPILE_BYTECODE"] == "1"
    assert told["UV_PYTHON_DOWNLOADS"] == "never"


def test_nothing_is_done_when_nothing_changed(recorder):
    bootstrap.setup()
    done = len(recorder.installs())
    bootstrap.setup()
    assert len(recorder.installs()) == done
    assert sum("venv" in command for command in recorder.commands) == 1


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_installs_again_into_the_same_venv(recorder, tmp_path, name):
    bootstrap.setup()
    done = len(recorder.installs())
    with (tmp_path / name).open("ab") as file:
        file.write(b"# changed\n")
    bootstrap.setup()
    assert len(recorder.installs()) == 2 * done
    assert sum("venv" in command for command in recorder.commands) == 1


def test_tools_of_developers_come_when_they_are_asked_for(recorder, tmp_path):
    bootstrap.setup()
    bootstrap.setup(developers=True)
    assert recorder.installs()[2][-1] == str(tmp_path / "requirements-dev.lock")
    done = len(recorder.installs())
    bootstrap.setup()  # what developers have serves users
    bootstrap.setup(developers=True)
    assert len(recorder.installs()) == done


@pytest.mark.parametrize(
    "command, developers", [("report", False), ("test", True), ("lint", True), ("lab", False)]
)
def test_a_command_asks_for_what_it_needs(monkeypatch, command, developers):
    asked = []
    monkeypatch.setattr(entry.bootstrap, "can_run_here", lambda: False)
    monkeypatch.setattr(
        entry.bootstrap, "setup", lambda developers: asked.append(developers) or Path("/venv/python")
    )
    monkeypatch.setattr(entry, "_run_there", lambda words: 0)
    assert entry.main([command]) == 0
    assert asked == [developers]


def test_another_python_in_venv_installs_again(recorder):
    bootstrap.setup()
    done = len(recorder.installs())
    recorder.answers["-c"] = b"3.13\n"
    bootstrap.setup()
    assert len(recorder.installs()) == 2 * done


def test_an_interrupted_installation_is_taken_up_again(recorder):
    recorder.failing = {"install"}
    with pytest.raises(bootstrap.SetupError):
        bootstrap.setup()
    assert not bootstrap.STAMP.exists()
    recorder.failing = set()
    bootstrap.setup()
    assert bootstrap.STAMP.exists()


def test_a_broken_venv_is_made_anew(recorder):
    bootstrap.setup()
    recorder.failing = {"-I"}  # its interpreter no longer runs
    bootstrap.setup()
    assert sum("venv" in command for command in recorder.commands) == 2


def test_pip_takes_over_when_uv_fails(recorder, tmp_path, capsys):
    recorder.failing = {"/opt/uv"}
    python = bootstrap.setup()
    _, locked, project = recorder.installs()
    assert locked[:4] == project[:4] == [str(python), "-m", "pip", "install"]
    assert locked[-3:] == ["--require-hashes", "-r", str(tmp_path / "requirements.lock")]
    assert "uv 未能完成安装" in capsys.readouterr().out


def test_pip_takes_over_when_uv_cannot_even_start(recorder, monkeypatch):
    def run(command, **options):
        if command[0] == "/opt/uv":
            raise PermissionError("not executable")
        return recorder(command, **options)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    assert bootstrap.setup()
    assert len(recorder.installs()) == 2


def test_uv_of_the_lock_is_installed_with_its_hashes_where_the_path_has_none(recorder, tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    python = bootstrap.setup()
    first, locked, _ = recorder.installs()
    assert first[:4] == [str(python), "-m", "pip", "install"]
    assert "--require-hashes" in first
    wanted = Path(first[-1]).read_text(encoding="utf-8")
    assert wanted.splitlines()[:2] == ["uv==0.13.9 \\", "    --hash=sha256:bb"]
    assert "tqdm" not in wanted and "x==1" not in wanted
    assert locked[:5] == [str(python), "-m", "uv", "pip", "install"]


def test_failure_of_both_says_how_to_name_a_mirror(recorder):
    recorder.failing = {"install"}
    with pytest.raises(bootstrap.SetupError, match=r"镜像(.|\n)*could not be installed"):
        bootstrap.setup()


def test_the_stronger_source_of_a_pip_setting_wins(recorder):
    recorder.answers["config"] = (
        b":env:.index-url='https://c.example/simple'\n"
        b"global.cert='/etc/ca.pem'\n"
        b"global.index-url='https://a.example/simple'\n"
        b"install.index-url='https://b.example/simple'\n"
        b"list.format='columns'\n"
    )
    settings = bootstrap._pip_settings(Path("python"))
    assert settings == {"cert": "/etc/ca.pem", "index-url": "https://c.example/simple"}


def test_pip_settings_reach_uv_in_its_own_names():
    settings = {
        "index-url": "https://a.example/simple",
        "extra-index-url": "https://b.example/simple\nhttps://c.example/simple",
        "find-links": "/wheels /more",
        "trusted-host": "a.example",
        "cert": "/etc/ca.pem",
        "quiet": "1",
    }
    told = bootstrap._uv_environment(settings, own={})
    assert (
        told.items()
        >= {
            "UV_DEFAULT_INDEX": "https://a.example/simple",
            "UV_INDEX": "https://b.example/simple https://c.example/simple",
            "UV_FIND_LINKS": "/wheels,/more",
            "UV_INSECURE_HOST": "a.example",
            "SSL_CERT_FILE": "/etc/ca.pem",
        }.items()
    )
    assert set(told) <= {*bootstrap.UV_ALWAYS, *bootstrap.UV_NAMES.values()}


def test_what_the_user_told_uv_is_left_alone():
    told = bootstrap._uv_environment(
        {"index-url": "https://a.example"}, own={"UV_DEFAULT_INDEX": "https://b.example"}
    )
    assert "UV_DEFAULT_INDEX" not in told


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14), (2, 7)])
def test_a_python_outside_the_range_is_refused_in_both_languages(recorder, monkeypatch, version):
    monkeypatch.setattr(bootstrap.sys, "version_info", (*version, 0))
    with pytest.raises(bootstrap.SetupError) as refusal:
        bootstrap.setup()
    assert "需要 Python 3.11" in str(refusal.value)
    assert f"Python 3.11, 3.12 or 3.13 is needed; this is {version[0]}.{version[1]}." in str(refusal.value)
    assert not recorder.commands


def test_a_working_venv_serves_a_python_outside_the_range(recorder, monkeypatch):
    python = bootstrap.setup()
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 0))
    assert bootstrap.setup() == python


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_names_the_debian_package(recorder, monkeypatch, missing):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(bootstrap.SetupError, match=r"(?s)apt install python3-venv.*package python3-venv"):
        bootstrap.setup()


def test_the_range_is_that_of_pyproject(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = SpecifierSet(project["requires-python"])
    inside = [minor for minor in range(6, 20) if f"3.{minor}" in allowed]
    assert (3, inside[0]) == bootstrap.OLDEST
    assert (3, inside[-1] + 1) == bootstrap.FIRST_UNTESTED


@pytest.mark.parametrize("name", ["__init__", "__main__", "bootstrap", "errors"])
def test_an_old_python_can_read_what_refuses_it(root, name):
    text = (root / "xhcp_eval" / f"{name}.py").read_text(encoding="utf-8")
    assert ast.parse(text, feature_version=(3, 7)).body


def test_an_environment_with_all_dependencies_runs_without_venv(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap.sys, "prefix", str(tmp_path))
    assert bootstrap.can_run_here()
    too_new = tmp_path / "pyproject.toml"
    too_new.write_bytes(b'[project]\ndependencies = ["pytest>=999"]\n')
    monkeypatch.setattr(bootstrap, "PROJECT", too_new)
    assert not bootstrap.can_run_here()
    too_new.write_bytes(b'[project]\ndependencies = ["no-such-package"]\n')
    assert not bootstrap.can_run_here()


def test_venv_itself_is_always_checked_against_the_lock(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    assert not bootstrap.can_run_here()


def test_clean_keeps_sources_and_reports(recorder, tmp_path):
    for name in (".venv/bin", "xhcp_eval/report/__pycache__", ".pytest_cache", "reports/midterm"):
        (tmp_path / name).mkdir(parents=True)
    bootstrap.clean()
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_dir())
    assert left == ["reports", "reports/midterm", "xhcp_eval", "xhcp_eval/report"]


def test_a_command_runs_in_venv_and_hands_on_its_exit_code(monkeypatch):
    code = "import sys; sys.exit(3)"
    monkeypatch.setattr(entry.bootstrap, "can_run_here", lambda: False)
    monkeypatch.setattr(entry.bootstrap, "setup", lambda developers: Path("/venv/python"))
    commands = []

    def popen(command, **options):
        commands.append(command)
        return subprocess.Popen([sys.executable, "-c", code], **options)

    monkeypatch.setattr(entry, "subprocess", SimpleNamespace(Popen=popen))
    assert entry.main(["report", "--jobs", "2"]) == 3
    assert commands == [
        [str(Path("/venv/python")), "-m", "xhcp_eval.commands.start", "report", "--jobs", "2"]
    ]


def test_a_refusal_is_one_message_and_exit_code_1(monkeypatch, capsys):
    def refuse(developers):
        raise bootstrap.SetupError("需要 Python 3.11")

    monkeypatch.setattr(entry.bootstrap, "setup", refuse)
    assert entry.main(["setup"]) == 1
    assert capsys.readouterr().err.strip() == "需要 Python 3.11"


def test_a_console_without_chinese_shows_question_marks(root):
    code = "from xhcp_eval import bootstrap; bootstrap.use_any_console(); print('安装 ok')"
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert done.stdout.split() == [b"??", b"ok"]
