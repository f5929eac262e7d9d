"""The development sign-in as an OpenID provider: who there is, the portal as its client, and the codes it gave out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_urlsafe
from threading import Lock
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oidc.core.models import AuthorizationCodeMixin
from joserfc.jwk import RSAKey

from portal.local.people import Person
from portal.local.signin import CLIENT

#: Seconds a code is good for.
CODE = 60
#: How somebody signed in: with a second proof, or by password alone.
STRONG, WEAK = "urn:onedoor:development:substantial", "urn:onedoor:development:low"


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]
    """The portal, as this provider knows it."""

    secret: str
    redirect_uris: tuple[str, ...]
    client_metadata: dict[str, Any]

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one in ("openid", "profile"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class User(dict[str, Any]):
    """A person as Authlib wants it."""

    def get_user_id(self) -> str:
        return str(self["sub"])


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code given out, and what it stands for."""

    person: Person
    weak: bool
    payload: dict[str, str | None]
    sid: str = field(default_factory=lambda: token_urlsafe(16))
    at: int = field(default_factory=lambda: int(time.time()))

    @property
    def code_challenge(self) -> str | None:
        return self.payload["code_challenge"]

    @property
    def code_challenge_method(self) -> str | None:
        return self.payload["code_challenge_method"]

    def get_redirect_uri(self) -> str | None:
        return self.payload["redirect_uri"]

    def get_scope(self) -> str | None:
        return self.payload["scope"]

    def get_nonce(self) -> str | None:
        return self.payload["nonce"]

    def get_auth_time(self) -> int:
        return self.at

    def get_acr(self) -> str:
        return WEAK if self.weak else STRONG

    def get_amr(self) -> list[str]:
        return ["pwd"] if self.weak else ["pwd", "otp"]


@dataclass
class Provider:
    """The provider of one process: who there is, its key, and the codes it gave out."""

    everybody: Sequence[Person]
    key: RSAKey
    client: Client
    address: str = ""
    _codes: dict[str, Code] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def person(self, id: str) -> Person | None:
        """The one of that id."""
        return next((one for one in self.everybody if one.id == id), None)

    def keep(self, text: str, code: Code) -> None:
        """Remembers a code; old ones go."""
        with self._lock:
            self._codes = {name: one for name, one in self._codes.items() if one.at + CODE > time.time()} | {text: code}

    def spend(self, text: str) -> Code | None:
        """What a code stands for, once."""
        with self._lock:
            found = self._codes.pop(text, None)
        return found if found and found.at + CODE > time.time() else None


def claims(person: Person) -> dict[str, Any]:
    """What is said of a person, in id_tokens and access tokens alike."""
    return {"name": person.name, "roles": list(person.roles), "agency": person.agency, "teams": list(person.teams), "services": list(person.services)}


def client_of(secret: str, public_url: str) -> Client:
    """The portal at that address."""
    return Client(secret, (f"{public_url}/sign-in/development/return",), {"post_logout_redirect_uris": [f"{public_url}/sign-out"]})
