"""Our own mail: one message of the outbox as RFC 5322 text that no machine answers, the same at every attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from portal.plugins.agency import File, Receipt, Refusal
from portal.settings import Settings
from portal.telemetry import spans
from portal.wire import smtp


class BadAddress(ValueError):
    """This cannot be the address of one mailbox."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail on its way."""

    message: EmailMessage
    to: str
    #: Sender of the envelope, to whom it comes back; empty: to nobody.
    returns_to: str = ""
    #: Of the template's words.
    version: str | None = None


def compose(
    settings: Settings,
    *,
    to: str,
    subject: str,
    text: str,
    language: str,
    key: str,
    at: datetime,
    answers_to: str | None = None,
    beside: File | None = None,
    replied: bool = False,
    html: str | None = None,
    ends: str | None = None,
    version: str | None = None,
) -> Letter:
    """A mail to one mailbox. `key` makes its Message-ID and `at` (when it was placed) its date, so that a resend is the same message.

    `html`: the same words as a page beside the plain ones. `ends`: an address by which messages like it end (RFC 8058).
    BadAddress where `to` is no single address; ValueError where a header would have more than one line.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = str(_mailbox(to))
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{key}@{urlsplit(settings.public_url).hostname or 'localhost'}>"
    # RFC 3834: nobody's machine shall answer; the second is what Exchange listens to.
    message["Auto-Submitted"] = "auto-replied" if replied else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if answers_to:
        message["Reply-To"] = f"{answers_to}@{settings.mail_from.rpartition('@')[2]}"
    if ends:
        message["List-Unsubscribe"] = f"<{ends}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    if beside:
        message.add_attachment(beside.content, maintype="application", subtype="json", filename=beside.name)
    if html or beside:
        message.set_boundary(f"part-{key}")
    message["Content-Language"] = language
    return Letter(message, to, settings.mail_return if not replied else "", version)


def post(settings: Settings, letter: Letter) -> Receipt | Refusal:
    """Hands a mail to the mail server. Its envelope has no sender, so that nothing comes back to us in a circle, or MAIL_RETURN, where nothing is answered."""
    try:
        with spans.span("SMTP", "client", server__address=settings.smtp_host):
            smtp.send(settings.smtp_host, settings.smtp_port, letter.message, sender=letter.returns_to, to=letter.to)
    except smtp.Undelivered as refused:
        return Refusal(refused.reason, retry=refused.retry, code=refused.code, doubt=refused.sent)
    return Receipt()


def _mailbox(to: str) -> Address:
    """The address, if it is one and only one."""
    if not to.isprintable() or len(to) > 320 or any(letter in to for letter in '<>,;:\\"() '):
        raise BadAddress(f"not the address of one mailbox ({len(to)} characters)")
    try:
        address = Address(addr_spec=to)
    except (MessageError, ValueError, IndexError) as bad:
        raise BadAddress(f"not the address of one mailbox ({len(to)} characters)") from bad
    if not address.username or not address.domain:
        raise BadAddress("an address needs a name and a domain")
    return address
