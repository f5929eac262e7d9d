"""A YAML tree as a definition: one function for all kinds. Every fault is noted and reading goes on with a stand-in, so that one run finds all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from portal.catalogue.definitions import Arm, Next
from portal.catalogue.faults import instead
from portal.catalogue.languages import REQUIRED, is_language
from portal.catalogue.shapes import Shape, Slot, slots
from portal.catalogue.tree import Mapping, Node, Scalar, Sequence

T = TypeVar("T")
#: Stands where the ways on could not be read.
NO_WAY = Next("all", ())
#: Notes a fault: `say(node, message)`.
Say = Callable[[Node, str], None]

_WANTED = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "list": "a list",
    "map": "a mapping",
    "any": "one value",
    "text": "a text in each language",
}
_STAND_IN: dict[str, Any] = {"str": "", "int": 0, "float": 0.0, "bool": False, "choice": "", "list": (), "map": {}, "text": {}, "any": None, "object": None}


def read(cls: type[T], node: Mapping, say: Say) -> T:
    """The definition in that mapping. Where a fault was noted, a stand-in (empty, or None) is in its place: check the faults before use."""
    known = slots(cls)
    for name, key in node.keys.items():
        if name not in known:
            say(key, f"unknown key `{name}`: {instead(name, known, what='known here are')}")
    return cls(**{slot.name: _slot(slot, node, say) for slot in known.values()})


def _slot(slot: Slot, node: Mapping, say: Say) -> Any:
    if slot.name in node.values:
        if is_empty(node.values[slot.name]):
            # The place of an empty value is where the next token begins, perhaps lines below: the key is what people look for.
            say(node.keys[slot.name], f"`{slot.name}` is empty: write a value, or leave the line out")
            return stand_in(slot.shape)
        return _value(slot.shape, slot.name, node.values[slot.name], say, filled=slot.required)
    if slot.shape.type is Next:
        return Next("all", (Arm("end"),))
    if slot.required:
        say(node, f"`{slot.name}` is missing: write {_example(slot)}")
        return stand_in(slot.shape)
    return slot.default


def is_empty(node: Node) -> bool:
    """Nothing, or `null`, where a value belongs."""
    return isinstance(node, Scalar) and node.value is None


def stand_in(shape: Shape) -> Any:
    """What takes the place of a value with a fault: empty, so that rules pass it over. None in the place of an object."""
    return NO_WAY if shape.type is Next else _STAND_IN[shape.form]


def _example(slot: Slot) -> str:
    form = slot.shape.form
    if form == "choice":
        return f"`{slot.name}: ...` with one of " + ", ".join(f"`{choice}`" for choice in slot.shape.choices)
    if form == "text":
        return f"`{slot.name}:` with a text for each of " + ", ".join(f"`{language}`" for language in REQUIRED)
    return f"`{slot.name}: ...` with {_WANTED.get(form, 'its keys below it')}"


def _value(shape: Shape, name: str, node: Node, say: Say, *, filled: bool = False) -> Any:
    if is_empty(node):
        say(node, f"`{name}` is empty: write a value, or leave it out")
        return stand_in(shape)
    if shape.type is Next:
        return read_next(node, say)
    value = _FORMS[shape.form](shape, name, node, say)
    if filled and shape.form in ("list", "map") and not value and isinstance(node, Sequence | Mapping) and not _length(node):
        say(node, f"`{name}` is empty: write at least one")
    return value


def _length(node: Sequence | Mapping) -> int:
    return len(node.items) if isinstance(node, Sequence) else len(node.values)


def _wrong(shape: Shape, name: str, node: Node, say: Say) -> Any:
    got = f"`{_short(node.text)}`" if isinstance(node, Scalar) else "a list" if isinstance(node, Sequence) else "a mapping"
    quotes = f': put it in quotes, `"{_short(node.text)}"`' if shape.form == "str" and isinstance(node, Scalar) else ""
    say(node, f"`{name}` must be {_WANTED.get(shape.form, 'a mapping')}, not {got}{quotes}")
    return _STAND_IN[shape.form]


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "..."


def _str(shape: Shape, name: str, node: Node, say: Say) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return _wrong(shape, name, node, say)
    if not node.value.strip():
        say(node, f"`{name}` is an empty text: write something, or leave the line out")
        return ""
    return node.value


def _number(shape: Shape, name: str, node: Node, say: Say) -> Any:
    number = node.value if isinstance(node, Scalar) else None
    if isinstance(number, bool) or not isinstance(number, int if shape.form == "int" else int | float):
        return _wrong(shape, name, node, say)
    if abs(number) > 2**53:
        say(node, f"`{name}` is larger than any number here may be (2^53)")
        return _STAND_IN[shape.form]
    return number if shape.form == "int" else float(number)


def _bool(shape: Shape, name: str, node: Node, say: Say) -> Any:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, bool) else _wrong(shape, name, node, say)


def _any(shape: Shape, name: str, node: Node, say: Say) -> Any:
    return node.value if isinstance(node, Scalar) else _wrong(shape, name, node, say)


def _choice(shape: Shape, name: str, node: Node, say: Say) -> Any:
    word = node.text if isinstance(node, Scalar) else ""
    if word not in shape.choices:
        say(node, f"`{name}` cannot be `{_short(word)}`: {instead(word, shape.choices)}")
        return ""
    return word


def _list(shape: Shape, name: str, node: Node, say: Say) -> Any:
    if not isinstance(node, Sequence):
        return _wrong(shape, name, node, say)
    assert shape.inside is not None
    items = [_value(shape.inside, f"an item of {name}", item, say) for item in node.items]
    return tuple(item for item in items if item is not None)


def _map(shape: Shape, name: str, node: Node, say: Say) -> Any:
    if not isinstance(node, Mapping):
        return _wrong(shape, name, node, say)
    assert shape.inside is not None
    return {key: _value(shape.inside, f"{name}.{key}", value, say) for key, value in node.values.items()}


def _text(shape: Shape, name: str, node: Node, say: Say) -> Any:
    if not isinstance(node, Mapping):
        return _wrong(shape, name, node, say)
    for language in REQUIRED:
        if language not in node.values:
            say(node, f"`{name}` has no text in `{language}`: write `{language}: ...` here")
    for language, key in node.keys.items():
        if not is_language(language):
            say(key, f"`{language}` is not a language code: write two or three small letters, such as `en`")
    return {language: _value(Shape("str"), f"{name}.{language}", value, say) for language, value in node.values.items()}


def _object(shape: Shape, name: str, node: Node, say: Say) -> Any:
    return read(shape.type, node, say) if isinstance(node, Mapping) else _wrong(shape, name, node, say)


def read_next(node: Node, say: Say) -> Next:
    """`next:` of a step: a step id or `end`; a list of ids (all of them at once); a list of `{when, to}` (the first that holds); a mapping outcome -> step."""
    if not isinstance(node, Scalar) and not _length(node):
        say(node, "`next` names nothing: write a step, or leave the line out for `end`")
        return NO_WAY
    if isinstance(node, Mapping):
        return Next("outcome", tuple(arm for outcome, to in node.values.items() for arm in _by_outcome(outcome, to, say)))
    if isinstance(node, Scalar):
        return Next("all", (Arm(_str(Shape("str"), "next", node, say)),))
    if all(isinstance(item, Mapping) for item in node.items):
        return Next("first", tuple(_arm(item, say) for item in node.items if isinstance(item, Mapping)))
    if all(isinstance(item, Scalar) for item in node.items):
        return Next("all", tuple(Arm(_str(Shape("str"), "next", item, say)) for item in node.items))
    say(node, "`next` mixes steps and conditions: write either a list of step ids (all of them) or a list of `{when: ..., to: ...}` (the first that holds)")
    return NO_WAY


def _by_outcome(outcome: str, node: Node, say: Say) -> list[Arm]:
    """A step, a way with a limit (`{to, at_most}`), or a list of such ways: the first that can be taken."""
    items = node.items if isinstance(node, Sequence) else [node]
    if not items:
        say(node, f"outcome `{outcome}` leads nowhere: write a step, or `end`")
    return [
        replace(_arm(item, say), outcome=outcome) if isinstance(item, Mapping) else Arm(_str(Shape("str"), "next", item, say), outcome=outcome)
        for item in items
    ]


def _arm(node: Mapping, say: Say) -> Arm:
    known = {name: slot for name, slot in slots(Arm).items() if name != "outcome"}
    for name, key in node.keys.items():
        if name not in known:
            say(key, f"unknown key `{name}`: {instead(name, known, what='known here are')}")
    if "to" not in node.values:
        say(node, "`to` is missing: write `to: STEP` or `to: end`")
    said = {name: _value(slot.shape, name, node.values[name], say) for name, slot in known.items() if name in node.values}
    return Arm(**{"to": "", **said})


_FORMS: dict[str, Callable[[Shape, str, Node, Say], Any]] = {
    "str": _str,
    "int": _number,
    "float": _number,
    "bool": _bool,
    "any": _any,
    "choice": _choice,
    "list": _list,
    "map": _map,
    "text": _text,
    "object": _object,
}
