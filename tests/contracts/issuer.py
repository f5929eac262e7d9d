"""A sign-in for tests: keys of its own, good tokens, and every bad one."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

ISSUER, AUDIENCE = "https://sign-in.example", "onedoor"


@cache
def new_key(number: int = 0) -> RSAKey:
    """A key pair for each number; making one takes a moment."""
    return RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


class Issuer:
    """Issues access tokens (RFC 9068); `place` is its JWK Set."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.key = new_key()
        self.publish(self.key)

    def publish(self, *keys: RSAKey | ECKey) -> None:
        """Replaces the published keys."""
        fresh = self.place.with_suffix(".new")
        fresh.write_text(json.dumps(KeySet(list(keys)).as_dict(private=False)))
        fresh.replace(self.place)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Claims of a good token, with changes; a change to None leaves the claim out."""
        now = int(time.time())
        good = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "person-1",
            "client_id": "tests",
            "jti": "1",
            "iat": now,
            "exp": now + 300,
            "roles": ["caseworker"],
            "agency": "roads",
            "teams": ["streets"],
            # Of champions: all.
            "services": ["*"],
        }
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, *, header: dict[str, Any] | None = None, key: RSAKey | ECKey | None = None, **claims: Any) -> str:
        """A token, signed; good unless something is changed."""
        key = key or self.key
        head = {"alg": "RS256", "typ": "at+jwt", "kid": self.key.kid} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(head, self.claims(**claims), key, algorithms=[head["alg"]], default_type=None)
