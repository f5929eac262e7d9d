"""How an agency is reached: its address with settings filled in, its keys, and a token where it wants one (OAuth 2.0 client credentials, RFC 6749, 4.4)."""

from __future__ import annotations

import json
import string
import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oauth2.rfc6749.wrappers import OAuth2Token

from portal.catalogue.definitions import Agency, OAuth
from portal.plugins.agency import Answer as Answer
from portal.plugins.agency import Reach, Refusal, retry_after
from portal.settings import Settings
from portal.wire.http import Forbidden, Garbled, Guard, Unreachable, send

#: Tokens in hand, by server, client and scopes: in memory only, each process its own.
_tokens: dict[tuple[str, str, tuple[str, ...]], OAuth2Token] = {}
_lock = threading.Lock()


class NoKey(LookupError):
    """A key the definition names does not stand in the file AGENCY_KEYS."""


def filled(address: str | None, settings: Settings) -> str | None:
    """An address with `${SETTING}` filled in; None where there is none, or a setting it names is empty."""
    known = {"SIMULATED_AGENCIES": settings.simulated_agencies, "SIMULATED_PAYMENTS": settings.simulated_payments}
    known["EXCHANGES"] = f"file://{settings.exchanges}" if settings.exchanges else ""
    try:
        return string.Template(address).substitute({name: value for name, value in known.items() if value}) if address else None
    except (KeyError, ValueError):
        return None


def addresses(agency: Agency, settings: Settings) -> list[str]:
    """Every address calls may go to for an agency."""
    wanted = (agency.endpoint, agency.oauth.token_endpoint if agency.oauth else None, agency.card.endpoint if agency.card else None)
    return [found for one in wanted if (found := filled(one, settings)) and found.startswith("http")]


def reach(agency: Agency, settings: Settings) -> Reach:
    """What its adapter is told of it. NoKey, or OSError where the file of keys cannot be read."""
    section = agency.open311 or agency.mail or agency.batch
    secret = key(settings, agency.open311.api_key) if agency.open311 and agency.open311.api_key else None
    return Reach(filled(agency.endpoint, settings), asdict(section) if section else {}, secret)


def key(settings: Settings, name: str) -> str:
    """The key of that name. NoKey, or OSError where the file cannot be read."""
    file = settings.agency_keys
    found = _kept(file, Path(file).stat().st_mtime_ns).get(name) if file else None
    if not found:
        raise NoKey(f"the file AGENCY_KEYS names has no `{name}`")
    return found


@lru_cache(maxsize=4)
def _kept(file: str, _: int) -> Mapping[str, str]:
    lines = (line.partition(":") for line in Path(file).read_text("utf-8").splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, _, value in lines}


def bearer(agency: Agency, settings: Settings, guard: Guard, *, fresh: bool = False) -> dict[str, str] | Refusal:
    """The Authorization header for a call to an agency; empty where it wants none. `fresh`: the token in hand was refused."""
    wants = agency.oauth
    if wants is None:
        return {}
    place = (wants.token_endpoint, wants.client_id, wants.scopes)
    with _lock:
        held = None if fresh else _tokens.get(place)
    if held is None or held.is_expired() is not False:
        try:
            got = _asked(wants, settings, guard)
        except (NoKey, OSError):
            return Refusal("the file AGENCY_KEYS names cannot be read, or lacks the client's secret", retry=True, code="no-keys")
        if isinstance(got, Refusal):
            return got
        held = got
        with _lock:
            _tokens[place] = held
    return {"Authorization": f"Bearer {held['access_token']}"}


def _asked(wants: OAuth, settings: Settings, guard: Guard) -> OAuth2Token | Refusal:
    """A new token of the agency's server."""
    url = filled(wants.token_endpoint, settings)
    if url is None:
        return Refusal("the address of the token server names a setting that is empty", retry=False, code="no-address")
    body = prepare_token_request("client_credentials", scope=list(wants.scopes))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url, headers, body = ClientAuth(wants.client_id, key(settings, wants.client_secret)).prepare("POST", url, headers, body)
    try:
        got = send(guard, "POST", url, headers, body.encode())
    except Forbidden as refused:
        return Refusal(f"the portal may not call the token server: {refused}", retry=False, code="forbidden-address")
    except (Unreachable, Garbled) as failed:
        return Refusal(f"the token server did not answer: {failed}", retry=True, code="token-unreachable")
    return _token(Answer(got.status, got.headers, got.body))


def _token(got: Answer) -> OAuth2Token | Refusal:
    if got.status in (400, 401, 403):
        return Refusal(f"the agency's token server refuses our credentials (HTTP {got.status})", retry=False, code="token-refused")
    if got.status != 200:
        return Refusal(f"the token server answers HTTP {got.status}", retry=True, after=retry_after(got), code="token-unreachable")
    try:
        found = json.loads(got.body)
        token, kind = found["access_token"], str(found.get("token_type", "bearer"))
        lifetime = int(found.get("expires_in") or 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Refusal("the token server's answer is not understood", retry=True, code="token-not-understood")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token or kind.lower() != "bearer":
        return Refusal("the token server gave no bearer token", retry=True, code="token-not-understood")
    return OAuth2Token({"access_token": token, "expires_in": lifetime})
