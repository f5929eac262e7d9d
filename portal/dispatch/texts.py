"""Messages by a carrier: what a channel that sends makes of them, and the call that carries one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.dispatch.mail import BadAddress, Letter, compose
from portal.outbox.claims import Claim
from portal.parties import silence
from portal.plugins import discovery
from portal.plugins.agency import Answer, HttpCall, Receipt, Refusal, not_understood
from portal.plugins.channel import Outgoing, Sends
from portal.unit_of_work import Work
from portal.vault import items
from portal.wire.http import Forbidden, Garbled, Guard, Unreachable, send


@dataclass(frozen=True, slots=True)
class Text:
    """One message ready to leave."""

    channel: Sends
    call: HttpCall
    #: Of the template's words.
    version: str | None = None


def ready(work: Work, claim: Claim, *, to: str, text: str, version: str | None = None) -> Text | Refusal:
    """The call for a message to one address, unless silence was asked for there."""
    settings = work.portal.settings
    channel: Any = discovery.channels().get(claim.target)
    if not isinstance(channel, Sends) or not settings.sms_endpoint:
        return Refusal(f"no carrier is set for {claim.target} (SMS_ENDPOINT)", retry=False, code="no-carrier")
    if silence.wanted(work, claim.target, to):
        return Refusal("this address asked for no more messages", retry=False, code="stopped")
    base = settings.channel_url or settings.public_url
    outgoing = Outgoing(
        key=claim.key,
        to=to,
        text=text,
        endpoint=settings.sms_endpoint,
        account=settings.sms_account,
        secret=settings.sms_secret.get_secret_value(),
        sender=settings.sms_sender,
        callback_url=f"{base}/channels/{claim.target}/receipts/{claim.case_id.hex}{claim.id.hex}",
    )
    return Text(channel, channel.prepare(outgoing), version)


def prepared(work: Work, claim: Claim) -> Text | Letter | Refusal:
    """What is said to who writes to us; its address lies in the vault."""
    value = items.get(work, claim.case_id, UUID(claim.body["item"]))
    if not isinstance(value, dict):
        return Refusal("the address was erased meanwhile", retry=False, code="no-address")
    if claim.target == "email":
        settings = work.portal.settings
        try:
            return compose(
                settings,
                to=value["to"],
                subject=value["subject"],
                text=value["text"],
                language=settings.default_language,
                key=claim.key,
                at=claim.placed_at,
                replied=True,
            )
        except BadAddress as bad:
            return Refusal(str(bad), retry=False, code="bad-address")
    return ready(work, claim, to=value["to"], text=value["text"])


def post(text: Text, guard: Guard) -> Receipt | Refusal:
    """Hands it to the carrier; no transaction is open meanwhile."""
    call = text.call
    try:
        got = send(guard, call.method, call.url, dict(call.headers), call.body)
    except Forbidden as refused:
        return Refusal(f"the portal may not call this address: {refused}", retry=False, code="forbidden-address")
    except Unreachable as failed:
        return Refusal(str(failed), retry=True, code="unreachable", doubt=failed.sent)
    except Garbled as odd:
        return not_understood(str(odd))
    return text.channel.read(Answer(got.status, got.headers, got.body))
