"""What the engine does for a channel, as the socket promises it: every call is a unit of work of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from pathlib import Path
from typing import Any
from uuid import UUID

from portal.cases import publication, reference, registry, secret
from portal.catalogue.advice import advice, needed
from portal.catalogue.definitions import Catalogue, Field, Service
from portal.catalogue.languages import say
from portal.catalogue.phrases import translations
from portal.clock import utc_now
from portal.documents.pictures import bare
from portal.errors import NotFound, Refusal
from portal.intake import answers as rules
from portal.intake import conversation, documents, once, outside_words, spoken
from portal.intake.receive import Submission
from portal.outbox import texts
from portal.plugins.channel import Delivered, File, Listed, Offer, Question, Refused, Taken, Turn, Update, Wanted
from portal.plugins.channel import Submission as Given
from portal.standards import clocks
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Row, Work
from portal.views import documents as files
from portal.views import requests
from portal.views.case import promise
from portal.views.danger import emergency

log = logging.getLogger(__name__)

#: The key of the channels in the local mode and in tests.
DEVELOPMENT = "development"
#: Files taken with one request.
MOST_FILES = 10
#: Hexadecimal digits of the seal of a token.
_SEAL = 16


class Front:
    """One channel's, for one request."""

    def __init__(self, portal: Portal, channel: str) -> None:
        self._portal, self._channel = portal, channel
        self.language = portal.settings.default_language
        self.now = utc_now()
        triage = portal.catalogue.agencies[portal.catalogue.triage.agency]
        self.contact = say(triage.contact, self.language) if triage.contact else say(triage.title, self.language)
        self.production = portal.settings.mode == "production"

    # ------------------------------------------------------------------ what there is

    def services(self) -> Sequence[Offer]:
        """Services this channel may offer; one that lists requests offers public ones only."""
        catalogue = self._portal.catalogue
        return [_offer(catalogue, service, self.language) for service in self._offered().values()]

    def _offered(self) -> dict[str, Service]:
        found: dict[str, Service] = once.offered(self._portal, self._channel)
        return {id: service for id, service in found.items() if service.public} if self._channel == "open311" else found

    def version(self) -> datetime:
        """When what is offered last changed: the newest publication of a definition it stands on."""
        catalogue = self._portal.catalogue
        hashes = [catalogue.hashes["service", id] for id in self._offered()]
        with self._portal.work(ANONYMOUS) as work:
            found = work.sql("SELECT max(published_at) FROM definitions WHERE hash = ANY(%s)", (hashes,))
        at: datetime | None = found[0][0]
        return at or datetime(2026, 1, 1, tzinfo=UTC)

    # ------------------------------------------------------------------ what comes in

    def submit(self, submission: Given) -> Taken:
        """Opens a case, or finds the one this very submission opened before."""
        service = self._offered().get(submission.service or "")
        if submission.service and service is None:
            raise Refused(404, [("service", "There is no such service.")])
        answers = spoken.read_all(service, submission.answers, submission.language or self.language) if service else dict(submission.answers)
        given = Submission(
            service=submission.service,
            text=submission.text,
            answers=answers,
            contact=self._contact(service, submission.contact),
            location=submission.location,
            channel=self._channel,
            language=submission.language or self.language,
            source=f"{self._channel}:{submission.source}" if submission.source else None,
            external_id=submission.external_id,
        )
        uploads, notes = self._kept(submission.files)
        received = None
        try:
            case, received = once.open_once(self._portal, given, media_url=submission.media_url, beside=lambda work, row: self._beside(work, row, uploads))
        except Refusal as refused:
            raise Refused(refused.status, self._faults(refused, service, given)) from refused
        finally:
            if received is None:
                for one in uploads:
                    documents.drop(self._portal, one)
        return replace(self._taken(case, given.language or self.language), notes=tuple(notes))

    def _kept(self, files: Sequence[File]) -> tuple[Sequence[documents.Upload], Sequence[str]]:
        """Files in the store, and what is said of those that cannot be taken: a request is not refused for its picture."""
        kept, notes = [], []
        for file in files[:MOST_FILES]:
            try:
                kept.append(documents.keep(self._portal, file.content, file.name))
            except Refusal as refused:
                notes.append(f"{file.name}: {refused.detail}")
        return kept, notes

    def _beside(self, work: Work, case: Row, uploads: Sequence[documents.Upload]) -> None:
        for one in uploads:
            documents.take(work, case["case_id"], one, channel=self._channel)

    def _faults(self, refused: Refusal, service: Service | None, given: Submission) -> Sequence[tuple[str, str]]:
        """Each fault with what to do: of an answer in the words all channels have for it, in the sender's language."""
        fields = {field.id: field for field in service.fields} if service else {}
        words = translations(given.language or self.language).gettext
        told = []
        for one in refused.errors:
            name = _name(one["pointer"])
            field = fields.get(name) if one["pointer"].startswith("/answers/") else None
            if field is None or one["detail"] == rules.NOT_ASKED:
                told.append((name, one["detail"]))
            else:
                told.append((name, needed(field, words) if given.answers.get(name) in (None, "", []) else advice(field, words)))
        return told or [("", refused.detail)]

    def _contact(self, service: Service | None, given: Mapping[str, Any]) -> dict[str, Any]:
        """A number as people of the place write it gets its country; what is none is kept as it was given and not dialled."""
        contact = dict(given)
        if number := contact.pop("phone", None):
            catalogue = self._portal.catalogue
            region = catalogue.agencies[(service or catalogue.triage).agency].calendars[0].country
            try:
                contact["phone"] = rules.phone(None, number, region=region)
            except rules.Wrong:
                contact["phone_as_given"] = number
        return contact

    def _taken(self, case: Row, language: str) -> Taken:
        portal = self._portal
        with portal.work(ENGINE) as work:
            work.narrow([case["case_id"]])
            told = promise(clocks.of_case(work, case["case_id"]), case["zone"], language)
        danger = emergency(portal.catalogue, case["agency"], language)["says"] if case["danger"] else None
        key = portal.settings.secret_key.get_secret_value()
        token = _token(key, case["case_id"])
        return Taken(case["reference"], secret.derive(key, case["case_id"]), told["says"] if told else None, token, danger)

    def write(self, reference: str, words: str, *, source: str, external_id: str | None) -> str:
        """Words about a request: people read them. The same once for ever, where it has an id of theirs."""
        with self._portal.work(ANONYMOUS) as work:
            rows = publication.these(work, [_standard(reference)], services=list(self._offered()), jurisdictions=self._jurisdictions())
        if not rows:
            raise Refused(404, [("service_request_id", "There is no such request.")])
        try:
            with self._portal.work(ENGINE) as work:
                work.narrow([rows[0].case_id])
                mark = _mark(source, external_id)
                before = outside_words.known(work, rows[0].case_id, mark) if external_id else None
                if before:
                    return before
                item = outside_words.take(work, rows[0].case_id, words, source=mark, why="by-key", channel=self._channel)
        except Refusal as refused:
            raise Refused(refused.status, [("", one["detail"]) for one in refused.errors] or [("", refused.detail)]) from refused
        return str(item)

    def say(self, turn: Turn) -> Sequence[str]:
        """Takes a turn of a conversation."""
        return conversation.take(self._portal, self._channel, turn, tell=_told_of)

    def delivered(self, what: Delivered) -> None:
        """Records what became of a message of ours; `id` is the name we gave it: the case and the row of the outbox."""
        try:
            case_id, row_id = UUID(hex=what.id[:32]), UUID(hex=what.id[32:])
        except ValueError:
            raise Refused(404, [("", "There is no such message.")]) from None
        with self._portal.work(ENGINE) as work:
            work.narrow([case_id])
            if work.holds(case_id):
                texts.reported(work, case_id, row_id, status=what.status, code=what.code, passing=what.passing, stopped=what.stopped)

    # ------------------------------------------------------------------ what everybody may see

    def find(self, reference: str) -> Listed | None:
        """A request everybody may see."""
        found = self.list(Wanted(references=(_standard(reference),)))
        return found[0] if found else None

    def list(self, wanted: Wanted) -> Sequence[Listed]:
        """Requests everybody may see, the newest first."""
        if wanted.references:
            standard = tuple(dict.fromkeys(_standard(one) for one in wanted.references))
            wanted = Wanted(references=standard)
        with self._portal.work(ANONYMOUS) as work:
            return requests.find(work, wanted, services=list(self._offered()), language=self.language)

    def status(self, since: datetime, until: datetime) -> Sequence[Update]:
        """Changes of status in that time."""
        with self._portal.work(ANONYMOUS) as work:
            return requests.updates(work, since, until, services=[*self._offered()], language=self.language)

    def picture(self, reference: str) -> tuple[bytes, str] | None:
        """The picture of a request somebody approved, without what is written beside it, and its media type."""
        with self._portal.work(ANONYMOUS) as work:
            found = requests.picture(work, _standard(reference), services=list(self._offered()))
        try:
            return (bare(files.content(self._portal, found[0]), found[1]), found[1]) if found else None
        except ValueError:
            return None

    def resolve(self, token: str) -> str | None:
        """The reference behind a token, or behind itself."""
        case_id = _case_of(self._portal.settings.secret_keys, token)
        if case_id is None:
            found = self.find(token)
            return found.reference if found else None
        with self._portal.work(ENGINE) as work:
            work.narrow([case_id])
            try:
                return str(registry.case_of(work, case_id)["reference"])
            except NotFound:
                return None

    def _jurisdictions(self) -> Sequence[str]:
        return sorted({agency.jurisdiction for agency in self._portal.catalogue.agencies.values()})

    # ------------------------------------------------------------------ who may

    def key(self, given: str) -> str | None:
        """The name of a key: `development` in the local mode, else as the file CHANNEL_KEYS says."""
        settings = self._portal.settings
        if settings.mode in ("local", "test") and compare_digest(given.encode(), DEVELOPMENT.encode()):
            return DEVELOPMENT
        for name, key in _keys(settings.channel_keys).items():
            if compare_digest(given.encode(), key.encode()):
                return name
        return None

    def secret(self) -> str:
        """What we share with the carrier of text messages."""
        return self._portal.settings.sms_secret.get_secret_value()


def _told_of(work: Work, case: Row, language: str) -> tuple[str | None, str]:
    """The promise on a case in hand in a sentence, and what to do in danger."""
    told = promise(clocks.of_case(work, case["case_id"]), case["zone"], language)
    return told["says"] if told else None, emergency(work.catalogue, case["agency"], language)["says"]


def _keys(file: str) -> dict[str, str]:
    """Keys by the names of whom they were given to: `NAME: key`, one a line; none where no file is named or it cannot be read."""
    if not file:
        return {}
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError:
        log.error("the file CHANNEL_KEYS names cannot be read")
        return {}
    pairs = (line.partition(":") for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {name.strip(): key.strip() for name, _, key in pairs if name.strip() and len(key.strip()) >= 8}


def _offer(catalogue: Catalogue, service: Service, language: str) -> Offer:
    agency = catalogue.agencies[service.agency]
    words = (*service.synonyms.get(language, ()), *service.synonyms.get("en", ()))
    return Offer(
        id=service.id,
        title=say(service.title, language),
        summary=say(service.summary, language),
        agency=say(agency.title, language),
        jurisdiction=agency.jurisdiction,
        questions=tuple(_question(field, language) for field in service.fields),
        keywords=tuple(dict.fromkeys(words)),
    )


def _question(field: Field, language: str) -> Question:
    options = {option.id: say(option.title, language) for option in field.options}
    if field.type == "boolean":
        options = spoken.yes_no(language)
    hint = say(field.hint, language) if field.hint else None
    return Question(field.id, field.type, say(field.title, language), hint, field.required, options, field.when is not None)


def _name(pointer: str) -> str:
    return pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _standard(text: str) -> str:
    """A reference as it is stored; what is none finds nothing."""
    try:
        return reference.read(text)
    except Refusal:
        return ""


def _token(key: str, case_id: UUID) -> str:
    return f"{case_id.hex}{_seal(key, case_id)}"


def _case_of(keys: Sequence[str], token: str) -> UUID | None:
    if len(token) != 32 + _SEAL or not token.isascii() or not token.isalnum():
        return None
    try:
        case_id = UUID(hex=token[:32])
    except ValueError:
        return None
    return case_id if any(compare_digest(_seal(key, case_id), token[32:]) for key in keys) else None


def _seal(key: str, case_id: UUID) -> str:
    return hmac_new(key.encode(), b"token of\x00" + case_id.bytes, sha256).hexdigest()[:_SEAL]


def _mark(source: str, external_id: str | None) -> str:
    """Who wrote and which of its words: a digest, for the id may name somebody."""
    return f"{source}:{sha256(external_id.encode('utf-8', 'replace')).hexdigest()[:32]}" if external_id else source
