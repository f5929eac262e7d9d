"""Every adapter and channel that ships keeps the contract, and what breaks it is noticed."""

from __future__ import annotations

import ast
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from portal.catalogue.load import load
from portal.plugins import discovery
from portal.plugins.agency import Answer, Delivery, HttpCall, Reach, Receipt, Refusal, retry_after, usual
from portal.plugins.channel import Endpoint, Message, Notice, Outgoing, Raw, Request, Response, Turn
from portal.plugins.checks import adapter_contract, adapter_faults, channel_contract, channel_faults

ROOT = Path(__file__).parents[2]
AGENCIES = load().agencies
DELIVERY = Delivery(
    id="1",
    key="k-1",
    action="repair",
    agency="roads",
    service="pothole",
    step="repair",
    answers={"place": "Élysée 1", "depth_cm": 3},
    text="Très profond",
    language="fr",
    callback_url="https://portal.example/api/v1/agencies/roads/callbacks",
    attempt=1,
    endpoint="https://roads.example/in",
)
NOTICE = Notice("received", "en", "We have your request", "Some words.\nhttps://portal.example/cases/AB12", "AB12", "https://portal.example/cases/AB12")


@pytest.mark.parametrize("agency", sorted(AGENCIES))
def test_the_adapter_of_every_agency_keeps_the_contract(agency: str) -> None:
    adapter = discovery.adapter(AGENCIES[agency].adapter, agency)
    section = AGENCIES[agency].batch
    reach = Reach("https://x.example", asdict(section) if section else {})
    assert adapter_contract(adapter, replace(DELIVERY, agency=agency, reach=reach)) == []
    # A folder cannot say what its owner does with files it has seen: of `batch` the definition says it.
    assert adapter.promise == AGENCIES[agency].promise or AGENCIES[agency].adapter == "batch"


@pytest.mark.parametrize("name", ["counter", "email", "open311", "phone", "sms", "web"])
def test_every_channel_keeps_the_contract(name: str) -> None:
    assert channel_contract(discovery.channels()[name], NOTICE) == []


def test_the_attempt_changes_nothing_of_what_rest_sends() -> None:
    rest = discovery.adapter("rest", "roads")
    call = rest.prepare(DELIVERY)
    assert call == rest.prepare(replace(DELIVERY, attempt=7))
    assert isinstance(call, HttpCall)
    assert json.loads(call.body)["answers"] == {"place": "Élysée 1", "depth_cm": 3}


def test_what_rest_takes_for_a_receipt() -> None:
    rest = discovery.adapter("rest", "roads")
    kind = {"content-type": "application/json; charset=utf-8"}
    assert rest.read(Answer(202, kind, b'{"id": "R-1", "status": "accepted"}')) == Receipt("R-1")
    assert rest.read(Answer(200, kind, b'{"id": "R-1", "status": "done", "more": 1}')) == Receipt("R-1", done=True)
    odd_ones = [
        b'{"status": "done"}',
        b'{"id": "", "status": "done"}',
        b'{"id": "a b", "status": "done"}',
        b'{"id": "R", "status": "ok"}',
        b'[{"id": "R"}]',
        b"",
    ]
    for odd in odd_ones:
        assert isinstance(rest.read(Answer(200, kind, odd)), Refusal)


def test_which_statuses_may_pass() -> None:
    passing = {status for status in range(100, 600) if (found := usual(Answer(status, {}, b""))) and found.retry}
    assert passing == {408, 425, 429, *range(500, 600)}
    assert {status for status in range(100, 600) if usual(Answer(status, {}, b"")) is None} == set(range(200, 300))


def test_the_reason_of_a_refusal_is_the_title_of_the_problem_and_never_its_detail() -> None:
    body = json.dumps({"title": "Not our road\x07", "detail": "Mrs Smith lives elsewhere"}).encode()
    found = usual(Answer(422, {"content-type": "application/problem+json"}, body))
    assert found == Refusal("HTTP 422: Not our road", retry=False, code="http-422")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "9999999999999"}, 86_400.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
    ],
)
def test_how_long_the_far_side_asks_us_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(Answer(503, headers, b"")) == seconds


class Believer:
    promise = "idempotent"

    def prepare(self, delivery: Delivery) -> HttpCall:
        return HttpCall("GET", "https://x.example/")

    def read(self, answer: Answer) -> Receipt:
        return Receipt()


class Forgetful(Believer):
    number = 0

    def prepare(self, delivery: Delivery) -> HttpCall:
        self.number += 1
        return HttpCall("GET", f"https://x.example/{self.number}")


class Shouting:
    name = "shouting"

    def render(self, notice: Notice) -> Message:
        return Message("x", "two\nlines", by="smtp")


class Careless:
    name = "careless"
    root = "/here"
    endpoints = (Endpoint("GET", "/elsewhere", "requests.read", lambda request, front: Response(200, b"", "text/plain")),)
    calls = 0

    def render(self, notice: Notice) -> Message:
        return Message("x")

    def refuse(self, request: Request, status: int, errors: object) -> Response:
        return Response(200, b"<html>", "text/html")

    def receive(self, raw: Raw) -> Turn:
        return Turn(sender=raw.values["From"], words="", id="1")

    def prepare(self, message: Outgoing) -> HttpCall:
        self.calls += 1
        return HttpCall("POST", message.endpoint, body=str(self.calls).encode())

    def read(self, answer: Answer) -> Receipt:
        return Receipt()


def test_what_breaks_the_contract_is_noticed() -> None:
    assert any("for a receipt" in fault for fault in adapter_contract(Believer(), DELIVERY))
    assert any("second time" in fault for fault in adapter_contract(Forgetful(), DELIVERY))
    assert channel_contract(Shouting(), NOTICE)
    faults = channel_contract(Careless(), NOTICE)
    assert [any(word in fault for fault in faults) for word in ("begin with /here/", "form of its own", "receive raises", "second time", "for a receipt")] == [
        True
    ] * 5
    assert adapter_faults(object())
    assert adapter_faults(type("A", (Believer,), {"promise": "maybe"})())
    assert channel_faults(object(), "x")
    assert channel_faults(Shouting(), "whispering")


def test_an_adapter_that_does_not_exist_is_said_so() -> None:
    for name in ("nothing", "adapter.py", "../rest"):
        with pytest.raises(LookupError):
            discovery.adapter(name, "roads")


def test_content_code_opens_no_connection_and_knows_only_the_socket() -> None:
    files = [*(ROOT / "services").rglob("*.py"), *(ROOT / "channels").rglob("*.py")]
    assert len(files) > 6
    outside = {
        "socket",
        "ssl",
        "http",
        "urllib",
        "smtplib",
        "httpx2",
        "httpcore2",
        "requests",
        "psycopg",
        "sqlalchemy",
        "redis",
        "subprocess",
        "asyncio",
        "ftplib",
    }
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name == "urllib.parse" or name.split(".")[0] not in outside, f"{file}: {name}"
                assert not name.startswith("portal") or name.startswith("portal.plugins"), f"{file}: {name}"
