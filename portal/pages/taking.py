"""One step of a form as it was sent: what it makes of the form, what is wrong with it, and what stood in its boxes."""

from __future__ import annotations

from typing import Any

from flask import request

from portal.catalogue import find
from portal.catalogue.definitions import Catalogue, Field, Service
from portal.errors import Invalid, NotFound
from portal.intake import answers as rules
from portal.intake import filling
from portal.intake.filling import REACH, WORDS
from portal.intake.receive import TEXT_LIMIT, contact_of
from portal.intake.saving import Place
from portal.pages import questions, speech
from portal.pages.opening import the_portal
from portal.views.danger import emergency

CONTACT = ("name", "email", "phone", "address")


def taken(typed: dict[str, Any], step: str, place: Place) -> tuple[dict[str, Any], dict[str, str], Any]:
    """The form after that step, what is wrong with it by box, and what was typed into the boxes. NotFound for a step it does not have."""
    catalogue = the_portal().catalogue
    if step not in filling.steps(catalogue, typed, place.facts):
        raise NotFound
    seen = [*(one for one in typed["seen"] if one != step), step]
    after = {**typed, "seen": seen, "rough": {name: one for name, one in typed.get("rough", {}).items() if name != step}}
    if step == REACH:
        given = {name: request.form.get(name, "").strip() for name in CONTACT}
        try:
            return {**after, "contact": contact_of(given)}, {}, given
        except Invalid as wrong:
            return typed, {one["pointer"].rpartition("/")[2]: _contact_advice(one["pointer"]) for one in wrong.errors}, given
    if step == WORDS:
        text = request.form.get("words", "")
        fault = _words_fault(text)
        return (typed if fault else {**after, "text": text}), {"words": fault} if fault else {}, text
    service = filling.service_of(catalogue, typed)
    assert service is not None
    return _answered(after, typed, service, next(one for one in service.fields if one.id == step), place)


def _answered(after: dict[str, Any], typed: dict[str, Any], service: Service, field: Field, place: Place) -> tuple[dict[str, Any], dict[str, str], Any]:
    others = {name: value for name, value in typed["answers"].items() if name != field.id}
    # An answer that makes others needless may stand beside them for a moment: it is judged without those that follow it.
    before = {one.id for one in service.fields[: service.fields.index(field)]}
    value, fault = questions.checked(service, {name: one for name, one in others.items() if name in before} | _said(field), place.facts, field)
    if fault:
        return typed, {field.id: fault}, questions.typed_in(field, request.form)
    answers = filling.still_asked(service, others if value is None else {**others, field.id: value}, place.facts)
    left = {name: one for name, one in after.get("unfit", {}).items() if name != field.id}
    return {**after, "answers": answers, **({"unfit": left} if "unfit" in after else {})}, {}, None


def put_down(typed: dict[str, Any], step: str, boxes: Any) -> dict[str, Any]:
    """The form with what stood in the boxes of a step that cannot be taken yet: who comes back finds it there."""
    plain = "\x00" not in str(boxes.values() if isinstance(boxes, dict) else boxes)
    return {**typed, "rough": {**typed.get("rough", {}), step: boxes}} if plain and len(str(boxes)) <= TEXT_LIMIT else typed


def in_boxes(typed: dict[str, Any], step: str, field: Field | None) -> Any:
    """What stands in the boxes of a step: what was put down, what was answered, or what no longer fits."""
    if step in typed.get("rough", {}):
        return typed["rough"][step]
    if field is None:
        return typed["text"] or "" if step == WORDS else typed["contact"]
    if step in typed["answers"]:
        return questions.boxes(field, typed["answers"][step])
    old = typed.get("unfit", {}).get(step)
    return old if isinstance(old, str) and field.type not in ("date", "choices", "boolean") else questions.boxes(field, None)


def danger(catalogue: Catalogue, typed: dict[str, Any]) -> dict[str, str] | None:
    """The number that helps, at once, where anything typed speaks of danger."""
    service = filling.service_of(catalogue, typed)
    said = [typed["text"] or "", *(one for one in typed["answers"].values() if isinstance(one, str))]
    if not (service and service.danger) and not any(find.danger(catalogue, one) for one in said):
        return None
    return emergency(catalogue, service.agency if service else catalogue.triage.agency, speech.language(), alerted=False)


def _said(field: Field) -> dict[str, Any]:
    value = questions.read(field, request.form)
    return {} if value is None else {field.id: value}


def _words_fault(text: str) -> str | None:
    try:
        rules.plain(text, limit=TEXT_LIMIT)
    except rules.Wrong:
        return speech.words("Shorten this to %(n)s characters, without signs that cannot be printed.") % {"n": TEXT_LIMIT}
    return None if text.strip() else speech.words("Tell us in a sentence what it is about.")


def _contact_advice(pointer: str) -> str:
    if pointer.endswith("email"):
        return speech.words("Enter an e-mail address such as name@example.org.")
    if pointer.endswith("phone"):
        return speech.words("Enter a telephone number with its country, such as +32 2 123 45 67.")
    return speech.words("Shorten this to %(n)s characters, without signs that cannot be printed.") % {"n": 500}
