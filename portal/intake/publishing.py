"""What a caseworker lets everybody see of a request: copied into an item of its own, so that taking it back, or erasing it, touches nothing else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.access import grants
from portal.cases import publication, registry
from portal.documents import ledger as documents
from portal.documents import pictures
from portal.errors import IllegalMove, Invalid
from portal.intake import answers as rules
from portal.unit_of_work import Row, Work
from portal.vault import items


def approve(
    work: Work,
    case_id: UUID,
    *,
    official: str,
    description: bool = False,
    words: str | None = None,
    address: bool = False,
    point: bool = False,
    media: bool = False,
) -> dict[str, Any]:
    """What is shown from now on. IllegalMove where its service is not public. `CasePublished`."""
    grants.demand_open(work, case_id, official)
    case, row = registry.case_of(work, case_id), publication.row_of(work, case_id)
    if row is None or not row["listed"]:
        raise IllegalMove("Requests for this service are shown to nobody: its definition does not say `public: true`.")
    value = {
        **({"description": _words(words) if words else _first(work, case_id, "words")} if description or words else {}),
        **({"address": _address(work, case)} if address else {}),
        **(_point(work, case_id) if point else {}),
        **(_media(work, case_id) if media else {}),
    }
    value = {name: one for name, one in value.items() if one is not None}
    item, commitment = items.put(work, case_id, "published", value) if value else (None, None)
    publication.approve(work, case, row, item=item, commitment=commitment, shown=list(value), official=official)
    return {"reference": case["reference"], "shown": sorted(value)}


def _words(words: str) -> str:
    try:
        return rules.plain(words, limit=4000)
    except rules.Wrong as wrong:
        raise Invalid(errors=[{"pointer": "/words", "detail": str(wrong)}]) from wrong


def _first(work: Work, case_id: UUID, kind: str) -> Any:
    return next(iter(items.of_kind(work, case_id, kind)), None)


def _place(work: Work, case_id: UUID) -> dict[str, Any]:
    found = _first(work, case_id, "location")
    return found if isinstance(found, dict) else {}


def _address(work: Work, case: Row) -> str | None:
    """As it was given with the request, else the answer to the one question for an address."""
    told = _place(work, case["case_id"]).get("address")
    service = work.portal.pinned(work, case["service_hash"]) if case["service_hash"] else None
    asked = [field.id for field in service.fields if field.type == "address"] if service else []
    given: dict[str, Any] = {}
    for one in items.of_kind(work, case["case_id"], "answers"):
        given |= one
    return told or (given.get(asked[0]) if len(asked) == 1 else None)


def _point(work: Work, case_id: UUID) -> dict[str, float]:
    place = _place(work, case_id)
    return {"lat": float(place["lat"]), "long": float(place["long"])} if place.get("lat") is not None and place.get("long") is not None else {}


def _media(work: Work, case_id: UUID) -> dict[str, Any]:
    """The address that was given with the request, else the first picture its party sent, as it was replaced last. NotScannedYet while it may be unsafe."""
    found = _first(work, case_id, "media")
    if isinstance(found, dict) and found.get("url"):
        return {"media_url": found["url"]}
    newest = {row["lineage"]: row for row in documents.in_hand(work, case_id) if row["sender"] == "party" and not row["original"]}
    sent = [row for row in newest.values() if row["media_type"] in pictures.SHOWN and row["status"] in ("clean", "pending")]
    if not sent:
        return {}
    documents.demand_open(sent[0])
    return {"picture": {"document": str(sent[0]["id"]), "kept_as": sent[0]["kept_as"], "media_type": sent[0]["media_type"]}}
