"""The way to a case: reference and secret, a signed-in party, or staff with access. `Not yours` and `not there` are one answer."""

from __future__ import annotations

from uuid import UUID

from portal.access.scoping import visible
from portal.cases import reference as references
from portal.cases import registry, secret
from portal.errors import NotFound, NotSignedIn, TooMany
from portal.parties import register
from portal.unit_of_work import ANONYMOUS, Portal, Principal, Work


def prove(portal: Portal, who: Principal, reference: str, given: str | None) -> Principal:
    """`who`, able to read the case: as its party, where secret or standing proves it. Anonymous people send the secret.

    Raises WrongReference, NotSignedIn (no secret), NotFound (wrong secret, another's case, no case), TooMany (too many wrong secrets).
    """
    standard = references.read(reference)
    if given is not None:
        return _by_secret(portal, standard, given)
    if who.scope == "anonymous":
        raise NotSignedIn("Send the case secret in the header Case-Secret, or sign in.")
    with portal.work(who) as work:
        case_id, _ = registry.find(work, standard)
        if not register.stands_on(work, case_id, who.subject):
            raise NotFound
    return Principal("party", subject=who.subject, roles=who.roles, cases=(case_id,))


def find(work: Work, reference: str) -> UUID:
    """Id of the case behind a reference, where the unit's principal may see the case; NotFound where not."""
    case_id, _ = registry.find(work, references.read(reference))
    if not work.run(visible(work, registry.one(case_id))):
        raise NotFound
    return case_id


def _by_secret(portal: Portal, reference: str, given: str) -> Principal:
    key = portal.settings.secret_key.get_secret_value()
    with portal.work(ANONYMOUS) as work:
        until = secret.locked(work, reference)
        if until:
            wait = max(1, round((until - work.now).total_seconds()))
            raise TooMany("There were too many tries with a wrong secret. Wait a quarter of an hour, or ask at the counter.", retry_after=wait)
        found = _found(work, reference)
        good = found is not None and secret.matches(key, found[0], found[1], given)
        if not good:
            secret.failed(work, reference)
    if not good or found is None:
        raise NotFound
    return Principal("party", cases=(found[0],))


def _found(work: Work, reference: str) -> tuple[UUID, int] | None:
    try:
        return registry.find(work, reference)
    except NotFound:
        return None
