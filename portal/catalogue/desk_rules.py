"""What must hold in what caseworkers are given: checklists of steps, replies to start from, skills of queues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, Journey, Step
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.known import Known
from portal.catalogue.letters import places

T = TypeVar("T", Agency, Journey)

#: What a reply may name.
PLACES = ("reference", "service", "agency")


def check_list(document: Document[Journey], path: Path, step: Step) -> None:
    """Faults of a step's checklist."""
    _once(document, (*path, "checklist"), [one.id for one in step.checklist])


def check_desk(document: Document[Agency], known: Known) -> None:
    """Faults of an agency's replies and of the skills its queues ask for."""
    agency = document.value
    for index, queue in enumerate(agency.queues if agency else ()):
        for place, skill in enumerate(queue.skills):
            if skill and (message := syntax.bad_word(skill)):
                document.note(("queues", index, "skills", place), message)
    _once(document, ("replies",), [one.id for one in agency.replies] if agency else [])
    for index, reply in enumerate(agency.replies if agency else ()):
        for place, service in enumerate(reply.services):
            if service and service not in known.names["service"]:
                document.note(("replies", index, "services", place), f"there is no service `{service}`: {instead(service, known.names['service'])}")
        for language, text in reply.text.items():
            for _, name in places(text):
                if name not in PLACES:
                    document.note(("replies", index, "text", language), f"`{name[:40]}` is nothing a reply can name: {instead(name, PLACES)}")


def _once(document: Document[T], path: Path, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, id in enumerate(ids):
        if id and (message := syntax.bad_id(id)):
            document.note((*path, index, "id"), message)
        elif id in seen:
            document.note((*path, index, "id"), f"`{id}` stands here twice: choose another id")
        seen.add(id)
