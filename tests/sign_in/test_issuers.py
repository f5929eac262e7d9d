"""Bearer tokens of several issuers, keys that are fetched and change, and a file of providers that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from portal.access.providers import BadProviders, issuers, providers
from portal.api import tokens
from portal.api.identity import from_claims
from portal.api.refusals import BadToken
from portal.api.tokens import Issuers, Tokens
from portal.settings import Settings
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer, new_key
from tests.laws.rooms import ROOT
from tests.sign_in.hostile import Hostile

OTHER = "https://machines.example"


@pytest.fixture
def elsewhere(tmp_path: Path, signing_key: RSAKey) -> Iterator[Hostile]:
    one = Hostile(signing_key, tmp_path / "providers.toml")
    yield one
    one.close()


@pytest.fixture
def own(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "keys.json")


def taken(own: Issuer, elsewhere: Hostile, at: Any = None) -> Issuers:
    """Our own issuer's tokens, and those of one whose keys are fetched and who may make caseworkers only."""
    elsewhere.file.write_text(f'[[issuer]]\nissuer = "{OTHER}"\naudience = "onedoor"\njwks = "{elsewhere.issuer}/keys"\nroles = ["caseworker"]\n')
    settings = Settings(PORTAL_MODE="test", sign_in=str(elsewhere.file))
    return Issuers(Tokens(ISSUER, AUDIENCE, str(own.place)), issuers(settings))


def from_other(own: Issuer, key: RSAKey, **claims: Any) -> str:
    return own.token(key=key, header={"kid": key.kid}, iss=OTHER, **claims)


def test_each_token_is_checked_by_its_own_issuer(own: Issuer, elsewhere: Hostile, signing_key: RSAKey) -> None:
    both = taken(own, elsewhere)
    assert both.claims(own.token())["iss"] == ISSUER
    assert from_claims(both.claims(from_other(own, signing_key))).subject == f"{OTHER}|person-1"
    for bad in (
        own.token(iss=OTHER),
        own.token(key=signing_key, header={"kid": signing_key.kid}),
        from_other(own, signing_key, aud="another"),
        from_other(own, signing_key, exp=1),
        own.token(iss="https://third.example"),
        own.token(iss=None),
        "a.b.c",
        "",
        "e30",
        "." * 9000,
    ):
        with pytest.raises(BadToken):
            both.claims(bad)


def test_an_issuer_gives_the_roles_it_may_and_no_others(own: Issuer, elsewhere: Hostile, signing_key: RSAKey) -> None:
    both = taken(own, elsewhere)
    assert from_claims(both.claims(from_other(own, signing_key, roles=["administrator", "caseworker"]))).scope == "staff"
    assert both.claims(own.token(roles=["administrator"]))["roles"] == ["administrator"]


def test_fetched_keys_change_and_stay_while_the_issuer_is_away(own: Issuer, elsewhere: Hostile, signing_key: RSAKey, monkeypatch: pytest.MonkeyPatch) -> None:
    both, fresh = taken(own, elsewhere), new_key(1)
    old = from_other(own, signing_key)
    assert both.claims(old)
    elsewhere.keys = [fresh]
    with pytest.raises(BadToken):
        both.claims(from_other(own, fresh))
    asked = len(elsewhere.asked)
    for _ in range(20):
        with pytest.raises(BadToken):
            both.claims(from_other(own, new_key(2)))
    assert len(elsewhere.asked) == asked, "whoever invents keys makes nobody ask for them"
    monkeypatch.setattr(tokens, "SOONEST", 0.0)
    assert both.claims(from_other(own, fresh))
    with pytest.raises(BadToken):
        both.claims(old)
    elsewhere.close()
    monkeypatch.setattr(tokens, "FRESH", 0.0)
    assert both.claims(from_other(own, fresh))


GOOD = """[[provider]]
id = "city"
title = { en = "City" }
serves = "staff"
issuer = "https://city.example"
client_id = "x"
client_secret = "y"
acr = ["high"]
"""
FAULTS = {
    "not TOML": ("[[provider", "Expected"),
    "unknown table": ("[[providers]]\n", "[[provider]] or [[issuer]]"),
    "unknown member": (GOOD + 'colour = "red"\n', "colour"),
    "no acr for staff": (GOOD.replace('acr = ["high"]\n', ""), "`acr`"),
    "no secret": (GOOD.replace('client_secret = "y"\n', ""), "client_secret"),
    "symmetric": (GOOD + 'algorithms = ["HS256"]\n', "algorithms"),
    "none": (GOOD + 'algorithms = ["none"]\n', "algorithms"),
    "without openid": (GOOD + 'scopes = ["profile"]\n', "openid"),
    "everybody an administrator": (GOOD + 'default_roles = ["administrator"]\n', "only `citizen`"),
    "unknown role": (GOOD + '[provider.roles]\nx = "king"\n', "king"),
    "plain http": (GOOD.replace("https://city", "http://city"), "https"),
    "odd id": (GOOD.replace('id = "city"', 'id = "../x"'), "small letters"),
    "bar in the issuer": (GOOD.replace("city.example", "city.example|x"), "bars"),
    "twice": (GOOD + GOOD, "its own"),
    "issuer without keys": (f'[[issuer]]\nissuer = "{OTHER}"\nroles = []\n', "`keys` or `jwks`"),
    "issuer by http": (f'[[issuer]]\nissuer = "{OTHER}"\nroles = []\njwks = "http://x.example/"\n', "https"),
    "issuer twice": (f'[[issuer]]\nissuer = "{OTHER}"\nroles = []\nkeys = "a"\n' * 2, "once"),
}


@pytest.mark.parametrize(("text", "says"), FAULTS.values(), ids=FAULTS)
def test_a_file_that_cannot_be_taken_says_why(tmp_path: Path, text: str, says: str) -> None:
    place = tmp_path / "sign-in.toml"
    place.write_text(text)
    settings = Settings(PORTAL_MODE="test", sign_in=str(place))
    with pytest.raises(BadProviders) as told:
        providers(settings)
        issuers(settings)
    assert says in str(told.value) and str(place) in str(told.value)


def test_the_example_is_one_production_takes() -> None:
    settings = Settings(PORTAL_MODE="production", sign_in=str(ROOT / "deploy" / "sign-in.toml"))
    assert set(providers(settings)) == {"staff", "citizens"} and len(issuers(settings)) == 1


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadProviders, match="nowhere"):
        providers(Settings(PORTAL_MODE="test", sign_in=str(tmp_path / "nowhere")))
