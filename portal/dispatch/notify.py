"""Notices to parties, pages to duty persons, missed promises to people of an agency: what is sent, made from references when it is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.access import seals
from portal.cases.registry import case_of
from portal.catalogue.definitions import Agency
from portal.dispatch import paper, texts
from portal.dispatch.mail import BadAddress, Letter, compose
from portal.dispatch.sheet import Sheet
from portal.dispatch.texts import Text
from portal.dispatch.words import facts, written
from portal.outbox import escalations, notices, pages, reply_addresses
from portal.outbox.claims import Claim
from portal.parties.register import followers, told
from portal.plugins import discovery
from portal.plugins.agency import Refusal
from portal.plugins.channel import Notice
from portal.unit_of_work import Work
from portal.vault import items

#: Templates that answer what somebody wrote (RFC 3834, 5).
_REPLIES = frozenset({"received", "unclear"})
#: Channel -> what of a contact its messages go to, where it has another name.
_ADDRESS = {"sms": "phone", "post": "address"}


def prepared(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal:
    """The mail of a notice, page or escalation whose case is in hand, or why there is none."""
    return {pages.KIND: _page, escalations.KIND: _escalation}.get(claim.kind, _notice)(work, claim)


def _notice(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal:
    party = next((row for row in (*told(work, claim.case_id), *followers(work, claim.case_id)) if str(row["party_id"]) == claim.body["party"]), None)
    if party is None:
        return Refusal("the party no longer stands on the case", retry=False, code="no-party")
    contact: Any = items.get(work, claim.case_id, party["contact"]) if party["contact"] else None
    to = contact.get(_ADDRESS.get(claim.target, claim.target)) if isinstance(contact, dict) else None
    if not isinstance(to, str) or not to:
        return Refusal(f"the party left no address for {claim.target}", retry=False, code="no-address")
    return _letter(work, claim, channel=claim.target, to=to, template=claim.body["template"], language=claim.body["language"], refs=claim.body["refs"])


def _page(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal:
    agency, person = work.catalogue.agencies.get(claim.body["agency"]), claim.body["person"]
    if agency is None or not 0 <= person < len(agency.duty):
        return Refusal("the agency's definition names no such duty person", retry=False, code="no-duty-person")
    language = work.portal.settings.default_language
    return _letter(
        work, claim, channel=pages.CHANNEL, to=_among_named(work, claim, _on_duty(work, agency, person)), template="duty", language=language, refs={}
    )


def _escalation(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal:
    agency, role = work.catalogue.agencies.get(claim.body["agency"]), claim.body["role"]
    person = next((one for one in agency.people if one.role == role), None) if agency else None
    if agency is None or person is None:
        return Refusal(f"the agency's definition names nobody as {role}", retry=False, code="no-person")
    refs = {"due_at": claim.body["due_at"], "clock": str(claim.subject)}
    language = work.portal.settings.default_language
    return _letter(
        work,
        claim,
        channel=escalations.CHANNEL,
        to=_among_named(work, claim, present(work, agency, person.email) or person.email),
        template="escalation",
        language=language,
        refs=refs,
    )


def _on_duty(work: Work, agency: Agency, number: int) -> str:
    """The duty person whose turn it is, or who stands in for them, or the first who is there; the person itself where nobody is."""
    turn = [*agency.duty[number:], *agency.duty[:number]]
    return next((found for one in turn if (found := present(work, agency, one.email))), turn[0].email)


def present(work: Work, agency: Agency, email: str) -> str | None:
    """The address, or the deputy's while somebody is away; None where there is no deputy, or that one is away too."""
    today = work.now.astimezone(ZoneInfo(agency.calendars[0].zone)).date().isoformat()
    away = {one.email: one.deputy for one in agency.absences if one.first_day <= today <= one.last_day}
    deputy = away.get(email)
    return email if email not in away else deputy if deputy not in away else None


def _among_named(work: Work, claim: Claim, otherwise: str) -> str:
    """Where staff are told of the case: of a sealed one at the address of somebody it names, and nowhere else."""
    for item in seals.contacts(work, claim.case_id):
        value: Any = items.get(work, claim.case_id, item)
        if isinstance(value, str):
            return value
    return otherwise


def _letter(work: Work, claim: Claim, *, channel: str, to: str, template: str, language: str, refs: dict[str, Any]) -> Letter | Text | Sheet | Refusal:
    return letter(work, claim, channel=channel, to=to, notice=_words(work, claim.case_id, template, language, refs))


def letter(work: Work, claim: Claim, *, channel: str, to: str, notice: Notice) -> Letter | Text | Sheet | Refusal:
    """A notice in the form of its channel, or why it cannot leave by it."""
    form = discovery.channels().get(channel)
    if form is None:
        return Refusal(f"there is no channel `{channel}`", retry=False, code="no-channel")
    message = form.render(notice)
    if message.by == "post" and claim.kind == notices.KIND:
        return paper.ready(work, claim, to=to, notice=notice)
    if message.by == "sms":
        return texts.ready(work, claim, to=to, text=message.text)
    if message.by != "smtp":
        return Refusal(f"nothing can be sent by {channel} yet", retry=False, code="no-way-out")
    subject = message.subject or notice.subject
    replied = notice.template in _REPLIES and case_of(work, claim.case_id)["channel"] == "email"
    answers_to = reply_addresses.made(work.portal.settings.secret_key.get_secret_value(), claim.case_id, to) if claim.kind == notices.KIND else None
    try:
        return compose(
            work.portal.settings,
            to=to,
            subject=subject,
            text=message.text,
            language=notice.language,
            key=claim.key,
            at=claim.placed_at,
            answers_to=answers_to,
            replied=replied,
        )
    except BadAddress as bad:
        return Refusal(str(bad), retry=False, code="bad-address")


def _words(work: Work, case_id: UUID, template: str, language: str, refs: dict[str, Any]) -> Notice:
    default = work.portal.settings.default_language
    found = facts(work, case_id, refs, language)
    spoken, subject, text = written(template, language, found, default=default)
    if spoken != language:
        # Titles and dates in the language of the words around them.
        found = facts(work, case_id, refs, spoken)
        spoken, subject, text = written(template, spoken, found, default=default)
    return Notice(template, spoken, subject, text, found["reference"], found["link"])
