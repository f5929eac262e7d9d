"""The way to a case: reference and secret, a signed-in party, or staff with access. `Not yours` and `not there` are one answer."""

from __future__ import annotations

from uuid import UUID

from portal.cases import reference as references
from portal.cases import registry, secret
from portal.errors import NotFound, NotSignedIn, TooMany
from portal.parties import register
from portal.unit_of_work import ANONYMOUS, Portal, Principal, Work


def enter(portal: Portal, who: Principal, reference: str, given_secret: str | None) -> tuple[Principal, UUID]:
    """On whose behalf the case may be read, and its id. Raises WrongReference, NotFound, NotSignedIn, or TooMany after too many wrong secrets."""
    standard = references.read(reference)
    if given_secret is not None:
        return _by_secret(portal, standard, given_secret)
    if who.scope == "anonymous":
        raise NotSignedIn("Send the case secret in the header Case-Secret, or sign in.")
    with portal.work(who) as work:
        case_id, _ = registry.find(work, standard)
        if who.scope == "party" and case_id not in who.cases:
            if not register.stands_on(work, case_id, who.subject):
                raise NotFound
            who = Principal("party", subject=who.subject, roles=who.roles, cases=(case_id,))
    return who, case_id


def _by_secret(portal: Portal, reference: str, given: str) -> tuple[Principal, UUID]:
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
    return Principal("party", cases=(found[0],)), found[0]


def _found(work: Work, reference: str) -> tuple[UUID, int] | None:
    try:
        return registry.find(work, reference)
    except NotFound:
        return None
