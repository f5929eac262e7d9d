"""Questions of a service on a page: what a browser sent made an answer, and what is wrong with it in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from werkzeug.datastructures import MultiDict

from portal.catalogue import advice as advised
from portal.catalogue.definitions import Field, Service
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.pages import speech
from portal.views.words import locale

Form = MultiDict[str, str]
PARTS = ("day", "month", "year")


def read(field: Field, form: Form) -> Any:
    """The value as intake takes it; None where nothing was said. A value that cannot be one is passed on as it was typed, and refused there."""
    if field.type == "choices":
        return form.getlist(field.id)
    if field.type == "date":
        parts = [form.get(f"{field.id}-{part}", "").strip() for part in PARTS]
        return f"{parts[2]:0>4}-{parts[1]:0>2}-{parts[0]:0>2}" if any(parts) else None
    said = form.get(field.id, "").strip()
    if not said:
        return None
    if field.type == "boolean":
        return {"yes": True, "no": False}.get(said, said)
    if field.type == "decimal":
        return said.replace(",", ".")
    return said


def typed_in(field: Field, form: Form) -> Any:
    """What stands in the boxes again after a fault: exactly what was typed."""
    if field.type == "choices":
        return form.getlist(field.id)
    if field.type == "date":
        return [form.get(f"{field.id}-{part}", "") for part in PARTS]
    return form.get(field.id, "")


def boxes(field: Field, value: Any) -> Any:
    """What stands in the boxes for an answer given before."""
    if field.type == "date":
        return list(reversed(value.split("-"))) if value else ["", "", ""]
    if field.type == "boolean":
        return {True: "yes", False: "no"}.get(value, "")
    return value if value is not None else ([] if field.type == "choices" else "")


def checked(service: Service, answers: Mapping[str, Any], facts: Mapping[str, Any], field: Field) -> tuple[Any, str | None]:
    """The answer to that question as intake keeps it, and what is wrong with it. The rules are intake's; the words are for people."""
    value = answers.get(field.id)
    if value in (None, "", []):
        return None, needed(field) if field.required else None
    try:
        return rules.checked(service, answers, facts=facts, complete=False)[field.id], None
    except Invalid as wrong:
        if any(one["pointer"] == f"/answers/{field.id}" for one in wrong.errors):
            return None, advice(field)
        raise


def needed(field: Field) -> str:
    """What to do about an answer that is not there."""
    return advised.needed(field, speech.words)


def advice(field: Field) -> str:
    """What to do about an answer that cannot be taken."""
    return advised.advice(field, speech.words)


def shown(field: Field, value: Any) -> Any:
    """An answer as people read it; None where there is none."""
    if value in (None, "", []):
        return None
    titles = {option.id: speech.told(option.title) for option in field.options}
    if field.type == "boolean":
        return speech.words("Yes") if value else speech.words("No")
    if field.type == "date":
        return format_date(date.fromisoformat(value), "long", locale=locale(speech.language()))
    if field.type == "choices":
        return [titles.get(one, one) for one in value]
    return titles.get(value, value)
