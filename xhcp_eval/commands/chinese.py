"""Help and wrong use of the command line told in Chinese, which typer knows only in English."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

import typer
from typer import rich_utils
from typer.core import TyperCommand, TyperGroup

# typer shows its base class for wrong use under no name of its own
UsageError: Any = typer.BadParameter.__mro__[1]

rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
rich_utils.OPTIONS_PANEL_TITLE = "选项"
rich_utils.COMMANDS_PANEL_TITLE = "命令"
rich_utils.DEFAULT_STRING = "[默认：{}]"
rich_utils.REQUIRED_LONG_STRING = "[必填]"

_OWN_OPTIONS = {
    "install_completion": "为当前的 shell 安装命令补全",
    "show_completion": "显示补全脚本，可自行安装",
}
# What typer says of wrong use -> the same in Chinese.
_SAID = (
    (r"No such option: (\S+?)(?: \(.*\)| Did you mean .*)?\.?$", r"没有选项 \1"),
    (r"No such command '(.+)'\..*", r"没有命令 \1"),
    (r"Missing argument '(.+)'\..*", r"缺少参数 \1"),
    (r"Missing option '(.+)'\..*", r"缺少选项 \1"),
    (r"Missing command\..*", r"缺少子命令"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", r"多出的参数：\1"),
    (r"Option '(.+)' requires an argument\..*", r"选项 \1 后面要写值"),
    (r"Invalid value(?: for '(.+?)')?: Input should be a valid integer.*", r"\1：应为整数"),
    (r"Invalid value(?: for '(.+?)')?: Input should be a valid number.*", r"\1：应为数字"),
    (r"Invalid value(?: for '(.+?)')?: (.+)", r"\1：\2"),
)


def _usage(command, ctx, formatter) -> None:
    """The usage line."""
    pieces = [
        piece.replace("[OPTIONS]", "[选项]").replace("COMMAND [ARGS]...", "命令 …")
        for piece in command.collect_usage_pieces(ctx)
    ]
    formatter.write_usage(ctx.command_path, " ".join(pieces), prefix="用法：")


def _in_chinese(option):
    """`--help` with a Chinese text."""
    if option is not None:
        option.help = "显示这段帮助"
    return option


class Command(TyperCommand):
    """A command whose help is Chinese throughout."""

    def format_usage(self, ctx, formatter) -> None:
        """The usage line."""
        _usage(self, ctx, formatter)

    def get_help_option(self, ctx):
        """`--help` with a Chinese text."""
        return _in_chinese(super().get_help_option(ctx))


class Group(TyperGroup):
    """A group of commands whose help is Chinese throughout."""

    def format_usage(self, ctx, formatter) -> None:
        """The usage line."""
        _usage(self, ctx, formatter)

    def get_help_option(self, ctx):
        """`--help` with a Chinese text."""
        return _in_chinese(super().get_help_option(ctx))

    def get_params(self, ctx) -> list:
        """Parameters, typer's own with Chinese texts."""
        params = super().get_params(ctx)
        for parameter in params:
            if parameter.name in _OWN_OPTIONS:
                vars(parameter)["help"] = _OWN_OPTIONS[parameter.name]
        return params


class Checking(Group):
    """A group that takes anything but the name of a command for the argument of its command `check`."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:
        """`xhcp plan NAME` is `xhcp plan check NAME`."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", *_completing())):
            args = ["check", *args]
        return super().parse_args(ctx, args)


def _completing() -> tuple[str, ...]:
    return ("--install-completion", "--show-completion")


def told(error: Any) -> str:
    """What is wrong with a command line, in Chinese, with the nearest name and where help is."""
    message = error.format_message()
    for pattern, words in _SAID:
        if re.match(pattern, message, re.DOTALL):
            message = re.sub(pattern, words, message, flags=re.DOTALL).removeprefix("：")
            break
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "xhcp"
    return f"{message}{_near(message, ctx)}\n用法见：{path} --help"


def _near(message: str, ctx) -> str:
    """The nearest command or option to one that doesn't exist."""
    command = getattr(ctx, "command", None)
    if message.startswith("没有命令 ") and isinstance(command, TyperGroup):
        known = list(command.commands)
    elif message.startswith("没有选项 ") and command is not None:
        known = [name for parameter in command.params for name in parameter.opts]
    else:
        return ""
    found = get_close_matches(message.partition(" ")[2], known, n=1)
    return f"；是否指 {found[0]}" if found else ""
