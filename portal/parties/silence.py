"""Addresses that asked for silence on a channel (STOP): nothing is sent there until they take it back (START), whoever's address it is."""

from __future__ import annotations

from hashlib import sha256
from hmac import new as hmac_new

from portal.unit_of_work import Work


def ask(work: Work, channel: str, address: str) -> None:
    """Nothing more goes to this address."""
    work.sql(
        "INSERT INTO silenced (channel, digest, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (channel, _digests(work, channel, address)[0], work.now)
    )


def end(work: Work, channel: str, address: str) -> bool:
    """Messages may go there again; True where none could before."""
    return bool(work.sql("DELETE FROM silenced WHERE channel = %s AND digest = ANY(%s) RETURNING 1", (channel, _digests(work, channel, address))))


def wanted(work: Work, channel: str, address: str) -> bool:
    """Whether silence was asked for."""
    return bool(work.sql("SELECT 1 FROM silenced WHERE channel = %s AND digest = ANY(%s)", (channel, _digests(work, channel, address))))


def _digests(work: Work, channel: str, address: str) -> list[bytes]:
    """Under the present key, then under earlier ones: who asked for silence is not written to because a key was changed."""
    asked = f"silence\x00{channel}\x00{address.casefold()}".encode()
    return [hmac_new(key.encode(), asked, sha256).digest() for key in work.portal.settings.secret_keys]
