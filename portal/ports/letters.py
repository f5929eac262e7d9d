"""Reads each mail in a process of its own, under limits: whatever is in it, only that one dies. `python -m portal.ports.letters` forks them."""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from html.parser import HTMLParser
from itertools import islice

from portal.ports.forking import Room, serve

#: Limits of a mail (promises.md 2.3): bytes, parts inside one another, parts, bytes of all headers of a part.
LARGEST, DEPTH, PARTS, HEADERS = 25 * 1024 * 1024, 20, 200, 64 * 1024
#: Limits of the process: bytes of memory, seconds of computing, seconds altogether.
MEMORY, SECONDS, PATIENCE = 512 * 1024 * 1024, 10, 30
#: Characters of the words that are taken.
LONGEST = 20_000
#: Files that are taken.
FILES = 10


#: What is said of a mail with more than one sender: nobody can know whom to believe.
SEVERAL = "it is from several addresses"
#: How machines that do not know RFC 3834 begin their subjects, and call themselves.
_SUBJECTS = re.compile(
    r"\s*(auto(matic|matische)?[ -]?(reply|response|antwort|submitted)|out[ -]of[ -](the[ -])?office|automatisch antwoord|r[ée]ponse automatique"
    r"|respuesta autom[áa]tica|abwesen|undeliver|undelivered|delivery (status|failure)|mail delivery|returned mail|failure notice|absence du bureau|رد تلقائي)",
    re.IGNORECASE,
)
_MACHINES = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|autoreply|auto-reply)([+=.-].*)?@", re.IGNORECASE)


class Unreadable(Exception):
    """This mail cannot be read; people look at the raw message."""


@dataclass(frozen=True)
class Letter:
    """What a mail says."""

    message_id: str | None
    #: The one address it says it is from; never proof of who wrote it.
    sender: str
    subject: str
    text: str
    #: Why it is taken for automatic (RFC 3834), or None.
    automatic: str | None
    #: Message-IDs it answers.
    references: tuple[str, ...] = ()
    #: Files beside the words: name, and content in base64. The rest is in the raw mail.
    files: tuple[tuple[str, str], ...] = ()
    #: Of a report that mail did not arrive (RFC 3464): its Message-ID, and the status of the failure, `5.1.1`.
    returned: tuple[tuple[str, str], ...] = ()


def read(raw: bytes) -> Letter:
    """Reads in a child process; Unreadable where that fails, whatever the reason."""
    try:
        found = json.loads(reading_room.read(raw))
    except (OSError, TimeoutError, ValueError) as failed:
        raise Unreadable(f"the reader failed ({type(failed).__name__})") from failed
    if "fault" in found:
        raise Unreadable(found["fault"])
    pairs = {name: tuple((one[0], one[1]) for one in found[name]) for name in ("files", "returned")}
    return Letter(**{**found, "references": tuple(found["references"]), **pairs})


def parsed(raw: bytes) -> Letter:
    """Reads in this process; Unreadable for what goes beyond the limits."""
    if len(raw) > LARGEST:
        raise Unreadable("it is too large")
    message = message_from_bytes(raw, policy=compat32)
    _within_limits(message)
    automatic = _automatic(message)
    senders = [address for value in message.get_all("From", []) for _, address in getaddresses([str(value)]) if "@" in address]
    if not automatic and (len(message.get_all("From", [])) != 1 or len(senders) != 1):
        raise Unreadable(SEVERAL if senders else "it does not say whom it is from")
    sender = _clean(senders[0]) if senders else ""
    references = tuple(re.findall(r"<[^<>\s]{1,250}>", " ".join(str(message.get(name, "")) for name in ("In-Reply-To", "References"))))[:20]
    files = () if automatic else tuple(_files(message))
    return Letter(
        _header(message, "Message-ID") or None, sender, _header(message, "Subject"), _words(message), automatic, references, files, _returned(message)
    )


def _returned(message: Message) -> tuple[tuple[str, str], ...]:
    """Mail of which a report says that it failed for good or for now; none where it says anything else, or does not name the mail."""
    if message.get_content_type() != "multipart/report" or str(message.get_param("report-type", "")).lower() != "delivery-status":
        return ()
    parts = list(message.walk())
    failed = [part for part in parts if str(part.get("Action", "")).strip().lower() == "failed"]
    statuses = [found[0] for part in failed if (found := re.match(r"\s*([45]\.\d{1,3}\.\d{1,3})", str(part.get("Status", "")))) and found[0]]
    inside = [inner for part in parts if part.get_content_type() == "message/rfc822" and part.is_multipart() for inner in part.get_payload()]
    named = [str(one.get("Message-ID", "")) for one in inside if isinstance(one, Message)]
    headers = [part for part in parts if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers")]
    named += [str(message_from_string(_decoded(part)).get("Message-ID", "")) for part in headers]
    ids = [one.strip() for one in named if re.fullmatch(r"\s*<[^<>\s]{1,250}>\s*", one)]
    return tuple((id, statuses[0].strip()) for id in ids[:1]) if statuses else ()


def _files(message: Message) -> Iterator[tuple[str, str]]:
    """Attachments, and pictures that stand among the words; the first ones."""
    parts = (part for part in message.walk() if not part.is_multipart() and (part.get_content_disposition() == "attachment" or part.get_filename()))
    for part in islice(parts, FILES):
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield _clean(str(part.get_filename() or ""))[:255], b64encode(content).decode()


def _within_limits(message: Message) -> None:
    parts, level = 0, [message]
    for _ in range(DEPTH):
        parts += len(level)
        if parts > PARTS:
            raise Unreadable("it has too many parts")
        if any(sum(len(name) + len(str(value)) for name, value in part.items()) > HEADERS for part in level):
            raise Unreadable("its headers are too large")
        level = [inner for part in level if part.is_multipart() for inner in part.get_payload() if isinstance(inner, Message)]
        if not level:
            return
    raise Unreadable("its parts lie too deep inside one another")


def _automatic(message: Message) -> str | None:
    """What marks a mail that no person wrote to us: answering it could go round in a circle."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    if submitted != "no":
        return "auto-submitted"
    if any(name.lower().startswith("list-") for name in message):
        return "list"
    if str(message.get("Precedence", "")).strip().lower() in ("bulk", "junk", "list"):
        return "precedence"
    if any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Loop", "X-Failed-Recipients", "Feedback-ID")):
        return "auto-responder"
    if str(message.get("Return-Path", "x")).strip() == "<>":
        return "null return path"
    if message.get_content_type() in ("multipart/report", "message/delivery-status", "message/disposition-notification"):
        return "report"
    if _MACHINES.search(str(message.get("From", ""))):
        return "machine"
    return "subject" if _SUBJECTS.match(_header(message, "Subject")) else None


def _header(message: Message, name: str) -> str:
    """A header as text, whatever it was encoded in."""
    value = str(message.get(name, ""))
    with suppress(LookupError, ValueError, UnicodeError, MessageError):
        value = str(make_header(decode_header(value)))
    return " ".join(_clean(value).split())[:998]


def _words(message: Message) -> str:
    """The first plain text, else the words of the first HTML."""
    for kind in ("text/plain", "text/html"):
        for part in message.walk():
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                text = _decoded(part)
                return _clean(text if kind == "text/plain" else _without_tags(text)).strip()[:LONGEST]
    return ""


def _decoded(part: Message) -> str:
    found = part.get_payload(decode=True)
    raw = found if isinstance(found, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeError):
        return raw.decode("utf-8", "replace")


def _clean(text: str) -> str:
    """Without what PostgreSQL cannot store or what only a machine sees: NUL, surrogates, control characters."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "head", "title")
        self.words.append("\n" if tag in ("br", "p", "div", "tr", "li") else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head", "title") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        self.words.append("" if self._hidden else data)


def _without_tags(text: str) -> str:
    reader = _Text()
    reader.feed(text)
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.words))


def answer(raw: bytes) -> bytes:
    """What `read` makes a letter of: its members as JSON, or `fault`."""
    try:
        letter = parsed(raw)
        found: dict[str, object] = {name: getattr(letter, name) for name in Letter.__dataclass_fields__}
    except Unreadable as fault:
        found = {"fault": str(fault)}
    except (RecursionError, MemoryError):
        found = {"fault": "its parts lie too deep inside one another, or it is too large"}
    return json.dumps(found).encode()


def limit() -> None:
    """What the process may use from here on."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(PATIENCE)


#: Mails of this process are read there, each by a child of its own.
reading_room = Room([sys.executable, "-m", __name__], patience=PATIENCE + 5)

if __name__ == "__main__":
    serve(answer, before=limit)
