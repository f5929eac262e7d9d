"""The development sign-in: a key pair kept in DATA, and bearer tokens for sample people. One machine only; never a way into production."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from portal.local.own_files import kept, write_private
from portal.local.people import Person

#: The URI under which the tokens are issued; no address answers there.
ISSUER = "urn:onedoor:development-sign-in"
AUDIENCE = "onedoor"
CLIENT = "development"
#: The one RFC 9068 section 2.1 says every resource server must take.
ALGORITHM = "RS256"
#: Seconds a token is good for.
LIFETIME = 12 * 3600


def keys(data: Path) -> Path:
    """The file TOKEN_KEYS names: the public keys as a JWK Set (RFC 7517). Made the first time, with the private key beside it."""
    key = _private(data)
    public = data / "sign-in" / "keys.json"
    if not public.exists():
        write_private(public, json.dumps(KeySet([key]).as_dict(private=False)))
    return public


def _private(data: Path) -> RSAKey:
    text = kept(
        data / "sign-in" / "private.json", lambda: json.dumps(RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, auto_kid=True).as_dict(private=True))
    )
    return RSAKey.import_key(json.loads(text))


def issue(person: Person, data: str | Path, *, lifetime: int = LIFETIME) -> str:
    """A bearer token (RFC 9068, `at+jwt`) that says who the person is; good for `lifetime` seconds."""
    key = _private(Path(data))
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": person.id,
        "aud": AUDIENCE,
        "client_id": CLIENT,
        "iat": now,
        "exp": now + lifetime,
        "jti": str(uuid.uuid4()),
        "name": person.name,
        "roles": list(person.roles),
        "agency": person.agency,
        "teams": list(person.teams),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
