"""Cells run in an IPython shell of this very process, their outputs kept as a kernel would have sent them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

SKIP = ("skip-execution",)
RAISES = "raises-exception"
# What a Python kernel says of itself; papermill writes it into the notebook.
LANGUAGE_INFO: dict[str, Any] = {
    "name": "python", "version": sys.version.split()[0], "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3}, "pygments_lexer": "ipython3", "nbconvert_exporter": "python",
    "file_extension": ".py",
}  # fmt: skip


class Ran(NamedTuple):
    """What came of one cell. outputs: nbformat outputs. number: execution count. failed: ename, evalue, traceback, or none."""

    outputs: list[dict]
    number: int
    failed: tuple[str, str, list[str]] | None


class _Stream(io.TextIOBase):
    """Standard output or error of a cell: what is written joins the piece before, if that is of the same stream."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, name: str, outputs: list[dict]) -> None:
        self.name, self._kind, self._outputs = f"<{name}>", name, outputs

    def write(self, text: str) -> int:
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == self._kind:
            last["text"] += text
        elif text:
            self._outputs.append({"output_type": "stream", "name": self._kind, "text": text})
        return len(text)

    def writable(self) -> bool:
        return True


def make_runner() -> Callable[[str], Ran]:
    """A fresh shell and the function that runs a cell's source in it.

    It keeps what our notebooks show: printed text, displays, results, figures left open, errors. One that updates displays,
    clears output or calls the system's commands needs papermill's own engine. The shell takes the place of any that this
    process has: to be called in a process of its own.
    """
    from IPython.core.interactiveshell import InteractiveShell

    outputs: list[dict] = []
    InteractiveShell.clear_instance()
    shell = _shell_class(outputs).instance(config=_config())
    sys.stdout, sys.stderr = _Stream("stdout", outputs), _Stream("stderr", outputs)
    _inline_figures(shell)

    def run(source: str) -> Ran:
        outputs.clear()
        count = shell.execution_count
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        told = next((o for o in outputs if o["output_type"] == "error"), None)
        failed = (told["ename"], told["evalue"], told["traceback"]) if told else None
        if error is not None and told is None:
            failed = (type(error).__name__, str(error), [])
        return Ran(list(outputs), count, failed)

    return run


def _config():
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "Linux"
    return config


def _shell_class(outputs: list[dict]) -> Any:
    """An IPython shell that adds displays, results and errors to the outputs, encoded as a kernel does."""
    from ipykernel.jsonutil import encode_images, json_clean
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    def add(kind: str, data: dict, metadata: dict | None, **more) -> None:
        bundle = {"data": json_clean(encode_images(data)), "metadata": json_clean(metadata or {})}
        outputs.append({"output_type": kind, **bundle, **more})

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, source=None, **_) -> None:
            add("display_data", data, metadata)

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            """No prompt is printed."""

        def write_format_data(self, format_dict, md_dict=None) -> None:
            if format_dict:
                add("execute_result", format_dict, md_dict, execution_count=self.prompt_count)

        def finish_displayhook(self) -> None:
            """Nothing is left to be sent."""

    class Shell(InteractiveShell):
        display_pub_class = Publisher
        displayhook_class = Hook

        def _showtraceback(self, etype, evalue, stb) -> None:
            told = {"ename": etype.__name__, "evalue": str(evalue), "traceback": list(stb)}
            outputs.append({"output_type": "error", **told})

        def init_history(self) -> None:
            super().init_history()
            self.configurables.append(self.history_manager)

    return Shell


def _inline_figures(shell) -> None:
    """Figures that a cell leaves open are shown after it, as in a notebook."""
    import matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    matplotlib.use("module://matplotlib_inline.backend_inline", force=True)
    configure_inline_support(shell, "inline")
