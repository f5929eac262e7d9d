"""Duplicates: what somebody asks for may have been asked already, near by and lately; who follows that request is counted and told all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import new as hmac_new
from math import cos, hypot, radians
from uuid import UUID

from portal.cases import publication
from portal.cases.publication import Shown
from portal.db import new_id
from portal.errors import IllegalMove, NotFound
from portal.intake.receive import contact_of
from portal.parties import register
from portal.unit_of_work import Work
from portal.vault import items

#: Requests so old are no longer taken for the same; and as far away as that, in metres, where their place is known exactly.
LATELY, NEAR = timedelta(days=30), 150.0
#: Candidates at most, and people who may follow one request.
FEW, MOST = 5, 10_000
_DEGREE = 111_320.0


@dataclass(frozen=True)
class Similar:
    """A request that may be the same: what everybody sees of it. `metres`: None where its place is told roughly only."""

    request: Shown
    metres: float | None


def similar(work: Work, service: str, *, lat: float, long: float) -> list[Similar]:
    """Open requests for the same service, near and of late; only what everybody may see is looked at. The nearest first, then those whose place is rough."""
    rows = publication.near(work, service=service, lat=lat, long=long, since=work.now - LATELY, limit=200)
    exact = items.published(work, {row.case_id: row.item for row in rows if row.item})
    found = []
    for row in rows:
        place = exact.get(row.case_id) or {}
        metres = _metres(lat, long, place["lat"], place["long"]) if place.get("lat") is not None and place.get("long") is not None else None
        if metres is None or metres <= NEAR:
            found.append(Similar(row, metres))
    return sorted(found, key=lambda one: (one.metres is None, one.metres or 0.0))[:FEW]


def follow(work: Work, reference: str, *, email: str, language: str) -> tuple[UUID, int]:
    """Somebody follows a public request: told when it ends. Id to end that by, and how many want it now. Who follows it already follows it once."""
    contact = contact_of({"email": email})
    case_id = _public(work, reference)
    work.narrow([case_id])
    row = publication.row_of(work, case_id)
    if row is None or not row["listed"]:
        raise NotFound
    if row["closed_at"] is not None:
        raise IllegalMove("This request has ended: make one of your own.")
    known = register.followers(work, case_id)
    subject = _subject(work, case_id, contact["email"])
    mine = next((one for one in known if one["subject"] == subject), None)
    if mine is None:
        if len(known) >= MOST:
            raise IllegalMove("So many people follow this request that one more makes no difference: make one of your own, if yours is another.")
        id = new_id()
        item, _ = items.put(work, case_id, "contact", contact, party_id=id)
        mine = register.follow(work, case_id, party_id=id, subject=subject, language=language, channel="email", contact=item)
    return mine["party_id"], wanted(work, case_id)


def unfollow(work: Work, reference: str, id: UUID) -> None:
    """Somebody follows it no more; NotFound for an id that is none."""
    case_id = _public(work, reference)
    work.narrow([case_id])
    row = next((one for one in register.followers(work, case_id) if one["party_id"] == id), None)
    if row is None:
        raise NotFound
    register.unfollow(work, row)


def wanted(work: Work, case_id: UUID) -> int:
    """By how many a request in hand is wanted: who made it, and who follows it."""
    return 1 + len(register.followers(work, case_id))


def _public(work: Work, reference: str) -> UUID:
    services = list(work.catalogue.services)
    rows = publication.these(work, [reference], services=services, jurisdictions=sorted({one.jurisdiction for one in work.catalogue.agencies.values()}))
    if not rows:
        raise NotFound
    return rows[0].case_id


def _subject(work: Work, case_id: UUID, email: str) -> str:
    """Tells one address from another on one case, and says nothing else."""
    key = sha256(b"onedoor follower\x00" + work.portal.settings.secret_key.get_secret_value().encode()).digest()
    return f"follower|{hmac_new(key, f'{case_id}/{email.casefold()}'.encode(), sha256).hexdigest()[:32]}"


def _metres(lat: float, long: float, other_lat: float, other_long: float) -> float:
    return hypot((other_lat - lat) * _DEGREE, (other_long - long) * _DEGREE * cos(radians(lat)))
