"""The pure part of publishing: definitions as canonical JSON with its hash, and back. What was stored once must load for ever.

A field at its default is left out of the JSON, so that a new field with a default changes no hash. Hence a rule for definitions.py:
every new field has a default, and a default never changes its meaning; another meaning is another field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Literal, TypeVar, overload

from portal.catalogue.definitions import Agency, Journey, Letter, Service, Stored
from portal.catalogue.shapes import Shape, slots

#: The versions of packages and of the zone database that a calendar's body was made with. It is stored and has no say in the hash: machines with
#: other versions that come to the same days agree, and an upgrade that moves no day is no new version of the calendar.
MADE_WITH = "made_with"

Kind = Literal["agency", "service", "journey", "calendar", "letter"]
T = TypeVar("T")


def canonical(body: Any) -> bytes:
    """Its one JSON text: sorted keys, no blanks, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def stored(
    agencies: Iterable[Agency],
    services: Iterable[Service],
    journeys: Iterable[Journey],
    calendars: Mapping[str, dict[str, Any]],
    letters: Iterable[Letter] = (),
) -> tuple[Stored, ...]:
    """Rows of table `definitions`, by kind and id. The version of what has no number of its own is the start of its hash."""
    rows = [row("agency", agency.id, "", plain(agency)) for agency in agencies]
    rows += [row("service", service.id, str(service.version), plain(service)) for service in services]
    rows += [row("journey", journey.id, str(journey.version), plain(journey)) for journey in journeys]
    rows += [row("calendar", id, "", body) for id, body in calendars.items()]
    rows += [row("letter", letter.id, str(letter.version), plain(letter)) for letter in letters]
    return tuple(sorted(rows, key=lambda row: (row.kind, row.id)))


def row(kind: Kind, id: str, version: str, body: dict[str, Any]) -> Stored:
    said = {key: value for key, value in body.items() if key != MADE_WITH} if kind == "calendar" else body
    hash = sha256(canonical(said)).hexdigest()
    return Stored(hash, kind, id, version or hash[:12], body)


def plain(value: Any) -> Any:
    """A definition as JSON values; fields at their default are left out."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, str | int | float) or value is None:
        return value
    written = ((slot, getattr(value, slot.name)) for slot in slots(type(value)).values())
    return {slot.name: plain(item) for slot, item in written if slot.required or item != slot.default}


@overload
def from_stored(kind: Literal["agency"], body: dict[str, Any]) -> Agency: ...
@overload
def from_stored(kind: Literal["service"], body: dict[str, Any]) -> Service: ...
@overload
def from_stored(kind: Literal["journey"], body: dict[str, Any]) -> Journey: ...
@overload
def from_stored(kind: Literal["calendar"], body: dict[str, Any]) -> dict[str, Any]: ...
@overload
def from_stored(kind: Literal["letter"], body: dict[str, Any]) -> Letter: ...
@overload
def from_stored(kind: Kind, body: dict[str, Any]) -> Agency | Service | Journey | Letter | dict[str, Any]: ...
def from_stored(kind: Kind, body: dict[str, Any]) -> Agency | Service | Journey | Letter | dict[str, Any]:
    """The definition as it was published. Keys that are no longer known are passed over: they had no say in what is left."""
    match kind:
        case "agency":
            return rebuilt(Agency, body)
        case "service":
            return rebuilt(Service, body)
        case "journey":
            return rebuilt(Journey, body)
        case "letter":
            return rebuilt(Letter, body)
        case _:
            return body


def rebuilt(cls: type[T], body: Mapping[str, Any]) -> T:
    """A definition of that class, or another dataclass of the same shapes, from its JSON values."""
    return cls(**{slot.name: _value(slot.shape, body[slot.name]) for slot in slots(cls).values() if slot.name in body})


def _value(shape: Shape, value: Any) -> Any:
    if value is None:
        return None
    if shape.form == "object":
        return rebuilt(shape.type, value)
    if shape.inside is not None and shape.form == "list":
        return tuple(_value(shape.inside, item) for item in value)
    if shape.inside is not None and shape.form == "map":
        return {key: _value(shape.inside, item) for key, item in value.items()}
    return float(value) if shape.form == "float" else value
