"""Answers against the fields of a service: the same rules and messages on every channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers

from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Field, Service
from portal.errors import Invalid

_MAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+")
#: Control characters other than tab and line ends are never part of an answer.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


#: Said of an answer to a question that is not asked.
NOT_ASKED = "This question is not asked after your other answers; leave it out."


class Wrong(ValueError):
    """What to send instead."""


def checked(service: Service, answers: Mapping[str, Any], *, facts: Mapping[str, Any], complete: bool, at: str = "/answers") -> dict[str, Any]:
    """The answers, cleaned. `complete`: required ones must be there. Raises Invalid with one error an answer.

    `facts`: what conditions may name beside the answers. A question whose condition is false is not asked, and its answer refused.
    """
    fields = {field.id: field for field in service.fields}
    errors = [
        {"pointer": f"{at}/{_escaped(name)}", "detail": f"{service.id} asks no question of that name; it asks {', '.join(fields) or 'none'}."}
        for name in answers
        if name not in fields
    ]
    taken: dict[str, Any] = {}
    for field in service.fields:
        given = answers.get(field.id)
        if given is None or given == "" or given == []:
            continue
        try:
            taken[field.id] = CHECKS[field.type](field, given)
        except Wrong as wrong:
            errors.append({"pointer": f"{at}/{field.id}", "detail": str(wrong)})
    kinds = typed(service.fields)
    for field in service.fields:
        asked = applies(field.when, kinds, {**facts, "answers": taken})
        if not asked and field.id in taken:
            errors.append({"pointer": f"{at}/{field.id}", "detail": NOT_ASKED})
        elif asked and complete and field.required and answers.get(field.id) in (None, "", []):
            errors.append({"pointer": f"{at}/{field.id}", "detail": "This answer is needed."})
    if errors:
        raise Invalid(errors=errors)
    return taken


def fitting(field: Field, value: Any) -> Any:
    """A value as that question would keep it; None where it cannot be its answer."""
    try:
        return CHECKS[field.type](field, value)
    except Wrong:
        return None


def missing(service: Service, answers: Mapping[str, Any], *, facts: Mapping[str, Any]) -> list[str]:
    """Ids of required questions that are still open."""
    known, kinds = {**facts, "answers": dict(answers)}, typed(service.fields)
    return [field.id for field in service.fields if field.required and field.id not in answers and applies(field.when, kinds, known)]


def plain(text: str, *, limit: int) -> str:
    """Free words as they are kept: line ends unified; Wrong for control characters or more than `limit` characters."""
    if len(text) > limit:
        raise Wrong(f"This is longer than {limit} characters; please shorten it.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(text):
        raise Wrong("This holds a character that cannot be printed; please take it out.")
    return text


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong("Send text.")
    return plain(value, limit=field.max_length)


def _integer(field: Field, value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong("Send a whole number.")
    return _within(field, value)


def _decimal(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Wrong("Send a number.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as wrong:
        raise Wrong("Send a number, with a point before the decimals.") from wrong
    if not number.is_finite() or abs(number) >= 10**18:
        raise Wrong("Send a number of at most 18 digits.")
    _within(field, number)
    return format(number, "f")


def _within(field: Field, number: Any) -> Any:
    if field.minimum is not None and number < field.minimum:
        raise Wrong(f"Send {field.minimum} or more.")
    if field.maximum is not None and number > field.maximum:
        raise Wrong(f"Send {field.maximum} or less.")
    return number


def _date(_: Field, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) and len(value) == 10 else _no_date()
    except ValueError as wrong:
        raise Wrong("Send a date that exists, as 2026-11-22.") from wrong


def _no_date() -> str:
    raise Wrong("Send a date, as 2026-11-22.")


def _boolean(_: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("Send true or false.")
    return value


def _choice(field: Field, value: Any) -> str:
    known = [option.id for option in field.options]
    if not isinstance(value, str) or value not in known:
        raise Wrong(f"Send one of {', '.join(known)}.")
    return value


def _choices(field: Field, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Wrong("Send a list.")
    return list(dict.fromkeys(_choice(field, one) for one in value))


def email(_: Field | None, value: Any) -> str:
    """An address as it was written, without blanks around it."""
    if not isinstance(value, str) or len(value) > 254 or not value.isascii() or not _MAIL.fullmatch(value.strip()):
        raise Wrong("Send an e-mail address, as name@example.org.")
    return value.strip()


def phone(_: Field | None, value: Any, *, region: str | None = None) -> str:
    """A telephone number in E.164 form (ITU-T)."""
    try:
        number = phonenumbers.parse(value if isinstance(value, str) else "", region)
    except phonenumbers.NumberParseException as wrong:
        raise Wrong("Send a telephone number with its country, as +32 2 123 45 67.") from wrong
    if not phonenumbers.is_possible_number(number):
        raise Wrong("This telephone number is too short or too long; please check it.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


CHECKS: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "long-text": _text,
    "address": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "email": email,
    "phone": phone,
}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
