"""What somebody has typed and not sent yet: sealed under a key only that browser holds, gone after a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import new as hmac_new
from os import urandom
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.errors import NotFound
from portal.unit_of_work import Work

#: Kept so long after the last page of a form, and so long after it was sent (the receipt may be printed).
OPEN, SENT = timedelta(days=1), timedelta(hours=2)
#: Expired ones that go with each new one.
SWEPT = 100


@dataclass(frozen=True)
class Draft:
    """One form: what was typed, and of one that was sent its receipt in place of that."""

    id: UUID
    typed: dict[str, Any]
    sent: bool


def begin(work: Work, id: UUID, token: str, typed: dict[str, Any]) -> None:
    """A new form of the browser that holds `token`; old ones nobody can need any more go."""
    work.sql("DELETE FROM drafts WHERE id IN (SELECT id FROM drafts WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)", (work.now, SWEPT))
    work.sql("INSERT INTO drafts (id, sealed, sent, expires_at) VALUES (%s, %s, false, %s)", (id, _seal(token, id, typed), work.now + OPEN))


def load(work: Work, id: UUID, token: str, *, alone: bool = False) -> Draft:
    """The form; NotFound where there is none, it has expired, or another browser began it. `alone`: until the unit ends nobody else has it."""
    found = work.sql(f"SELECT sealed, sent FROM drafts WHERE id = %s AND expires_at > %s{' FOR UPDATE' if alone else ''}", (id, work.now))
    if not found:
        raise NotFound
    sealed, sent = bytes(found[0][0]), found[0][1]
    try:
        typed = orjson.loads(AESGCM(_key(token, id)).decrypt(sealed[:12], sealed[12:], id.bytes))
    except InvalidTag:
        raise NotFound from None
    return Draft(id, typed, sent)


def save(work: Work, id: UUID, token: str, typed: dict[str, Any], *, sent: bool = False) -> None:
    """What is typed now; of a form that is sent, the receipt takes the place of the answers."""
    until = work.now + (SENT if sent else OPEN)
    work.sql("UPDATE drafts SET sealed = %s, sent = %s, expires_at = %s WHERE id = %s", (_seal(token, id, typed), sent, until, id))


def forget(work: Work, id: UUID) -> None:
    """It is kept elsewhere from here on."""
    work.sql("DELETE FROM drafts WHERE id = %s", (id,))


def _key(token: str, id: UUID) -> bytes:
    return hmac_new(token.encode(), b"onedoor draft\x00" + id.bytes, sha256).digest()


def _seal(token: str, id: UUID, typed: dict[str, Any]) -> bytes:
    nonce = urandom(12)
    return nonce + AESGCM(_key(token, id)).encrypt(nonce, orjson.dumps(typed), id.bytes)
