"""Signing in with an OpenID provider: code with PKCE, state bound to this browser, and what an id_token must say before anybody is anybody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, request, session
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry
from requests import RequestException

from portal.access import identity
from portal.access.identity import NAME, STAFF
from portal.access.providers import Provider
from portal.errors import Refusal
from portal.unit_of_work import EVERY, Principal
from portal.wire.openid import ProviderClient, ProviderFault

#: Seconds between leaving for the provider and coming back; sign-ins one browser may have under way.
PATIENCE, AT_ONCE = 900, 3
#: Seconds the provider's clock may differ from ours.
LEEWAY = 30
_STATE = "_state_"
#: The event of a logout token, and how long one may be.
LOGOUT, LONGEST = "http://schemas.openid.net/event/backchannel-logout", 8192


class SignInFailed(Refusal):
    """Nobody was signed in."""

    status, slug = 400, "sign-in-failed"

    def __init__(self, why: str, provider: str) -> None:
        super().__init__()
        #: `cancelled`, `lost`, `refused`, `weak`, `away`: what the page says; and of which provider.
        self.why, self.provider = why, provider


@dataclass(frozen=True)
class Vouched:
    """What a provider vouches for: who it is, and where the person was going."""

    provider: Provider
    subject: str
    claims: dict[str, Any]
    id_token: str
    sid: str | None
    going: str


class Relying:
    """The providers of this portal, ready to be asked."""

    def __init__(self, app: Flask, providers: dict[str, Provider], public_url: str) -> None:
        self.providers = providers
        self._public_url = public_url
        self._oauth = OAuth(app)
        for one in providers.values():
            self._oauth.register(
                one.id,
                client_cls=ProviderClient,
                issuer=one.issuer,
                algorithms=one.algorithms,
                client_id=one.client_id,
                client_secret=one.client_secret.get_secret_value() or None,
                server_metadata_url=one.metadata,
                client_kwargs={"scope": " ".join(one.scopes), "code_challenge_method": "S256", "token_endpoint_auth_method": one.client_auth},
            )

    def start(self, provider: Provider, going: str, *, acr: str = "") -> str:
        """Where the browser is sent to sign in; SignInFailed where the provider is away."""
        client = self._client(provider)
        asked = {"acr_values": acr} if acr else {}
        try:
            made = client.create_authorization_url(self.back(provider), **asked)
        except (ProviderFault, RequestException, ValueError) as error:
            raise SignInFailed("away", provider.id) from error
        self._make_room()
        kept = {name: made[name] for name in ("state", "nonce", "code_verifier")}
        client.save_authorize_data(redirect_uri=self.back(provider), going=going, begun=int(time.time()), **kept)
        return str(made["url"])

    def finish(self, provider: Provider) -> Vouched:
        """What came back with the browser; SignInFailed unless every part of it is as it must be."""
        client, state = self._client(provider), request.args.get("state", "")
        kept = client.framework.get_state_data(session, state)
        if not kept or time.time() - kept["begun"] > PATIENCE:
            client.framework.clear_state_data(session, state)
            raise SignInFailed("lost", provider.id)
        try:
            self._demand_sender(client)
            tokens = client.authorize_access_token(claims_options=_options(provider), leeway=LEEWAY)
            return self._vouched(client, provider, tokens, kept)
        except AuthlibBaseError as error:
            raise SignInFailed("cancelled" if error.error == "access_denied" else "refused", provider.id) from error
        except (JoseError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise SignInFailed("refused", provider.id) from error
        except (ProviderFault, RequestException, ValueError) as error:
            raise SignInFailed("away", provider.id) from error
        finally:
            client.framework.clear_state_data(session, state)

    def leaving(self, provider: Provider, id_token: str | None, back: str) -> str | None:
        """Where the browser is sent to end the provider's own session; None where it offers no such way or is away."""
        client = self._client(provider)
        try:
            made = client.create_logout_url(post_logout_redirect_uri=back, id_token_hint=id_token, client_id=provider.client_id)
        except (ProviderFault, RequestException, ValueError, RuntimeError):
            return None
        return str(made["url"])

    def ended(self, provider: Provider, token: str) -> tuple[str | None, str | None]:
        """Session and subject a logout token of the provider names (OpenID Connect Back-Channel Logout 1.0, 2.6); SignInFailed for any other token."""
        try:
            header, claims = self._client(provider).checked(token[:LONGEST])
            rules: Any = {name: {"essential": True} for name in ("iat", "exp", "jti")}
            rules |= {"iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True, "value": provider.client_id}}
            JWTClaimsRegistry(leeway=LEEWAY, **rules).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, ProviderFault, RequestException) as error:
            raise SignInFailed("refused", provider.id) from error
        sid, subject, events = claims.get("sid"), claims.get("sub"), claims.get("events")
        named = isinstance(events, dict) and isinstance(events.get(LOGOUT), dict)
        kind = header.get("typ", "logout+jwt")
        if not named or "nonce" in claims or kind not in ("logout+jwt", "JWT") or not (sid or subject) or not identity.is_subject(sid or subject):
            raise SignInFailed("refused", provider.id)
        return sid, subject

    def back(self, provider: Provider) -> str:
        """The address the provider sends browsers back to; one for each, so that none can answer for another."""
        return f"{self._public_url}/sign-in/{provider.id}/return"

    def _client(self, provider: Provider) -> Any:
        return self._oauth.create_client(provider.id)

    def _demand_sender(self, client: Any) -> None:
        """RFC 9207: the answer names who sent it, where that is promised; a name must be the right one in any case."""
        sender = request.args.get("iss")
        promised = client.load_server_metadata().get("authorization_response_iss_parameter_supported") is True
        if (sender is None and promised) or (sender is not None and sender != client.issuer):
            raise OAuthError("mixed_up")

    def _vouched(self, client: Any, provider: Provider, tokens: dict[str, Any], kept: dict[str, Any]) -> Vouched:
        claims = dict(tokens["userinfo"])
        if not kept["nonce"] or claims.get("nonce") != kept["nonce"] or not identity.is_subject(claims["sub"]):
            raise OAuthError("nonce")
        if provider.userinfo:
            told = client.userinfo(token=tokens)
            if told.get("sub") != claims["sub"]:
                raise OAuthError("another subject")
            claims = {**told, **claims}
        sid = claims.get("sid")
        return Vouched(provider, claims["sub"], claims, tokens["id_token"], sid if isinstance(sid, str) and len(sid) <= 255 else None, kept["going"])

    def _make_room(self) -> None:
        """A cookie holds about 4 kB; sign-ins begun and never finished give way to the newest."""
        under_way = sorted((name for name in session if name.startswith(_STATE)), key=lambda name: session[name].get("exp", 0))
        for name in under_way[: max(0, len(under_way) - AT_ONCE + 1)]:
            session.pop(name)


def _options(provider: Provider) -> dict[str, Any]:
    """What Authlib holds the id_token against (OpenID Connect Core 3.1.3.7)."""
    demanded: dict[str, Any] = {name: {"essential": True} for name in ("sub", "exp", "iat", "nonce")}
    return demanded | {"iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True, "value": provider.client_id}}


def roles(vouched: Vouched) -> tuple[tuple[str, ...], str | None, tuple[str, ...], tuple[str, ...], Any]:
    """Roles, agency, teams, services and name as the claims of the provider say, by its mapping. What is not known here is passed over."""
    provider, claims = vouched.provider, vouched.claims
    said = [provider.roles.get(one, one if not provider.roles else "") for one in _texts(_claim(claims, provider.claims.roles))]
    known = {role for role, _ in identity.SCOPES}
    mine = tuple(dict.fromkeys(role for role in said if role in known)) or provider.default_roles
    if provider.serves == "citizens":
        mine = tuple(role for role in mine if role == "citizen")
    agency = next(iter(_texts(_claim(claims, provider.claims.agency))), None)
    agency = provider.agencies.get(agency, agency) if agency else None
    teams = tuple(one for one in _texts(_claim(claims, provider.claims.teams)) if NAME.fullmatch(one))
    services = tuple(one for one in _texts(_claim(claims, provider.claims.services)) if NAME.fullmatch(one) or one == EVERY)
    return mine, agency if agency and NAME.fullmatch(agency) else None, teams, services, _claim(claims, provider.claims.name)


def demand_strong(vouched: Vouched, who: Principal) -> None:
    """SignInFailed where somebody signed in more weakly than the scope asks: `acr` or `amr` for who works here, `acr` for citizens where one is named."""
    provider, claims = vouched.provider, vouched.claims
    acr, amr = claims.get("acr"), _texts(claims.get("amr"))
    if who.scope in STAFF:
        strong = provider.serves != "citizens" and (acr in provider.acr or bool(set(amr) & set(provider.amr)))
    else:
        strong = not provider.citizen_acr or acr in provider.citizen_acr
    if not strong:
        raise SignInFailed("weak", provider.id)


def _claim(claims: dict[str, Any], path: str) -> Any:
    found: Any = claims
    for part in path.split(".") if path else ():
        found = found.get(part) if isinstance(found, dict) else None
    return found if path else None


def _texts(value: Any) -> list[str]:
    some = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [one for one in some if isinstance(one, str)]
