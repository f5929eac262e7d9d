"""Outgoing mail: one message handed to the configured mail server, or a clear word on why not."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from email.message import EmailMessage

#: Seconds for one answer of the server, and for the whole handover.
STEP, TOTAL = 10.0, 20.0


class Undelivered(Exception):
    """The mail server did not take it. `retry`: it may, later."""

    def __init__(self, reason: str, *, retry: bool, code: str, sent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        #: The connection broke after it stood: the mail may have been taken all the same.
        self.sent = sent
        #: Short token for the record.
        self.code = code


def send(host: str, port: int, message: EmailMessage, *, sender: str, to: str) -> None:
    """Hands over one mail. `sender` is the envelope's: empty for mail that nobody shall answer (RFC 3834, 3.3). Undelivered where it was not taken."""
    connected = False
    try:
        with smtplib.SMTP(host, port, timeout=STEP) as server, _Cutoff(server):
            connected = True
            server.send_message(message, from_addr=sender, to_addrs=[to])
    except smtplib.SMTPRecipientsRefused as refused:
        status = max((code for code, _ in refused.recipients.values()), default=550)
        raise Undelivered(f"the mail server refused the recipient ({status})", retry=_passing(status), code=f"smtp-{status}") from refused
    except smtplib.SMTPResponseException as refused:
        status = refused.smtp_code
        raise Undelivered(f"the mail server refused ({status})", retry=_passing(status), code=f"smtp-{status}") from refused
    except (smtplib.SMTPException, OSError) as failed:
        raise Undelivered(f"the mail server was not reached ({type(failed).__name__})", retry=True, code="smtp-unreachable", sent=connected) from failed


def _passing(status: int) -> bool:
    """4xx may pass (RFC 5321, 4.2.1); a server's odd answers are tried again too."""
    return not 500 <= status < 600


class _Cutoff:
    """Shuts the connection down when the whole handover takes too long."""

    def __init__(self, server: smtplib.SMTP) -> None:
        self._timer = threading.Timer(TOTAL, self._shut, (server,))
        self._timer.daemon = True

    @staticmethod
    def _shut(server: smtplib.SMTP) -> None:
        with suppress(OSError, AttributeError):
            found: socket.socket | None = server.sock
            if found:
                found.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
