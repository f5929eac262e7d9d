"""The development mailbox: takes all outgoing mail over SMTP and keeps each as a file under DATA/mailbox, so that nothing leaves this machine."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from uuid_utils import uuid7

#: Bytes of one mail.
LARGEST = 32 * 1024 * 1024


class _Keep:
    """Stores what comes in; a mail is answered 250 only when its file is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        head = [f"X-Envelope-From: {envelope.mail_from or '<>'}", *(f"X-Envelope-To: {to}" for to in envelope.rcpt_tos)]
        # uuid7 leads with the time: files sort as they came.
        place = self._folder / f"{uuid7()}.eml"
        fresh = place.with_suffix(".part")
        fresh.write_bytes("".join(f"{line}\r\n" for line in head).encode("utf-8", "surrogateescape") + content)
        fresh.rename(place)
        return "250 kept"


async def serve(folder: Path, host: str, port: int) -> None:
    """Listen until SIGTERM or SIGINT."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep, loop, ended = _Keep(folder), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: SMTP(keep, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="mailbox.invalid"), host, port)
    print(f"listening on {host}:{port}", flush=True)  # noqa: T201
    await ended.wait()
    server.close()


@dataclass(frozen=True)
class Kept:
    """One mail: `number` counts from 1 in the order they came."""

    number: int
    arrived: datetime
    to: tuple[str, ...]
    subject: str
    place: Path

    @property
    def message(self) -> EmailMessage:
        """The mail itself."""
        return _read(self.place)


def _read(place: Path) -> EmailMessage:
    message = message_from_bytes(place.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def mails(folder: Path) -> list[Kept]:
    """All that was kept, oldest first."""
    found = []
    for number, place in enumerate(sorted(folder.glob("*.eml")), start=1):
        message = _read(place)
        arrived = datetime.fromtimestamp(int(place.stem.replace("-", "")[:12], 16) / 1000, UTC)
        found.append(Kept(number, arrived, tuple(str(to) for to in message.get_all("X-Envelope-To", [])), str(message.get("Subject", "")).strip(), place))
    return found


def text_of(message: EmailMessage) -> str:
    """Headers people look at, then the words: the plain part, else the HTML as it is."""
    head = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date") if message[name])
    body = message.get_body(("plain", "html"))
    words = body.get_content() if body is not None else ""
    return f"{head}\n\n{words}"
