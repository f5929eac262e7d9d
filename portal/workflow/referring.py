"""Referrals: a case, or the work of one step, is offered to another door, and what the other door says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portal.cases import registry
from portal.catalogue.definitions import Standard
from portal.errors import Invalid
from portal.queues import worklist
from portal.referrals import loops, offers
from portal.standards import clocks, timers
from portal.unit_of_work import Row, Work
from portal.vault import items
from portal.workflow import doors
from portal.workflow.words import short

#: Pieces of evidence, and characters of each.
EVIDENCE, EVIDENCE_LIMIT = 20, 2_000
STANDARD = "referral-answered"
_TITLE = {
    "en": "Offers of other doors are answered in time",
    "fr": "Les offres d'autres portes reçoivent réponse à temps",
    "es": "Las ofertas de otras puertas se responden a tiempo",
    "ar": "يُجاب على ما تعرضه الأبواب الأخرى في وقته",
}


def refer(
    work: Work,
    task: Row,
    *,
    version: int | None,
    words: str,
    service: str | None = None,
    agency: str | None = None,
    scope: str = "case",
    evidence: Sequence[str] = (),
) -> Row:
    """Offers what is at the wrong door to another one; to the people who find doors where none is named. Until it is taken, who offers owns it.

    It goes at once within an agency, to the people who find doors, and where the other agency says so in its definition; in a circle it goes to no
    door but to a champion.
    """
    to_agency, to_service = doors.target(work, task, service, agency, scope)
    doors.demand_movable(work, task, scope, to_agency)
    worklist.claim(work, task, holder=str(work.principal.subject), version=version)
    item, commitment = items.put(work, task["case_id"], "note", short(words))
    paper = items.put(work, task["case_id"], "evidence", _evidence(evidence))[0] if evidence else None
    case, triage = registry.case_of(work, task["case_id"]), work.catalogue.triage
    before = offers.of_case(work, task["case_id"])
    finding = task["kind"] == "triage"
    disputed = scope == "case" and loops.loops(before, from_agency=task["agency"], to_agency=to_agency, to_service=to_service, finding=finding)
    disputed = disputed and (to_agency, to_service) != (triage.agency, None)
    at_once = not disputed and doors.goes_at_once(work, task["agency"], to_agency, finding_door=to_service is None and to_agency == triage.agency)
    clock = None if disputed or at_once else _clock(work, task["case_id"], to_agency)
    row = offers.offer(
        work,
        task,
        scope=scope,
        from_service=case["service"],
        to_agency=to_agency,
        to_service=to_service,
        words=item,
        commitment=commitment,
        evidence=paper,
        by=str(work.principal.subject),
        clock=clock["id"] if clock else None,
        answer_by=clock["due_at"] if clock else None,
        disputed=disputed,
    )
    if at_once:
        offers.accept(work, row, service=to_service, by=str(work.principal.subject))
    elif clock is not None:
        timers.arm(work, task["case_id"], kind="referral", subject=row["id"], due_at=clock["due_at"])
    return row


def ask_all(work: Work, task: Row, services: Sequence[str], *, words: str) -> None:
    """People who find doors cannot be sure either: each of these services is asked, and whoever takes it first has it."""
    for service in services:
        agency = doors.known(work, service)
        if any(row["to_agency"] == agency for row in offers.still_open(work, task["case_id"], task["id"])):
            continue
        item, commitment = items.put(work, task["case_id"], "note", short(words))
        clock = _clock(work, task["case_id"], agency)
        told: dict[str, Any] = {"words": item, "commitment": commitment, "evidence": None, "by": work.principal.actor}
        row = offers.offer(
            work, task, scope="case", from_service=None, to_agency=agency, to_service=service, clock=clock["id"], answer_by=clock["due_at"], beside=True, **told
        )
        timers.arm(work, task["case_id"], kind="referral", subject=row["id"], due_at=clock["due_at"])


def found(work: Work, task: Row, service: str) -> bool:
    """Whether people who find doors may send it there at once; else it is offered, and stays with them until it is taken."""
    to = doors.known(work, service)
    doors.demand_takes(work, task["agency"], to)
    circle = loops.loops(offers.of_case(work, task["case_id"]), from_agency=task["agency"], to_agency=to, to_service=service, finding=True)
    return not circle and doors.goes_at_once(work, task["agency"], to)


def accept(work: Work, row: Row, *, version: int | None, service: str | None = None) -> None:
    """The door it was offered to takes it, into one of its services; who takes it must say which where the offer did not."""
    offers.present(row, version, "offered")
    doors.demand_free(work, row)
    doors.demand_open(work, row)
    offers.accept(work, row, service=doors.taken_into(work, row, row["to_agency"], service), by=str(work.principal.subject))


def decline(work: Work, row: Row, *, version: int | None, words: str) -> None:
    """The door it was offered to says why it is not there; it stays where it is."""
    offers.present(row, version, "offered")
    doors.demand_free(work, row)
    item, commitment = items.put(work, row["case_id"], "note", short(words))
    offers.decline(work, row, by=str(work.principal.subject), answer=item, commitment=commitment)


def recall(work: Work, row: Row, *, version: int | None) -> None:
    """Who offered takes the offer back."""
    offers.present(row, version, *offers.OPEN)
    offers.end(work, row, why="recalled")


def settle(work: Work, row: Row, *, version: int | None, words: str, service: str | None = None) -> None:
    """A champion ends a dispute: the service named takes it, and may not refuse; without one it stays where it is."""
    offers.present(row, version, "disputed")
    doors.demand_open(work, row)
    item, commitment = items.put(work, row["case_id"], "note", short(words))
    by = str(work.principal.subject)
    if service is None or service == row["from_service"]:
        offers.decline(work, row, by=by, answer=item, commitment=commitment, settled=True)
        return
    to = doors.known(work, service)
    offers.redirect(work, row, to_agency=to)
    offers.accept(work, row, service=service, by=by, settled=True, answer=item, commitment=commitment)


def _clock(work: Work, case_id: UUID, to_agency: str) -> Row:
    """The receiving agency's own promise to answer."""
    agency = work.catalogue.agencies[to_agency]
    said = doors.rules(agency)
    hash = work.catalogue.hashes["calendar", f"{to_agency}/{said.calendar or agency.calendars[0].id}"]
    standard = Standard(STANDARD, _TITLE, "agreement", said.within, clocks.BETWEEN_DOORS)
    return clocks.start(work, case_id, standard, agency=to_agency, started_at=work.now, calendar_hash=hash)


def _evidence(given: Sequence[str]) -> list[str]:
    faults = [at for at, one in enumerate(given) if not one.strip() or len(one) > EVIDENCE_LIMIT]
    if faults or len(given) > EVIDENCE:
        says = f"Say what it rests on in at most {EVIDENCE} pieces of up to {EVIDENCE_LIMIT} characters."
        raise Invalid(errors=[{"pointer": f"/evidence/{at}", "detail": says} for at in faults] or [{"pointer": "/evidence", "detail": says}])
    return list(given)
