"""The way to a case: reference and secret, a signed-in party, or staff with access. `Not yours` and `not there` are one answer."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from portal.access import once, reads
from portal.access.scoping import visible
from portal.cases import reference as references
from portal.cases import registry, secret
from portal.cases.reference import WrongReference
from portal.errors import NotFound, NotSignedIn, TooMany
from portal.parties import mandates, register
from portal.queues import reading
from portal.telemetry import security
from portal.unit_of_work import ANONYMOUS, Portal, Principal, Work

#: No case has it.
NONE = UUID(int=0)


def prove(portal: Portal, who: Principal, reference: str, given: str | None, *, sender: str = "") -> Principal:
    """`who`, able to read the case: as its party, where secret or standing proves it. Anonymous people send the secret.

    `sender`: the address or network the request came from; wrong secrets lock the reference for it.

    Raises WrongReference, NotSignedIn (no secret), NotFound (wrong secret, another's case, no case), TooMany (too many wrong secrets).
    """
    standard = references.read(reference)
    if given is not None:
        return _by_secret(portal, who, standard, given, sender)
    if who.scope == "anonymous":
        raise NotSignedIn("Send the case secret in the header Case-Secret, or sign in.")
    with portal.work(who) as work:
        found = _found(work, standard)
        case_id = found[0] if found else NONE
        standing = register.standing(work, case_id, who.subject)
        if standing is None:
            raise NotFound
    return replace(who, scope="party", cases=(case_id,), mandate=standing.mandate)


def secret_version(portal: Portal, reference: str) -> int:
    """Version of the present secret behind a reference, to be read before one is proved; 0 where there is none."""
    with portal.work(ANONYMOUS) as work:
        try:
            return registry.find(work, references.read(reference))[1]
        except (NotFound, WrongReference):
            return 0


def secret_versions(portal: Portal, ids: Collection[UUID]) -> dict[UUID, int]:
    """Version of the present secret of each of these that is there."""
    if not ids:
        return {}
    with portal.work(ANONYMOUS) as work:
        return registry.secret_versions(work, ids)


def standing(portal: Portal, who: Principal, reference: str) -> Principal:
    """`who`, as it stands on the case of the reference, if it does; else unchanged, whatever the reference is. What a secret has proved is proved."""
    try:
        proved = prove(portal, replace(who, cases=()), reference, None)
    except (NotFound, WrongReference):
        return who
    return who if proved.cases[0] in who.cases else proved


def find(work: Work, reference: str) -> UUID:
    """Id of the case behind a reference, where the unit's principal may see the case; NotFound where not. Staff who find it have looked at it."""
    found = _found(work, references.read(reference))
    case_id = found[0] if found else NONE
    # Asked of a case that is not there too: `not yours` and `not there` take the same time.
    if not once.rows(work, registry.one, case_id):
        raise NotFound
    reads.note(work, case_id)
    return case_id


def task(work: Work, id: UUID) -> dict[str, Any]:
    """A task the unit's principal may see; NotFound where there is none. Whoever finds it has looked at its case."""
    found = work.run(visible(work, reading.one(id)))
    if not found:
        raise NotFound
    reads.note(work, found[0]["case_id"])
    return found[0]


def represent(portal: Portal, who: Principal, reference: str, code: str, *, sender: str = "") -> dict[str, Any]:
    """Who signed in takes up a mandate. NotFound for a code that opens nothing; wrong ones count as wrong secrets do."""
    standard = references.read(reference)
    with portal.work(who) as work:
        _demand_unlocked(work, standard, sender)
        found = _found(work, standard)
        if found is not None:
            work.narrow([found[0]])
            with suppress(NotFound):
                taken = mandates.accept(work, found[0], code, subject=str(who.subject))
                return {"reference": standard, "scope": taken["scope"], "until": taken["until"]}
        secret.failed(work, standard, sender)
    security.told("wrong-secret")
    raise NotFound


def _by_secret(portal: Portal, who: Principal, reference: str, given: str, sender: str) -> Principal:
    keys = portal.settings.secret_keys
    with portal.work(ANONYMOUS) as work:
        tries = _demand_unlocked(work, reference, sender)
        found = _found(work, reference)
        good = found is not None and secret.matches(keys, found[0], found[1], given)
        if good:
            secret.proved(work, reference, sender, tries)
        else:
            secret.failed(work, reference, sender)
    if not good or found is None:
        security.told("wrong-secret")
        raise NotFound
    # A citizen who signed in stays who it is; who works here and holds a secret is the case's party, and nobody of ours.
    return replace(who, cases=(found[0],), mandate=None) if who.scope == "party" else Principal("party", cases=(found[0],))


def _demand_unlocked(work: Work, reference: str, sender: str) -> secret.Tries:
    tries = secret.tried(work, reference, sender)
    if tries.until:
        security.told("locked")
        wait = max(1, round((tries.until - work.now).total_seconds()))
        raise TooMany("There were too many tries with a wrong secret. Wait as long as Retry-After says, or ask at the counter.", retry_after=wait)
    return tries


def _found(work: Work, reference: str) -> tuple[UUID, int] | None:
    try:
        return registry.find(work, reference)
    except NotFound:
        return None
