"""Calls to an OpenID provider: Authlib's client, with deadlines, bounds, no redirects, and metadata that must be the provider's own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.integrations.flask_client import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

#: Seconds to connect, between bytes, and altogether; bytes of an answer.
CONNECT, READ, WHOLE = 3.0, 5.0, 10.0
LARGEST = 512 * 1024
#: Seconds metadata and keys are good for; an unknown key is looked for at once.
FRESH = 600.0
#: Seconds after a failure before the metadata is asked for again, where old ones are there.
PATIENCE = 30.0
#: What is taken of the metadata; the rest could steer the client.
MEMBERS = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "authorization_response_iss_parameter_supported",
    "backchannel_logout_session_supported",
)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class ProviderFault(Exception):
    """The provider is away, or answers what it must not."""


class _Bounded(HTTPAdapter):
    """Reads an answer whole, within its bounds, before anybody looks at it."""

    def send(self, request: PreparedRequest, **options: Any) -> Response:  # type: ignore[override]
        end = time.monotonic() + WHOLE
        response = super().send(request, **{**options, "stream": True, "timeout": (CONNECT, READ)})
        body = bytearray()
        for piece in response.raw.stream(16 * 1024, decode_content=True):
            body += piece
            if len(body) > LARGEST or time.monotonic() > end:
                response.close()
                raise ProviderFault("the provider's answer is too long, or takes too long")
        response._content = bytes(body)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


class _Session(OAuth2Session):  # type: ignore[misc]
    """What Authlib calls with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Bounded())

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        return super().request(method, url, *arguments, **{**options, "allow_redirects": False})


def fetched(address: str) -> Any:
    """JSON from an https address (http on this machine only), within the bounds; ProviderFault for anything else."""
    if not _safe(address, plain=True):
        raise ProviderFault("no https address")
    with Session() as session:
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Bounded())
        try:
            response = session.get(address, allow_redirects=False)
            if response.status_code != 200:
                raise ProviderFault(f"status {response.status_code}")
            return response.json()
        except (RequestException, ValueError) as error:
            raise ProviderFault(str(error)) from error


class ProviderClient(FlaskOAuth2App):  # type: ignore[misc]
    """One provider. Metadata are read again every ten minutes, and the keys with them; those we have stay good while it is away."""

    client_cls = _Session

    def __init__(self, framework: Any, name: str, *, issuer: str, algorithms: Sequence[str], **options: Any) -> None:
        super().__init__(framework, name, **options)
        self.issuer, self._algorithms = issuer, list(algorithms)
        self.server_metadata: dict[str, Any] = {}

    def load_server_metadata(self) -> dict[str, Any]:
        """What the provider says of itself; ProviderFault where it is not its own, or leads elsewhere by plain http."""
        known, now = self.server_metadata, time.time()
        if known and now - known["_loaded_at"] < FRESH:
            return known
        try:
            fresh = self._metadata()
        except Exception:
            if not known:
                raise
            known["_loaded_at"] = now - FRESH + PATIENCE
            return known
        self.server_metadata = {**fresh, "id_token_signing_alg_values_supported": self._algorithms, "_loaded_at": now}
        return self.server_metadata

    def checked(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims of a token this provider signed; JoseError or ValueError for any other. An unknown key is looked for once."""
        for force in (False, True):
            keys = KeySet.import_key_set(self.fetch_jwk_set(force=force))
            try:
                found = jwt.decode(token, keys, algorithms=self._algorithms)
            except InvalidKeyIdError:
                if force:
                    raise
            else:
                return dict(found.header), dict(found.claims)
        raise AssertionError("unreachable")

    def _metadata(self) -> dict[str, Any]:
        with self._get_session() as session:
            response = session.request("GET", self._server_metadata_url, withhold_token=True)
        if response.status_code != 200:
            raise ProviderFault(f"metadata: status {response.status_code}")
        found = response.json()
        if not isinstance(found, dict) or found.get("issuer") != self.issuer:
            raise ProviderFault("metadata: of another issuer")
        taken = {name: found[name] for name in MEMBERS if name in found}
        plain = urlsplit(self._server_metadata_url).scheme == "http"
        for name in MEMBERS[1:6]:
            if name in taken and not _safe(taken[name], plain=plain):
                raise ProviderFault(f"metadata: {name} is no https address")
        if missing := [name for name in ENDPOINTS if name not in taken]:
            raise ProviderFault(f"metadata: {', '.join(missing)} missing")
        if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
            raise ProviderFault("metadata: S256 is not among its code challenge methods")
        return taken


def _safe(address: Any, *, plain: bool) -> bool:
    """By https; by http only on this machine, where the metadata themselves came so."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (plain and parts.scheme == "http" and parts.hostname in _LOOPBACK))
