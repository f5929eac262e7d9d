"""Conditions of a whole catalogue, compiled on the fields of each service that meets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from portal.catalogue.conditions import Typed, WrongCondition, compiled, listed, typed, typed_for
from portal.catalogue.definitions import Catalogue, Journey
from portal.catalogue.documents import Path, Positions
from portal.catalogue.faults import Fault
from portal.catalogue.inside import closure


def check_conditions(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """A fault for each condition with a typo, a wrong type, or that is not true or false."""
    for service in catalogue.services.values():
        fields = typed(service.fields)
        for index, field in enumerate(service.fields):
            if field.when is not None and (wrong := _wrong(field.when, fields)):
                yield positions.fault("service", service.id, ("fields", index, "when"), f"this condition cannot be used: {wrong}", column=wrong.column)
        told = typed_for(service)
        for journey in closure(catalogue.journeys[service.journey], catalogue.journeys):
            for at, step in enumerate(journey.steps):
                if step.each is not None and (wrong := _wrong(step.each, told, listed)):
                    says = f"this list cannot be used with service `{service.id}`: {wrong}"
                    yield positions.fault("journey", journey.id, ("steps", at, "each"), says, column=wrong.column)
            for path, when in _conditions(journey):
                if wrong := _wrong(when, told):
                    says = f"this condition cannot be used with service `{service.id}`: {wrong}"
                    yield positions.fault("journey", journey.id, path, says, column=wrong.column)


def _conditions(journey: Journey) -> Iterator[tuple[Path, str]]:
    for at, step in enumerate(journey.steps):
        if step.when is not None:
            yield ("steps", at, "when"), step.when
        for nth, arm in enumerate(step.next.arms):
            if arm.when is not None:
                yield ("steps", at, "next", "arms", nth, "when"), arm.when


def _wrong(expression: str, fields: Typed, compile: Callable[[str, Typed], Any] = compiled) -> WrongCondition | None:
    try:
        compile(expression, fields)
    except WrongCondition as wrong:
        return wrong
    return None
