"""Office tests run only when asked for (`pytest -m office tests/office`): LibreOffice lays out what we write, and its pages are read.

They need LibreOffice (soffice) and poppler (pdftotext, pdfinfo), and reports for those on real documents.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = ("soffice", "pdftotext", "pdfinfo")


@dataclass(frozen=True)
class Laid:
    """A document as LibreOffice lays it out. pages: text of each page, a line a line, without header and footer."""

    pages: list[list[str]]
    numbers: list[str]


def pytest_configure(config):
    config.addinivalue_line("markers", "office: needs LibreOffice and poppler")


def pytest_ignore_collect(collection_path, config):
    """Plain `make test` stays self-contained."""
    return None if "office" in config.option.markexpr else True


@pytest.fixture(scope="session")
def lay_out(tmp_path_factory) -> Callable[[Path], Laid]:
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.fail(f"没有 {'、'.join(missing)}：请安装 LibreOffice 和 poppler-utils", pytrace=False)
    folder = tmp_path_factory.mktemp("office")

    def laid(path: Path) -> Laid:
        profile = (folder / "profile").as_uri()
        command = [
            "soffice",
            f"-env:UserInstallation={profile}",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder),
            str(path),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        made = folder / f"{path.stem}.pdf"
        text = subprocess.run(
            ["pdftotext", "-layout", str(made), "-"], check=True, capture_output=True
        ).stdout
        whole = text.decode("utf-8").split("\f")[:-1]
        lines = [[re.sub(r"\s+", "", line) for line in page.splitlines() if line.strip()] for page in whole]
        numbers = [
            next((m[1] for line in page if (m := re.fullmatch(r"—(\w+)—", line))), "") for page in lines
        ]
        # the header is the first line of a page but of the cover
        body = [
            [line for line in page[number != "" :] if not re.fullmatch(r"—\w+—", line)]
            for page, number in zip(lines, numbers, strict=True)
        ]
        return Laid(body, numbers)

    return laid
