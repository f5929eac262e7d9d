"""What the dataclasses of definitions ask for, from their annotations: the one place that looks at types, so that a new field is one edit."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Slot:
    """One field of a dataclass as an author meets it."""

    name: str
    shape: Shape
    #: No default: the key must be written, and a list or mapping may not be empty.
    required: bool
    default: Any = None


@dataclass(frozen=True)
class Shape:
    """A type: `form` says which of the other members count."""

    form: Literal["str", "int", "float", "bool", "any", "choice", "list", "map", "text", "object"]
    #: Of a choice.
    choices: tuple[str, ...] = ()
    #: Of the items of a list, of the values of a map.
    inside: Shape | None = None
    #: Of an object.
    type: Any = None


_PLAIN: dict[Any, Literal["str", "int", "float", "bool", "any"]] = {str: "str", int: "int", float: "float", bool: "bool", Any: "any"}


def slots(cls: Any) -> dict[str, Slot]:
    """The fields of a definition's dataclass, in order, without those it computes itself."""
    return _slots(cls)


@cache
def _slots(cls: Any) -> dict[str, Slot]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: _slot(field, hints[field.name]) for field in fields(cls) if field.init}


def _slot(field: Any, hint: Any) -> Slot:
    made = field.default_factory() if field.default_factory is not MISSING else field.default
    return Slot(field.name, shape(hint), made is MISSING, None if made is MISSING else made)


def shape(hint: Any) -> Shape:
    """The shape of an annotation; TypeError for one that no definition may use."""
    if hint in _PLAIN:
        return Shape(_PLAIN[hint])
    if is_dataclass(hint):
        return Shape("object", type=hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Shape("map", inside=Shape("str"))
    if origin is Literal:
        return Shape("choice", choices=inside)
    if origin in (UnionType, Union):
        (hint,) = (arm for arm in inside if arm is not NoneType)
        return shape(hint)
    if origin is tuple and inside[1:] == (...,):
        return Shape("list", inside=shape(inside[0]))
    if origin is dict and inside == (str, str):
        return Shape("text")
    if origin is dict and inside[0] is str:
        return Shape("map", inside=shape(inside[1]))
    raise TypeError(f"a definition cannot hold {hint!r}")
