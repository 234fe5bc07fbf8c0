"""One door for YAML: read safely, checked against its model, every fault told in Chinese at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from xhcp_eval.errors import ParamsError, XhcpError

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "missing": "缺少必填字段", "extra_forbidden": "不认识的字段",
    "int_parsing": "应为整数", "int_type": "应为整数", "int_from_float": "应为整数",
    "float_parsing": "应为数字", "float_type": "应为数字", "finite_number": "应为有限的数字",
    "string_type": "应为文字", "string_too_short": "不能为空", "too_short": "不能为空",
    "too_long": "项数过多", "bool_parsing": "应为 true 或 false", "bool_type": "应为 true 或 false",
    "tuple_type": "应为列表", "list_type": "应为列表", "dict_type": "应为字段和值", "model_type": "应为字段和值",
    "date_from_datetime_parsing": "应为日期，如 2026-03-31", "date_type": "应为日期，如 2026-03-31",
}  # fmt: skip
_BOUNDS = {
    "greater_than": ("gt", "大于"), "greater_than_equal": ("ge", "不小于"),
    "less_than": ("lt", "小于"), "less_than_equal": ("le", "不大于"), "string_too_long": ("max_length", "短些，字数不超过"),
}  # fmt: skip
_PATTERNS = {
    r"^(\d{4}年(\d{1,2}月(\d{1,2}日)?)?)?$": "写作 2026年3月 或 2026年3月1日",
    r"^(\d{4}年(0?[1-9]|1[0-2])月)?$": "写作 2028年6月",
    r"^((公开|内部资料|秘密|机密)(★.{1,8})?)?$": "写作 公开、内部资料、秘密 或 机密，可加期限，如 秘密★1年",
    "^[a-z0-9_]+$": "只能用小写字母、数字和下划线",
    "^[a-z][a-z0-9_.]*$": "须以小写字母开头，只用小写字母、数字、下划线和点",
}
_LONGEST = 60  # characters of a wrong value that are told
# A file may name a piece once and use it many times: few bytes, endless content. The largest plan has 20,000 pieces.
MAX_BYTES, MOST_PIECES, DEEPEST = 5_000_000, 200_000, 40
_NESTED = re.compile(rf"[\[{{](?:\s*[\[{{]){{{DEEPEST}}}")


# libyaml where yaml was built with it
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that refuses a key given twice, of which plain YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"字段 {key!r} 重复", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(
    path: Path, error: type[XhcpError] = ParamsError, empty: bool = False, what: str = ""
) -> dict[str, Any]:
    """The fields and values of a YAML file (UTF-8, with or without a byte order mark).

    what: what the file is, Chinese, for messages. error: raised, with file, line and column, for a file that is
    missing, isn't UTF-8 or YAML, has a field twice, asks for objects, or holds no fields. empty: an empty file is one
    without fields.
    """
    name = f"{what} {path.name}".strip()
    content = _loaded(path, name, error, what)
    if content is None and empty:
        return {}
    if not isinstance(content, dict):
        raise error(f"{name}：最外层应为字段和值")
    return content


def _loaded(path: Path, name: str, error: type[XhcpError], what: str) -> Any:
    """What a file holds, whatever it is; errors as for `read_yaml`, one too for a file that would never end."""
    if path.exists() and not path.is_file():
        raise error(f"{name} 不是普通文件")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise error(f"{name} 超过 {MAX_BYTES // 1_000_000} MB，不是手写的文件")
        text = path.read_text(encoding="utf-8-sig")
        if _NESTED.search(text):
            raise _endless(name, error)
        content = yaml.load(text, _Loader)
    except OSError:
        raise error(f"没有{name if what else f'文件 {name}'}{_beside(path)}") from None
    except UnicodeDecodeError as wrong:
        raise error(f"{name} 不是 UTF-8 编码（第 {wrong.start} 字节），请另存为 UTF-8") from None
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        place = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
        raise error(f"{name} {place}：YAML 语法错误，请检查缩进、冒号和引号：{wrong.problem}") from None
    except (yaml.YAMLError, TypeError, ValueError, OverflowError, RecursionError) as wrong:
        raise error(f"{name}：YAML 语法错误：{str(wrong)[:200]}") from None
    if _is_endless(content):
        raise _endless(name, error)
    return content


def _endless(name: str, error: type[XhcpError]) -> XhcpError:
    return error(f"{name}：内容过多或嵌套过深（引用展开后超过 {MOST_PIECES} 项或 {DEEPEST} 层）")


def _is_endless(content: object) -> bool:
    """Whether a document has too many pieces, each counted as often as it is used, or nests too deep."""
    left, count = [(content, 1)], 0
    while left:
        piece, depth = left.pop()
        inside = list(piece.values()) if isinstance(piece, dict) else piece if isinstance(piece, list) else ()
        count += 1 + len(inside)
        if count > 2 * MOST_PIECES or depth > DEEPEST:
            return True
        left += [(one, depth + 1) for one in inside if isinstance(one, dict | list)]
    return False


def load_yaml(
    path: Path, model: type[Model], what: str, error: type[XhcpError] = ParamsError, empty: bool = False
) -> Model:
    """A YAML file as a model. what: what the file is, Chinese. error, empty: as for `read_yaml`; raised with all faults."""
    content = read_yaml(path, error, empty, what)
    try:
        return model.model_validate(content)
    except ValidationError as wrong:
        raise error(f"{what} {path.name} 不能使用：", faults(wrong, model)) from None


def faults(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One Chinese sentence a fault: place, what is wrong, what is allowed. A value of several possible types counts once."""
    found: dict[tuple, str] = {}
    for fault in error.errors(include_url=False):
        place = [step for step in fault["loc"] if step not in ("bool", "int", "float", "str", "[key]")]
        told = " / ".join(f"第{step + 1}项" if isinstance(step, int) else str(step) for step in place)
        found.setdefault(
            tuple(place), f"{told}：{fault_text(fault, fields_at(model, place[:-1]))}".lstrip("：")
        )
    return list(found.values())


def fault_text(fault: Mapping[str, Any], allowed: Iterable[str] = ()) -> str:
    """What is wrong in one fault of pydantic, and what is allowed. allowed: names of the fields that may stand there."""
    kind, given, context = fault["type"], fault.get("input"), fault.get("ctx", {})
    if kind == "missing":
        return _WORDS[kind]
    if kind == "extra_forbidden":
        return f"{_WORDS[kind]}；{near(str(fault['loc'][-1]), allowed)}"
    if kind == "value_error":
        return str(context["error"])
    shown = repr(given) if len(repr(given)) <= _LONGEST else "所给的值"
    if kind == "literal_error":
        expected = context["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
        return f"{shown} 不在允许的范围内；允许：{expected}"
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"{shown} 格式不对；{_PATTERNS.get(pattern, '应符合 ' + pattern)}"
    if kind in _BOUNDS:
        key, word = _BOUNDS[kind]
        return f"应{word} {context[key]:g}，实为 {shown}"
    return f"{_WORDS.get(kind, fault['msg'])}，实为 {shown}"


def near(given: str, names: Iterable[str]) -> str:
    """The name that was meant, if there is one like it, and all that are allowed."""
    names = list(names)
    found = difflib.get_close_matches(given, names, 1)
    return (f"是不是 {found[0]}？" if found else "") + f"允许：{'、'.join(names) or '（无）'}"


def fields_at(model: Any, place: list) -> list[str]:
    """Names of the fields at a place within a model, as pydantic tells places: fields and positions."""
    for step in place:
        fields = getattr(model, "model_fields", {})
        kinds = [fields[step].annotation] if step in fields else []
        while kinds and not hasattr(kinds[0], "model_fields"):
            kinds = [*get_args(kinds[0]), *kinds[1:]]
        model = kinds[0] if kinds else model
    return list(getattr(model, "model_fields", {}))


def _beside(path: Path) -> str:
    others = sorted(p.name for p in path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
    return f"；同一文件夹中有：{'、'.join(others)}" if others else ""
