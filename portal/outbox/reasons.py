"""What a code of a refusal says of the address: it leads nowhere, wants silence, or nothing at all. Pure."""

from __future__ import annotations

from typing import Literal

#: Answers of a carrier's HTTP that say something of us, or of the moment, and nothing of the number.
_OF_US = ("http-401", "http-403", "http-408", "http-425", "http-429")
_NOWHERE = ("bad-address", "no-address", "came-back")


def lost_by(code: str) -> Literal["failed", "stopped"] | None:
    """`failed`: a mail server refused the mailbox for good (RFC 5321, 4.2.1), a carrier the number, or there is no such address. None: it may be good."""
    if stopped(code):
        return "stopped"
    if code in _NOWHERE or code.startswith(("smtp-5", "dsn-5", "carrier-", "returned-")):
        return "failed"
    return "failed" if code.startswith("http-4") and code not in _OF_US else None


def stopped(code: str) -> bool:
    """Silence was asked for."""
    return code in ("stopped", "carrier-stopped")
