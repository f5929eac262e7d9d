"""Addresses answers by mail go to: one for each handover, with a seal nobody else can make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from uuid import UUID

#: Key of the handover and seal: 55 characters, of the 64 a name may have (RFC 5321, 4.5.3.1.1).
_NAME = re.compile(r"r-([0-9a-f]{32})-([0-9a-f]{20})")


def made(secret: str, key: UUID) -> str:
    """The name before the `@`. `secret`: the portal's own."""
    return f"r-{key.hex}-{_seal(secret, key)}"


def key_of(secrets: Sequence[str], addresses: Iterable[str]) -> UUID | None:
    """The key of the handover one of these addresses was made for, with any of the portal's secrets; None where none of them is ours."""
    for found in _like_ours(addresses):
        if any(compare_digest(_seal(secret, UUID(found[1])), found[2]) for secret in secrets):
            return UUID(found[1])
    return None


def looks_like_one(addresses: Iterable[str]) -> bool:
    """True where one has the form of ours, whoever made it."""
    return any(_like_ours(addresses))


def _like_ours(addresses: Iterable[str]) -> list[re.Match[str]]:
    names = (one.strip("<> ").partition("@")[0].lower() for one in addresses)
    return [found for name in names if (found := _NAME.fullmatch(name))]


def _seal(secret: str, key: UUID) -> str:
    return hmac_new(secret.encode(), b"answer by mail\x00" + key.bytes, sha256).hexdigest()[:20]
