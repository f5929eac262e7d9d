"""Crash lists of channels: what machines send in, and what a caseworker lets everybody see."""

from __future__ import annotations

from typing import Any

from tests.storm.crash.doors import opened
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World


def send(world: World, path: str, **form: str) -> list[dict[str, Any]]:
    """A form to a GeoReport door. Refused for anything but 200."""
    found = world.client.post(f"/open311/v2/{path}.json", data={"api_key": "development", **form})
    if found.status_code != 200:
        raise Refused(f"{path}: {found.status_code} {found.get_data(as_text=True)[:500]}")
    told: list[dict[str, Any]] = found.json
    return told


def nothing(world: World, subject: Subject) -> None:
    """Nothing is there yet."""


def report(world: World, subject: Subject) -> None:
    """An `act`: another city's application sends a request, always under the same id of its own."""
    send(world, "requests", service_code="pothole", address_string="Rue Haute 1", description=f"about {subject.marker}", external_id=subject.key)


def update(world: World, subject: Subject) -> None:
    """An `act`: another system says what it hears of it."""
    said = {"status": "FIXED", "updated_datetime": "2026-11-22T09:00:00Z", "description": f"fixed, says {subject.marker}"}
    send(world, "servicerequestupdates", service_request_id=subject.reference, update_id=subject.key, **said)


def publish(world: World, subject: Subject) -> None:
    """An `act`: a caseworker lets everybody read what the citizen wrote."""
    world.post(subject, f"/cases/{subject.reference}/publication", world.who("roads"), {"description": True})


CHANNELS = (
    UseCase("open311-request", ("route channel_open311.create",), nothing, report),
    UseCase("open311-update", ("route channel_open311.update",), opened("pothole"), update),
    UseCase("publication", ("route publication.publish",), opened("pothole"), publish),
)
