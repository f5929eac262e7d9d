"""Crash lists of card payments: begun, reported, asked about, paid back; the provider keeps books of its own."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

from portal.reactions import sweep
from tests.storm.crash.background import leaving, timer
from tests.storm.crash.fees import WHY, due
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World, as_json

ACCOUNT = "card-payments"


def begun(world: World, subject: Subject) -> None:
    """A `prepare`: the party has the provider's page before it."""
    due(world, subject)
    subject.more["page"] = world.ask("POST", f"/cases/{subject.reference}/payments", subject.mine, {})


def paid_there(world: World, subject: Subject) -> None:
    """A `prepare`: and has paid on it; no report arrives."""
    begun(world, subject)
    address = urlsplit(subject.more["page"]["pay_at"])
    connection = http.client.HTTPConnection(address.netloc, timeout=20)
    connection.request("POST", address.path, "choice=pay", {"Content-Type": "application/x-www-form-urlencoded"})
    assert connection.getresponse().status == 303
    connection.close()


def to_be_asked(world: World, subject: Subject) -> None:
    """A `prepare`: the provider is to be asked what became of it."""
    paid_there(world, subject)
    world.alone(subject)
    world.until_timer(subject, "payment")
    sweep(world.portal, at=subject.at)


def to_go_back(world: World, subject: Subject) -> None:
    """A `prepare`: what was paid by card is to go back."""
    paid_there(world, subject)
    report(world, subject)
    world.ask("POST", f"/fees/{subject.more['fee']}/refund", world.who("ann"), WHY)


def begin(world: World, subject: Subject) -> None:
    """An `act`: the party pays by card; asking again gives the same page."""
    world.ask("POST", f"/cases/{subject.reference}/payments", subject.mine, {})


def report(world: World, subject: Subject) -> None:
    """An `act`: the provider says that it was paid, always with the same message."""
    page = subject.more["page"]
    name = page["pay_at"].rpartition("/")[2]
    body = as_json({"key": page["payment"], "id": name, "status": "paid", "amount": page["amount"], "currency": page["currency"]})
    headers: dict[str, Any] = {"Content-Type": "application/json", **world.sign(ACCOUNT, f"msg_{subject.key}", body)}
    answer = world.client.post(f"/api/v1/payments/{ACCOUNT}/callbacks", data=body, headers=headers)
    assert answer.status_code == 202, answer.get_data(as_text=True)


CARD = (
    UseCase("card-begun", ("route payments.pay",), due, begin),
    UseCase("card-reported", ("route payment-callbacks.report",), begun, report),
    timer("payment", begun),
    leaving("card-asked", "card", to_be_asked),
    leaving("card-paid-back", "card", to_go_back),
)
