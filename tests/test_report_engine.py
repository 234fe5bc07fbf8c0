"""The fork engine gives what papermill's own gives, and survives what notebooks do to it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import PapermillExecutionError

from xhcp_eval.pack import open_pack, save_pack
from xhcp_eval.params import NOTEBOOKS
from xhcp_eval.provenance import ROOT
from xhcp_eval.report import engine
from xhcp_eval.report.execute import Job
from xhcp_eval.report.render import Page, make_shell

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="no fork on this system: the standard engine is used"
)

# One cell a trait of a kernel's outputs.
CELLS = (
    "print('a'); print('b')\nimport sys; print('c', file=sys.stderr)\nprint('d')",
    "1 + 1",
    "None",
    "from IPython.display import display, HTML, clear_output, update_display\ndisplay(HTML('<b>x</b>')); display({'a': 1})\n'last'",
    "handle = display('first', display_id='one')",
    "update_display('second', display_id='one')",
    "print('gone'); clear_output(); print('kept')",
    "print('gone'); clear_output(wait=True); print('kept')",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(2, 1)); ax.plot([1, 2]);",
    "import pandas as pd\npd.DataFrame({'甲': [1.5, None]})",
    "_ + 1 if isinstance(_, int) else type(_).__name__",
    "get_ipython().__class__.__mro__[-1].__name__, __name__",
    "!echo shell",
    "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "%%capture held\nprint('held')",
    "held.stdout",
)


def write(path: Path, *sources: str, tags=()) -> Path:
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    notebook.cells = [nbformat.v4.new_markdown_cell("# x"), *(nbformat.v4.new_code_cell(s) for s in sources)]
    for number, tag in tags:
        notebook.cells[number + 1].metadata["tags"] = [tag]
    nbformat.write(notebook, path)
    return path


def run(path: Path, name: str | None = "fork", **options):
    out = path.with_name(f"{name}.ipynb")
    papermill.execute_notebook(path, out, engine_name=name, progress_bar=False, **options)
    return nbformat.read(out, as_version=4)


def merged(outputs) -> list[dict]:
    """Outputs with all pieces of a stream in one: a kernel sends its two streams in no fixed order."""
    streams: dict[str, dict] = {}
    found: list[dict] = []
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name]["text"] += output.text
            continue
        found.append(json.loads(json.dumps(output)))
        if output.output_type == "stream":
            streams[output.name] = found[-1]
    return sorted(found, key=lambda o: o.get("name", ""))


@pytest.fixture(scope="module", autouse=True)
def loaded():
    engine.preload()


def test_outputs_equal_those_of_the_standard_engine(tmp_path):
    path = write(tmp_path / "in.ipynb", *CELLS)
    ours, theirs = run(path), run(path, None)
    for mine, other in zip(ours.cells, theirs.cells, strict=True):
        if mine.cell_type == "code":
            assert merged(mine.outputs) == merged(other.outputs), mine.source
            assert mine.execution_count == other.execution_count
            assert set(mine.metadata.papermill) == set(other.metadata.papermill)
            assert mine.metadata.papermill.status == "completed"
    assert ours.metadata.language_info == theirs.metadata.language_info
    assert set(ours.metadata.papermill) == set(theirs.metadata.papermill)


@pytest.fixture(scope="module")
def pack():
    return open_pack("national_hindcast_2015")


def test_our_own_notebook_comes_out_the_same(tmp_path, pack):
    save_pack(pack, tmp_path / "snapshot")
    parameters = {"pack": "national_hindcast_2015", "snapshot": str(tmp_path / "snapshot")}
    copy = tmp_path / "in.ipynb"
    copy.write_bytes((NOTEBOOKS / "20_overview.ipynb").read_bytes())
    ours, theirs = (run(copy, name, parameters=parameters) for name in ("fork", None))
    assert [c.get("outputs") for c in ours.cells] == [c.get("outputs") for c in theirs.cells]
    assert any("image/svg" in str(c.get("outputs")) or "<svg" in str(c.get("outputs")) for c in ours.cells)


def test_a_failing_cell_leaves_an_error_notebook(tmp_path):
    path = write(tmp_path / "in.ipynb", "x = 1", "1 / 0", "x")
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        run(path)
    cells = [c for c in nbformat.read(tmp_path / "fork.ipynb", as_version=4).cells if c.cell_type == "code"]
    assert [c.metadata.papermill.status for c in cells] == ["completed", "failed", "pending"]
    assert cells[1].outputs[0].ename == "ZeroDivisionError"


def test_tags_are_heeded(tmp_path):
    """A cell that may raise doesn't stop the run; papermill itself fails such a notebook in the end."""
    path = write(
        tmp_path / "in.ipynb",
        "1 / 0",
        "raise SystemError",
        "'after'",
        tags=[(0, "raises-exception"), (1, "skip-execution")],
    )
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        run(path)
    cells = [c for c in nbformat.read(tmp_path / "fork.ipynb", as_version=4).cells if c.cell_type == "code"]
    assert cells[0].outputs[0].output_type == "error" and not cells[1].outputs
    assert cells[2].outputs[0].data["text/plain"] == "'after'"


def test_syntax_errors_and_exits_are_failures(tmp_path):
    with pytest.raises(PapermillExecutionError, match="SyntaxError"):
        run(write(tmp_path / "in.ipynb", "1 +"))
    with pytest.raises(DeadKernelError):
        run(write(tmp_path / "in.ipynb", "import os; os._exit(3)"))
    with pytest.raises(DeadKernelError):
        run(write(tmp_path / "in.ipynb", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))


def test_limits(tmp_path):
    path = write(tmp_path / "in.ipynb", "import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(CellTimeoutError):
        run(path, execution_timeout=1)
    with pytest.raises(CellTimeoutError):
        run(path, time_limit=1)
    assert time.monotonic() - started < 10
    greedy = write(tmp_path / "greedy.ipynb", "held = bytearray(2_000_000_000)")
    with pytest.raises(PapermillExecutionError, match="MemoryError"):
        run(greedy, memory_limit=500)
    assert run(write(tmp_path / "modest.ipynb", "len(bytearray(50_000_000))"), memory_limit=500)


def test_a_notebook_sees_nothing_of_another_and_leaves_nothing(tmp_path):
    import numpy as np

    np.random.seed(1)
    state, environment, folder = np.random.get_state()[1].tolist(), dict(os.environ), Path.cwd()
    path = write(
        tmp_path / "in.ipynb",
        "import os, sys, numpy as np\nassert 'secret' not in globals()\nsecret = 1\nos.environ['XHCP_LEFT'] = '1'\nos.chdir('/')\n"
        "sys.modules['left'] = os\nnp.random.random()",
    )
    drawn = {run(path).cells[-1].outputs[0].data["text/plain"] for _ in range(3)}
    assert len(drawn) == 3  # not the parent's chance, which would be the same for all
    assert (
        np.random.get_state()[1].tolist() == state
        and dict(os.environ) == environment
        and Path.cwd() == folder
    )
    assert "left" not in sys.modules


def test_no_zombie_and_no_open_file_is_left(tmp_path):
    path = write(tmp_path / "in.ipynb", "1")
    me = psutil.Process()
    children, files = set(me.children()), me.num_fds()
    for _ in range(12):
        run(path)
    assert set(me.children()) <= children  # a zombie would still be one
    assert me.num_fds() <= files + 1


def test_the_switch_falls_back_to_the_standard_engine(tmp_path, monkeypatch):
    path = write(tmp_path / "in.ipynb", "import os; os.getppid()")
    forked = int(run(path).cells[-1].outputs[0].data["text/plain"])
    monkeypatch.setenv(engine.SWITCH, "papermill")
    assert not engine.can_fork()
    fallen = run(path, cwd=str(tmp_path))
    assert forked == os.getpid()
    assert fallen.cells[-1].outputs[0].output_type == "execute_result"
    assert "execution" in fallen.cells[-1].metadata  # nbclient's own record of times


def jobs(folder: Path, pack, *sources: str) -> list[Job]:
    shell = make_shell(pack)
    return [
        Job(
            Page(f"p{n}", f"页{n}"),
            shell,
            write(folder / f"s{n}.ipynb", source),
            folder / f"e{n}.ipynb",
            folder / f"{n}.html",
            {},
        )
        for n, source in enumerate(sources)
    ]


def test_many_at_once_in_their_order_and_one_that_dies(tmp_path, pack):
    told = []
    given = jobs(tmp_path, pack, "'eins'", "import os; os.killpg(0, 9)", "1 / 0", "'vier'")
    done = engine.run_forked(given, 2, told.append)
    assert [one.page.name for one in done] == ["p0", "p1", "p2", "p3"]
    assert done[0].failure == done[3].failure == ""
    assert "意外退出" in done[1].failure and "ZeroDivisionError" in done[2].failure
    assert len(told) == 4
    assert "eins" in (tmp_path / "0.html").read_text(encoding="utf-8")


def test_interruption_ends_the_children(tmp_path):
    script = f"""
import sys, threading, os, signal, time
sys.path.insert(0, {str(ROOT)!r}); sys.path.insert(0, {str(ROOT / "tests")!r})
from pathlib import Path
from test_report_engine import jobs
from xhcp_eval.pack import open_pack
from xhcp_eval.report import engine
pack = open_pack("national_hindcast_2015")
given = jobs(Path({str(tmp_path)!r}), pack, *["import os, time; print(os.getpid()); time.sleep(300)"] * 2)
engine.preload()
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
threading.Timer(2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    engine.run_forked(given, 2, print)
except KeyboardInterrupt:
    time.sleep(0.5)
    print("children left:", [p for p in Path("/proc").glob("[0-9]*/status") if f"PPid:\\t{{os.getpid()}}" in p.read_text()])
"""
    out = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=240, check=True
    )
    assert "children left: []" in out.stdout
