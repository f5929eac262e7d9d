"""One view of somebody's matters across agencies: asked for by who handles one of them, for a purpose, by consent or by law; each look is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import grants, looks, once, reads, seals
from portal.access.scoping import visible
from portal.cases import decisions, registry
from portal.cases.moves import ENDED
from portal.catalogue.definitions import Matters, Service
from portal.catalogue.languages import say
from portal.catalogue.purposes import PURPOSES
from portal.catalogue.words import says_nothing
from portal.consents import ledger as consents
from portal.errors import Invalid, NotFound
from portal.parties import register
from portal.queues import reading
from portal.unit_of_work import READER, Principal, Row, Work
from portal.vault import items
from portal.views import entry


def look(work: Work, reference: str, *, purpose: str, words: str) -> UUID:
    """The look somebody of the staff takes, for the case of that reference; its id.

    NotHandled where they do not handle it now, NoGround where nothing allows it.
    """
    who = work.principal
    case_id = entry.find(work, reference)
    _demand_handled(work, case_id)
    if purpose not in PURPOSES:
        raise Invalid(errors=[{"pointer": "/purpose", "detail": f"Send one of {', '.join(PURPOSES)}."}])
    if says_nothing(words):
        raise Invalid(errors=[{"pointer": "/words", "detail": "Say in a sentence what you need to see, and why."}])
    others = _others(work, case_id)
    work.become(who)
    work.narrow([case_id, *others])
    case = registry.case_of(work, case_id)
    ground, only = _ground(work, case, purpose)
    seals.load(work, others)
    shown = [id for id in others if grants.open_to(work, id, who.subject) and (only is None or registry.case_of(work, id)["service"] in only)]
    item, _ = items.put(work, case_id, "look", words)
    for id in shown:
        reads.note(work, id, why=ground.kind)
    looker = looks.Looker(str(who.subject), reads.role(who), who.agencies[0] if who.agencies else None)
    return looks.open_one(work, case_id, shown, looker=looker, purpose=purpose, ground=ground, words=item)


def _demand_handled(work: Work, case_id: UUID) -> None:
    """NotHandled where the caseworker holds no task of the case, or the champion's case has ended."""
    who = work.principal
    if who.scope == "champion":
        if once.rows(work, registry.one, case_id)[0]["status"] in ENDED:
            raise looks.NotHandled("This request has ended: nobody handles it any more.")
        return
    held = [row for row in work.run(visible(work, reading.of_case(case_id))) if row["status"] == "claimed" and row["holder"] == who.subject]
    if not any(row["held_until"] > work.now for row in held):
        raise looks.NotHandled


def _others(work: Work, case_id: UUID) -> list[UUID]:
    """Other matters of the case's applicant, who is known by having signed in; found by the portal, shown to nobody yet."""
    parties = once.rows(work, register.seen, case_id)
    subjects = {row["subject"] for row in parties if row["role"] == "applicant" and row["subject"] and row["scope"] is None}
    work.become(READER)
    found = {row["case_id"] for one in sorted(subjects) for row in work.run(visible(work, register.for_itself(one, work.now, limit=looks.MOST + 1)))}
    return sorted(found - {case_id}, reverse=True)[: looks.MOST]


def _ground(work: Work, case: Row, purpose: str) -> tuple[looks.Ground, tuple[str, ...] | None]:
    """By what the asker may look, and at which services only; a ground in law before a consent. NoGround where there is none."""
    who, service = work.principal, _service(work, case)
    handles = who.scope == "champion" or case["agency"] in who.agencies
    law = next((one for one in service.matters if purpose in one.purposes), None) if service and handles else None
    if law is not None:
        return looks.Ground("law", law=_article(law)), law.services or None
    consent = consents.standing(work, case["case_id"], case["agency"]) if handles else None
    if consent is None:
        raise looks.NoGround
    return looks.Ground("consent", consent=consent["id"]), None


def _service(work: Work, case: Row) -> Service | None:
    return work.portal.pinned(work, case["service_hash"]) if case["service_hash"] else None


def _article(ground: Matters) -> str:
    return " ".join(part for part in (say(ground.law.title, "en"), ground.law.article) if part)


def shown(work: Work, id: UUID) -> dict[str, Any]:
    """What a look shows, to who took it and while it lasts: where each matter stands. NotFound for anybody else, or afterwards."""
    who = work.principal
    rows = work.run(visible(work, looks.of_look(id)))
    own = next((row for row in rows if row["case_id"] == row["by_case"] and row["until"] > work.now), None)
    if own is None or own["subject"] != who.subject:
        raise NotFound
    reference = work.run(visible(work, registry.references_of([own["case_id"]])))
    for row in rows:
        reads.note(work, row["case_id"], why=row["ground"])
    others = [row["case_id"] for row in rows if row["case_id"] != row["by_case"]]
    found = _matters(work, who, others) if others else []
    told = {name: own[name] for name in ("purpose", "ground", "law", "since", "until")}
    return {"id": id, "reference": reference[0]["reference"] if reference else None, **told, "items": found}


def _matters(work: Work, who: Principal, ids: Iterable[UUID]) -> list[dict[str, Any]]:
    """Where they stand, read in the scope that may see no more than that."""
    work.become(replace(who, scope="across"))
    outcomes = {row["case_id"]: row for row in work.run(visible(work, decisions.of_cases(list(ids))))}
    parts = ("reference", "service", "agency", "status", "received_at", "closed_at", "outcome")
    rows = work.run(visible(work, registry.some(list(ids))))
    work.become(who)
    return [
        {**{name: row[name] for name in parts}, "decided_at": outcomes.get(row["case_id"], {}).get("decided_at")}
        for row in sorted(rows, key=lambda row: (row["received_at"], row["reference"]), reverse=True)
    ]


def at_case(work: Work, case_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Looks across that showed the case, or were taken for it, as its party is told: purpose, ground, office."""
    return [_told(row) | {"shown": row["case_id"] != row["by_case"]} for row in work.run(visible(work, looks.at_case(case_id, after=after, limit=limit)))]


def audited(work: Work, *, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Looks taken for cases the reader answers for, with the reason in words. Sort key: `since`, `look`."""
    rows = work.run(visible(work, looks.all_of(after=after, limit=limit)))
    ids = [row["case_id"] for row in rows]
    named = {row["case_id"]: row["reference"] for row in work.run(visible(work, registry.references_of(ids)))} if rows else {}
    said = {item["id"]: item["value"] for item in work.run(visible(work, items.some([row["words"] for row in rows])))} if rows else {}
    return [
        _told(row) | {"reference": named[row["case_id"]], "official": row["subject"], "words": said.get(row["words"])}
        for row in rows
        if row["case_id"] in named
    ]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("look", "purpose", "ground", "law", "agency", "role", "since")} | {"says": PURPOSES.get(row["purpose"], "")}
