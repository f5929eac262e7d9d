"""Answers kept for a repeat: the same key and body get the first answer, and nobody else can read it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from hmac import new as hmac_new
from os import urandom
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.errors import KeyReused
from portal.unit_of_work.trip import from_text

#: Bytes an anonymous key must hold to count: about 122 random bits as text (a UUID has 32 digits).
ANONYMOUS_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may come twice: whose key, the key, and a digest of the method, the path and the body."""

    principal: str
    key: str
    fingerprint: bytes

    @property
    def key_hash(self) -> bytes:
        """What is stored of the key."""
        return sha256(self.key.encode()).digest()

    @property
    def lock(self) -> int:
        """Number of the advisory lock held while the first one runs, a signed 64-bit integer."""
        return int.from_bytes(sha256(f"{self.principal}\x00{self.key}".encode()).digest()[:8], signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer."""

    status: int
    body: bytes


def row(request: Repeatable, answer: Answer, at: Any) -> dict[str, Any]:
    """Row of table `idempotency`."""
    return {
        "principal": request.principal,
        "key_hash": request.key_hash,
        "fingerprint": request.fingerprint,
        "status": answer.status,
        "answer": _seal(request, answer.body),
        "created_at": at,
    }


def kept(request: Repeatable, fingerprint: str | None, status: str | None, answer: str | None) -> Answer:
    """The answer in a row, as PostgreSQL writes it; KeyReused where the row was made by another body."""
    if from_text(fingerprint) != request.fingerprint:
        raise KeyReused
    sealed = from_text(answer)
    return Answer(int(str(status)), AESGCM(_key(request)).decrypt(sealed[:12], sealed[12:], request.key_hash))


def _key(request: Repeatable) -> bytes:
    return hmac_new(request.key.encode(), b"onedoor answer\x00" + request.principal.encode(), sha256).digest()


def _seal(request: Repeatable, body: bytes) -> bytes:
    nonce = urandom(12)
    return nonce + AESGCM(_key(request)).encrypt(nonce, body, request.key_hash)
