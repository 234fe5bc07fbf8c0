"""`python -m xhcp_eval <command>` from any Python: sets up .venv first where that is needed.

The commands are those of `xhcp_eval.commands.start`; `setup` and `clean` are answered here, without any dependency.
"""

from __future__ import annotations

import os
import subprocess
import sys

from xhcp_eval import bootstrap

# Commands that need what developers need.
DEVELOPERS = ("test", "lint", "lock", "environment", "browser-test", "office-test", "install-test", "bundle")


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    bootstrap.use_any_console()
    if not bootstrap.is_checkout():
        return _run_here()
    try:
        if arguments == ["clean"]:
            bootstrap.clean()
            return 0
        if arguments == ["setup"]:
            print(f"环境已就绪：{bootstrap.setup(developers=False)}")
            return 0
        if bootstrap.can_run_here():
            return _run_here()
        python = bootstrap.setup(developers=any(word in DEVELOPERS for word in arguments[:1]))
        return _run_there([str(python), "-m", "xhcp_eval.commands.start", *arguments])
    except bootstrap.SetupError as error:
        print(error, file=sys.stderr)
        return 1


def _run_here() -> int:
    """In this process; notebooks started from it must find the package as well."""
    paths = [str(bootstrap.ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    from xhcp_eval.commands.start import main as run_command

    return run_command()


def _run_there(command: list[str]) -> int:
    """In the interpreter of .venv. Not exec, which Windows lacks; Ctrl-C is the child's to answer."""
    with subprocess.Popen(command, env={**os.environ, "PYTHONUTF8": "1"}) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
