"""The entry of `xhcp`: chooses the project before anything is read, tells faults in Chinese, keeps a log, ends with a code.

Codes: 0 all went well; 1 something is wrong with data, plan, params or the work itself; 2 the command line is wrong; 130 interrupted.
"""

from __future__ import annotations

import os
import sys

from xhcp_eval import bootstrap
from xhcp_eval.errors import XhcpError

WELL, WRONG, MISUSED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command line (default: that of this process) and return its code."""
    bootstrap.use_any_console()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        words = _choose_project(words)
        return _run(words)
    except XhcpError as error:
        print(error, file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("已中断。已完成的部分都在，再运行同一命令会接着做。", file=sys.stderr)
        return INTERRUPTED


def _choose_project(words: list[str]) -> list[str]:
    """Take `--project DIR` out of the words and name it to this process and its children, before paths are settled."""
    for place, word in enumerate(words):
        if word == "--":
            break
        if word == "--project" and place + 1 < len(words):
            os.environ["XHCP_PROJECT"] = words[place + 1]
            return words[:place] + words[place + 2 :]
        if word.startswith("--project="):
            os.environ["XHCP_PROJECT"] = word.partition("=")[2]
            return words[:place] + words[place + 1 :]
    return words


def _run(words: list[str]) -> int:
    """Run the command; what went wrong is in the log with its trace, on the console as its message alone."""
    import typer

    from xhcp_eval.commands.chinese import UsageError, told
    from xhcp_eval.commands.cli import app
    from xhcp_eval.commands.log import kept_log
    from xhcp_eval.files import home

    if home.PROJECT is not None:  # an absolute path for children, wherever they start
        os.environ[home.VARIABLE] = str(home.PROJECT)
    with kept_log(words) as log:
        try:
            code = app(words, prog_name="xhcp", standalone_mode=False)
            return int(code or WELL)
        except UsageError as error:
            print(told(error), file=sys.stderr)
            return MISUSED
        except typer.Exit as end:
            return end.exit_code
        except typer.Abort:
            raise KeyboardInterrupt from None
        except Exception:
            log.exception("stopped")
            raise


if __name__ == "__main__":
    sys.exit(main())
