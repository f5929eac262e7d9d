"""Once only: what somebody has answered in one matter is offered in another, and goes there by their consent alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import registry
from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Field, Service
from portal.consents import ledger
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.parties import register
from portal.unit_of_work import Work
from portal.vault import items

#: Matters of somebody's that are looked through, the newest.
MOST = 50


@dataclass(frozen=True)
class Known:
    """One answer given before: what it would be in the new request, and where it was said."""

    field: Field
    value: Any
    case_id: UUID
    reference: str
    agency: str
    service: str | None
    zone: str
    given_at: datetime


@dataclass(frozen=True)
class Reuse:
    """Answers somebody takes over from one matter of theirs, having seen them. `seen`: the values as they were shown, where a page showed them."""

    case_id: UUID
    fields: tuple[str, ...]
    until: datetime | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)


def mine(work: Work) -> tuple[UUID, ...]:
    """Matters whose answers are the principal's own to use: those it stands on for itself, and those it has proved. The newest, and no more than MOST."""
    who = work.principal
    signed = work.run(visible(work, register.for_itself(who.subject, work.now, limit=MOST))) if who.subject and who.scope == "party" else []
    proved = who.cases if who.mandate is None else ()
    return tuple(sorted({*proved, *(row["case_id"] for row in signed)}, reverse=True)[:MOST])


def known(work: Work, service: Service, cases: Collection[UUID], *, facts: Mapping[str, Any]) -> dict[str, Known]:
    """By field of the service: the newest answer given in those matters that is the same fact, where it fits. The unit goes on as the party of them.

    `facts`: what conditions may name. A question that hangs on others is offered where they are known too. What lies in a sealed matter is not offered.
    """
    wanted = [one for one in service.fields if one.fact]
    if not wanted or not cases:
        return {}
    work.become(replace(work.principal, scope="party", cases=tuple(cases), mandate=None))
    rows = {row["case_id"]: row for row in work.run(visible(work, registry.some(cases))) if not row["sealed"]}
    said = _said(work, rows) if rows else {}
    found: dict[str, Known] = {}
    kinds = typed(service.fields)
    for one in wanted:
        given = said.get(one.fact or "")
        asked = applies(one.when, kinds, {**facts, "answers": {name: had.value for name, had in found.items()}})
        if given is None or not asked or (value := rules.fitting(one, given[0])) is None:
            continue
        row = rows[given[1]]
        found[one.id] = Known(one, value, given[1], row["reference"], row["agency"], row["service"], row["zone"], given[2])
    return found


def _said(work: Work, rows: Mapping[UUID, Mapping[str, Any]]) -> dict[str, tuple[Any, UUID, datetime]]:
    """Fact -> value, matter and instant, the newest that was said."""
    names = {case_id: _facts(work, row) for case_id, row in rows.items()}
    found: dict[str, tuple[Any, UUID, datetime]] = {}
    before: dict[UUID, dict[str, Any]] = {}
    for item in work.run(visible(work, items.answers_of(rows.keys()))):
        case_id, value = item["case_id"], item["value"]
        for name, one in value.items():
            fact = names[case_id].get(name)
            if fact and before.get(case_id, {}).get(name) != one:
                found[fact] = (one, case_id, item["recorded_at"])
        before[case_id] = before.get(case_id, {}) | value
    return found


def _facts(work: Work, row: Mapping[str, Any]) -> dict[str, str]:
    """Field -> fact of a matter's questions: as its definition says, or that of today where the question is of the same kind."""
    if not row["service_hash"]:
        return {}
    pinned: Service = work.portal.pinned(work, row["service_hash"])
    today = work.catalogue.services.get(pinned.id)
    later = {(one.id, one.type): one.fact for one in today.fields} if today else {}
    named = {one.id: one.fact or later.get((one.id, one.type)) for one in pinned.fields}
    return {name: fact for name, fact in named.items() if fact}


@dataclass(frozen=True)
class Taken:
    """What goes from one matter into the new one."""

    wanted: Reuse
    known: tuple[Known, ...]


def take(work: Work, service: Service, wanted: Sequence[Reuse], case_id: UUID, *, facts: Mapping[str, Any]) -> list[Taken]:
    """What is to be taken over, read as whose it is; then the new case and those matters are in hand. Invalid with a pointer for what is not there now."""
    found = known(work, service, {one.case_id for one in wanted}, facts=facts)
    errors, taken, seen = [], [], set[str]()
    for number, one in enumerate(wanted):
        for place, name in enumerate(one.fields):
            had = found.get(name)
            if had is None or had.case_id != one.case_id or name in seen or (name in one.seen and one.seen[name] != had.value):
                errors.append({"pointer": f"/reuse/{number}/fields/{place}", "detail": "There is no such answer in that request now. Answer the question."})
            seen.add(name)
        taken.append(Taken(one, tuple(found[name] for name in one.fields if name in found)))
    if errors:
        raise Invalid(errors=errors)
    work.narrow([case_id, *(one.case_id for one in wanted)])
    return taken


def agreed(work: Work, case_id: UUID, taken: Sequence[Taken], *, agency: str, service: str) -> None:
    """The consents of a request that was opened: an object each, for each matter something came from."""
    for number, one in enumerate(taken):
        first = one.known[0]
        values = {had.field.id: had.value for had in one.known}
        item, commitment = items.put(work, case_id, "consent", values)
        ledger.reuse(
            work,
            case_id,
            other_id=first.case_id,
            said_to=(first.agency, first.service),
            goes_to=(agency, service),
            facts={had.field.id: str(had.field.fact) for had in one.known},
            item=item,
            commitment=commitment,
            until=ledger.until(work.now, one.wanted.until, pointer=f"/reuse/{number}/until"),
        )
