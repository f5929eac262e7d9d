"""Notices to parties, pages to duty persons, missed promises to people of an agency: what is sent, made from references when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.access import seals
from portal.cases.registry import case_of
from portal.catalogue.definitions import Agency
from portal.dispatch import paper, texts, unsubscribing
from portal.dispatch.mail import BadAddress, Letter, compose
from portal.dispatch.sheet import Sheet
from portal.dispatch.texts import Text
from portal.dispatch.words import facts, version, written
from portal.outbox import escalations, kinds, notices, pages, quiet, reply_addresses
from portal.outbox.claims import Claim
from portal.parties import ways
from portal.parties.register import followers, of_case
from portal.plugins import discovery
from portal.plugins.agency import Refusal
from portal.plugins.channel import Notice
from portal.unit_of_work import Work
from portal.vault import items

#: Templates that answer what somebody wrote (RFC 3834, 5).
_REPLIES = frozenset({"received", "unclear"})


@dataclass(frozen=True, slots=True)
class Later:
    """It leaves at another time: nobody is woken, and nothing has failed."""

    until: datetime


def prepared(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal | Later:
    """The mail of a notice, page or escalation whose case is in hand, or why there is none."""
    return {pages.KIND: _page, escalations.KIND: _escalation}.get(claim.kind, _notice)(work, claim)


def _notice(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal | Later:
    party = next((row for row in (*of_case(work, claim.case_id), *followers(work, claim.case_id)) if str(row["party_id"]) == claim.body["party"]), None)
    if party is None:
        return Refusal("the party no longer stands on the case", retry=False, code="no-party")
    reach, form = ways.of(work, claim.case_id, party["party_id"]), discovery.reaching().get(claim.target)
    if form is None:
        return Refusal(f"nobody can be reached by a channel `{claim.target}`", retry=False, code="no-channel")
    if refusal := _lost(claim, reach):
        return refusal
    contact: Any = items.get(work, claim.case_id, party["contact"]) if party["contact"] else None
    to = contact.get(form.reaches) if isinstance(contact, dict) else None
    if not isinstance(to, str) or not to:
        return Refusal(f"the party left no address for {claim.target}", retry=False, code="no-address")
    template, case = claim.body["template"], case_of(work, claim.case_id)
    until = None if case["danger"] or kinds.kind(template).wakes(claim.placed_at, work.now) else quiet.until(form.quiet, work.now, ZoneInfo(case["zone"]))
    if until is not None:
        return Later(until)
    words = _words(work, claim.case_id, template, claim.body["language"], claim.body["refs"], needs=reach.needs, on_paper=form.reaches == "address")
    return letter(work, claim, channel=claim.target, to=to, notice=words)


def _lost(claim: Claim, reach: ways.Reach) -> Refusal | None:
    """What was promised before an address was lost, or before somebody wished for less, is not sent there any more."""
    if claim.target in reach.lost:
        stopped = reach.lost[claim.target] == "stopped"
        return Refusal("nothing is sent to this address any more", retry=False, code="stopped" if stopped else "lost-before")
    if "only-needed" in reach.needs and kinds.kind(claim.body["template"]).weight == "courtesy":
        return Refusal("the party wants to be told only what it needs to know", retry=False, code="unwanted")
    return None


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
    return letter(work, claim, channel=channel, to=to, notice=_words(work, claim.case_id, template, language, refs, needs={}))


def letter(work: Work, claim: Claim, *, channel: str, to: str, notice: Notice) -> Letter | Text | Sheet | Refusal:
    """A notice in the form of its channel, or why it cannot leave by it."""
    form = discovery.channels().get(channel)
    if form is None:
        return Refusal(f"there is no channel `{channel}`", retry=False, code="no-channel")
    message, said = form.render(notice), version(notice.template, notice.language)
    if message.by == "post" and claim.kind == notices.KIND:
        return paper.ready(work, claim, to=to, notice=notice)
    if message.by == "sms":
        return texts.ready(work, claim, to=to, text=message.text, version=said)
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
            html=message.html,
            ends=unsubscribing.link(work, claim) if claim.kind == notices.KIND and kinds.kind(notice.template).weight == "courtesy" else None,
            version=said,
        )
    except BadAddress as bad:
        return Refusal(str(bad), retry=False, code="bad-address")


def _words(work: Work, case_id: UUID, template: str, language: str, refs: dict[str, Any], *, needs: Mapping[str, str | None], on_paper: bool = False) -> Notice:
    default, easy = work.portal.settings.default_language, "easy-words" in needs
    found = facts(work, case_id, refs, language, on_paper=on_paper)
    spoken, subject, text = written(template, language, found, default=default, easy=easy)
    if spoken != language:
        # Titles and dates in the language of the words around them.
        found = facts(work, case_id, refs, spoken, on_paper=on_paper)
        spoken, subject, text = written(template, spoken, found, default=default, easy=easy)
    return Notice(template, spoken, subject, text, found["reference"], found["link"], large_print="large-print" in needs)
