"""A provider that lies: each test says what is wrong with its answer, all else is as it should be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "portal", "a secret of the tests"
Forge = Callable[["Hostile", dict[str, Any]], str]


class Hostile:
    """Listens on this machine; `forge` makes the id_token of its next answer, `answer` changes the way back, `metadata` what it says of itself."""

    id = "hostile"

    def __init__(self, key: RSAKey, place: Path) -> None:
        self.key, self.file = key, place
        self.keys: list[RSAKey] = [key]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._door())
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.reset()
        self.write()

    def reset(self) -> None:
        """Honest again."""
        self.keys = [self.key]
        self.forge: Forge = lambda self, claims: self.signed(claims)
        self.answer: dict[str, str | None] = {}
        self.tokens: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.status = 200
        self.codes: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def write(self, more: str = "", id: str = "hostile", acr: str = 'acr = ["high"]') -> None:
        """The file SIGN_IN names."""
        self.id = id
        self.file.write_text(
            f'[[provider]]\nid = "{id}"\ntitle = {{ en = "Hostile" }}\nserves = "all"\nissuer = "{self.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret = "{SECRET}"\n{acr}\n{more}\n[provider.claims]\nroles = "roles"\nagency = "agency"\nname = "name"\n'
        )

    def choose(self, address: str, person: str, *, weak: bool = False) -> str:
        """What its authorisation endpoint would send back, without asking anybody."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = {**asked, "person": person, "weak": weak}
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | self.answer
        return f"{asked['redirect_uri']}?{urlencode({name: value for name, value in answer.items() if value is not None})}"

    def claims(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Claims of a good id_token."""
        now = int(time.time())
        found = {"iss": self.issuer, "aud": CLIENT, "sub": asked["person"], "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        return found | {"acr": "low" if asked["weak"] else "high", "roles": ["caseworker"], "agency": "city-council", "name": "Dana Osei"}

    def signed(self, claims: dict[str, Any], *, key: RSAKey | None = None, **header: Any) -> str:
        """An id_token; a claim or a part of the header that is None is left out."""
        head = {"alg": "RS256", "kid": self.key.kid, **header}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({name: value for name, value in head.items() if value is not None}, kept, key or self.key, algorithms=[head["alg"]])

    def close(self) -> None:
        """Listens no more."""
        self._server.shutdown()
        self._server.server_close()

    def _document(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys", "end_session_endpoint": "end"}
        found: dict[str, Any] = {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in names.items()}
        found |= {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"], "authorization_response_iss_parameter_supported": True}
        return {name: value for name, value in (found | self.metadata).items() if value is not None}

    def _token(self, body: bytes) -> tuple[int, Any]:
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = self.codes.pop(given.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        id_token = self.forge(self, self.claims(asked))
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": id_token} | self.tokens
        return self.status, {name: value for name, value in answer.items() if value is not None}

    def _door(hostile) -> type[BaseHTTPRequestHandler]:
        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hostile.asked.append(self.path)
                if self.path == "/.well-known/openid-configuration":
                    return self.say(200, hostile._document())
                if self.path == "/keys":
                    return self.say(200, KeySet(hostile.keys).as_dict(private=False))
                return self.say(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.say(*hostile._token(body))

            def say(self, status: int, members: Any) -> None:
                body = members if isinstance(members, bytes) else json.dumps(members).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Door
