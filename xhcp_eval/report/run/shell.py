"""Cells run in an IPython shell of this very process, their outputs kept as a kernel would have sent them."""

from __future__ import annotations

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
    """What came of one cell. outputs: nbformat outputs. count: execution count. failed: ename, evalue, traceback, or none."""

    outputs: list[dict]
    count: int | None
    failed: tuple[str, str, list[str]] | None
    updates: dict[str, tuple[dict, dict]]


class _Recorder:
    """Outputs of the running cell; displays that are updated later, by their id."""

    def __init__(self) -> None:
        self.outputs: list[dict] = []
        self.updates: dict[str, tuple[dict, dict]] = {}
        self.clear_next = False

    def add(self, output: dict) -> None:
        if self.clear_next:
            self.outputs.clear()
            self.clear_next = False
        self.outputs.append(output)

    def write(self, name: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs and not self.clear_next else None
        if last is not None and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.add({"output_type": "stream", "name": name, "text": text})


class _Stream:
    """Standard output or error of a cell."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, name: str, recorder: _Recorder) -> None:
        self.name, self._recorder = f"<{name}>", recorder
        self._kind = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._recorder.write(self._kind, text)
        return len(text)

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


def make_runner() -> Callable[[str], Ran]:
    """A fresh shell and the function that runs a cell's source in it.

    The shell takes the place of any that this process has: to be called in a process of its own.
    """
    from IPython.core.interactiveshell import InteractiveShell

    recorder = _Recorder()
    InteractiveShell.clear_instance()
    shell = _shell_class(recorder).instance(config=_config())
    sys.stdout, sys.stderr = _Stream("stdout", recorder), _Stream("stderr", recorder)
    _inline_figures(shell)

    def run(source: str) -> Ran:
        recorder.outputs, recorder.updates, recorder.clear_next = [], {}, False
        count = shell.execution_count
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        failed = next(
            (
                (o["ename"], o["evalue"], o["traceback"])
                for o in recorder.outputs
                if o["output_type"] == "error"
            ),
            None,
        )
        if error is not None and failed is None:
            failed = (type(error).__name__, str(error), [])
        return Ran(recorder.outputs, count, failed, recorder.updates)

    return run


def _config():
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "Linux"
    return config


def _shell_class(recorder: _Recorder) -> type:
    """An IPython shell that hands displays, results and errors to the recorder, encoded as a kernel does."""
    from ipykernel.jsonutil import encode_images, json_clean
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, *, transient=None, update=False, **_) -> None:
            bundle = json_clean(encode_images(data)), json_clean(metadata or {})
            name = (transient or {}).get("display_id")
            if update:
                recorder.updates[name] = bundle
                for output in recorder.outputs:
                    if output.get("_display_id") == name:
                        output["data"], output["metadata"] = bundle
                return
            mark = {"_display_id": name} if name else {}
            recorder.add({"output_type": "display_data", "data": bundle[0], "metadata": bundle[1], **mark})

        def clear_output(self, wait=False) -> None:
            if wait:
                recorder.clear_next = True
            else:
                recorder.outputs.clear()

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            self._result: dict = {}

        def write_format_data(self, format_dict, md_dict=None) -> None:
            self._result = {
                "data": json_clean(encode_images(format_dict)),
                "metadata": json_clean(md_dict or {}),
            }

        def finish_displayhook(self) -> None:
            if self._result.get("data"):
                recorder.add(
                    {"output_type": "execute_result", "execution_count": self.prompt_count, **self._result}
                )

    class Shell(InteractiveShell):
        display_pub_class = Publisher
        displayhook_class = Hook

        def _showtraceback(self, etype, evalue, stb) -> None:
            recorder.add(
                {
                    "output_type": "error",
                    "ename": etype.__name__,
                    "evalue": str(evalue),
                    "traceback": list(stb),
                }
            )

        def init_history(self) -> None:
            super().init_history()
            self.configurables.append(self.history_manager)

        def system(self, cmd):  # as a kernel: through pipes, so that what it prints is an output
            self.user_ns["_exit_code"] = self.system_piped(cmd)

    return Shell


def _inline_figures(shell) -> None:
    """Figures that a cell leaves open are shown after it, as in a notebook."""
    import matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    matplotlib.use("module://matplotlib_inline.backend_inline", force=True)
    configure_inline_support(shell, "inline")
