"""A delivery as the agency's adapter describes it, and the call that carries it."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.cases.registry import case_of
from portal.catalogue.definitions import Agency
from portal.clock import utc_now
from portal.dispatch.mail import BadAddress, compose, post
from portal.outbox.claims import Claim
from portal.plugins import discovery
from portal.plugins.agency import Adapter, Answer, Delivery, File, HttpCall, Mail, Receipt, Refusal, Task, not_understood
from portal.settings import Settings
from portal.telemetry import correlation
from portal.unit_of_work import Work
from portal.vault import items
from portal.wire.http import Forbidden, Garbled, Guard, Unreachable, send
from portal.wire.signatures import secrets_of, signed


@dataclass(frozen=True, slots=True)
class Handover:
    """One delivery ready to leave: nothing of the database is needed any more."""

    adapter: Adapter
    what: HttpCall | Mail | File | Task
    claim: Claim
    language: str


def prepared(work: Work, claim: Claim) -> Handover | Refusal:
    """What the adapter wants to be sent for a claim whose case is in hand."""
    agency = work.catalogue.agencies.get(claim.target)
    if agency is None:
        return Refusal("the agency is no longer in the catalogue", retry=False, code="no-agency")
    adapter = discovery.adapter(agency.adapter, agency.id)
    case = case_of(work, claim.case_id)
    delivery = Delivery(
        id=str(claim.id),
        key=claim.key,
        action=claim.body["action"],
        agency=agency.id,
        service=claim.body["service"],
        step=claim.body["step"],
        item=claim.body.get("item"),
        answers=_answers(work, claim),
        text=_text(work, claim),
        language=case["language"],
        callback_url=f"{work.portal.settings.public_url}/api/v1/agencies/{agency.id}/callbacks",
        attempt=claim.attempts,
        endpoint=endpoint(agency, work.portal.settings),
    )
    return Handover(adapter, adapter.prepare(delivery), claim, case["language"])


def call(handover: Handover, guard: Guard, settings: Settings) -> Receipt | Refusal:
    """Sends it and reads the answer; no transaction is open meanwhile."""
    what = handover.what
    if isinstance(what, HttpCall):
        answer = carried(what, guard, settings, handover.claim.target, handover.claim.key)
        return answer if isinstance(answer, Refusal) else handover.adapter.read(answer)
    if isinstance(what, Mail):
        try:
            key, at = handover.claim.key, handover.claim.placed_at
            return post(settings, compose(settings, to=what.to, subject=what.subject, text=what.text, language=handover.language, key=key, at=at))
        except BadAddress as bad:
            return Refusal(str(bad), retry=False, code="bad-address")
    if isinstance(what, Task):
        return Refusal("this agency is reached by its people: they do it by hand", retry=False, code="by-staff")
    return Refusal("files cannot be exchanged yet", retry=False, code="no-file-exchange")


def endpoint(agency: Agency, settings: Settings) -> str | None:
    """The agency's address with `${SETTING}` filled in; None where it has none, or a setting it names is empty."""
    return filled(agency.endpoint, settings) if agency.endpoint else None


def filled(address: str, settings: Settings) -> str | None:
    """An address of a definition with `${SETTING}` filled in; None where a setting it names is empty."""
    known = {"SIMULATED_AGENCIES": settings.simulated_agencies, "SIMULATED_PAYMENTS": settings.simulated_payments}
    try:
        return string.Template(address).substitute({name: value for name, value in known.items() if value})
    except (KeyError, ValueError):
        return None


def carried(what: HttpCall, guard: Guard, settings: Settings, signer: str, key: str) -> Answer | Refusal:
    """One call, signed with the secret we share with `signer`, and what came back."""
    try:
        secrets = secrets_of(settings.agency_secrets).get(signer, ())
    except (OSError, ValueError):
        return Refusal("the file AGENCY_SECRETS names cannot be read", retry=True, code="no-secrets")
    headers = dict(what.headers)
    if trace := correlation.current():
        headers["traceparent"] = correlation.traceparent(trace)
    if secrets:
        # The far side compares it with its own clock, so it is the machine's time and not the unit's.
        headers |= signed(secrets[0], key, utc_now(), what.body)
    try:
        got = send(guard, what.method, what.url, headers, what.body)
    except Forbidden as refused:
        return Refusal(f"the portal may not call this address: {refused}", retry=False, code="forbidden-address")
    except Unreachable as failed:
        return Refusal(str(failed), retry=True, code="unreachable")
    except Garbled as odd:
        return not_understood(str(odd))
    return Answer(got.status, got.headers, got.body)


def _answers(work: Work, claim: Claim) -> dict[str, Any]:
    """The item the row names; else the answers of the case as they stand. Empty where they were erased."""
    id = claim.body.get("answers")
    return (items.get(work, claim.case_id, UUID(id)) if id else items.answers(work, claim.case_id)) or {}


def _text(work: Work, claim: Claim) -> str | None:
    """The item the row names; else what the citizen wrote first."""
    id = claim.body.get("words")
    found = items.get(work, claim.case_id, UUID(id)) if id else next(iter(items.of_kind(work, claim.case_id, "words")), None)
    return found if isinstance(found, str) else None
