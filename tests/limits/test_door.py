"""Limits as askers meet them: over the API and on pages, by address, channel and principal, with Redis and without."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.limits.limiter import Limiter
from tests.contracts.conftest import catalogue, is_problem, issuer, make
from tests.contracts.issuer import Issuer

__all__ = ["catalogue", "issuer", "make"]

Make = Callable[..., Flask]


def services(client: FlaskClient, address: str = "203.0.113.1", **headers: str) -> Any:
    return client.get("/api/v1/services", environ_base={"REMOTE_ADDR": address}, headers=headers)


@pytest.fixture(params=["with Redis", "without"])
def redis(request: pytest.FixtureRequest, servers: Any) -> str:
    """The address of a server that counts, or of none."""
    if request.param == "without":
        return "redis://127.0.0.1:1/0"
    url: str = servers.redis_url
    return url


def test_one_address_is_held_and_others_are_not(make: Make, redis: str, request: pytest.FixtureRequest) -> None:
    mine = f"198.51.100.{abs(hash(request.node.name)) % 200}"
    client = make(redis_url=redis, limit_read="3/hour", web_workers=1).test_client()
    assert [services(client, mine).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    problem = is_problem(services(client, mine), 429, "too-fast")
    assert 0 < problem["retry_after"] <= 1200
    assert services(client, mine).headers["Retry-After"] == str(problem["retry_after"])
    assert problem["retryable"] is True
    assert services(client, "192.0.2.250").status_code == 200
    assert services(client, mine, **{"X-Forwarded-For": "192.0.2.9"}).status_code == 429, "nobody writes himself another address"


def test_a_proxy_of_ours_is_believed(make: Make) -> None:
    client = make(redis_url="redis://127.0.0.1:1/0", limit_read="1/hour", proxies=1, web_workers=1).test_client()
    told = [services(client, "127.0.0.1", **{"X-Forwarded-For": f"6.6.6.{number}, 198.51.100.{number // 2}"}).status_code for number in range(4)]
    assert told == [200, 429, 200, 429]


def test_a_person_is_held_wherever_they_come_from(make: Make, issuer: Issuer) -> None:
    client = make(redis_url="redis://127.0.0.1:1/0", limit_principal="2/hour", web_workers=1).test_client()
    mine, other = ({"Authorization": f"Bearer {issuer.token(sub=name, roles=['caseworker'], agency='city-council')}"} for name in ("one", "other"))
    assert [services(client, f"198.51.100.{number}", **mine).status_code for number in range(3)] == [200, 200, 429]
    assert services(client, **other).status_code == 200


def test_staff_are_not_held_by_the_address_of_their_office(make: Make, issuer: Issuer) -> None:
    client = make(redis_url="redis://127.0.0.1:1/0", limit_read="1/hour", web_workers=1).test_client()
    token = {"Authorization": f"Bearer {issuer.token(roles=['caseworker'], agency='city-council')}"}
    assert [services(client, **token).status_code for _ in range(3)] == [200, 200, 200]
    assert [services(client).status_code for _ in range(2)] == [200, 429]
    forged = {"Authorization": token["Authorization"][:-4] + "AAAA"}
    assert services(client, **forged).status_code == 429, "a forged token opens no lane"


def test_a_channel_has_its_own_limit(make: Make) -> None:
    client = make(redis_url="redis://127.0.0.1:1/0", limit_channel="2/hour", web_workers=1).test_client()
    told = [
        client.post("/api/v1/cases", data="{", content_type="application/json", environ_base={"REMOTE_ADDR": f"198.51.100.{number}"}).status_code
        for number in range(3)
    ]
    assert told == [400, 400, 429]
    assert client.post("/services/pothole/request", data={}).status_code != 429, "the pages are another channel"


def test_a_page_keeps_what_was_typed(make: Make) -> None:
    client = make(redis_url="redis://127.0.0.1:1/0", limit_write="1/hour", web_workers=1).test_client()
    words = 'A lamp <script>alert("x")</script> is out,\nsince Monday, in the street behind the old mill.'
    assert client.post("/find", data={"text": words}).status_code == 200
    held = client.post("/find", data={"text": words, "once": "k-1"})
    page = held.get_data(as_text=True)
    assert held.status_code == 429 and int(held.headers["Retry-After"]) > 0
    assert held.mimetype == "text/html" and '<form method="post" action="/find">' in page
    assert "<script>" not in page and "A lamp &lt;script&gt;" in page and "behind the old mill." in page
    assert '<input type="hidden" name="once" value="k-1">' in page


def test_when_all_places_are_taken_the_public_is_told_and_staff_go_on(make: Make, issuer: Issuer) -> None:
    app = make(redis_url="redis://127.0.0.1:1/0", web_threads=1, web_waiting=0)
    client, limiter = app.test_client(), app.extensions["onedoor.limits"]
    assert isinstance(limiter, Limiter)
    limiter.places["public"].enter()
    told = is_problem(services(client), 429, "busy")
    assert told["retry_after"] > 0
    token = {"Authorization": f"Bearer {issuer.token(roles=['caseworker'], agency='city-council')}"}
    assert services(client, **token).status_code == 200
    assert client.post("/api/v1/agencies/city-council/callbacks", data=b"{}").status_code == 401
    assert client.get("/health/live").status_code == 200
    assert client.get("/docs/problems").status_code == 200, "what asks nothing of the database needs no place"
    limiter.places["public"].leave()
    assert services(client).status_code == 200


@pytest.mark.parametrize("address", ["/api/v1/services", "/api/v1/nothing", "/api/v1/services?limit=0", "/", "/nothing", "/api/v1/cases/X"])
def test_every_place_is_given_back(make: Make, address: str) -> None:
    app = make(redis_url="redis://127.0.0.1:1/0", web_threads=1, web_waiting=0)
    client = app.test_client()
    threads = [threading.Thread(target=client.get, args=(address,)) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    assert client.get(address).status_code != 429
    assert all(places._free == places.lane.places for places in app.extensions["onedoor.limits"].places.values())


def test_a_session_found_to_be_staff_keeps_its_lane(make: Make) -> None:
    app = make(redis_url="redis://127.0.0.1:1/0", limit_read="1/hour", web_workers=1)
    limiter, client = app.extensions["onedoor.limits"], app.test_client()
    limiter.note_staff("a-session")
    client.set_cookie("session", "a-session")
    assert [services(client).status_code for _ in range(3)] == [200, 200, 200]
    client.set_cookie("session", "another")
    assert [services(client).status_code for _ in range(2)] == [200, 429]


def test_nothing_in_redis_names_anybody(make: Make, redis_url: str) -> None:
    from redis import Redis

    client = make(redis_url=redis_url, limit_read="5/hour").test_client()
    services(client, "203.0.113.99")
    with Redis.from_url(redis_url) as server:
        keys = [bytes(key) for key in server.scan_iter("limit:*")]  # type: ignore[arg-type]
        assert keys
        assert not [key for key in keys if b"203.0.113" in key]
        assert all(set(server.get(key) or b"") <= set(b"0123456789") for key in keys)  # type: ignore[arg-type]
