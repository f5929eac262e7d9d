"""How somebody who signs in wants to be reached, whatever they ask for: addresses, channels and needs, sealed under a key of the portal's."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from hmac import new as hmac_new
from os import urandom
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.errors import Stale
from portal.unit_of_work import Work


def read(work: Work, subject: str) -> tuple[dict[str, Any], int]:
    """What the person said, and its version; nothing, and 0, where they said nothing yet."""
    keys = {_digest(one, subject): one for one in work.portal.settings.secret_keys}
    for digest, sealed, version in work.sql("SELECT digest, sealed, version FROM persons WHERE digest = ANY(%s)", (list(keys),)):
        raw = bytes(sealed)
        with suppress(InvalidTag, KeyError):
            key = keys[bytes(digest)]
            found: dict[str, Any] = orjson.loads(AESGCM(_key(key)).decrypt(raw[:12], raw[12:], bytes(digest)))
            return found, int(version)
    return {}, 0


def keep(work: Work, subject: str, value: dict[str, Any], *, version: int | None = None) -> None:
    """Keeps it in the place of what was said before. Stale where somebody changed it since `version`."""
    digest = _digest(work.portal.settings.secret_keys[0], subject)
    work.sql("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(digest[:8], signed=True),))
    _, held = read(work, subject)
    if version is not None and version != held:
        raise Stale
    nonce = urandom(12)
    sealed = nonce + AESGCM(_key(work.portal.settings.secret_keys[0])).encrypt(nonce, orjson.dumps(value), digest)
    work.sql(
        """INSERT INTO persons (digest, sealed, version, changed_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (digest) DO UPDATE SET sealed = excluded.sealed, version = excluded.version, changed_at = excluded.changed_at""",
        (digest, sealed, held + 1, work.now),
    )


def _digest(key: str, subject: str) -> bytes:
    return hmac_new(key.encode(), b"person\x00" + subject.encode("utf-8", "replace"), sha256).digest()


def _key(secret: str) -> bytes:
    return hmac_new(secret.encode(), b"onedoor person", sha256).digest()
