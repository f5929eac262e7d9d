"""The way to a case beside its party: by the official's own access and their consent, or at any counter by reference and secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.access import grants, reads
from portal.access.scoping import visible
from portal.cases import reference as references
from portal.cases import registry
from portal.errors import Invalid, NotFound
from portal.intake import presence
from portal.unit_of_work import ANONYMOUS, Portal, Principal, Work
from portal.views import case as views
from portal.views import decisions, drafts, entry


def proved(portal: Portal, reference: str, how: str, given: str | None, *, sender: str) -> UUID | None:
    """The case whose secret its party gave; None where they agreed in another way. Raises as `entry.prove` does, Invalid where the secret is missing."""
    if how != "secret":
        return None
    if not given:
        raise Invalid(errors=[{"pointer": "/secret", "detail": "Send the secret code they gave, or say how else they agreed."}])
    (case_id,) = entry.prove(portal, ANONYMOUS, reference, given, sender=sender).cases
    if drafts.is_draft(portal, case_id):
        raise NotFound
    return case_id


def find(work: Work, reference: str, proved: UUID | None) -> UUID:
    """The case in hand, open to the official who asks; NotFound where it is closed to that person, whatever was proved."""
    case_id = proved or entry.find(work, reference)
    work.narrow([case_id])
    grants.demand_open(work, case_id, work.principal.subject)
    if proved:
        reads.note(work, case_id)
    return case_id


def speak_for(work: Work, reference: str) -> tuple[UUID, str]:
    """The case in hand, on which the unit acts as its party from here on, and the language it is spoken to in.

    NotPresent where nobody said that the party is there; NotFound where the official could not see the case then.
    """
    try:
        case_id, _ = registry.find(work, references.read(reference))
    except NotFound:
        case_id = entry.NONE
    seen = bool(work.run(visible(work, registry.one(case_id))))
    if case_id == entry.NONE:
        raise NotFound
    work.narrow([case_id])
    grants.demand_open(work, case_id, work.principal.subject)
    try:
        return case_id, presence.speak_for(work, case_id)
    except presence.NotPresent:
        if seen:
            raise
        raise NotFound from None


def told(portal: Portal, who: Principal, reference: str) -> dict[str, Any]:
    """The case as its party sees it, in the language it is spoken to in; `language`, `version` and what was `ruled`, in words, beside it."""
    with portal.work(who) as work:
        case_id, language = speak_for(work, reference)
        version = work.version(case_id)
    with portal.work(Principal("party", cases=(case_id,), through=who.subject)) as work:
        ruled = decisions.of_case(work, case_id, language=language)
        return {**views.case(work, case_id, language=language), "language": language, "version": version, "ruled": ruled}
