"""How a party wants to be reached, as it and the staff may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portal.access import once
from portal.access.scoping import visible
from portal.parties import register, ways
from portal.plugins import discovery
from portal.unit_of_work import Work
from portal.vault import items, persons

#: What is shown of a contact here.
_ADDRESSES = ("email", "phone", "address")


def of_case(work: Work, case_id: UUID) -> dict[str, Any]:
    """Of who signed in, if it stands on the case, else of the applicant; what nobody said is empty. Addresses only as far as the reader may see them."""
    on_it = [
        row
        for row in once.rows(work, register.seen, case_id)
        if row["role"] not in (register.FOLLOWER, "representative") and (row["until"] is None or row["until"] > work.now)
    ]
    subject = work.principal.subject if work.principal.scope == "party" else None
    party = next((row for row in on_it if subject and row["subject"] == subject), on_it[0] if on_it else None)
    if party is None:
        return shown(ways.Reach(), {}, None, None)
    reach = ways.read(work.run(visible(work, ways.ways_of(case_id))), work.run(visible(work, ways.needs_of(case_id))), party["party_id"])
    kept = work.run(visible(work, items.some([party["contact"]]))) if party["contact"] else []
    return shown(reach, kept[0]["value"] if kept else {}, party["language"], party["channel"])


def of_person(work: Work) -> tuple[dict[str, Any], int]:
    """What who signed in said once for all, and its version."""
    found, version = persons.read(work, str(work.principal.subject))
    reach = ways.Reach(tuple(found.get("channels", ())), found.get("needs", {}))
    return shown(reach, found.get("contact", {}), None, next(iter(reach.channels), None)), version


def shown(reach: ways.Reach, contact: Mapping[str, Any], language: str | None, now: str | None) -> dict[str, Any]:
    """A wish, its addresses, and the channel notices leave by now, as they are told."""
    known = discovery.reaching()
    return {
        "channels": list(reach.channels),
        "told_by": now,
        "needs": dict(reach.needs),
        "contact": {name: contact.get(name) for name in _ADDRESSES},
        "lost": [{"channel": name, "why": why} for name, why in sorted(reach.lost.items())],
        "may": [{"channel": name, "reaches": one.reaches, "quiet": list(one.quiet) if one.quiet else None} for name, one in known.items()],
        "language": language,
    }
