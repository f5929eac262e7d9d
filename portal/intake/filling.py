"""A form while it is filled, whoever fills it and where: which questions are asked, which are still open, and what fits its definition as it is now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Catalogue, Field, Service
from portal.catalogue.languages import labelled, say
from portal.errors import Invalid
from portal.intake import answers as rules

#: Names of steps that are no questions of the service; ids of fields have no colon, and `catalogue/syntax` refuses `check`.
WORDS, REACH, EARLIER, CHECK = "your:words", "your:contact", "your:earlier", "check"


@dataclass(frozen=True)
class Unfit:
    """An answer that was given once and cannot be taken as it stands. `asked`: its question is asked again."""

    field: str
    label: dict[str, str]
    value: Any
    asked: bool


def blank(service: str | None, text: str | None) -> dict[str, Any]:
    """A form nobody has filled yet."""
    return {"service": service, "text": text, "answers": {}, "contact": {}, "seen": []}


def service_of(catalogue: Catalogue, filled: Mapping[str, Any]) -> Service | None:
    """The service it is for; None for words alone, and where there is no such service any more."""
    found = catalogue.services.get(filled["service"] or "")
    return None if found is None or found.triage else found


def asked(service: Service, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Field]:
    """Questions that are asked after these answers, in order."""
    kinds = typed(service.fields)
    return [field for field in service.fields if applies(field.when, kinds, {**facts, "answers": dict(answers)})]


def still_asked(service: Service, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without those to questions that are not asked any more after the others."""
    left = dict(answers)
    while True:
        names = {field.id for field in asked(service, left, facts)}
        if names >= left.keys():
            return left
        left = {name: value for name, value in left.items() if name in names}


def steps(catalogue: Catalogue, filled: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Steps of the form as its answers stand."""
    service = service_of(catalogue, filled)
    own = [field.id for field in asked(service, filled["answers"], facts)] if service else [WORDS]
    return [*([EARLIER] if filled.get("earlier") else []), *own, REACH]


def following(catalogue: Catalogue, filled: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """The first step not seen yet; then everything is read over."""
    return next((step for step in steps(catalogue, filled, facts) if step not in filled["seen"]), CHECK)


def reused(filled: Mapping[str, Any]) -> dict[str, str]:
    """Field -> reference of the matter its answer comes from, of those that were not answered otherwise since."""
    return {name: one["reference"] for name, one in filled.get("reuse", {}).items() if filled["answers"].get(name) == one["value"]}


def without_reused(filled: Mapping[str, Any]) -> dict[str, Any]:
    """The form without what was to be taken over from other matters: it is asked."""
    gone = reused(filled)
    answers = {name: value for name, value in filled["answers"].items() if name not in gone}
    return {**filled, "answers": answers, "reuse": {}, "seen": [step for step in filled["seen"] if step not in gone]}


def labelled_answers(catalogue: Catalogue, filled: Mapping[str, Any]) -> dict[str, Any]:
    """The form with the titles of its questions, so that an answer can be named when its question is gone."""
    service = service_of(catalogue, filled)
    if service is None:
        return dict(filled)
    titles = {"": service.title} | {field.id: field.title for field in service.fields if field.id in filled["answers"]}
    return {**filled, "labels": {**filled.get("labels", {}), **{id: dict(title) for id, title in titles.items()}}}


def fitted(catalogue: Catalogue, filled: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The form as its definition is today. What no longer fits is set apart under `unfit`, and what is asked anew is a step not seen yet."""
    if not filled["service"]:
        return dict(filled)
    service = service_of(catalogue, filled)
    if service is None:
        return _in_words(filled, str(facts["language"]))
    good, bad = _sorted(service, filled["answers"], facts)
    unfit = {name: value for name, value in {**filled.get("unfit", {}), **bad}.items() if name not in good}
    if not unfit and not filled.get("unfit"):
        return {**filled, "answers": good}
    return {**filled, "answers": good, "seen": [step for step in filled["seen"] if step not in bad], "unfit": unfit}


def _sorted(service: Service, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers that are taken as they stand, and the others."""
    good: dict[str, Any] = {}
    for field in service.fields:
        if field.id not in answers:
            continue
        try:
            good |= rules.checked(service, {**good, field.id: answers[field.id]}, facts=facts, complete=False)
        except Invalid:
            continue
    return good, {name: value for name, value in answers.items() if name not in good}


def answered(service: Service, filled: Mapping[str, Any], given: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The form with these answers in it; None takes one out. Invalid for those that cannot be taken; what is needless after them goes."""
    wanted = {name: value for name, value in {**filled["answers"], **given}.items() if value is not None}
    good, bad = _sorted(service, wanted, facts)
    wrong = {name: value for name, value in bad.items() if name in given}
    if wrong:
        names = {field.id for field in service.fields[: max((at for at, field in enumerate(service.fields) if field.id in wrong), default=0)]}
        rules.checked(service, {name: value for name, value in good.items() if name in names} | wrong, facts=facts, complete=False)
        raise Invalid(errors=[{"pointer": f"/answers/{name}", "detail": rules.NOT_ASKED} for name in wrong])
    left = {name: value for name, value in filled.get("unfit", {}).items() if name not in given}
    seen = [*(step for step in filled["seen"] if step not in given), *(name for name in good if name in given)]
    return {**filled, "answers": good, "seen": seen, "unfit": left}


def _in_words(filled: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A form whose service is offered no more goes on as words, with all that was answered in them."""
    labels = filled.get("labels", {})
    lines = [filled["text"] or "", *([say(labels[""], language)] if "" in labels else [])]
    lines += [f"{labelled(say(labels.get(id, {'en': id}), language), language)} {_said(value)}" for id, value in filled["answers"].items()]
    text = "\n".join(line for line in lines if line)
    return {**filled, "service": None, "text": text, "answers": {}, "seen": [REACH] if REACH in filled["seen"] else [], "unfit": {}, "gone": True}


def unfit(catalogue: Catalogue, filled: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Unfit]:
    """Answers that do not fit any more, as people are told of them."""
    service = service_of(catalogue, filled)
    names = {field.id: field for field in asked(service, filled["answers"], facts)} if service else {}
    labels = filled.get("labels", {})
    return [Unfit(id, labels.get(id, {"en": id}), _said(value), id in names) for id, value in filled.get("unfit", {}).items()]


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
