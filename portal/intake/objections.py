"""A party objects to a decision: a case of its own, linked to the first, on which nothing is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.cases import asks, decisions, links, registry
from portal.catalogue.definitions import Service
from portal.errors import IllegalMove, Invalid
from portal.intake import answers as rules
from portal.intake.receive import contact_of
from portal.parties import register
from portal.standards import timers
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Question of the service that is asked of who comes late.
WHY_LATE = "late_reason"


@dataclass(frozen=True, kw_only=True)
class Objection:
    """What a party sends. `decision` None: the one that stands. `contact`: only what is to differ from the first case."""

    text: str
    decision: UUID | None = None
    hearing: bool = True
    late_reason: str | None = None
    contact: Mapping[str, Any] | None = None


def object_to(
    work: Work, case_id: UUID, objection_id: UUID, given: Objection, *, received_at: datetime | None = None, channel: str = "web"
) -> tuple[Row, bool]:
    """Opens the objection; its case, and whether it came late. Both ids are in hand. `received_at`: where it came before it was written down.

    IllegalMove where there is nothing to object to, and what to do instead; Invalid for what cannot be taken.
    """
    case = registry.case_of(work, case_id)
    decision = _decision(work, case, given.decision)
    _once(work, decision)
    service = _service(work, decision)
    late = decision["remedy_until"] is not None and (received_at or work.now) >= decision["remedy_until"]
    told = {"grounds": given.text, "hearing": given.hearing, **({WHY_LATE: given.late_reason} if given.late_reason else {})}
    facts = {"channel": channel, "area": case["area"], "language": case["language"]}
    answers = _checked(service, told, facts)
    objection = _open(work, case, service, objection_id, answers, contact_of(given.contact or {}), received_at or work.now, channel)
    links.object_to(work, decision, objection_id, late=late)
    timers.disarm(work, case_id, decision["id"])
    if late and WHY_LATE not in answers:
        asks.ask(work, objection_id, agency=service.agency, fields=(WHY_LATE,), words=None, commitment=None, reply_by=None)
    return objection, late


def _checked(service: Service, told: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """By the questions of the service; a fault names the member of the body it came in."""
    try:
        return rules.checked(service, told, facts=facts, complete=True, at="")
    except Invalid as wrong:
        raise Invalid(errors=[{**one, "pointer": "/text" if one["pointer"] == "/grounds" else one["pointer"]} for one in wrong.errors]) from wrong


def _decision(work: Work, case: Row, id: UUID | None) -> Row:
    rows = decisions.of_case(work, case["case_id"])
    if id is not None and id not in {row["id"] for row in rows}:
        raise Invalid(errors=[{"pointer": "/decision", "detail": "This case has no decision of that id; GET /api/v1/cases/{reference}/decisions lists them."}])
    if not rows:
        raise IllegalMove("There is no decision on this request yet, so there is nothing to object to. Write a message if you are not content.")
    standing = rows[-1]
    found = next((row for row in rows if row["id"] == id), standing)
    if decisions.superseded(work, found):
        raise IllegalMove("Another decision stands in the place of this one; object to that one: %(decision)s.", values={"decision": str(standing["id"])})
    if found["remedy"] in ("appeal", "none"):
        raise IllegalMove("An objection is not the way here: the decision says what can be done against it, and where to turn.")
    return found


def _once(work: Work, decision: Row) -> None:
    open_one = next((row for row in links.objections(work, decision["case_id"], decision["id"]) if row["ended"] in (None, *DECIDED)), None)
    if open_one is not None:
        work.narrow([open_one["other_id"]])
        other = registry.case_of(work, open_one["other_id"])
        raise IllegalMove(
            "You have objected to this decision already. Your objection is case %(reference)s: write there what you want to add.",
            values={"reference": other["reference"]},
        )


#: An objection that ended so was heard; one that was taken back was not.
DECIDED = ("upheld", "amended", "dismissed")


def _service(work: Work, decision: Row) -> Service:
    agency = work.catalogue.agencies.get(decision["agency"])
    service = work.catalogue.services.get(agency.objections) if agency and agency.objections else None
    if service is None:
        raise IllegalMove("Nobody takes objections to decisions of this agency here. Write a message on the case, and people will find the way.")
    return service


def _open(
    work: Work, case: Row, service: Service, objection_id: UUID, answers: dict[str, Any], contact: dict[str, str], received_at: datetime, channel: str
) -> Row:
    """A case of the same parties; what they left to be reached by comes along, what is new goes before it."""
    agency = work.catalogue.agencies[service.agency]
    parties = register.of_case(work, case["case_id"])
    applicant = next(row for row in parties if row["role"] == "applicant")
    item, commitment = items.put(work, objection_id, "answers", answers, party_id=applicant["party_id"])
    opened = registry.open_case(
        work,
        registry.Opening(
            case_id=objection_id,
            service=service.id,
            service_hash=work.catalogue.hashes["service", service.id],
            agency=service.agency,
            channel=channel,
            language=applicant["language"],
            zone=agency.calendars[0].zone,
            received_at=received_at,
            jurisdiction=case["jurisdiction"],
            origin=case["origin"],
            party=applicant["party_id"],
            answers=item,
            commitment=commitment,
            area=case["area"],
        ),
    )
    for party in parties:
        known: Any = (items.get(work, case["case_id"], party["contact"]) if party["contact"] else None) or {}
        reached = {**known, **(contact if party is applicant else {})}
        kept = items.put(work, objection_id, "contact", reached, party_id=party["party_id"])[0] if reached else None
        who = {name: party[name] for name in ("party_id", "role", "subject", "language", "scope", "until")}
        register.put_on(work, objection_id, **who, channel="email" if reached.get("email") else party["channel"], contact=kept)
    return opened
