"""Journeys inside journeys, and services that are parts of a life event: what a journey may begin, and what it asks for altogether."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from portal.catalogue.definitions import Field, Journey, Service, Step
from portal.catalogue.ways import END

#: How a step of kind `journey` ends that was passed over, and one whose part the party took back.
NOT_NEEDED, WITHDRAWN = "not-needed", "withdrawn"

Journeys = Mapping[str, Journey]
Services = Mapping[str, Service]


def closure(journey: Journey, journeys: Journeys) -> list[Journey]:
    """A journey and those that run inside it on the same service, each once. What is not there is passed over."""
    found: dict[str, Journey] = {}
    left = [journey]
    while left:
        one = left.pop(0)
        if one.id not in found:
            found[one.id] = one
            left += [journeys[step.journey] for step in one.steps if step.journey and step.journey in journeys]
    return list(found.values())


def whole(journey: Journey, journeys: Journeys) -> Journey:
    """The journey with the steps of those inside it as well: what promises, costs and fields of its service are about."""
    inside = closure(journey, journeys)
    return journey if len(inside) == 1 else replace(journey, steps=tuple(step for one in inside for step in one.steps))


def parts(journey: Journey, journeys: Journeys) -> list[Step]:
    """The steps that begin a service of their own."""
    return [step for step in whole(journey, journeys).steps if step.service]


def outcomes(journey: Journey) -> set[str]:
    """All the outcomes a run of it may have."""
    decided = {outcome for step in journey.steps if step.kind == "decide" for outcome in step.outcomes}
    return decided if decided and not _undecided(journey) else decided | {journey.outcome}


def _undecided(journey: Journey) -> bool:
    """Whether some way leads from the start to the end past no decision."""
    by_id = {step.id: step for step in journey.steps}
    left, seen = [journey.start], set[str]()
    while left:
        id = left.pop()
        if id == END:
            return True
        step = by_id.get(id)
        if step is not None and id not in seen and step.kind != "decide":
            seen.add(id)
            left += [arm.to for arm in step.ways]
    return False


def ends(step: Step, journeys: Journeys, services: Services) -> set[str]:
    """All the ways a step of kind `journey` can end; none where what it begins could not be read."""
    service = services.get(step.service or "")
    child = journeys.get(service.journey if service else step.journey or "")
    if child is None:
        return set()
    return outcomes(child) | ({WITHDRAWN} if step.service else set()) | ({NOT_NEEDED} if step.when else set())


def circle(journey: Journey, journeys: Journeys, services: Services) -> list[str]:
    """The way round by which a journey would begin itself: ids of journeys, it first and last. None: an empty list."""
    left: list[list[str]] = [[journey.id]]
    seen = set[str]()
    while left:
        way = left.pop()
        for child in _begun(journeys.get(way[-1]), services):
            if child == journey.id:
                return [*way, child]
            if child not in seen:
                seen.add(child)
                left.append([*way, child])
    return []


def _begun(journey: Journey | None, services: Services) -> Iterator[str]:
    for step in journey.steps if journey else ():
        if step.journey:
            yield step.journey
        elif step.service and step.service in services:
            yield services[step.service].journey


def asked_once(service: Service, journeys: Journeys, services: Services) -> tuple[Field, ...]:
    """The service's own fields, and those of its parts, each id once: asked where its own service would ask it and its part may be needed.

    What one of them needs is needed; lengths and numbers are as narrow as the narrowest. Where two do not agree on what is asked, the first stands:
    see `disagree`.
    """
    found: dict[str, list[tuple[Field, str | None]]] = {}
    for field, when in _asked(service, journeys, services):
        found.setdefault(field.id, []).append((field, when))
    return tuple(_merged(several) for several in found.values())


def disagree(service: Service, journeys: Journeys, services: Services) -> Iterator[tuple[Field, Field, str]]:
    """Pairs of fields of one id that are not the same question, and the part the second is of."""
    first: dict[str, Field] = {field.id: field for field in service.fields}
    journey = journeys.get(service.journey)
    for step in parts(journey, journeys) if journey else ():
        part = services.get(step.service or "")
        for field in part.fields if part else ():
            known = first.setdefault(field.id, field)
            if (known.type, {option.id for option in known.options}) != (field.type, {option.id for option in field.options}):
                yield known, field, step.service or ""


def _asked(service: Service, journeys: Journeys, services: Services) -> Iterator[tuple[Field, str | None]]:
    yield from ((field, field.when) for field in service.fields)
    journey = journeys.get(service.journey)
    for step in parts(journey, journeys) if journey else ():
        part = services.get(step.service or "")
        for field in part.fields if part else ():
            yield field, f"({step.when}) && ({field.when})" if step.when and field.when else step.when or field.when


def _merged(several: list[tuple[Field, str | None]]) -> Field:
    field, _ = several[0]
    whens = list(dict.fromkeys(when for _, when in several))
    when = None if None in whens else whens[0] if len(whens) == 1 else " || ".join(f"({one})" for one in whens)
    least = [one.minimum for one, _ in several if one.minimum is not None]
    most = [one.maximum for one, _ in several if one.maximum is not None]
    return replace(
        field,
        required=any(one.required for one, _ in several),
        max_length=min(one.max_length for one, _ in several),
        minimum=max(least, default=None),
        maximum=min(most, default=None),
        when=when,
        fact=next((one.fact for one, _ in several if one.fact), None),
        script=next((one.script for one, _ in several if one.script), None),
    )


def pins(journey: Journey, journeys: Journeys, services: Services, hashes: Mapping[tuple[str, str], str]) -> dict[str, str] | None:
    """`journey/ID` and `service/ID` -> hash, of all a run of it may begin, now or later. None where it begins nothing."""
    found: dict[str, str] = {}
    left = closure(journey, journeys)[1:]
    for step in parts(journey, journeys):
        service = services[step.service or ""]
        found[f"service/{service.id}"] = hashes["service", service.id]
        left += closure(journeys[service.journey], journeys)
    found |= {f"journey/{one.id}": hashes["journey", one.id] for one in left}
    return found or None
