"""What follows when a file comes in: it is looked through; a bad one is asked for again."""

from __future__ import annotations

from uuid import UUID

from portal.cases import registry
from portal.outbox import scans
from portal.reactions.acts import tell
from portal.unit_of_work import Event, Work


def received(work: Work, events: list[Event]) -> None:
    """Nobody opens it before the scanner has looked."""
    for event in events:
        scans.place(work, event.case_id, UUID(event.data["document"]))


def scanned(work: Work, events: list[Event]) -> None:
    """Its party is told that one cannot be used, and sends another."""
    for event in events:
        if event.data["verdict"] != "clean" and event.data["sender"] == "party":
            tell(work, registry.case_of(work, event.case_id), "document-unusable")
