"""What in style and script is newer than the browsers of offices (Chrome 86, of 2020): told by words of the languages.

Versions are those in which Chrome first had it (MDN's browser-compat-data, https://github.com/mdn/browser-compat-data).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tinycss2
from pygments.lexers import JavascriptLexer
from pygments.token import Comment, Literal, Name, String

OLDEST = 86
PROPERTIES = {
    "aspect-ratio": 88, "inset": 87, "inset-block": 87, "inset-inline": 87, "margin-inline": 87, "margin-block": 87,
    "padding-inline": 87, "padding-block": 87, "accent-color": 93, "text-decoration-thickness": 89, "text-underline-offset": 87,
    "scrollbar-gutter": 94, "scrollbar-color": 121, "scrollbar-width": 121, "container": 105, "container-type": 105,
    "container-name": 105, "translate": 104, "rotate": 104, "scale": 104, "text-wrap": 114, "field-sizing": 123,
    "color-scheme": 81, "anchor-name": 125, "view-transition-name": 111, "mask": 120, "hyphenate-character": 106,
    "print-color-adjust": 136, "font-palette": 101, "zoom": 1, "content-visibility": 85, "interpolate-size": 129,
}  # fmt: skip
VALUES = {
    r"\bcolor-mix\(": 111, r"\blight-dark\(": 123, r"\b(ok)?l(ab|ch)\(": 111, r"\d(dvh|svh|lvh|dvw|svw|lvw)\b": 108,
    r"\d(lh|rlh)\b": 109, r"\d(cqw|cqh|cqi|cqb)\b": 105, r"\brevert-layer\b": 99, r"\bsubgrid\b": 117, r"\bclip\b": 90,
    r"\b(round|rem|mod|sin|cos|pow|hypot)\(": 125, r"\bauto \d+px\b": 98,
}  # fmt: skip
SELECTORS = {
    r":is\(": 88, r":where\(": 88, r":has\(": 105, r":not\([^()]*,": 88, r":modal\b": 105, r":open\b": 133,
    r":user-(in)?valid\b": 119, r":popover-open\b": 114, r":nth-child\([^()]* of ": 111, r":dir\(": 120, r"(^|\s|,)&": 120,
}  # fmt: skip
AT_RULES = {
    "layer": 99,
    "container": 105,
    "scope": 118,
    "starting-style": 117,
    "position-try": 125,
    "view-transition": 126,
}
MEDIA = {r"[<>]": 104, r"prefers-contrast": 96, r"forced-colors": 89, r"scripting": 120, r"dynamic-range": 98}
# What an older browser merely does without: nothing is lost but finish.
FINISH = {"text-underline-offset", "print-color-adjust"}
METHODS = {
    "at": 92, "structuredClone": 98, "hasOwn": 93, "toSorted": 110, "toReversed": 110, "toSpliced": 110, "with": 110,
    "findLast": 97, "findLastIndex": 97, "groupBy": 117, "checkVisibility": 105, "randomUUID": 92, "showPicker": 99,
    "showPopover": 114, "hidePopover": 114, "togglePopover": 114, "withResolvers": 119, "isWellFormed": 111, "fromAsync": 121,
    "intersection": 122, "union": 122, "difference": 122, "isSubsetOf": 122, "setHTMLUnsafe": 124, "WeakRef": 84, "replaceAll": 85,
    "requestClose": 134, "moveBefore": 133, "inert": 102, "hasIndices": 90, "cause": 93,
}  # fmt: skip
SYNTAX = {
    r"\bstatic\s*\{": 94,
    r"#\w+\s+in\b": 91,
    r"\?\?=|\|\|=|&&=": 85,
    r"(?m)^\s*await\b": 89,
    r"\bimport\b.*\bwith\b": 123,
}
REGEX_FLAGS = {"d": 90, "v": 112}


def newer_style(text: str) -> list[str]:
    """What a style sheet uses that `OLDEST` hasn't, as texts; empty where an older browser shows the same."""
    return sorted(set(_rules(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True))))


def _rules(rules) -> Iterator[str]:
    for rule in rules:
        if rule.type == "error":
            yield f"not CSS: {rule.message}"
        elif rule.type == "at-rule":
            yield from _at_rule(rule)
        else:
            yield from _matches(SELECTORS, tinycss2.serialize(rule.prelude))
            yield from _declarations(rule.content)


def _at_rule(rule) -> Iterator[str]:
    if AT_RULES.get(rule.lower_at_keyword, 0) > OLDEST:
        yield f"@{rule.lower_at_keyword} ({AT_RULES[rule.lower_at_keyword]})"
    if rule.lower_at_keyword == "media":
        yield from _matches(MEDIA, tinycss2.serialize(rule.prelude))
    if rule.lower_at_keyword in ("media", "supports"):
        yield from _rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def _declarations(content) -> Iterator[str]:
    """New properties and values, but for those behind an older declaration of the same property."""
    older: set[str] = set()
    for part in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if part.type != "declaration":
            yield "a rule within a rule (120)"
            continue
        new = [*_matches(VALUES, tinycss2.serialize(part.value))]
        if PROPERTIES.get(part.lower_name, 0) > OLDEST and part.lower_name not in FINISH:
            new.append(f"{part.lower_name} ({PROPERTIES[part.lower_name]})")
        if not new:
            older.add(part.lower_name)
        elif part.lower_name not in older:
            yield from new


def newer_script(text: str) -> list[str]:
    """What a script uses that `OLDEST` hasn't, as texts; words within texts and comments don't count."""
    found, code, before = set(), [], ""
    for kind, value in JavascriptLexer().get_tokens(text):
        if kind in Comment:
            continue
        if kind in String.Regex or (kind in Literal and value.startswith("/")):
            flags = value.rpartition("/")[2]
            found |= {
                f"regular expression /{flag} ({REGEX_FLAGS[flag]})" for flag in flags if flag in REGEX_FLAGS
            }
        if kind in String:
            code.append('""')
            continue
        if (
            (kind in Name or value == "with")
            and METHODS.get(value, 0) > OLDEST
            and (before in (".", "?.") or value == "structuredClone")
        ):
            found.add(f"{value} ({METHODS[value]})")
        if value.strip():
            before = value
        code.append(value)
    return sorted(found | set(_matches(SYNTAX, "".join(code))))


def _matches(table: dict[str, int], text: str) -> Iterator[str]:
    for pattern, version in table.items():
        if version > OLDEST and re.search(pattern, text):
            yield f"{pattern} ({version})"
