"""Schemas shared by resources; each refuses members it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import marshmallow
from marshmallow import INCLUDE, RAISE, fields, validate

#: A language code as definitions use it (BCP 47, primary subtag).
LANGUAGE = validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="Send a BCP 47 language code such as `en`.")


#: Control characters other than tab and line ends are never part of free words (portal/intake/answers.py).
_PRINTABLE = validate.Regexp(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z", error="This holds a character that cannot be printed; please take it out.")


def words(most: int) -> tuple[validate.Validator, ...]:
    """Validators of free words: one character at least, `most` at most, all of which can be shown."""
    return validate.Length(1, most), _PRINTABLE


class Whole(fields.Integer):
    """An integer of a body. A number without a fraction is one however it is written (RFC 8259 knows no other kind); `true` and `"3"` are none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._validated(int(value) if isinstance(value, float) and value.is_integer() else value)


class Schema(marshmallow.Schema):
    """What comes in is known or refused."""

    class Meta:
        unknown = RAISE


class Problem(Schema):
    """RFC 9457; a type may add members of its own."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True, metadata={"format": "uri-reference", "description": "Documented at this address."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What is wrong and what to do about it."})
    instance = fields.String(required=True, metadata={"format": "uri", "description": "Number of the request; also in the portal's log."})
    retryable = fields.Boolean(required=True, metadata={"description": "The same request may be sent again."})
    retry_after = fields.Integer(metadata={"description": "Seconds to wait; also as header Retry-After."})
    errors = fields.List(fields.Nested(lambda: Fault()), metadata={"description": "One entry a fault."})


class Fault(Schema):
    """One value that cannot be taken."""

    pointer = fields.String(metadata={"format": "json-pointer", "description": "Where in the body (RFC 6901)."})
    parameter = fields.String(metadata={"description": "Which parameter of the query."})
    detail = fields.String(required=True)


def faults(messages: Any, *, location: str) -> list[dict[str, str]]:
    """marshmallow's messages as `errors` of a problem: RFC 6901 pointers into the body, names for parameters."""
    if location == "query":
        return [{"parameter": pointer[1:], "detail": detail} for pointer, detail in _flat(messages, "")]
    return [{"pointer": pointer, "detail": detail} for pointer, detail in _flat(messages, "")]


def _flat(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            yield from _flat(below, pointer if name == "_schema" else f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(messages, list):
        for one in messages:
            yield from _flat(one, pointer)
    else:
        yield pointer, str(messages)
