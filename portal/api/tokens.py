"""Bearer tokens (RFC 9068), each checked against the keys of its issuer; a token seen before costs one look-up."""

from __future__ import annotations

import os
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from json import loads
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from portal.access.providers import Issuer
from portal.api.refusals import BadToken
from portal.wire.openid import ProviderFault, fetched

#: Signatures that are taken: asymmetric only, so that no public key can pass for a secret.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"})
#: RFC 9068 section 2.1; an id_token says `JWT` and is refused.
TYPES = frozenset({"at+jwt", "application/at+jwt"})
#: Characters of a token.
LONGEST = 8192
#: Tokens remembered; the oldest go first.
REMEMBERED = 10_000
#: Seconds an issuer's clock may be ahead of ours; an end is an end.
AHEAD = 60
#: Seconds between looks at the key file.
LOOK = 1.0
#: Seconds fetched keys are good for, and after which they may be fetched again for a key that is not among them.
FRESH, SOONEST = 600.0, 30.0

Claims = dict[str, Any]
Key = RSAKey | ECKey | OKPKey


class _Registry(JWTClaimsRegistry):
    """RFC 9068 section 4, with a little patience for `iat` and `nbf` alone."""

    def validate_iat(self, value: object) -> None:
        self._begun("iat", value)

    def validate_nbf(self, value: object) -> None:
        self._begun("nbf", value)

    def _begun(self, name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not value <= self.now + AHEAD:
            raise InvalidClaimError(name)


@dataclass
class Tokens:
    """What is taken from one issuer. `keys` is a file with its public keys as a JWK Set (RFC 7517), read again when it changes."""

    issuer: str
    audience: str
    keys: str
    clock: Callable[[], float] = time.time
    _known: dict[str, Key] = field(default_factory=dict)
    _seen: OrderedDict[bytes, tuple[float, Claims]] = field(default_factory=OrderedDict)
    _stamp: tuple[int, int, int] | None = None
    _looked: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def claims(self, token: str) -> Claims:
        """Claims of a valid token; BadToken for any other."""
        if not self.issuer or len(token) > LONGEST:
            raise BadToken
        self._look()
        digest = sha256(token.encode()).digest()
        seen = self._seen.get(digest)
        if seen and seen[0] > self.clock():
            return seen[1]
        try:
            claims = self._checked(token)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise BadToken from error
        with self._lock:
            self._seen[digest] = (claims["exp"], claims)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return claims

    def _checked(self, token: str) -> Claims:
        head = token.split(".", 1)[0]
        header = loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        if header["typ"].lower() not in TYPES or header["alg"] not in ALGORITHMS:
            raise ValueError("not an access token")
        found = jwt.decode(token, self._key(header["kid"]), algorithms=[header["alg"]])
        rules: Any = {name: {"essential": True} for name in ("sub", "exp", "iat", "client_id", "jti")}
        rules |= {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.audience}}
        _Registry(now=lambda: int(self.clock()), **rules).validate(found.claims)
        return found.claims

    def _key(self, kid: str) -> Key:
        if kid not in self._known:
            self._look(now=True)
        return self._known[kid]

    def _taken(self, keys: Any) -> dict[str, Key]:
        return {str(key.kid): key for key in KeySet.import_key_set(keys) if isinstance(key, RSAKey | ECKey | OKPKey)}

    def _look(self, *, now: bool = False) -> None:
        """Reads the key file where it has changed, and forgets what was checked with the old one."""
        if not now and time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        try:
            found = os.stat(self.keys)
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp == self._stamp:
                return
            with open(self.keys, "rb") as file:
                known = self._taken(loads(file.read()))
        except (OSError, ValueError, TypeError, KeyError, JoseError):
            return  # half-written or away: the keys we have stay good, and the next look tries again
        with self._lock:
            self._known, self._stamp = known, stamp
            self._seen.clear()


@dataclass
class FetchedTokens(Tokens):
    """What is taken from an issuer whose keys are found at an https address (`keys`), fetched again every ten minutes, and for an unknown key sooner."""

    _fetching: Lock = field(default_factory=Lock)

    def _look(self, *, now: bool = False) -> None:
        since = time.monotonic() - self._looked
        if self._looked and since < (SOONEST if now else FRESH):
            return
        if not self._fetching.acquire(blocking=not self._known):
            return
        try:
            self._looked = time.monotonic()
            known = self._taken(fetched(self.keys))
        except (ProviderFault, ValueError, TypeError, KeyError, JoseError):
            return  # away: the keys we have stay good
        finally:
            self._fetching.release()
        with self._lock:
            if {key.thumbprint() for key in known.values()} != {key.thumbprint() for key in self._known.values()}:
                self._seen.clear()
            self._known = known


class Issuers:
    """All issuers whose tokens are taken: a token names its own, and is checked against that one's keys and no others."""

    def __init__(self, first: Tokens, others: list[Issuer], clock: Callable[[], float] = time.time) -> None:
        self._by_name: dict[str, tuple[Tokens, frozenset[str] | None]] = {first.issuer: (first, None)}
        for one in others:
            kind = FetchedTokens if one.jwks else Tokens
            self._by_name[one.issuer] = (kind(one.issuer, one.audience, one.jwks or one.keys, clock), frozenset(one.roles))

    def claims(self, token: str) -> Claims:
        """Claims of a valid token, without the roles its issuer may not give; BadToken for any other token."""
        taken, roles = self._by_name.get(self._issuer(token), (None, None))
        if taken is None:
            raise BadToken
        found = taken.claims(token)
        said = found.get("roles")
        return found if roles is None or not isinstance(said, list) else {**found, "roles": [one for one in said if one in roles]}

    def _issuer(self, token: str) -> str:
        """Whom it says it is from: only who checks it believes that."""
        if len(self._by_name) == 1:
            return next(iter(self._by_name))
        try:
            body = token[:LONGEST].split(".")[1]
            return str(loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))["iss"])
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            raise BadToken from None
