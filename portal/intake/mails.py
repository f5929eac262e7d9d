"""Mail that comes in: a new request, an answer to one of ours, a note of somebody nobody checked, something to file, something people read.

`From` proves nothing. It opens a case or leaves a note; nothing is ever disclosed to it and no contact changes by it. Only a mail to the address its very
sender was given counts as the party's.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from portal.cases import asks, reference, registry
from portal.cases.moves import ENDED
from portal.catalogue import find
from portal.catalogue.definitions import Service
from portal.catalogue.words import tokens
from portal.db import new_id
from portal.errors import IllegalMove, Invalid, NotFound, Refusal
from portal.intake import answers as rules
from portal.intake import documents, outside_words, party, replied, spoken
from portal.intake.dialogue_words import language_of, told
from portal.intake.receive import TEXT_LIMIT, Submission, receive
from portal.outbox import inbox, notices, reply_addresses, strays, texts
from portal.parties import courtesy, register
from portal.unit_of_work import ANONYMOUS, ENGINE, RELAY, Portal, Principal, Row, Work
from portal.vault import items

Became = Literal["taken", "repeated", "filed", "unread", "noted"]
_REFERENCE = re.compile(r"\b([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})\b")
_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


@dataclass(frozen=True)
class Mail:
    """One mail as its reader understood it."""

    sender: str
    subject: str
    text: str
    recipients: Sequence[str]
    references: Sequence[str]
    message_id: str | None
    raw: bytes
    #: Name, and content in base64.
    files: Sequence[tuple[str, str]] = ()

    @property
    def digest(self) -> str:
        """The message, once for ever: its id may name its writer, so only a digest of it is kept."""
        return sha256(self.message_id.encode("utf-8", "replace") if self.message_id else self.raw).hexdigest()


def take(portal: Portal, mail: Mail) -> Became:
    """A mail of a person. UniqueViolation where it opened a case before."""
    answered = reply_addresses.read(portal.settings.secret_keys, mail.recipients, mail.sender)
    if answered is not None and answered.known:
        try:
            return _reply(portal, answered.case_id, mail)
        except _Again:
            return "repeated"
    if answered is not None:
        return _note(portal, answered.case_id, mail, "sender-not-checked")
    thread = _thread(portal, mail)
    return _note(portal, thread, mail, "no-address-of-ours") if thread is not None else _open(portal, mail)


def file(portal: Portal, kind: Literal["automatic", "mail"], why: str, raw: bytes, *, sender: str = "") -> Became:
    """Kept for people with its raw message: `automatic` ones on a list, `mail` that could not be read as a task too. Once for ever."""
    front = portal.catalogue.triage.agency
    with portal.work(_front(portal)) as work:
        if not inbox.take(
            work, source=front, message_id=f"mail:{sha256(raw).hexdigest()}", case_id=None, status="read", body={"reference": None, "status": None}
        ):
            return "repeated"
        id = strays.found(work, agency=front, kind=kind, name=why[:100], known={"bytes": len(raw), "automatic": kind == "automatic"})
        items.put(work, id, "mail", {"base64": b64encode(raw).decode(), "from": sender})
    return "filed" if kind == "automatic" else "unread"


def came_back(portal: Portal, returned: Sequence[tuple[str, str]]) -> None:
    """A mail server says which notices of ours did not arrive. Whoever can name the id of a notice was sent it, or carried it."""
    keys = {found[1]: status for one, status in returned if (found := _OURS.match(one))}
    with portal.work(RELAY) as work:
        rows = work.sql("SELECT case_id, id, key FROM outbox WHERE key = ANY(%s) AND kind = 'notice'", (list(keys),)) if keys else []
    for case_id, id, key in rows:
        with portal.work(ENGINE) as work:
            work.narrow([case_id])
            row = notices.one(work, case_id, id)
            if row is not None:
                notices.returned(work, row, code=f"dsn-{keys[key]}", passing=keys[key].startswith("4"))


def decline(portal: Portal, address: str) -> None:
    """Tells who sent a mail from several addresses at once what to do; nobody is answered more than three times a day."""
    if "@" not in address:
        return
    front = portal.catalogue.agencies[portal.catalogue.triage.agency]
    id, origin = new_id(), "demo" if portal.settings.mode != "production" else "live"
    with portal.work(ANONYMOUS, new_cases=[id]) as work:
        if not courtesy.allowed(work, address):
            return
        work.begin_case(id, jurisdiction=front.jurisdiction, origin=origin)
        language = portal.settings.default_language
        item, _ = items.put(work, id, "text", {"to": address, "subject": told("several-subject", language), "text": told("several", language)})
        texts.place(work, id, channel="email", item=item)


def _front(portal: Portal) -> Principal:
    agency = portal.catalogue.triage.agency
    return Principal("agency", subject=agency, agencies=(agency,))


def _open(portal: Portal, mail: Mail) -> Became:
    """A request, with the answers its words give; what is missing is asked in the mail that says it was received."""
    words = replied.own_words(mail.text) or mail.text.strip()
    text = "\n\n".join(part for part in (mail.subject, words) if part)[:TEXT_LIMIT]
    case_id = new_id()
    language = language_of(text, portal.settings.default_language, portal.catalogue)
    service = _meant(portal, re.sub(r"^(\s*(re|aw|sv|tr|fw|fwd)\s*:)+", "", mail.subject, flags=re.IGNORECASE), text, language)
    with _kept(portal, mail) as uploads, portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        given = Submission(
            text=text or "(no words)",
            meant=service.id if service else None,
            answers=_good(service, _said(service, mail.text, (), language), {}, {"channel": "email", "area": None, "language": language})[0] if service else {},
            contact={"email": mail.sender},
            channel="email",
            language=language,
            source="email",
            external_id=mail.digest,
            acknowledge=courtesy.allowed(work, mail.sender),
        )
        received = receive(work, given, case_id=case_id)
        items.put(work, case_id, "mail", {"base64": b64encode(mail.raw).decode()})
        for one in uploads:
            documents.take(work, case_id, one, channel="email")
        work.settle()
        if received.missing and not received.danger and received.case["status"] not in (*ENDED, "decided", "waiting"):
            asks.ask(work, case_id, agency=received.case["agency"], fields=received.missing, words=None, commitment=None, reply_by=None)
    return "taken"


class _Again(Exception):
    """This mail was taken before: nothing of it is written."""


@contextmanager
def _kept(portal: Portal, mail: Mail) -> Iterator[list[documents.Upload]]:
    """Its files in the store, before anything is written down; dropped where the mail was not taken. What is no document stays in the raw mail."""
    uploads: list[documents.Upload] = []
    try:
        for name, content in mail.files:
            with suppress(Invalid):
                uploads.append(documents.keep(portal, b64decode(content), name))
        yield uploads
    except BaseException:
        for one in uploads:
            documents.drop(portal, one)
        raise


def _meant(portal: Portal, subject: str, text: str, language: str) -> Service | None:
    """The service a mail names in its subject, or means by that or by all its words."""
    services = portal.catalogue.services
    named = tokens(subject)
    for service in services.values():
        if named and not service.triage and any(tokens(title) == named for title in service.title.values()):
            return service
    for words in (subject, text):
        if match := find.confident(find.rank(portal.catalogue, words, language)):
            return services[match.service_id]
    return None


def _reply(portal: Portal, case_id: UUID, mail: Mail) -> Became:
    """The party's own: answers by label, words for people; what cannot be taken is said with the words of every channel."""
    front = portal.catalogue.triage.agency
    with _kept(portal, mail) as uploads, portal.work(Principal("party", cases=(case_id,), agencies=(front,))) as work:
        work.narrow([case_id])
        if not work.holds(case_id):
            raise NotFound
        if not _first(work, front, case_id, mail):
            raise _Again
        items.put(work, case_id, "mail", {"base64": b64encode(mail.raw).decode()})
        case = registry.case_of(work, case_id)
        for upload in uploads if case["status"] not in ENDED else ():
            documents.take(work, case_id, upload, channel="email")
        bad = _answered(work, case, mail)
        words = replied.own_words(mail.text) or mail.text.strip() or mail.subject or "(no words)"
        party.write(work, case_id, words[:TEXT_LIMIT])
        if bad and courtesy.allowed(work, mail.sender):
            for one in register.told(work, case_id):
                refs = {"fields": ",".join(bad)}
                notices.promise(work, case_id, party_id=one["party_id"], channel=one["channel"], template="unclear", language=one["language"], refs=refs)
    return "taken"


def _answered(work: Work, case: Row, mail: Mail) -> list[str]:
    """Gives the answers that can be taken; ids of those that cannot."""
    if not case["service_hash"] or case["status"] in (*ENDED, "decided"):
        return []
    service: Service = work.portal.pinned(work, case["service_hash"])
    asked = [name for one in asks.still_open(work, case["case_id"]) for name in one["fields"]]
    said = _said(service, mail.text, asked, case["language"])
    before: dict[str, Any] = {}
    for old in items.of_kind(work, case["case_id"], "answers"):
        before |= old
    facts = {"channel": case["channel"], "area": case["area"], "language": case["language"]}
    good, bad = _good(service, said, before, facts)
    if good:
        try:
            party.answer(work, case["case_id"], good)
        except (Invalid, IllegalMove):
            return [*bad, *good]
    return bad


def _said(service: Service, text: str, asked: Sequence[str], language: str) -> dict[str, Any]:
    return replied.read(service.fields, replied.answers(text, service.fields, asked), spoken.read, language)


def _good(service: Service, said: dict[str, Any], before: dict[str, Any], facts: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Answers that can be taken, one after the other, and ids of those that cannot."""
    good: dict[str, Any] = {}
    bad: list[str] = []
    for field in service.fields:
        if field.id not in said:
            continue
        try:
            rules.checked(service, {**before, **good, field.id: said[field.id]}, facts=facts, complete=False)
            good[field.id] = said[field.id]
        except Invalid:
            bad.append(field.id)
    return good, bad


def _note(portal: Portal, case_id: UUID, mail: Mail, why: str) -> Became:
    """Words about a case whose sender nobody checked: people read them, nothing else follows."""
    front = portal.catalogue.triage.agency
    with portal.work(_front(portal)) as work:
        work.narrow([case_id])
        if not work.holds(case_id):
            raise NotFound
        if not _first(work, front, case_id, mail):
            return "repeated"
        words = f"{mail.sender}\n{mail.subject}\n\n{replied.own_words(mail.text)}"[:TEXT_LIMIT]
        outside_words.take(work, case_id, words, source=f"email:{mail.digest[:32]}", why=why, channel="email")
        items.put(work, case_id, "mail", {"base64": b64encode(mail.raw).decode()})
    return "noted"


def _first(work: Work, front: str, case_id: UUID, mail: Mail) -> bool:
    return inbox.take(work, source=front, message_id=f"mail:{mail.digest}", case_id=case_id, status="read", body={"reference": None, "status": None})


def _thread(portal: Portal, mail: Mail) -> UUID | None:
    """The case a mail belongs to by what it answers, or by a reference in its subject; that proves nothing, so it only leads to a note."""
    keys = [found for one in mail.references if (found := _OURS.match(one))]
    if keys:
        with portal.work(RELAY) as work:
            rows = work.sql("SELECT case_id FROM outbox WHERE key = ANY(%s) AND kind = 'notice' LIMIT 1", ([one[1] for one in keys],))
        if rows:
            case_id: UUID = rows[0][0]
            return case_id
    for text in _REFERENCE.findall(mail.subject.upper()):
        try:
            with portal.work(ANONYMOUS) as work:
                return registry.find(work, reference.read(text))[0]
        except Refusal:
            continue
    return None
