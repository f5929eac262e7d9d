"""What an office may look at somebody's other matters for: the list every look names one of."""

from __future__ import annotations

from portal.catalogue.definitions import Service
from portal.catalogue.documents import Document
from portal.catalogue.faults import instead
from portal.catalogue.known import Known

#: Id -> what it is, in English; pages say it in their languages.
PURPOSES = {
    "entitlement": "To decide what somebody is entitled to",
    "coordination": "To act together with other offices for the same person",
    "once-only": "Not to ask what is known already",
    "overlap": "To see whether the same was asked for, or given, elsewhere",
    "safeguarding": "Because somebody may be at risk",
    "complaint": "To look into a complaint",
}


def check_matters(document: Document[Service], known: Known) -> None:
    """Note every fault of the grounds in law a service names for looking at its party's other matters."""
    service = document.value
    for index, ground in enumerate(service.matters if service else ()):
        for place, purpose in enumerate(ground.purposes):
            if purpose and purpose not in PURPOSES:
                document.note(("matters", index, "purposes", place), f"there is no purpose `{purpose[:80]}`: {instead(purpose, PURPOSES)}")
            elif purpose in ground.purposes[:place]:
                document.note(("matters", index, "purposes", place), f"`{purpose}` stands here twice: leave it out once")
        for place, id in enumerate(ground.services):
            if id and id not in known.names["service"]:
                document.note(("matters", index, "services", place), f"there is no service `{id}`: {instead(id, known.names['service'])}")
