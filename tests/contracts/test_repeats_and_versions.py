"""Idempotency-Key, ETag and If-Match as a resource uses them."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.api.refusals import BadHeader
from portal.api.repeats import answer, repeatable, respond
from portal.api.versions import demand_version, etag, if_match, unchanged
from portal.errors import Stale
from portal.unit_of_work import ANONYMOUS, Principal, Repeatable

LONG = "01a20209-bd11-764e-bdc7-67535b9e704a"
STAFF = Principal("staff", "issuer|one", agencies=("roads",))


def asked(
    app: Flask, key: str | None = LONG, who: Principal = ANONYMOUS, body: bytes = b"{}", path: str = "/api/v1/cases", method: str = "POST"
) -> Repeatable | None:
    with app.test_request_context(path, method=method, data=body, headers={} if key is None else {"Idempotency-Key": key}):
        return repeatable(who, "case.open")


def test_same_request_same_fingerprint(app: Flask) -> None:
    first = asked(app)
    assert first is not None
    assert first == asked(app)
    assert first.principal == "anonymous"
    others = [asked(app, body=b"{} "), asked(app, path="/api/v1/cases?a=1"), asked(app, path="/api/v1/tasks"), asked(app, method="PUT")]
    assert len({one.fingerprint for one in [first, *others] if one}) == 5


def test_an_anonymous_key_has_to_be_long(app: Flask) -> None:
    assert asked(app, key="x" * 31) is None
    assert asked(app, key='"' + "x" * 31 + '"') is None
    assert asked(app, key="x" * 32) is not None
    short = asked(app, key="1", who=STAFF)
    assert short is not None
    assert short.principal == "issuer|one"
    assert asked(app, key=None) is None


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "caf\xe9" * 10, "a\tb"])
def test_keys_that_cannot_be_read(app: Flask, key: str) -> None:
    with pytest.raises(BadHeader):
        asked(app, key=key, who=STAFF)


def test_a_replayed_answer_is_the_same_bytes(app: Flask) -> None:
    given = answer(201, {"b": 1, "a": "é"})
    with app.test_request_context():
        first, second = respond(given), respond(given, replayed=True)
    assert first.get_data() == second.get_data() == given.body
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_if_match(app: Flask) -> None:
    for header, wanted in ((None, None), ("*", None), ('"7"', 7)):
        with app.test_request_context(headers={} if header is None else {"If-Match": header}):
            assert if_match() == wanted
            demand_version(7)
    for header in ('"6"', 'W/"7"'):
        with app.test_request_context(headers={"If-Match": header}), pytest.raises(Stale):
            demand_version(7)
    for header in ("7", '"x"', '"7", "8"', ""):
        with app.test_request_context(headers={"If-Match": header}), pytest.raises(BadHeader):
            demand_version(7)


def test_if_none_match(app: Flask) -> None:
    with app.test_request_context(headers={"If-None-Match": '"6", W/"7"'}):
        found = unchanged(7)
        assert found is not None
        assert (found.status_code, found.headers["ETag"]) == (304, etag(7))
        assert unchanged(8) is None
