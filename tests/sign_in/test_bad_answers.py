"""Whatever a provider, or somebody who plays one, may send: nobody is signed in unless every part is as it must be."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import RSAKey

from portal.app import create_app
from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import ENGINE, Portal
from portal.wire import openid
from tests.ledger.conftest import SECRET as SECRET_KEY
from tests.ledger.conftest import catalogue
from tests.sign_in.conftest import PUBLIC, Browser
from tests.sign_in.hostile import CLIENT, SECRET, Hostile


@pytest.fixture(scope="session")
def stranger() -> RSAKey:
    """A key nobody published."""
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory, signing_key: RSAKey) -> Iterator[Hostile]:
    one = Hostile(signing_key, tmp_path_factory.mktemp("hostile") / "providers.toml")
    yield one
    one.close()


@pytest.fixture
def provider(listening: Hostile) -> Hostile:
    listening.reset()
    listening.write()
    return listening


@pytest.fixture(scope="module")
def database_of_all(servers: Any) -> Iterator[Any]:
    """One for all of these: nothing may be written."""
    new = servers.database()
    yield new
    servers.drop(new.name)


@pytest.fixture
def fresh_database(database_of_all: Any) -> Any:
    return database_of_all


@pytest.fixture(scope="module")
def portal_of_all(database_of_all: Any, listening: Hostile) -> Iterator[Portal]:
    settings = Settings(PORTAL_MODE="test", secret_key=SECRET_KEY, public_url=PUBLIC, sign_in=str(listening.file))  # type: ignore[arg-type]
    one = Portal(connect(database_of_all.url), catalogue(), REACTIONS, settings)
    yield one
    one.engine.dispose()


@pytest.fixture(scope="module")
def app_of_all(portal_of_all: Portal) -> Flask:
    return create_app(portal_of_all)


@pytest.fixture
def portal(portal_of_all: Portal) -> Iterator[Portal]:
    yield portal_of_all
    with portal_of_all.work(ENGINE) as work:
        work.sql("DELETE FROM sessions")


@pytest.fixture
def app(app_of_all: Flask, portal: Portal) -> Flask:
    return app_of_all


def sessions(portal: Portal) -> int:
    """How many there are."""
    with portal.work(ENGINE) as work:
        return int(work.sql("SELECT count(*) FROM sessions")[0][0])


def part(value: Any) -> bytes:
    return urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=")


def unsigned(algorithm: str) -> Callable[[Hostile, dict[str, Any]], str]:
    return lambda one, claims: b".".join((part({"alg": algorithm, "kid": one.key.kid}), part(claims), b"")).decode()


def by_secret(secret: Callable[[Hostile], bytes]) -> Callable[[Hostile, dict[str, Any]], str]:
    """HS256 under something the forger knows: the public key as a secret, or the client's secret."""

    def forged(one: Hostile, claims: dict[str, Any]) -> str:
        body = part({"alg": "HS256", "kid": one.key.kid}) + b"." + part(claims)
        return (body + b"." + part(hmac.new(secret(one), body, sha256).digest())).decode()

    return forged


def said(**changed: Any) -> Callable[[Hostile, dict[str, Any]], str]:
    """A good token but for these claims; None leaves one out; a function is asked for the value."""
    return lambda one, claims: one.signed(claims | {name: value(claims) if callable(value) else value for name, value in changed.items()})


def changed_after(one: Hostile, claims: dict[str, Any]) -> str:
    head, _, signature = one.signed(claims).split(".")
    return f"{head}.{part(claims | {'sub': 'admin'}).decode()}.{signature}"


def brought_along(one: Hostile, claims: dict[str, Any]) -> str:
    own = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    return one.signed(claims, key=own, kid=own.kid, jwk=own.as_dict(private=False))


BAD_TOKENS: dict[str, Callable[[Hostile, dict[str, Any]], str]] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "no signature": unsigned("RS256"),
    "public key (PEM) as secret": by_secret(lambda one: one.key.as_pem(private=False)),
    "public key (JWK) as secret": by_secret(lambda one: json.dumps(one.key.as_dict(private=False)).encode()),
    "client secret as key": by_secret(lambda one: SECRET.encode()),
    "unknown kid": lambda one, claims: one.signed(claims, kid="nobody"),
    "key of a stranger under a known kid": lambda one, claims: one.signed(claims, key=RSAKey.generate_key(2048), kid=one.key.kid),
    "key brought along": brought_along,
    "changed after it was signed": changed_after,
    "other issuer": said(iss="https://other.example"),
    "issuer with a slash": said(iss=lambda claims: claims["iss"] + "/"),
    "no issuer": said(iss=None),
    "other audience": said(aud="another"),
    "audience of others": said(aud=["a", "b"]),
    "two audiences, nobody authorised": said(aud=[CLIENT, "another"]),
    "two audiences, another authorised": said(aud=[CLIENT, "another"], azp="another"),
    "no audience": said(aud=None),
    "authorised for another": said(azp="another"),
    "other nonce": said(nonce="another"),
    "no nonce": said(nonce=None),
    "no nonce, as not supported": said(nonce=None, nonce_supported=False),
    "nonce as a list": said(nonce=lambda claims: [claims["nonce"]]),
    "expired": said(exp=lambda _: int(time.time()) - 600),
    "no end": said(exp=None),
    "end as text": said(exp="9999999999"),
    "end without end": said(exp=True),
    "issued tomorrow": said(iat=lambda _: int(time.time()) + 86400),
    "not issued": said(iat=None),
    "not yet": said(nbf=lambda _: int(time.time()) + 600),
    "no subject": said(sub=None),
    "empty subject": said(sub=""),
    "subject as a number": said(sub=7),
    "subject with a line end": said(sub="a\nb"),
    "subject of 256": said(sub="x" * 256),
    "hash of another access token": said(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no acr": said(acr=None),
    "acr too low": said(acr="low"),
    "acr as a list": said(acr=["high"]),
    "acr true": said(acr=True),
    "no token": lambda one, claims: "",
    "a word": lambda one, claims: "token",
    "deep header": lambda one, claims: (part(b"[" * 5000) + b".e30.x").decode(),
    "claims as a list": lambda one, claims: _list(one),
}


def _list(one: Hostile) -> str:
    from joserfc import jws

    return str(jws.serialize_compact({"alg": "RS256", "kid": one.key.kid}, b"[]", one.key))


@pytest.mark.parametrize("forge", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_bad_id_tokens(browser: Browser, portal: Portal, provider: Hostile, forge: Any) -> None:
    provider.forge = forge
    browser.sign_in("dana")
    assert browser.status in (400, 403), browser.html
    assert browser.title in ("We could not sign you in", "A stronger sign-in is needed")
    assert browser.token == "" and sessions(portal) == 0


def test_the_good_one_is_taken(browser: Browser, portal: Portal, provider: Hostile) -> None:
    """What makes the tests above mean something."""
    for forge in (said(), said(aud=[CLIENT]), said(aud=[CLIENT, "x"], azp=CLIENT), said(roles=["citizen"], acr=None), said(exp=lambda _: time.time() + 5.5)):
        provider.forge = forge
        browser.sign_in("dana")
        assert browser.status == 303 and browser.token, browser.html


BAD_ANSWERS: dict[str, dict[str, str | None]] = {
    "no state": {"state": None},
    "other state": {"state": "another"},
    "no code": {"code": None},
    "code of nobody": {"code": "another"},
    "no iss, though it is promised": {"iss": None},
    "iss of another": {"iss": "https://other.example"},
    "an error": {"code": None, "error": "server_error"},
    "an error with markup": {"code": None, "error": "<script>", "error_description": "<script>alert(1)</script>"},
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_bad_ways_back(browser: Browser, portal: Portal, provider: Hostile, answer: dict[str, str | None]) -> None:
    provider.answer = answer
    browser.sign_in("dana")
    assert browser.status == 400 and browser.token == "" and sessions(portal) == 0
    assert "<script>" not in browser.html


def test_a_code_is_good_once(browser: Browser, portal: Portal, provider: Hostile, app: Flask) -> None:
    back = provider.choose(browser.away(), "dana")
    other = Browser(app, provider)
    other.ask(back)
    assert other.title == "This sign-in cannot be finished", "it began in another browser"
    browser.ask(back)
    assert browser.status == 303
    browser.ask("/sign-out")
    browser.post("/sign-out")
    browser.ask(back)
    assert browser.title == "This sign-in cannot be finished" and sessions(portal) == 0


def test_an_old_cookie_does_not_make_a_spent_state_good(browser: Browser, portal: Portal, provider: Hostile) -> None:
    address = browser.away()
    kept = browser.client.get_cookie("under-way", domain="127.0.0.1")
    assert kept is not None
    back = provider.choose(address, "dana")
    browser.ask(back)
    browser.client.set_cookie("under-way", kept.value, domain="127.0.0.1")
    browser.ask("/sign-out")
    browser.post("/sign-out")
    browser.client.set_cookie("under-way", kept.value, domain="127.0.0.1")
    browser.ask(back)
    assert browser.title == "We could not sign you in" and sessions(portal) == 0, "the provider takes no code twice"


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("metadata", {"issuer": "https://other.example"}),
        ("metadata", {"issuer": None}),
        ("metadata", {"token_endpoint": None}),
        ("metadata", {"jwks_uri": "http://keys.example/"}),
        ("metadata", {"authorization_endpoint": "javascript:alert(1)"}),
        ("metadata", {"code_challenge_methods_supported": ["plain"]}),
    ],
)
def test_metadata_of_another(make: Callable[..., Portal], provider: Hostile, change: str, value: Any) -> None:
    setattr(provider, change, value)
    browser = Browser(create_app(make(sign_in=str(provider.file))), provider)
    browser.ask("/sign-in/hostile")
    assert browser.status == 503 and browser.title == "The sign-in does not answer just now"


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_a_token_endpoint_that_refuses(browser: Browser, portal: Portal, provider: Hostile, status: int) -> None:
    provider.status, provider.tokens = status, {"id_token": None, "access_token": None}
    browser.sign_in("dana")
    assert browser.status in (400, 503) and browser.token == "" and sessions(portal) == 0


@pytest.mark.parametrize("tokens", [{"id_token": None}, {"id_token": 7}, {"id_token": ["a"]}, {"token_type": None, "access_token": None}])
def test_answers_of_the_wrong_shape(browser: Browser, portal: Portal, provider: Hostile, tokens: dict[str, Any]) -> None:
    provider.tokens = tokens
    browser.sign_in("dana")
    assert browser.status in (303, 400, 503), browser.html
    if "id_token" in tokens:
        assert browser.token == "" and sessions(portal) == 0


def test_mixed_up_providers(make: Callable[..., Portal], provider: Hostile, tmp_path: Path) -> None:
    """What one provider sent back is not taken at the address of another."""
    text = provider.file.read_text()
    other = text.replace('id = "hostile"', 'id = "honest"').replace(provider.issuer, "https://honest.example")
    place = tmp_path / "two.toml"
    place.write_text(text + other)
    portal = make(sign_in=str(place))
    browser = Browser(create_app(portal), provider)
    back = provider.choose(browser.away(), "dana")
    browser.ask(back.replace("/sign-in/hostile/", "/sign-in/honest/"))
    assert browser.title == "This sign-in cannot be finished" and browser.token == ""


def test_keys_change_while_we_run(browser: Browser, provider: Hostile, stranger: RSAKey, portal: Portal) -> None:
    browser.sign_in("dana")
    assert browser.status == 303
    provider.forge = lambda one, claims: one.signed(claims, key=stranger, kid=stranger.kid)
    browser.sign_in("dana")
    assert browser.status == 400
    provider.keys = [stranger]
    browser.sign_in("dana")
    assert browser.status == 303, "a key that was not known is looked for"
    provider.reset()


def test_keys_that_were_withdrawn_are_forgotten(browser: Browser, provider: Hostile, stranger: RSAKey, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.sign_in("dana")
    provider.keys = [stranger]
    monkeypatch.setattr(openid, "FRESH", 0.0)
    browser.sign_in("dana")
    assert browser.status == 400


def test_a_provider_that_serves_citizens_vouches_for_no_staff(make: Callable[..., Portal], provider: Hostile) -> None:
    provider.file.write_text(provider.file.read_text().replace('serves = "all"', 'serves = "citizens"'))
    browser = Browser(create_app(make(sign_in=str(provider.file))), provider)
    browser.sign_in("dana")
    assert browser.title == "You have no access here yet"


def test_many_begun_and_none_finished_leave_room_for_the_last(browser: Browser, provider: Hostile, portal: Portal) -> None:
    for _ in range(12):
        address = browser.away("/performance")
    kept = browser.client.get_cookie("under-way", domain="127.0.0.1")
    assert kept is not None and len(kept.value) < 3500
    browser.ask(provider.choose(address, "dana"))
    assert browser.location == "/performance"


ELSEWHERE = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "javascript:alert(1)",
    "/a\r\nSet-Cookie: x=1",
    "/\t/evil.example",
    "/é",
]


@pytest.mark.parametrize("going", ELSEWHERE)
def test_nobody_is_led_elsewhere(browser: Browser, provider: Hostile, portal: Portal, going: str) -> None:
    browser.ask("/sign-in/hostile", query_string={"next": going})
    browser.ask(provider.choose(browser.location, "dana"))
    assert browser.status == 303 and browser.location in ("/desk", f"{PUBLIC}/desk")


def logout(one: Hostile, **changed: Any) -> str:
    """A logout token, good but for these claims."""
    now = int(time.time())
    events = {"http://schemas.openid.net/event/backchannel-logout": {}}
    claims = {"iss": one.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j", "sid": "s-1", "events": events} | changed
    return one.signed(claims, typ="logout+jwt")


BAD_LOGOUTS: dict[str, Callable[[Hostile, RSAKey], str]] = {
    "none": lambda one, other: "",
    "unsigned": lambda one, other: unsigned("none")(one, {"iss": one.issuer, "sid": "s-1"}),
    "a stranger's": lambda one, other: one.signed({"iss": one.issuer, "aud": CLIENT, "sid": "s-1"}, key=other, kid=one.key.kid),
    "other issuer": lambda one, other: logout(one, iss="https://other.example"),
    "other audience": lambda one, other: logout(one, aud="another"),
    "expired": lambda one, other: logout(one, exp=int(time.time()) - 600),
    "no event": lambda one, other: logout(one, events=None),
    "another event": lambda one, other: logout(one, events={"x": {}}),
    "with a nonce, as an id_token has": lambda one, other: logout(one, nonce="n"),
    "of nobody": lambda one, other: logout(one, sid=None),
    "an id_token": lambda one, other: one.signed(one.claims({"person": "dana", "nonce": "n", "weak": False})),
}


@pytest.mark.parametrize("forge", BAD_LOGOUTS.values(), ids=BAD_LOGOUTS)
def test_bad_logout_tokens_end_nothing(browser: Browser, portal: Portal, provider: Hostile, stranger: RSAKey, forge: Any) -> None:
    provider.forge = said(sid="s-1")
    browser.sign_in("dana")
    browser.app.test_client().post("/sign-in/hostile/ended", data={"logout_token": forge(provider, stranger)})
    assert sessions(portal) == 1


def test_the_provider_ends_sessions_at_once(browser: Browser, portal: Portal, provider: Hostile, app: Flask) -> None:
    machine = app.test_client()
    for name, sid in (("dana", "s-1"), ("dana", "s-2"), ("emil", "s-3")):
        provider.forge = said(sid=sid)
        Browser(app, provider).sign_in(name)
    assert sessions(portal) == 3
    assert machine.post("/sign-in/hostile/ended", data={"logout_token": logout(provider)}).status_code == 200
    assert sessions(portal) == 2
    assert machine.post("/sign-in/hostile/ended", data={"logout_token": logout(provider, sid=None, sub="dana")}).status_code == 200
    assert sessions(portal) == 1
    assert machine.post("/sign-in/hostile/ended", data={"logout_token": logout(provider)}).status_code == 200, "again is well"
