"""Sealed cases: there for the people named on them and for no others of the staff, in lists, counts, tasks and figures' drill-down alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from portal.access import grants, staff
from portal.access.tables import case_named, case_seals
from portal.errors import Conflict, Invalid, NotFound
from portal.unit_of_work import Row, Work

#: Why a case may be sealed. The words that say more are a vault item; no event carries them.
GROUNDS = ("protection", "colleague", "complaint", "other")


def seal(work: Work, case_id: UUID, *, ground: str, words: UUID, by: str, named: Mapping[str, UUID | None]) -> None:
    """From now on the case is there for `named` alone (subject -> vault item with an address, if any). Conflict where it is sealed already,
    Invalid where one of them does not work here, or the case is closed to one of them. `CaseSealed`."""
    if grants.sealed_to(work, case_id) is not None:
        raise Conflict("This case is sealed already. Change whom it names instead.")
    _demand_people(work, case_id, named)
    told = {"ground": ground, "words": words, "sealed_by": by, "since": work.now, "until": None}
    for row in work.rows(case_seals, case_id):
        work.change(row, **told)
    if not work.rows(case_seals, case_id):
        work.add(case_seals, case_id=case_id, **told)
    for row in work.rows(case_named, case_id):
        work.change(row, until=work.now)
    _name(work, case_id, named)
    work.record(case_id, "CaseSealed", ground=ground, named=sorted(named), words=str(words))


def name(work: Work, case_id: UUID, *, named: Mapping[str, UUID | None]) -> None:
    """Whom a sealed case names from now on, all of them. Conflict where it is not sealed. `CaseSealed` with the new names."""
    row = _present(work, case_id)
    _demand_people(work, case_id, named)
    for one in work.rows(case_named, case_id):
        if one["until"] is None and one["subject"] not in named:
            work.change(one, until=work.now)
    _name(work, case_id, named)
    work.record(case_id, "CaseSealed", ground=row["ground"], named=sorted(named), words=str(row["words"]))


def unseal(work: Work, case_id: UUID, *, words: UUID) -> None:
    """The case is there for its agencies again. Conflict where it is not sealed. `CaseUnsealed`."""
    row = _present(work, case_id)
    work.change(row, until=work.now)
    for one in work.rows(case_named, case_id):
        if one["until"] is None:
            work.change(one, until=work.now)
    work.record(case_id, "CaseUnsealed", ground=row["ground"], words=str(words))


def of(work: Work, case_id: UUID) -> Row | None:
    """The seal of a case in hand; None where it is not sealed."""
    return next((row for row in work.rows(case_seals, case_id) if row["until"] is None), None)


def contacts(work: Work, case_id: UUID) -> list[UUID]:
    """Vault items with the addresses of those a sealed case in hand names."""
    return [row["contact"] for row in work.rows(case_named, case_id) if row["until"] is None and row["contact"]]


def load(work: Work, case_ids: Iterable[UUID]) -> None:
    """Reads seals and names of many cases in hand at once."""
    ids = list(case_ids)
    work.load(case_seals, ids)
    work.load(case_named, ids)


def _present(work: Work, case_id: UUID) -> Row:
    row = of(work, case_id)
    if row is None:
        raise Conflict("This case is not sealed.")
    return row


def _demand_people(work: Work, case_id: UUID, named: Mapping[str, UUID | None]) -> None:
    """Somebody is named, all of them work here, and the case is closed to none of them. Who names oneself is known to work here."""
    if not named:
        raise NotFound
    known = staff.known(work, named)
    wrong = []
    for number, subject in enumerate(named):
        if grants.barred(work, case_id, subject):
            wrong.append((number, "The case is closed to this person: name somebody else."))
        elif subject != work.principal.subject and not known[subject].works:
            wrong.append((number, "Nobody of that name works here. Name somebody who has signed in, or whom an administrator wrote down."))
    if wrong:
        raise Invalid(errors=[{"pointer": f"/named/{number}", "detail": said} for number, said in wrong])


def _name(work: Work, case_id: UUID, named: Mapping[str, UUID | None]) -> None:
    there = {row["subject"]: row for row in work.rows(case_named, case_id)}
    for subject, contact in named.items():
        if subject in there:
            work.change(there[subject], contact=contact or there[subject]["contact"], until=None)
        else:
            work.add(case_named, case_id=case_id, subject=subject, contact=contact, since=work.now, until=None)
