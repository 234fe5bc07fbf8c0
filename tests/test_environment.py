"""The files that say what is installed agree with each other and name no download host."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import xhcp_eval
from xhcp_eval.commands import upkeep

# What tells an installer where to go, in any file that an installer reads.
HOSTS = re.compile(r"pypi|pythonhosted|/simple|mirrors?\.|anaconda\.|index-url|find-links|://")
INSTALLER_FILES = (
    "requirements.lock",
    "requirements-dev.lock",
    "pyproject.toml",
    "environment.yml",
    "Makefile",
    ".ci/run",
    ".pre-commit-config.yaml",
)


@pytest.fixture(scope="module")
def project(root) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


LOCKS = ("requirements.lock", "requirements-dev.lock")


def entries(root, name: str) -> list[Requirement]:
    text = (root / name).read_text(encoding="utf-8")
    return [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"\w", line)]


@pytest.fixture(scope="module")
def locked(root) -> list[Requirement]:
    return entries(root, "requirements-dev.lock")


@pytest.fixture(scope="module")
def wanted(project) -> list[Requirement]:
    return [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["dev"]]


def test_committed_conda_environment_is_the_generated_one(root):
    committed = (root / "environment.yml").read_text(encoding="utf-8")
    assert committed == upkeep.environment_text(), "run: python -m xhcp_eval environment"


def test_conda_environment_holds_every_dependency_under_its_own_name(root, wanted):
    conda = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    assert conda["channels"] == ["conda-forge"]
    *entries, by_pip = conda["dependencies"]  # what conda-forge doesn't have comes from PyPI
    assert by_pip == {"pip": ["resvg-py>=0.5"]}
    names = {re.split(r"[<>=]", entry)[0] for entry in [*entries, *by_pip["pip"]]}
    renamed = {"brotli": "brotli-python", "matplotlib": "matplotlib-base"}
    assert names == {"python", "pip"} | {renamed.get(entry.name, entry.name) for entry in wanted}


@pytest.mark.parametrize("name", INSTALLER_FILES)
def test_no_file_names_a_download_host(root, name):
    text = (root / name).read_text(encoding="utf-8")
    assert not HOSTS.findall(text)


def test_users_get_the_versions_that_developers_test(root):
    users, developers = (set(map(str, entries(root, name))) for name in LOCKS)
    assert users < developers
    assert not {"pytest-xdist", "ruff", "mypy", "hypothesis"} & {
        each.name for each in entries(root, LOCKS[0])
    }


def test_there_is_no_uv_lock(root):
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "uv.lock" in ignored


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_version_is_exact_and_has_hashes(root, name):
    text, locked = (root / name).read_text(encoding="utf-8"), entries(root, name)
    blocks = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked) > 100
    assert all(block.count("--hash=sha256:") for block in blocks)
    assert all(re.fullmatch(r"==[\w.+!]+", str(requirement.specifier)) for requirement in locked)


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("name", LOCKS)
def test_lock_satisfies_pyproject_on_each_python_and_system(root, project, name, python, system):
    locked = entries(root, name)
    extra = project["optional-dependencies"]["setup" if name == "requirements.lock" else "dev"]
    wanted = [Requirement(text) for text in project["dependencies"] + extra]
    machine = {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": system}
    machine |= {"os_name": "nt" if system == "win32" else "posix"}
    chosen: dict[str, str] = {}
    for requirement in locked:
        if requirement.marker is None or requirement.marker.evaluate(machine):
            name = canonicalize_name(requirement.name)
            assert name not in chosen, f"{name} is locked twice for Python {python} on {system}"
            chosen[name] = str(requirement.specifier).removeprefix("==")
    for requirement in wanted:
        assert requirement.specifier.contains(chosen[canonicalize_name(requirement.name)]), requirement


def test_build_backend_is_locked_so_that_the_project_installs_without_network(root, locked):
    build = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert set(build["requires"]) <= {requirement.name for requirement in locked}


def test_commit_hooks_use_the_locked_versions(root, locked):
    repos = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    hooks = [hook for repo in repos for hook in repo["hooks"]]
    assert {hook["id"] for hook in hooks} == {"ruff", "ruff-format", "nbstripout", "mypy"}
    pins = {pin for hook in hooks for pin in hook.get("additional_dependencies", ())}
    assert pins <= {str(requirement) for requirement in locked}


def test_version_is_the_same_everywhere(root, project):
    assert project["version"] == xhcp_eval.__version__
    assert f"## {xhcp_eval.__version__}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_make_targets_are_thin(root):
    recipes = re.findall(r"^\t(.*)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipes == ["@$(XHCP) $@"]
