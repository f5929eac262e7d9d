"""Bearer tokens: who a good one makes of the asker, and that every bad one is refused."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from portal.api import tokens
from portal.api.refusals import BadToken
from tests.contracts.conftest import is_problem
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer, new_key


def ask(client: FlaskClient, token: str, path: str = "who") -> Any:
    return client.get(f"/api/v1/probes/{path}", headers={"Authorization": f"Bearer {token}"})


def encoded(part: Any) -> bytes:
    return urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).rstrip(b"=")


def unsigned(issuer: Issuer, algorithm: str) -> str:
    return b".".join((encoded({"alg": algorithm, "typ": "at+jwt", "kid": issuer.key.kid}), encoded(issuer.claims()), b"")).decode()


def signed_with_the_public_key(issuer: Issuer, secret: bytes) -> str:
    """The old trick: the RSA public key as an HMAC secret."""
    body = encoded({"alg": "HS256", "typ": "at+jwt", "kid": issuer.key.kid}) + b"." + encoded(issuer.claims())
    return (body + b"." + encoded(hmac.new(secret, body, sha256).digest())).decode()


def with_own_key(issuer: Issuer) -> str:
    """A key of the forger's, brought along in the header."""
    own = new_key(1)
    return issuer.token(key=own, header={"kid": own.kid, "jwk": own.as_dict(private=False)})


BAD = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "no signature": lambda issuer: unsigned(issuer, "RS256"),
    "public key (PEM) as secret": lambda issuer: signed_with_the_public_key(issuer, issuer.key.as_pem(private=False)),
    "public key (DER) as secret": lambda issuer: signed_with_the_public_key(issuer, issuer.key.as_der(private=False)),
    "public key (JWK) as secret": lambda issuer: signed_with_the_public_key(issuer, issuer.place.read_bytes()),
    "other issuer": lambda issuer: issuer.token(iss="https://other.example"),
    "issuer with a slash": lambda issuer: issuer.token(iss=ISSUER + "/"),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "other audience": lambda issuer: issuer.token(aud="another"),
    "audience of others": lambda issuer: issuer.token(aud=["a", "b"]),
    "no audience": lambda issuer: issuer.token(aud=None),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 1),
    "no end": lambda issuer: issuer.token(exp=None),
    "end as text": lambda issuer: issuer.token(exp="9999999999"),
    "not yet": lambda issuer: issuer.token(nbf=int(time.time()) + 600),
    "issued tomorrow": lambda issuer: issuer.token(iat=int(time.time()) + 86400),
    "id_token": lambda issuer: issuer.token(header={"typ": "JWT"}),
    "no type": lambda issuer: issuer.token(header={"typ": None}),
    "unknown key id": lambda issuer: issuer.token(header={"kid": "nobody"}),
    "no key id": lambda issuer: issuer.token(header={"kid": None}),
    "key of a stranger": lambda issuer: issuer.token(key=new_key(1)),
    "key brought along": with_own_key,
    "no subject": lambda issuer: issuer.token(sub=None),
    "subject with a NUL": lambda issuer: issuer.token(sub="a\x00b"),
    "subject as a number": lambda issuer: issuer.token(sub=7),
    "no client": lambda issuer: issuer.token(client_id=None),
    "two agencies in one": lambda issuer: issuer.token(agency="roads,city-council"),
    "roles as text": lambda issuer: issuer.token(roles="caseworker"),
    "critical extension": lambda issuer: _critical(issuer),
    "payload changed": lambda issuer: _changed(issuer),
    "deep header": lambda issuer: (encoded(b"[" * 5000) + b".e30.x").decode(),
}


def _critical(issuer: Issuer) -> str:
    body = encoded({"alg": "RS256", "typ": "at+jwt", "kid": issuer.key.kid, "crit": ["x"], "x": 1}) + b"." + encoded(issuer.claims())
    return (body + b"." + issuer.token().rsplit(".", 1)[1].encode()).decode()


def _changed(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{encoded(issuer.claims(roles=['administrator'])).decode()}.{signature}"


@pytest.mark.parametrize("forge", BAD.values(), ids=BAD)
def test_bad_tokens(client: FlaskClient, issuer: Issuer, forge: Any) -> None:
    response = ask(client, forge(issuer))
    is_problem(response, 401, "bad-token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="onedoor", error="invalid_token"'


def test_an_elliptic_key_does_not_pass_for_an_rsa_one(client: FlaskClient, issuer: Issuer) -> None:
    other = ECKey.generate_key("P-256", {"kid": "ec"}, private=True)
    issuer.publish(issuer.key, other)
    assert ask(client, issuer.token(key=other, header={"alg": "ES256", "kid": "ec"})).status_code == 200
    is_problem(ask(client, issuer.token(key=other, header={"alg": "ES256"})), 401, "bad-token")


def test_good_token(client: FlaskClient, issuer: Issuer) -> None:
    subject = f"{ISSUER}|person-1"
    wanted = {"scope": "staff", "subject": subject, "agencies": ["roads"], "teams": ["streets"], "roles": ["caseworker"]}
    assert ask(client, issuer.token()).get_json() == wanted
    assert ask(client, issuer.token(aud=["other", AUDIENCE])).get_json() == wanted
    assert ask(client, issuer.token(header={"typ": "application/at+JWT"})).get_json() == wanted
    assert client.get("/api/v1/probes/who").get_json()["scope"] == "anonymous"


@pytest.mark.parametrize(
    ("roles", "scope"),
    [
        (["citizen"], "party"),
        (["champion"], "champion"),
        (["administrator"], "admin"),
        (["citizen", "caseworker"], "staff"),
        (["caseworker", "triage"], "staff"),
    ],
)
def test_roles_become_scopes(client: FlaskClient, issuer: Issuer, roles: list[str], scope: str) -> None:
    assert ask(client, issuer.token(roles=roles)).get_json()["scope"] == scope


def test_what_a_role_may_not_do(client: FlaskClient, issuer: Issuer) -> None:
    assert ask(client, issuer.token(), "desk").status_code == 200
    is_problem(ask(client, issuer.token(roles=["citizen"]), "desk"), 403, "not-allowed")
    is_problem(ask(client, issuer.token(roles=["stranger"])), 403, "not-allowed")
    is_problem(ask(client, issuer.token(agency=None), "desk"), 403, "not-allowed")
    response = client.get("/api/v1/probes/desk")
    is_problem(response, 401, "not-signed-in")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="onedoor"'


def test_keys_change_while_we_run(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LOOK", 0.0)
    taken = tokens.Tokens(ISSUER, AUDIENCE, str(issuer.place))
    old, new = issuer.token(), issuer.token(key=new_key(1), header={"kid": new_key(1).kid})
    assert taken.claims(old)["sub"] == "person-1"
    with pytest.raises(BadToken):
        taken.claims(new)
    issuer.publish(new_key(1))
    assert taken.claims(new)["sub"] == "person-1"
    with pytest.raises(BadToken):
        taken.claims(old)  # withdrawn: what was checked before counts no more
    issuer.place.write_text("{half")
    assert taken.claims(new)["sub"] == "person-1"


def test_a_remembered_token_ends_at_its_end(issuer: Issuer) -> None:
    at = time.time()
    taken = tokens.Tokens(ISSUER, AUDIENCE, str(issuer.place), clock=lambda: at)
    token = issuer.token(exp=int(at) + 10)
    assert taken.claims(token) is taken.claims(token)
    at += 11
    with pytest.raises(BadToken):
        taken.claims(token)


def test_the_memory_is_bounded(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 2)
    taken = tokens.Tokens(ISSUER, AUDIENCE, str(issuer.place))
    for number in range(4):
        taken.claims(issuer.token(jti=str(number)))
    assert len(taken._seen) == 2
