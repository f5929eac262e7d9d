"""The development sign-in's key pair, kept in DATA, bearer tokens for sample people, and how the portal finds it. One machine only; never in production."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from secrets import token_urlsafe

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from portal.local.own_files import kept, write_private
from portal.local.people import Person

#: Who vouches, wherever the provider listens: ports change between starts, and people stay the same.
ISSUER = "urn:onedoor:development-sign-in"
AUDIENCE = "onedoor"
CLIENT = "development"
#: The one RFC 9068 section 2.1 says every resource server must take.
ALGORITHM = "RS256"
#: Seconds a token is good for.
LIFETIME = 12 * 3600


def keys(data: Path) -> Path:
    """The file TOKEN_KEYS names: the public keys as a JWK Set (RFC 7517). Made the first time, with the private key beside it."""
    key = private(data)
    public = data / "sign-in" / "keys.json"
    if not public.exists():
        write_private(public, json.dumps(KeySet([key]).as_dict(private=False)))
    return public


def private(data: Path) -> RSAKey:
    """The key pair of this DATA."""
    text = kept(
        data / "sign-in" / "private.json", lambda: json.dumps(RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, auto_kid=True).as_dict(private=True))
    )
    return RSAKey.import_key(json.loads(text))


def issue(person: Person, data: str | Path, *, lifetime: int = LIFETIME) -> str:
    """A bearer token (RFC 9068, `at+jwt`) that says who the person is; good for `lifetime` seconds."""
    key = private(Path(data))
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
        "services": list(person.services),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def client_secret(data: Path) -> str:
    """What the portal proves itself with to the provider."""
    return kept(data / "sign-in" / "client-secret", lambda: token_urlsafe(32)).strip()


def described(data: Path, address: str) -> Path:
    """The file SIGN_IN names: the provider that listens at `address`."""
    place = data / "sign-in" / "providers.toml"
    place.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    write_private(place, _DESCRIBED.format(issuer=ISSUER, address=address, client=CLIENT, secret=client_secret(data)))
    return place


_DESCRIBED = """[[provider]]
id = "development"
title = {{ en = "Development sign-in", fr = "Connexion de développement", es = "Inicio de sesión de desarrollo", ar = "تسجيل دخول للتطوير" }}
serves = "all"
issuer = "{issuer}"
discovery = "{address}/.well-known/openid-configuration"
client_id = "{client}"
client_secret = "{secret}"
acr = ["urn:onedoor:development:substantial"]

[provider.claims]
roles = "roles"
agency = "agency"
teams = "teams"
services = "services"
name = "name"
"""
