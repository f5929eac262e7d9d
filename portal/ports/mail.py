"""Mail intake: takes mail over SMTP, keeps the raw message before it answers, then makes a request of it."""

from __future__ import annotations

import json
import logging
import os
import threading
import traceback
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from psycopg.errors import UniqueViolation

from portal.db import new_id
from portal.errors import Refusal, TooMany, Unavailable
from portal.intake import mails, replies
from portal.limits.limiter import Limiter
from portal.outbox.answer_addresses import key_of, looks_like_one
from portal.ports.letters import LARGEST, SEVERAL, Letter, Unreadable, read
from portal.telemetry import correlation, spans
from portal.unit_of_work import Portal

log = logging.getLogger(__name__)

#: Seconds until mail that could not be stored (the database is away) is tried again.
PAUSE = 2.0


class Spool:
    """Folders of raw mail: `new` is still to be read, `filed` came from a machine, `unread` waits for people. What became a request is in the vault."""

    def __init__(self, place: Path) -> None:
        self.new, self.filed, self.unread = (place / name for name in ("new", "filed", "unread"))
        for folder in (self.new, self.filed, self.unread):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Whole on disk when this returns: the envelope as one line of JSON, then the message."""
        id = new_id()
        fresh = self.new / f"{id}.part"
        with open(fresh, "wb") as file:
            file.write(json.dumps({"from": sender, "to": recipients}).encode() + b"\n" + raw)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self.new / f"{id}.mail")
        folder = os.open(self.new, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def waiting(self) -> list[Path]:
        """Mail still to be read, oldest first (the names are uuid7)."""
        return sorted(self.new.glob("*.mail"))


def take(portal: Portal, spool: Spool, place: Path) -> str:
    """Makes a request of one kept mail: `taken`, `repeated`, `filed` or `unread`. Unavailable where the database is away: the mail stays where it is."""
    with correlation.under(correlation.taken(None, None)), spans.span("mail", "server") as span:
        became = _taken(portal, spool, place)
        span.say(onedoor__result=became)
    return became


def _taken(portal: Portal, spool: Spool, place: Path) -> str:
    envelope, _, raw = place.read_bytes().partition(b"\n")
    sent = json.loads(envelope)
    try:
        became = _became(portal, sent, raw)
    except UniqueViolation:
        became = "repeated"
    except Unavailable:
        raise
    except (Unreadable, Refusal) as fault:
        log.warning("mail %s cannot be taken: %s", place.stem, type(fault).__name__)
        became = _unread(portal, sent, raw, fault)
    folder = {"filed": spool.filed, "unread": spool.unread}.get(became)
    if folder:
        place.rename(folder / place.name)
    else:
        place.unlink()
    return became


def _became(portal: Portal, sent: dict[str, Any], raw: bytes) -> str:
    letter = read(raw)
    reason = letter.automatic or _own(portal, letter, sent["from"])
    if letter.returned and not sent["from"].strip("<> "):  # RFC 3464, 2: a report has no return path
        mails.came_back(portal, letter.returned)
    if reason:
        log.info("mail filed: %s", reason)
        return mails.file(portal, "automatic", reason, raw, sender=letter.sender)
    if looks_like_one(sent["to"]):
        return _answer(portal, letter, sent["to"], raw)
    return mails.take(
        portal, mails.Mail(letter.sender, letter.subject, letter.text, tuple(sent["to"]), letter.references, letter.message_id, raw, letter.files)
    )


def _unread(portal: Portal, sent: dict[str, Any], raw: bytes, fault: Exception) -> str:
    """People look at it; who wrote from several addresses at once is told kindly, where that reaches somebody and not too often."""
    became = mails.file(portal, "mail", str(fault) if isinstance(fault, Unreadable) else "it cannot be taken", raw, sender=sent["from"])
    if became == "unread" and isinstance(fault, Unreadable) and str(fault) == SEVERAL:
        mails.decline(portal, sent["from"])
    return became


def _answer(portal: Portal, letter: Letter, recipients: list[str], raw: bytes) -> str:
    """An agency's answer to a handover; Unreadable where the address was not made by us, or nothing of that key is known."""
    key = key_of(portal.settings.secret_keys, recipients)
    name = letter.message_id or sha256(raw).hexdigest()
    if key is None or replies.take(portal, key, sender=letter.sender, subject=letter.subject, text=letter.text, message_id=name) is None:
        raise Unreadable("it is sent to an address for answers that nobody was given")
    return "taken"


def _own(portal: Portal, letter: Letter, envelope_from: str) -> str | None:
    """Bounces (no return path), and our own mail coming back."""
    if not envelope_from.strip("<> "):
        return "null return path"
    return "our own address" if letter.sender.lower() == portal.settings.mail_from.lower() else None


class _Smtp(SMTP):
    #: Twice what a header may have altogether: letters from the wild are longer than RFC 5321 says, and refusing them loses them.
    line_length_limit = 128 * 1024


class _Lmtp(LMTP):
    line_length_limit = _Smtp.line_length_limit


class _Controller(Controller):
    #: By which a mail server hands over: SMTP, or LMTP (RFC 2033).
    speaks: type[SMTP] = _Smtp

    def factory(self) -> SMTP:
        """One session."""
        return self.speaks(self.handler, **self.SMTP_kwargs)


class Intake:
    """The SMTP listener, and beside it one reader of the spool."""

    def __init__(self, portal: Portal, host: str, port: int) -> None:
        self._portal = portal
        self._spool = Spool(Path(portal.settings.data) / "mail")
        self._limiter = Limiter(portal.settings)
        self._came = threading.Event()
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name="mail reader", daemon=True)
        self._listener = _Controller(
            self, hostname=host, port=port, data_size_limit=LARGEST, enable_SMTPUTF8=True, server_hostname="portal.invalid", ident="portal"
        )
        self._listener.speaks = _Lmtp if portal.settings.mail_protocol == "lmtp" else _Smtp

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """250 only when the raw message is safe."""
        raw = envelope.original_content or b""
        try:
            sender = str(session.peer[0]) if isinstance(session.peer, tuple) else "socket"
            await server.loop.run_in_executor(None, partial(self._limiter.count, ["mail"], {"address": sender}, "mail"))
        except TooMany:
            return "451 4.7.1 too much mail at once, try again later"
        try:
            await server.loop.run_in_executor(None, self._spool.keep, envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        except OSError:
            log.exception("mail cannot be kept")
            return "451 4.3.1 try again later"
        self._came.set()
        return "250 2.6.0 taken"

    def start(self) -> None:
        """Listens; what an earlier process kept is read first."""
        self._reader.start()
        self._listener.start()

    def stop(self) -> None:
        """Stops listening, and reading after the mail in hand."""
        with suppress(RuntimeError):
            self._listener.stop()
        self._ended.set()
        self._came.set()
        self._reader.join(timeout=10)
        self._limiter.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            self._came.clear()
            for place in self._spool.waiting():
                if self._ended.is_set():
                    return
                try:
                    take(self._portal, self._spool, place)
                except Exception as fault:
                    # Never the words of a fault: they may quote the mail.
                    where = traceback.extract_tb(fault.__traceback__)[-1]
                    log.error("mail %s stays for another try: %s at %s:%s", place.stem, type(fault).__name__, where.filename, where.lineno)
                    self._ended.wait(PAUSE)
            if not self._spool.waiting():
                self._came.wait()
