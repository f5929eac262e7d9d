"""The contract of providers of card payments: the same call at every attempt, and no hostile answer believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.plugins.agency import Answer, HttpCall, Receipt, Refusal
from portal.plugins.checks import HOSTILE
from portal.plugins.discovery import provider
from portal.plugins.payment import Callback, Page, Payment, Provider, Report, Return

KEY = "01a202b4-53e3-701a-9051-d870d67d1555"
ORDER = Payment(KEY, 1500, "EUR", "Acte", "fr", "https://pay.example", "https://us.example/cases/X", "https://us.example/callbacks")
JSON = {"content-type": "application/json"}


@pytest.fixture
def shipped() -> Provider:
    return provider("hosted_page")


def test_calls_are_the_same_at_every_attempt(shipped: Provider) -> None:
    back = Return(KEY, "P-1", 400, "EUR", "https://pay.example")
    for call in (lambda: shipped.prepare(ORDER), lambda: shipped.ask(KEY, "https://pay.example"), lambda: shipped.pay_back(back)):
        assert isinstance(call(), HttpCall)
        assert call() == call()
        assert json.loads(call().body)["key"] == KEY


@pytest.mark.parametrize("answer", HOSTILE)
def test_no_hostile_answer_is_believed(shipped: Provider, answer: Answer) -> None:
    assert [type(read(answer)) for read in (shipped.read, shipped.told, shipped.paid_back)] == [Refusal] * 3
    assert isinstance(shipped.verify(Callback({}, answer.body)), Refusal)


def answer(**members: Any) -> Answer:
    return Answer(200, JSON, json.dumps(members).encode())


@pytest.mark.parametrize("at", ["javascript:alert(1)", "ftp://x", "https://x/\n", "//x", "", "https://x/" + "a" * 2000, 7, None])
def test_a_page_is_an_address(shipped: Provider, at: Any) -> None:
    assert isinstance(shipped.read(answer(id="P-1", pay_at=at)), Refusal)
    assert shipped.read(answer(id="P-1", pay_at="https://pay.example/p/1")) == Page("https://pay.example/p/1", "P-1")


def test_good_answers_are_understood(shipped: Provider) -> None:
    assert shipped.told(answer(key=KEY, id="P-1", status="paid", amount=1500, currency="EUR")) == Report(KEY, "made", 1500, "EUR", "P-1")
    assert shipped.told(answer(key=KEY, status="unknown", amount=0, currency="")) == Report(KEY, "unknown", 0, "")
    assert shipped.paid_back(answer(id="R-1", status="refunded")) == Receipt("R-1", done=True)
    assert isinstance(shipped.paid_back(answer(id="R-1", status="pending")), Refusal)
