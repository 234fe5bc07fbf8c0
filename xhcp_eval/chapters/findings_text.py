"""The text file beside a pack: sentences that people have edited, never overwritten, checked against the figures.

params/texts/<pack>.yaml holds one entry a finding. What was edited is printed in place of the written sentence, marked; it has
to state the verdict and to give no number but the results. Where the figures have changed since, the report says so beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, RootModel

from xhcp_eval.chapters.findings_checked import text_faults
from xhcp_eval.chapters.findings_worded import CHAPTERS, Finding
from xhcp_eval.errors import ParamsError
from xhcp_eval.files.home import ROOT
from xhcp_eval.files.whole import whole_file
from xhcp_eval.files.yaml_door import load_yaml

TEXTS = ROOT / "params" / "texts"
_HEAD = """\
# {title}：报告里的文字。程序只在没有这个文件时写一次，以后只在末尾添上新出现的条目，不改已有的内容。
# text 可以随意改写；show: false 则不印；order 可写数字调整先后。basis 是所依据数字的指纹，请不要改：
# 数字变了，报告会在这句话旁边注明“所依据的数字已变”。改写的话须写明判定（如“难以达标”或“有风险”），
# 其中的数字须是这个目标的结果（可以四舍五入）；其余由改写的人负责，报告里注明“文字经编辑人改写”。
"""


class Entry(BaseModel):
    """One sentence as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1)
    basis: str
    show: bool = True
    order: float | None = None


class _Texts(RootModel[dict[str, Entry]]):
    """Entries by the key of their finding."""


class Sentence(NamedTuple):
    """A sentence as it is printed. edited: by a person. remarks: what a reader has to know of it, Chinese."""

    finding: Finding
    text: str
    edited: bool
    remarks: tuple[str, ...]


def text_file(pack: str, folder: Path = TEXTS) -> Path:
    """Path of the text file of a pack."""
    return folder / f"{pack}.yaml"


def write_texts(title: str, findings: list[Finding], path: Path) -> int:
    """Write the file, or add entries for findings that it doesn't have; returns how many were written.

    What stands in it stays to the letter, comments too. Raises ParamsError for a file that can't be read.
    """
    known = read_texts(path)
    new = [one for one in findings if one.key not in known]
    if not new:
        return 0
    old = path.read_text(encoding="utf-8") if path.is_file() else _HEAD.format(title=title)
    with whole_file(path) as unfinished:
        unfinished.write_text(old.rstrip("\n") + "\n" + _entries(new), encoding="utf-8", newline="\n")
    return len(new)


def read_texts(path: Path) -> dict[str, Entry]:
    """Entries of a text file by key; none if there is no file. Raises ParamsError naming key and field."""
    if not path.is_file():
        return {}
    return load_yaml(path, _Texts, "文字文件", empty=True).root


def checked_texts(path: Path, findings: list[Finding]) -> dict[str, Entry]:
    """Entries of a text file, each edited one held against the verdict and figures of its finding.

    Raises ParamsError for a file that can't be read, and with all faults at once where a text says other than the verdict
    or gives other numbers than the results. One whose figures have changed since it was edited is for `sentences`.
    """
    entries = read_texts(path)
    faults = [
        f"{one.key} / text：{fault}"
        for one in findings
        if (entry := entries.get(one.key)) is not None and entry.show and entry.basis == one.digest
        for fault in _faults(entry, one)
    ]
    if faults:
        raise ParamsError(f"文字文件 {path.name} 里改写的话不能用：", faults)
    return entries


def sentences(findings: list[Finding], entries: dict[str, Entry], chapter: str) -> list[Sentence]:
    """What a chapter prints, in order: edited texts where there are some, with remarks.

    chapter: key of `CHAPTERS`. entries: of `checked_texts`. A text that doesn't keep to the figures, which have changed since, isn't
    printed: the written one stands, and the remark says why. Raises KeyError for an unknown chapter.
    """
    CHAPTERS[chapter]
    shown = []
    for number, finding in enumerate(one for one in findings if one.chapter == chapter):
        entry = entries.get(finding.key)
        if entry is not None and not entry.show:
            continue
        order = number if entry is None or entry.order is None else entry.order
        shown.append((order, _sentence(finding, entry)))
    return [one for _, one in sorted(shown, key=lambda pair: pair[0])]


def _faults(entry: Entry, finding: Finding) -> list[str]:
    return [] if entry.text.strip() == finding.text else text_faults(entry.text, finding)


def _sentence(finding: Finding, entry: Entry | None) -> Sentence:
    if entry is None or entry.text.strip() == finding.text:
        return Sentence(finding, finding.text, False, ())
    if faults := _faults(entry, finding):
        told = f"所依据的数字在改写后已变，改写的文字未采用：{'；'.join(faults)}"
        return Sentence(finding, finding.text, False, (told,))
    changed = f"所依据的数字在改写后已变，请复核；现在程序写的是：{finding.text}"
    return Sentence(finding, entry.text.strip(), True, () if entry.basis == finding.digest else (changed,))


def _entries(findings: list[Finding]) -> str:
    parts = []
    for chapter, title in CHAPTERS.items():
        mine = [one for one in findings if one.chapter == chapter]
        if mine:
            values = {one.key: {"text": one.text, "basis": one.digest} for one in mine}
            text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=10_000)
            parts.append(f"\n# {title}\n{text}")
    return "".join(parts)
