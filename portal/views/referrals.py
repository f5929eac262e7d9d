"""Referrals as the doors on both sides, and champions, may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.access import grants, reads
from portal.access.scoping import visible
from portal.cases import registry
from portal.errors import NotFound
from portal.referrals import offers
from portal.unit_of_work import Principal, Work
from portal.vault import items

_SHOWN = (
    "id", "reference", "scope", "status", "from_agency", "from_service", "to_agency", "to_service", "number", "at_once", "offered_at", "answer_by",
    "answered_at", "version",
)  # fmt: skip


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """What both sides see of it."""
    return {name: row[name] for name in _SHOWN}


def seen(work: Work, id: Any) -> dict[str, Any]:
    """The row, for the reader; NotFound where it is of other doors."""
    found = work.run(visible(work, offers.one(id)))
    if not found:
        raise NotFound
    reads.note(work, found[0]["case_id"], why="referral")
    return found[0]


def detail(work: Work, row: Mapping[str, Any]) -> dict[str, Any]:
    """With its reason and what it rests on; and, for the door that is to answer, what the request says: enough to know whose it is, and no contact.

    Once a door has declined, or let the offer lapse, it reads nothing of it any more.
    """
    who, case_id = work.principal, row["case_id"]
    asked = row["to_agency"] in who.agencies and row["status"] == "offered"
    told: dict[str, Any] = {**shown(row), "words": None, "evidence": [], "answer": None, "request": None}
    if not (asked or row["from_agency"] in who.agencies or _settles(who, row)):
        return told
    work.narrow([case_id])
    grants.demand_open(work, case_id, who.subject)
    told |= {"words": items.get(work, case_id, row["words"]), "evidence": items.get(work, case_id, row["evidence"]) if row["evidence"] else []}
    told["answer"] = items.get(work, case_id, row["answer"]) if row["answer"] else None
    if asked:
        told["request"] = _request(work, case_id)
    return told


def _settles(who: Principal, row: Mapping[str, Any]) -> bool:
    return who.scope == "champion" and row["status"] == "disputed"


def _request(work: Work, case_id: Any) -> dict[str, Any]:
    case = registry.case_of(work, case_id)
    answers: dict[str, Any] = {}
    for one in items.of_kind(work, case_id, "answers"):
        answers |= one
    words, places = items.of_kind(work, case_id, "words"), items.of_kind(work, case_id, "location")
    return {
        "service": case["service"],
        "received_at": case["received_at"],
        "language": case["language"],
        "text": words[0] if words else None,
        "answers": answers,
        "location": places[-1] if places else {},
    }
