"""The development sign-in answers: metadata, keys, the page of people, tokens, the end. Built with Authlib; everybody may be anybody, on one machine only."""

from __future__ import annotations

import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDCode, UserInfo
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Flask, Response, abort, jsonify, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import BaseWSGIServer, make_server

from portal.local.provider import STRONG, WEAK, Code, Provider, User, claims
from portal.local.provider_pages import people_page, signed_out_page
from portal.local.signin import ALGORITHM, AUDIENCE, CLIENT, ISSUER

#: Seconds an access token is good for; bytes of a form.
TOKEN, LARGEST = 3600, 64 * 1024


def serve(provider: Provider, host: str, port: int) -> BaseWSGIServer:
    """A server that listens; `serve_forever` runs it."""
    server = make_server(host, port, create_app(provider), threaded=True)
    provider.address = f"http://{host}:{server.server_port}"
    return server


def create_app(provider: Provider) -> Flask:
    """The provider as a web application."""
    app = Flask("development-sign-in", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    door = _Door(provider, _Server(app, provider))
    app.get("/.well-known/openid-configuration")(door.metadata)
    app.get("/keys")(door.keys)
    app.route("/authorize", methods=["GET", "POST"])(door.authorize)
    app.post("/token")(door.token)
    app.get("/userinfo")(door.userinfo)
    app.route("/end-session", methods=["GET", "POST"])(door.end_session)
    return app


class _Door:
    def __init__(self, provider: Provider, server: Any) -> None:
        self._provider, self._server = provider, server

    def metadata(self) -> Response:
        return jsonify(_metadata(self._provider.address))

    def keys(self) -> Response:
        return jsonify(KeySet([self._provider.key]).as_dict(private=False))

    def authorize(self) -> Any:
        """The page of people, and whom somebody chose."""
        try:
            grant = self._server.get_consent_grant(end_user=None)
        except OAuth2Error as error:
            return self._server.handle_error_response(None, error)
        if request.method == "POST" and "cancel" in request.form:
            return self._server.create_authorization_response(grant_user=None, grant=grant)
        chosen = self._provider.person(request.form.get("person", "")) if request.method == "POST" else None
        if chosen is None:
            return people_page(self._provider.everybody)
        user = User(sub=chosen.id, person=chosen, weak="weak" in request.form)
        return self._server.create_authorization_response(grant_user=user, grant=grant)

    def token(self) -> Any:
        return self._server.create_token_response()

    def userinfo(self) -> Response:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        try:
            found = jwt.decode(text, self._provider.key, algorithms=[ALGORITHM]).claims if scheme == "Bearer" else {}
        except (JoseError, ValueError):
            found = {}
        person = self._provider.person(str(found.get("sub")))
        if person is None or found["exp"] < time.time():
            abort(401)
        return jsonify({"sub": person.id, **claims(person)})

    def end_session(self) -> Any:
        """Nobody is signed in here, whoever comes says who to be: there is only the way back."""
        return self._server.create_endpoint_response("end_session") or signed_out_page()


def _metadata(address: str) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{address}/authorize",
        "token_endpoint": f"{address}/token",
        "userinfo_endpoint": f"{address}/userinfo",
        "jwks_uri": f"{address}/keys",
        "end_session_endpoint": f"{address}/end-session",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [STRONG, WEAK],
        "scopes_supported": ["openid", "profile"],
        "claims_supported": ["sub", "name", "roles", "agency", "teams", "services", "acr", "amr", "auth_time", "sid"],
        "authorization_response_iss_parameter_supported": True,
    }


class _Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server, with the parts this provider offers."""

    def __init__(self, app: Flask, provider: Provider) -> None:
        self.provider = provider
        super().__init__(app, query_client=lambda id: provider.client if id == CLIENT else None, save_token=lambda token, request: None)
        self.register_token_generator("default", _AccessToken(provider.key))
        self.register_grant(_Grant, [_IdToken(provider.key), CodeChallenge(required=True)])
        self.register_extension(_Sender())
        self.register_endpoint(_End)


class _Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        names = ("redirect_uri", "scope", "nonce", "code_challenge", "code_challenge_method")
        payload = {name: request.payload.data.get(name) for name in names}
        self.server.provider.keep(code, Code(request.user["person"], request.user["weak"], payload))

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        found: Code | None = self.server.provider.spend(code)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It was spent when it was looked at."""

    def authenticate_user(self, authorization_code: Code) -> User:
        return User(sub=authorization_code.person.id, person=authorization_code.person, sid=authorization_code.sid)


class _IdToken(OpenIDCode):  # type: ignore[misc]
    def __init__(self, key: RSAKey) -> None:
        super().__init__(require_nonce=True)
        self._key = key

    def resolve_client_private_key(self, client: Any) -> RSAKey:
        return self._key

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        return {"iss": ISSUER, "aud": client.get_client_id()}

    def get_encode_header(self, client: Any) -> dict[str, Any]:
        return {"alg": ALGORITHM, "kid": self._key.kid}

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def generate_user_info(self, user: User, scope: str) -> Any:
        return UserInfo(sub=user["sub"], sid=user["sid"], **claims(user["person"]))


class _AccessToken(JWTBearerTokenGenerator):  # type: ignore[misc]
    def __init__(self, key: RSAKey) -> None:
        super().__init__(ISSUER, expires_generator=lambda client, grant_type: TOKEN)
        self._key = key

    def get_jwks(self) -> KeySet:
        return KeySet([self._key])

    def get_audiences(self, client: Any, user: Any, scope: str) -> str:
        return AUDIENCE

    def get_extra_claims(self, client: Any, grant_type: str, user: User, scope: str) -> dict[str, Any]:
        return claims(user["person"])


class _Sender(IssuerParameter):  # type: ignore[misc]
    def get_issuer(self) -> str:
        return ISSUER


class _End(EndSessionEndpoint):  # type: ignore[misc]
    def get_server_jwks(self) -> KeySet:
        return KeySet([self.server.provider.key])

    def end_session(self, end_session_request: Any) -> None:
        """There is none."""
