"""The fork engine gives what papermill's own gives, and survives what notebooks do to it."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import PapermillExecutionError
from waiting import HANG, alive, until

from xhcp_eval.pack.pack import open_pack, save_pack
from xhcp_eval.pack.params import NOTEBOOKS
from xhcp_eval.provenance import ROOT
from xhcp_eval.report.page.render import Page, make_shell
from xhcp_eval.report.run import engine
from xhcp_eval.report.run.execute import Job
from xhcp_eval.report.run.forking import end_child, fork_child

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="no fork on this system: the standard engine is used"
)


# One cell a trait of a kernel's outputs.
CELLS = (
    "print('a'); print('b')\nimport sys; print('c', file=sys.stderr)\nprint('d')",
    "1 + 1",
    "None",
    "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>')); display({'a': 1})\n'last'",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(2, 1)); ax.plot([1, 2]);",
    "import pandas as pd\npd.DataFrame({'甲': [1.5, None]})",
    "_ + 1 if isinstance(_, int) else type(_).__name__",
    "get_ipython().__class__.__mro__[-1].__name__, __name__",
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
    patient = {
        "start_timeout": HANG,
        "iopub_timeout": int(HANG),
    }  # the standard engine's kernel may take its time
    papermill.execute_notebook(path, out, engine_name=name, progress_bar=False, **patient | options)
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


def run_alone(path: Path):
    """The notebook by the engine "here", in a process that is its own."""
    pipe, pid = fork_child(lambda out: out.send(run(path, engine.HERE)))
    try:
        return pipe.recv()
    finally:
        pipe.close()
        end_child(pid)


@pytest.mark.parametrize("mine", [run, run_alone])
def test_outputs_equal_those_of_the_standard_engine(tmp_path, mine):
    path = write(tmp_path / "in.ipynb", *CELLS)
    ours, theirs = mine(path), run(path, None)
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


def test_an_error_in_a_process_of_its_own_leaves_an_error_notebook(tmp_path):
    path = write(tmp_path / "in.ipynb", "x = 1", "1 / 0", "x")
    with pytest.raises(EOFError):  # the child ended with papermill's exception
        run_alone(path)
    cells = [c for c in nbformat.read(tmp_path / "here.ipynb", as_version=4).cells if c.cell_type == "code"]
    assert [c.metadata.papermill.status for c in cells] == ["completed", "failed", "pending"]
    assert cells[1].outputs[0].ename == "ZeroDivisionError"


def test_syntax_errors_and_exits_are_failures(tmp_path):
    with pytest.raises(PapermillExecutionError, match="SyntaxError"):
        run(write(tmp_path / "in.ipynb", "1 +"))
    with pytest.raises(DeadKernelError):
        run(write(tmp_path / "in.ipynb", "import os; os._exit(3)"))
    with pytest.raises(DeadKernelError):
        run(write(tmp_path / "in.ipynb", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))


def test_limits(tmp_path):
    path = write(tmp_path / "in.ipynb", "import time; time.sleep(600)")
    with pytest.raises(CellTimeoutError):
        run(path, execution_timeout=1)
    with pytest.raises(CellTimeoutError):
        run(path, time_limit=1)
    greedy = write(tmp_path / "greedy.ipynb", "held = bytearray(2_000_000_000)")
    with pytest.raises(PapermillExecutionError, match="MemoryError"):
        run(greedy, memory_limit=500)
    assert run(write(tmp_path / "modest.ipynb", "len(bytearray(50_000_000))"), memory_limit=500)


def test_what_is_printed_goes_to_log_and_files_too(tmp_path, caplog):
    path = write(tmp_path / "in.ipynb", "import sys; print('out'); print('err', file=sys.stderr)", "40 + 2")
    with (tmp_path / "out").open("w+", encoding="utf-8") as out, caplog.at_level("INFO", "papermill"):
        run(path, log_output=True, stdout_file=out)
        out.seek(0)
        assert out.read() == "out\n"
    assert {"out\n", "err\n", "42"} <= set(caplog.messages)


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


def test_files_that_the_parent_has_open_are_out_of_reach(tmp_path):
    with (tmp_path / "log").open("w", encoding="utf-8") as log:
        log.write("held back")
        source = f"import os; os.write({log.fileno()}, b'x'); os.readlink('/proc/self/fd/{log.fileno()}')"
        cell = run(write(tmp_path / "in.ipynb", source)).cells[-1]
    assert cell.outputs[0].data["text/plain"] == "'/dev/null'"
    assert (tmp_path / "log").read_text(encoding="utf-8") == "held back"


def test_cwd_is_heeded(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    cell = run(write(tmp_path / "in.ipynb", "import os; os.getcwd()"), cwd=str(folder)).cells[-1]
    assert cell.outputs[0].data["text/plain"] == repr(str(folder))


def test_thirty_in_a_row_leave_no_zombie_no_open_file_and_no_memory(tmp_path):
    path = write(tmp_path / "in.ipynb", "held = bytearray(20_000_000)")
    me = psutil.Process()
    run(path)
    children, files, memory = set(me.children()), me.num_fds(), me.memory_info().rss
    for _ in range(29):
        run(path)
    assert set(me.children()) <= children  # a zombie would still be one
    assert me.num_fds() <= files
    assert me.memory_info().rss - memory < 20_000_000


def test_the_switch_falls_back_to_the_standard_engine(tmp_path, monkeypatch):
    path = write(tmp_path / "in.ipynb", "import os; os.getppid()")
    forked = int(run(path).cells[-1].outputs[0].data["text/plain"])
    monkeypatch.setenv(engine.SWITCH, "papermill")
    assert not engine.can_fork()
    fallen = run(path, cwd=str(tmp_path))
    assert forked == os.getpid()
    assert fallen.cells[-1].outputs[0].output_type == "execute_result"
    assert "execution" in fallen.cells[-1].metadata  # nbclient's own record of times


def jobs(folder: Path, shell, *sources: str) -> list[Job]:
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
    kill_job = "import os, psutil; os.kill(psutil.Process().ppid(), 9); import time; time.sleep(60)"
    given = jobs(
        tmp_path, make_shell(pack), "'eins'", "import os; os.killpg(0, 9)", "1 / 0", kill_job, "'fünf'"
    )
    done = engine.run_forked(given, 2, told.append)
    assert [one.page.name for one in done] == ["p0", "p1", "p2", "p3", "p4"]
    assert done[0].failure == done[4].failure == ""
    assert "意外退出" in done[1].failure and "ZeroDivisionError" in done[2].failure
    assert "进程意外退出" in done[3].failure
    assert sorted(one.page.name for one in told) == [one.page.name for one in done]
    assert "eins" in (tmp_path / "0.html").read_text(encoding="utf-8")
    assert not (tmp_path / "3.html").exists()


def test_an_error_outside_the_cells_is_a_failure_with_its_place(tmp_path, pack):
    (job,) = jobs(tmp_path, make_shell(pack), "1")
    job = replace(job, html=tmp_path / "nowhere" / "0.html")
    (done,) = engine.run_forked([job], 1, lambda _: None)
    assert "FileNotFoundError" in done.failure and ".py 第" in done.failure and "内存" not in done.failure


INTERRUPTED = r"""
import os, pickle, signal, sys, threading
from pathlib import Path
sys.path[:0] = {paths!r}
from tests.report.run.test_engine import jobs
from waiting import HANG, until
from xhcp_eval.report.run import engine, forking
forking.GRACE = HANG  # a child gets all the time it needs to end what it started
folder = Path({folder!r})
shell = pickle.loads((folder / "shell").read_bytes())
source = "import os, subprocess, time; from pathlib import Path; held = subprocess.Popen(['sleep', '900'])\n"
source += "Path({folder!r}, f'{{os.getpid()}}.pid').write_text(str(held.pid)); print('begun', flush=True); time.sleep(900)"
given = jobs(folder, shell, source, source)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
def interrupt():
    until(lambda: len([one for one in folder.glob("*.pid") if one.read_text()]) == 2)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    engine.run_forked(given, 2, print)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_interruption_ends_the_children_and_theirs_and_leaves_nothing_half_written(tmp_path, pack):
    (tmp_path / "shell").write_bytes(pickle.dumps(make_shell(pack)))
    script = INTERRUPTED.format(paths=[str(ROOT), str(ROOT / "tests")], folder=str(tmp_path))
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=2 * HANG)
    assert not out.returncode, out.stderr
    assert out.stdout == "interrupted\n"
    begun = [int(number) for one in tmp_path.glob("*.pid") for number in (one.stem, one.read_text())]
    assert len(begun) == 4
    until(lambda: not any(map(alive, begun)))
    assert not list(tmp_path.glob("*.html"))
    for path in tmp_path.glob("e*.ipynb"):
        nbformat.read(path, as_version=4)
