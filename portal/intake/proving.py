"""Somebody wants to prove an e-mail address or a telephone number: a code is drawn and promised to it, whoever that is."""

from __future__ import annotations

from uuid import UUID

from portal.access import proofs
from portal.errors import Invalid
from portal.intake.receive import contact_of
from portal.outbox import codes
from portal.unit_of_work import Work
from portal.vault import items

#: What a person types -> the channel the code leaves by.
CHANNELS = {"email": "email", "phone": "sms"}


def address_of(kind: str, typed: str) -> str:
    """The address as it is kept; Invalid, with a pointer, where it cannot be one."""
    found = contact_of({kind: typed})
    if kind not in CHANNELS or not found.get(kind):
        raise Invalid(errors=[{"pointer": f"/contact/{kind}", "detail": "Send an e-mail address or a telephone number."}])
    return found[kind]


def ask(work: Work, id: UUID, *, kind: str, address: str, browser: str, language: str) -> None:
    """A code for that browser, in a unit that began with `id` as its new case. An address that got too many gets none, and nobody is told so."""
    channel = CHANNELS[kind]
    # Of several keys the oldest: an address stays whom it was while a key is changed.
    subject = proofs.subject_of(work.portal.settings.secret_keys[-1] or "local", channel, address)
    code = "" if proofs.too_often(work, subject) else proofs.new_code()
    proofs.begin(work, id, subject=subject, browser=browser, code=code)
    if not code:
        return
    catalogue = work.catalogue
    origin = "demo" if work.portal.settings.mode != "production" else "live"
    work.begin_case(id, jurisdiction=catalogue.agencies[catalogue.triage.agency].jurisdiction, origin=origin)
    item, _ = items.put(work, id, "proof", {"to": address, "code": code, "until": (work.now + proofs.LIFE).isoformat()})
    codes.place(work, id, channel=channel, item=item, language=language)


def prove(work: Work, browser: str, code: str) -> str | None:
    """As whom the code signs in; None where it is wrong, too old, tried too often, or of another browser."""
    return proofs.tried(work, browser, code)
