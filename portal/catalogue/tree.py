"""YAML text into a tree that knows its positions: strict YAML 1.2 core scalars, no anchors, no tags, bounded size and depth.

Why not ruamel.yaml: its round-trip loader needs 2-4 s for 8,000 lines, and the web starts with this. libyaml (through PyYAML's parser) gives the
same events with exact marks some fifty times faster; only its scalar rules are YAML 1.1 (`no` is false, `0123` is 83), so they are not used:
scalars are resolved here by the core schema of YAML 1.2.2, section 10.3.2. The tree is built from events with a stack, never by recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from portal.catalogue.faults import Fault

#: Bytes.
MAX_SIZE = 1 << 20
#: Mappings and sequences inside one another.
MAX_DEPTH = 32

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: U+0085, U+2028 and U+2029 end a line in YAML 1.1 and in libyaml, not in YAML 1.2: refused, so that nothing depends on it.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)


class Scalar:
    """A single value; `text` as it was written, `inset` columns after its place (0 plain, 1 in quotes, None for `|` and `>` blocks)."""

    __slots__ = ("column", "inset", "line", "text", "value")

    def __init__(self, line: int, column: int, value: str | int | float | bool | None, text: str, inset: int | None = 0) -> None:
        self.line, self.column, self.value, self.text, self.inset = line, column, value, text, inset


class Sequence:
    """A list."""

    __slots__ = ("column", "items", "line")

    def __init__(self, line: int, column: int) -> None:
        self.line, self.column = line, column
        self.items: list[Node] = []

    def take(self, node: Node) -> None:
        """Append an item."""
        self.items.append(node)


class Mapping:
    """Keys (always as text) with their places, and values."""

    __slots__ = ("_key", "column", "faults", "keys", "line", "values")

    def __init__(self, line: int, column: int, faults: list[tuple[int, int, str]]) -> None:
        self.line, self.column, self.faults = line, column, faults
        self.keys: dict[str, Scalar] = {}
        self.values: dict[str, Node] = {}
        self._key: Scalar | None = None

    def take(self, node: Node) -> None:
        """Keys and values come in turn, as in the file. The first of two equal keys stays."""
        if self._key is None:
            self._key = node if isinstance(node, Scalar) else Scalar(node.line, node.column, "", "")
            if not isinstance(node, Scalar):
                self.faults.append((node.line, node.column, "a key is a plain word, not a list or a mapping"))
            return
        key, self._key = self._key, None
        if key.text in self.keys:
            self.faults.append((key.line, key.column, f"`{key.text}` stands here twice (first in line {self.keys[key.text].line}): keep one"))
            return
        self.keys[key.text], self.values[key.text] = key, node


Node = Scalar | Sequence | Mapping


class Stop(Exception):
    """The rest of the file cannot be read."""


def resolve(text: str) -> str | int | float | bool | None:
    """A plain scalar by the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        # Python refuses to read integers of thousands of digits; no definition needs one.
        return text if len(text) > 40 else int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text) if _FLOAT.fullmatch(text) and len(text) <= 40 and text.strip("+-")[:2].lower() not in (".i", ".n") else text


def parse(file: str, raw: bytes) -> tuple[Node | None, list[Fault]]:
    """The tree of a file, or None where it cannot be read; never raises on any bytes."""
    found: list[tuple[int, int, str]] = []
    root: Node | None = None
    try:
        root = _build(_events(_text(raw, found), found), found)
    except Stop:
        pass
    except RecursionError:  # only with the pure Python parser, where libyaml is missing
        found.append((1, 1, f"more than {MAX_DEPTH} levels inside one another: write it flatter"))
    return root, [Fault(file, *fault) for fault in found]


def _text(raw: bytes, found: list[tuple[int, int, str]]) -> str:
    if len(raw) > MAX_SIZE:
        found.append((1, 1, f"the file has {len(raw):,} bytes; at most {MAX_SIZE:,} are taken: split it"))
        raise Stop
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        found.append((*_place(before, len(before)), "this is not UTF-8: save the file as UTF-8"))
        raise Stop from None
    bad = _UNPRINTABLE.search(text)
    if bad:
        found.append((*_place(text, bad.start()), f"the character U+{ord(bad.group()):04X} is not taken: delete it"))
        raise Stop
    return text


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


def _events(text: str, found: list[tuple[int, int, str]]) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        found.append((*place, f"this is not YAML: {error.problem or error.context}. Check indentation, quotes and colons here and one line above"))
        raise Stop from None
    except yaml.YAMLError as error:
        found.append((1, 1, f"this is not YAML: {' '.join(str(error).split())}"))
        raise Stop from None


def _build(events: Iterator[Any], found: list[tuple[int, int, str]]) -> Node | None:
    stack: list[Sequence | Mapping] = []
    root: Node | None = None
    for event in events:
        kind = type(event)
        if kind in (yaml.SequenceEndEvent, yaml.MappingEndEvent):
            stack.pop()
            continue
        if kind not in (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent, yaml.AliasEvent):
            continue
        node = _node(event, kind, found)
        if stack:
            stack[-1].take(node)
        elif root is None:
            root = node
        else:
            found.append((node.line, node.column, "a second document begins above: one file holds one definition"))
            raise Stop
        if not isinstance(node, Scalar):
            stack.append(node)
            if len(stack) > MAX_DEPTH:
                found.append((node.line, node.column, f"more than {MAX_DEPTH} levels inside one another: write it flatter"))
                raise Stop
    if root is None:
        found.append((1, 1, "the file is empty: write a definition, or delete it"))
    return root


def _node(event: Any, kind: Any, found: list[tuple[int, int, str]]) -> Node:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if event.anchor is not None:
        found.append((line, column, "anchors and aliases (`&`, `*`) are not taken: write the value out, or put quotes round it"))
        raise Stop
    if event.tag is not None:
        found.append((line, column, "tags (`!...`) are not taken: leave the tag out, or put quotes round the value"))
        raise Stop
    if kind is yaml.SequenceStartEvent:
        return Sequence(line, column)
    if kind is yaml.MappingStartEvent:
        return Mapping(line, column, found)
    if event.implicit[0]:
        return Scalar(line, column, resolve(event.value), event.value)
    return Scalar(line, column, event.value, event.value, 1 if event.style in ("'", '"') else None)
