"""A case with its promise, its clocks and its history, as the reader may see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import once
from portal.access.identity import STAFF
from portal.access.scoping import visible
from portal.cases import asks, decisions, registry
from portal.catalogue.definitions import Service
from portal.errors import NotFound
from portal.events import log
from portal.events.chain import stamp
from portal.kpi import chance
from portal.runs import ledger
from portal.standards import clocks, clockwork
from portal.unit_of_work import Principal, Work
from portal.vault import items
from portal.views import fees, parts, undoing, waits, why
from portal.views.words import promise_says

#: Events that name another case.
_OF_ANOTHER = ("ObjectionReceived", "ObjectionEnded", "CaseLinked")
#: Data of events that only staff see: who holds what, and ids of items in the vault.
_STAFF_ONLY = frozenset(
    {
        "TaskClaimed",
        "TaskReleased",
        "TaskHandedOver",
        "TaskPrioritised",
        "TaskChecked",
        "TaskUndone",
        "TaskQueued",
        "TaskCancelled",
        "NoteAdded",
        "AccessGranted",
        "DutyPaged",
        "DeliveryPlaced",
        "DeliveryParked",
        "DeliveryRetried",
        "AgencySilent",
        "AgencyWrote",
        "StandardEscalated",
        "AccessBarred",
        "FeeProposed",
        "FeeProposalEnded",
        "ReferralOffered",
        "ReferralAccepted",
        "ReferralDeclined",
        "ReferralLapsed",
        "ReferralDisputed",
        "ReferralEnded",
        "GlassBroken",
    }
)
_HIDDEN = frozenset(
    {
        "answers",
        "commitment",
        "words",
        "reasons",
        "item",
        "holder",
        "named",
        "official",
        "second",
        "party",
        "source",
        "external_id",
        "letter",
        "letter_commitment",
        "notice",
    }
)


def case(work: Work, case_id: UUID, *, language: str) -> dict[str, Any]:
    """Where the case stands; NotFound where the reader may not see it."""
    found = once.rows(work, registry.one, case_id)
    if not found:
        raise NotFound
    row = found[0]
    running = [clock for clock in once.rows(work, clocks.statement, case_id) if clock["covers"] != clocks.BETWEEN_DOORS]
    owed = fees.of_case(work, case_id, language)
    owes = any(fee["status"] == "due" for fee in owed)
    steps = once.rows(work, ledger.steps, case_id)
    kept = once.rows(work, items.kept, case_id)
    given = _given(kept)
    return {
        "reference": row["reference"],
        "status": row["status"],
        "service": row["service"],
        "agency": row["agency"],
        "channel": row["channel"],
        "danger": row["danger"],
        "sealed": row["sealed"],
        "received_at": row["received_at"],
        "closed_at": row["closed_at"],
        "outcome": row["outcome"],
        "promise": promise(_of_case(row, running), row["zone"], language),
        "steps": [_step(step) for step in steps],
        "parts": parts.of_case(work, case_id, steps, running, zone=row["zone"], language=language),
        "undoing": undoing.of_case(work, case_id, row["status"], steps, language=language),
        "waiting": waits.of_case(work, case_id, steps, zone=row["zone"], language=language),
        "decisions": [_decision(one) for one in once.rows(work, decisions.of_case_for_reader, case_id)],
        "asked": [_asked(one, kept, given["answers"]) for one in work.run(visible(work, asks.statement(case_id)))] if row["status"] == "waiting" else [],
        "extensions": _extensions(work, case_id, kept) if any(clock["extended"] for clock in running) else [],
        "given": given,
        "fees": owed,
        "next": "wait" if _decided_anew(row, running) else next_for_party(row["status"], danger=row["danger"], owes=owes),
    }


def _given(kept: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What was said on the case, as the reader may see it: parties see no notes of staff, champions none of it."""
    told: dict[str, Any] = {"answers": {}, "text": None, "contact": {}, "location": {}, "messages": [], "notes": []}
    for item in kept:
        value, said = item["value"], {"at": item["recorded_at"].isoformat(), "words": item["value"]}
        if item["kind"] == "answers":
            told["answers"] |= value
        elif item["kind"] in ("contact", "location"):
            told[item["kind"]] = value
        elif item["kind"] == "words" and told["text"] is None:
            told["text"] = value
        elif item["kind"] in ("message", "note"):
            told[f"{item['kind']}s"].append(said)
    return told


def _of_case(row: dict[str, Any], running: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Clocks a party's promise is told by: once it is withdrawn, not those of what undoes."""
    return [clock for clock in running if row["status"] != "withdrawn" or clock["step_run_id"] is None]


def promise(rows: Iterable[Any], zone: str, language: str) -> dict[str, Any] | None:
    """What the citizen was told: the promise of the whole case, else the law's, else the first date that runs. None where no clock runs."""
    ranked = sorted((row for row in rows if row["status"] != "cancelled"), key=lambda row: (row["covers"] != "case", row["kind"] != "promise", row["due_at"]))
    if not ranked:
        return None
    row = ranked[0]
    return {"due_at": row["due_at"], "status": row["status"], "says": promise_says(row["due_at"], zone, language)}


def _decided_anew(row: dict[str, Any], running: Iterable[Any]) -> bool:
    """What was approved by silence was taken back, and nobody has decided yet: the one clock that runs on a closed case."""
    return row["status"] == "closed" and any(clock["stopped_at"] is None for clock in running)


def next_for_party(status: str, *, danger: bool, owes: bool = False) -> str:
    """What the party may do now."""
    if danger and status not in ("closed", "withdrawn"):
        return "call-emergency"
    if owes:
        return "pay"
    return {"received": "wait", "in-progress": "wait", "waiting": "answer", "decided": "read-decision", "closed": "give-feedback", "withdrawn": "nothing"}[
        status
    ]


def events(work: Work, case_id: UUID, *, after: int, limit: int) -> list[dict[str, Any]]:
    """History in order, after a number, as the database lets the reader see it."""
    return _shown(work, work.run(visible(work, log.history(case_id, after=after, limit=limit))))


def first_events(work: Work, case_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """The same from the beginning, for a page that says why its dates are what they are: that has read all of it."""
    return _shown(work, once.rows(work, why.whole, case_id)[:limit])


def _shown(work: Work, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("seq", "id", "type", "occurred_at", "recorded_at", "actor", "agency", "channel", "step", "data")
    return [{name: row[name] for name in names} for row in _open(work, rows)]


def _open(work: Work, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what tells staff of another case that is sealed to others: that case is not there for them."""
    named = {row["seq"]: row["data"].get("objection") or row["data"].get("other") for row in rows if row["type"] in _OF_ANOTHER}
    if work.principal.scope not in STAFF or not named:
        return rows
    closed = {str(one) for (one,) in work.sql("SELECT unnest(%s::uuid[]) INTERSECT SELECT unnest(portal_sealed())", (list(named.values()),))}
    return [row for row in rows if named.get(row["seq"]) not in closed or row["seq"] not in named]


def shown_to(who: Principal, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parties see no inner working, no names of staff and no ids of items."""
    if who.scope != "party":
        return list(rows)
    told = [row for row in rows if row["type"] not in _STAFF_ONLY]
    return [{**row, "actor": row["actor"].split(":")[0], "data": {key: value for key, value in row["data"].items() if key not in _HIDDEN}} for row in told]


def clock_list(work: Work, case_id: UUID, *, now: datetime, language: str) -> list[dict[str, Any]]:
    """Each promise: target, calendar, state, due, used, left (seconds of the term's own kind of time), and why the date is what it is."""
    reasons = why.of_case(work, case_id, now=now, language=language)
    found = once.rows(work, registry.one, case_id)
    seen = [row for row in once.rows(work, clocks.statement, case_id) if row["covers"] != clocks.BETWEEN_DOORS or work.principal.scope != "party"]
    told = [_clock(work, row, now, reasons.get(str(row["id"]), {})) for row in seen]
    for clock in told:
        clock["chance_of_missing"] = _chance(work, found[0], clock, now)
    return told


def _chance(work: Work, case: dict[str, Any], clock: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    """For staff, of the promise of the whole case: how likely it is missed, and by which model."""
    if work.principal.scope == "party" or clock["covers"] != "case":
        return None
    known = chance.told(work, {**case, "due_at": clock["due_at"]}, now)
    return {"chance": round(known.chance, 3), "model": known.model} if known else None


def _asked(row: dict[str, Any], kept: Iterable[dict[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """What the party is asked now; of a field it has answered, a correction. The words are the vault's: who may not read them there gets none."""
    corrects = [name for name in row["fields"] if name in answers]
    return {"fields": row["fields"], "corrects": corrects, "words": _words(kept, row["words"]), "asked_at": row["asked_at"], "reply_by": row["reply_by"]}


def _extensions(work: Work, case_id: UUID, kept: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each promise that was given more time: by how much, by which law, until when, and why."""
    told = work.run(visible(work, log.of_type(case_id, "ClockMoved")))
    return [
        {
            **{name: row["data"].get(name) for name in ("standard", "within", "law", "due_at", "original_due_at")},
            "at": stamp(row["occurred_at"]),
            "agency": row["agency"],
            "reason": _words(kept, row["data"].get("words")),
        }
        for row in told
        if row["data"]["why"] == "extended"
    ]


def _words(kept: Iterable[dict[str, Any]], item: Any) -> str | None:
    """Words of the vault, as far as the reader may see them."""
    return next((one["value"] for one in kept if item is not None and str(one["id"]) == str(item)), None)


def _clock(work: Work, row: dict[str, Any], now: datetime, reasons: dict[str, Any]) -> dict[str, Any]:
    told = {
        name: row[name]
        for name in ("id", "standard", "kind", "covers", "agency", "status", "started_at", "due_at", "original_due_at", "due_source", "stopped_at", "missed_at")
    }
    told |= {"target": row["rule"].get("within"), "title": row["rule"].get("title"), "calendar": row["calendar_hash"], "used": None, "left": None}
    told["pauses"] = [{name: one[name] for name in ("awaits", "law", "begins", "until", "ended")} for one in row["pauses"]]
    told |= {"extension": row["extension"], "escalated_to": row["escalated_to"], "consequence": row["consequence"]}
    clock = clocks.standing(work, row)
    if clock.term is not None and clock.hours is not None:
        until = max(row["stopped_at"] or now, row["started_at"])
        told["used"] = clockwork.used(clock, until) // 1_000_000
        told["left"] = (clockwork.used(clock, row["due_at"]) - clockwork.used(clock, until)) // 1_000_000
    told["why"] = {
        "rule": {key: row["rule"].get(key) for key in ("within", "profile", "law", "begins", "ends", "cutoff")},
        "started_at": row["started_at"],
        "calendar": row["calendar_hash"],
        "source": row["due_source"],
        **reasons,
    }
    return told


def _step(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("step", "kind", "item", "agency", "status", "outcome", "begun_at", "ended_at")}


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("outcome", "agency", "law", "decided_at", "remedy")}


def title(service: Service | None, language: str) -> str | None:
    """The service's name in the reader's language, or in English."""
    return (service.title.get(language) or service.title.get("en")) if service else None
