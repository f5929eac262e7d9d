"""A delivery as the agency's adapter describes it, and the call that carries it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from portal.cases.registry import case_of
from portal.catalogue.definitions import Agency
from portal.clock import utc_now
from portal.dispatch.mail import BadAddress, Letter, compose, post
from portal.dispatch.reach import NoKey, bearer, reach
from portal.outbox import answer_addresses
from portal.outbox.claims import Claim
from portal.plugins import discovery
from portal.plugins.agency import Adapter, Answer, Asked, Asks, Delivery, File, HttpCall, Mail, Reach, Receipt, Refusal, Task, not_understood
from portal.settings import Settings
from portal.telemetry import spans
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
    agency: Agency
    reach: Reach


def prepared(work: Work, claim: Claim) -> Handover | Refusal:
    """What the adapter wants to be sent for a claim whose case is in hand."""
    agency = work.catalogue.agencies.get(claim.target)
    if agency is None:
        return Refusal("the agency is no longer in the catalogue", retry=False, code="no-agency")
    if claim.crashes and agency.promise == "blind" and agency.on_doubt == "staff":
        return in_doubt("an attempt ended without a word")
    try:
        way = reach(agency, work.portal.settings)
    except (NoKey, OSError):
        return Refusal("the file AGENCY_KEYS names cannot be read, or lacks this agency's key", retry=True, code="no-keys")
    if agency.endpoint and way.endpoint is None:
        return Refusal(f"the address of {agency.id} names a setting that is empty here: set it, then send this again", retry=False, code="no-address")
    adapter = discovery.adapter(agency.adapter, agency.id)
    delivery = described(work, claim, agency, way)
    return Handover(adapter, adapter.prepare(delivery), claim, delivery.language, agency, way)


def described(work: Work, claim: Claim, agency: Agency, way: Reach, *, known_at: datetime | None = None) -> Delivery:
    """The handover as adapters are told of it. `known_at`: with the answers of that instant, so that it reads the same at any later one."""
    case = case_of(work, claim.case_id)
    return Delivery(
        id=str(claim.id),
        key=claim.key,
        action=claim.body["action"],
        agency=agency.id,
        service=claim.body["service"],
        step=claim.body["step"],
        item=claim.body.get("item"),
        answers=_answers(work, claim, known_at),
        text=_text(work, claim),
        language=case["language"],
        callback_url=f"{work.portal.settings.public_url}/api/v1/agencies/{agency.id}/callbacks",
        attempt=claim.attempts,
        endpoint=way.endpoint,
        reach=way,
    )


def in_doubt(why: str) -> Refusal:
    """A blind agency may have it: nobody sends it twice without looking (promises.md 3.3, at most once)."""
    return Refusal(f"{why}, so it may have arrived: ask there before it is sent again", retry=False, code="in-doubt", doubt=True)


def call(handover: Handover, guard: Guard, settings: Settings) -> Receipt | Refusal:
    """Sends it and reads the answer; no transaction is open meanwhile. Where the agency can be asked and may have it, it is asked first."""
    found = _asked_first(handover, guard, settings)
    outcome = found or _called(handover, guard, settings)
    blind = handover.agency.promise == "blind" and handover.agency.on_doubt == "staff"
    return in_doubt(outcome.reason) if isinstance(outcome, Refusal) and outcome.doubt and outcome.retry and blind else outcome


def _asked_first(handover: Handover, guard: Guard, settings: Settings) -> Receipt | Refusal | None:
    """What a queryable agency says to our key, from the second claim on; None: it does not have it, or nobody asks."""
    if handover.agency.promise != "queryable" or handover.claim.epoch == 1 or not isinstance(handover.adapter, Asks):
        return None
    one = Asked(handover.claim.key, None, handover.claim.placed_at)
    for question in handover.adapter.ask(handover.reach, [one]):
        got = http(handover.agency, question.call, guard, settings, f"ask-{one.key}")
        told = got if isinstance(got, Refusal) else handover.adapter.told(handover.reach, [one], got)
        if isinstance(told, Refusal):
            return replace(told, doubt=False)
        news = told.get(one.key)
        if news and news.status != "unknown":
            return Receipt(news.remote_id, done=news.status == "done")
        if news is None:
            return Refusal("the agency was asked whether it has it, and did not say", retry=True, code="asked-in-vain")
    return None


def _called(handover: Handover, guard: Guard, settings: Settings) -> Receipt | Refusal:
    what = handover.what
    if isinstance(what, HttpCall):
        got = http(handover.agency, what, guard, settings, handover.claim.key)
        return got if isinstance(got, Refusal) else handover.adapter.read(got)
    if isinstance(what, Mail):
        try:
            return post(settings, _letter(handover, what, settings))
        except BadAddress as bad:
            return Refusal(str(bad), retry=False, code="bad-address")
    if isinstance(what, Task):
        return Refusal("this agency is reached by its people: they do it by hand", retry=False, code="by-staff")
    return Refusal("files cannot be exchanged yet", retry=False, code="no-file-exchange")


def _letter(handover: Handover, what: Mail, settings: Settings) -> Letter:
    """The mail, with an address of its own for the answer."""
    claim = handover.claim
    answers_to = answer_addresses.made(settings.secret_key.get_secret_value(), UUID(claim.key))
    given = {"to": what.to, "subject": what.subject, "text": what.text, "language": handover.reach.options.get("language", handover.language)}
    return compose(settings, **given, key=claim.key, at=claim.placed_at, answers_to=answers_to, beside=what.beside)


def http(agency: Agency, what: HttpCall, guard: Guard, settings: Settings, key: str) -> Answer | Refusal:
    """One call to an agency, signed and with its token; a token that is refused is renewed once."""
    for fresh in (False, True):
        token = bearer(agency, settings, guard, fresh=fresh)
        if isinstance(token, Refusal):
            return token
        got = carried(replace(what, headers={**what.headers, **token}), guard, settings, agency.id, key)
        if isinstance(got, Refusal) or got.status != 401 or not token:
            break
    return got


def carried(what: HttpCall, guard: Guard, settings: Settings, signer: str, key: str) -> Answer | Refusal:
    """One call, signed with the secret we share with `signer`, and what came back."""
    try:
        secrets = secrets_of(settings.agency_secrets).get(signer, ())
    except (OSError, ValueError):
        return Refusal("the file AGENCY_SECRETS names cannot be read", retry=True, code="no-secrets")
    with spans.span(what.method, "client", http__request__method=what.method, server__address=urlsplit(what.url).hostname) as span:
        got = _sent(what, guard, secrets, key)
        if isinstance(got, Refusal):
            span.fail(got.code)
        else:
            span.say(http__response__status_code=got.status)
    return got


def _sent(what: HttpCall, guard: Guard, secrets: tuple[str, ...], key: str) -> Answer | Refusal:
    headers = dict(what.headers)
    if trace := spans.traceparent():
        headers["traceparent"] = trace
    if secrets:
        # The far side compares it with its own clock, so it is the machine's time and not the unit's.
        headers |= signed(secrets[0], key, utc_now(), what.body)
    try:
        got = send(guard, what.method, what.url, headers, what.body)
    except Forbidden as refused:
        return Refusal(f"the portal may not call this address: {refused}", retry=False, code="forbidden-address")
    except Unreachable as failed:
        return Refusal(str(failed), retry=True, code="unreachable", doubt=failed.sent)
    except Garbled as odd:
        return not_understood(str(odd))
    return Answer(got.status, got.headers, got.body)


def _answers(work: Work, claim: Claim, known_at: datetime | None) -> dict[str, Any]:
    """The item the row names; else all answers of the case, later ones over earlier ones. Empty where they were erased."""
    id = claim.body.get("answers")
    found = [items.get(work, claim.case_id, UUID(id))] if id else items.of_kind(work, claim.case_id, "answers", until=known_at)
    return {name: value for one in found if isinstance(one, dict) for name, value in one.items()}


def _text(work: Work, claim: Claim) -> str | None:
    """The item the row names; else what the citizen wrote first."""
    id = claim.body.get("words")
    found = items.get(work, claim.case_id, UUID(id)) if id else next(iter(items.of_kind(work, claim.case_id, "words")), None)
    return found if isinstance(found, str) else None
