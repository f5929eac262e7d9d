"""JSON Schema (2020-12) of definitions, from their dataclasses: for editors. What it cannot say (references, soundness) `portal check` does.

Descriptions are the docstrings of the classes and the `#:` comments above their fields.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, Arm, Journey, Letter, Next, Service, Table
from portal.catalogue.fact_names import FACTS
from portal.catalogue.languages import REQUIRED
from portal.catalogue.purposes import PURPOSES
from portal.catalogue.shapes import Shape, Slot, slots

KINDS: dict[str, Any] = {"agency": Agency, "service": Service, "journey": Journey, "table": Table, "letter": Letter}
#: Beyond it no number of a definition goes.
_LARGEST = 2**53
_LANGUAGES = "^[a-z]{2,3}$"
#: Slots whose texts have a form of their own, by class and name; all other ids are those of definitions.
_PATTERNS = {
    ("Field", "id"): syntax.FIELD,
    ("Option", "id"): syntax.WORD,
    **dict.fromkeys([("Standard", "within"), ("Step", "reply_within"), ("PauseRule", "within"), ("Extension", "within"), ("Referrals", "within")], syntax.TERM),
    **dict.fromkeys([("Step", "lasts"), ("Step", "within"), ("Until", "plus"), ("Until", "minus"), ("Remedy", "within")], syntax.TERM),
    **dict.fromkeys([("Step", "event"), ("Step", "journey"), ("Step", "service")], syntax.ID),
    **dict.fromkeys([("Escalation", "after"), ("Consequence", "undo_within")], syntax.TERM),
    ("Standard", "cutoff"): syntax.TIME,
    ("Agency", "currency"): "[A-Z]{3}",
    ("Fee", "currency"): "[A-Z]{3}",
    **dict.fromkeys([("Input", "id"), ("Output", "id")], syntax.FIELD),
}
#: Lists of texts with a form of their own.
_ITEMS = {("Step", "outcomes"): syntax.WORD, ("Matters", "purposes"): "|".join(PURPOSES)}
#: Texts that are one of these.
_WORDS = {("Standard", "profile"): syntax.PROFILES, ("Remedy", "profile"): syntax.PROFILES, ("Field", "fact"): tuple(FACTS)}
_LEAST = {
    ("Letter", "version"): 1,
    ("Service", "version"): 1,
    ("Journey", "version"): 1,
    ("Step", "needs"): 1,
    ("Step", "most"): 1,
    ("Arm", "at_most"): 1,
    ("Field", "max_length"): 1,
    ("Fee", "amount"): 0,
}
_COMMENT = re.compile(r"((?:^ +#:.*\n)+)^ +(\w+):", re.MULTILINE)


def schema(kind: str) -> dict[str, Any]:
    """The schema of one kind: `agency`, `service`, `journey`, `table` or `letter`."""
    known: dict[str, Any] = {}
    cls = KINDS[kind]
    whole = _class(cls, known)
    del known[cls.__name__]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": cls.__name__,
        **whole,
        "$defs": {**{name: known[name] for name in sorted(known)}, "Text": _text()},
    }


def _class(cls: Any, known: dict[str, Any]) -> dict[str, Any]:
    if cls is Next:
        return known.setdefault("Next", _next())  # type: ignore[no-any-return]
    if cls.__name__ not in known:
        known[cls.__name__] = {}
        said, parts = _comments(cls), slots(cls)
        known[cls.__name__] = {
            "description": " ".join((cls.__doc__ or "").split()),
            "type": "object",
            "additionalProperties": False,
            "required": [slot.name for slot in parts.values() if slot.required and slot.shape.type is not Next],
            "properties": {name: _slot(cls, slot, said.get(name), known) for name, slot in parts.items()},
        }
    return known[cls.__name__]  # type: ignore[no-any-return]


def _slot(cls: Any, slot: Slot, said: str | None, known: dict[str, Any]) -> dict[str, Any]:
    found = _shape(slot.shape, known)
    where = cls.__name__, slot.name
    if slot.shape.form in ("list", "map") and slot.required:
        found |= {"minItems" if slot.shape.form == "list" else "minProperties": 1}
    if slot.shape.form == "str":
        pattern = _PATTERNS.get(where) or (syntax.ID if slot.name == "id" else None)
        found |= {"pattern": f"^(?:{pattern})$"} if pattern else {}
        found |= {"enum": list(_WORDS[where])} if where in _WORDS else {}
    if where in _ITEMS:
        found["items"] |= {"pattern": f"^(?:{_ITEMS[where]})$"}
    if where in _LEAST:
        found |= {"minimum": _LEAST[where]}
    if slot.default not in (None, (), {}) and not slot.required and isinstance(slot.default, str | int | float):
        found |= {"default": slot.default}
    return {"description": said, **found} if said else found


def _shape(shape: Shape, known: dict[str, Any]) -> dict[str, Any]:
    match shape.form:
        case "str":
            return {"type": "string", "pattern": r"\S"}
        case "int" | "float":
            return {"type": "integer" if shape.form == "int" else "number", "minimum": -_LARGEST, "maximum": _LARGEST}
        case "bool":
            return {"type": "boolean"}
        case "choice":
            return {"enum": list(shape.choices)}
        case "text":
            return {"$ref": "#/$defs/Text"}
        case "object":
            _class(shape.type, known)
            return {"$ref": f"#/$defs/{shape.type.__name__}"}
        case "list" | "map" if shape.inside is not None:
            inside = _shape(shape.inside, known)
            return {"type": "array", "items": inside} if shape.form == "list" else {"type": "object", "additionalProperties": inside}
    return {"type": ["string", "number", "boolean"]}


def _text() -> dict[str, Any]:
    one = {"type": "string", "pattern": r"\S"}
    says = "A text in each language: language code (BCP 47) -> text."
    return {"description": says, "type": "object", "required": list(REQUIRED), "propertyNames": {"pattern": _LANGUAGES}, "additionalProperties": one}


def _next() -> dict[str, Any]:
    """As `portal.catalogue.read.read_next` reads it."""
    to = {"type": "string", "pattern": r"\S"}
    known: dict[str, Any] = {}
    arm = {**_class(Arm, known), "description": "A way on, where a condition or a limit goes with it."}
    arm["properties"] = {name: said for name, said in arm["properties"].items() if name != "outcome"}
    return {
        "description": "Where a case goes after a step; left out: to its end.",
        "oneOf": [
            {"description": "One way: a step, or `end`.", **to},
            {"description": "All of these at once.", "type": "array", "minItems": 1, "items": to},
            {"description": "The first whose condition holds and whose limit is not reached.", "type": "array", "minItems": 1, "items": arm},
            {
                "description": "By the outcome of the step.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [to, arm, {"type": "array", "minItems": 1, "items": {"anyOf": [to, arm]}}]},
            },
        ],
    }


@cache
def _comments(cls: Any) -> dict[str, str]:
    """Field -> the `#:` comment above it."""
    found = (match.groups() for match in _COMMENT.finditer(inspect.getsource(cls)))
    return {name: " ".join(line.strip().removeprefix("#:").strip() for line in lines.strip().splitlines()) for lines, name in found}
