"""Crash lists of fees: taken, waived, paid back, agreed to by a second person, counted at the end of a day."""

from __future__ import annotations

from typing import Any

from tests.storm.crash.doors import opened
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World

WHY = {"law": "14 § 2", "words": "She was born in the flood year; the ordinance waives it."}
COUNTED = {"counted": 0, "words": "The drawer was emptied before."}


def due(world: World, subject: Subject) -> None:
    """A `prepare`: a copy of a birth certificate is to be paid for."""
    opened("birth-certificate")(world, subject)
    _fee(world, subject)


def paid(world: World, subject: Subject) -> None:
    """A `prepare`: and was, in cash."""
    due(world, subject)
    world.ask("POST", f"/fees/{subject.more['fee']}/cash", world.who("ann"), {"amount": 1500})


def owed_back(world: World, subject: Subject) -> None:
    """A `prepare`: and is to go back."""
    paid(world, subject)
    world.ask("POST", f"/fees/{subject.more['fee']}/refund", world.who("ann"), WHY)


def counted(world: World, subject: Subject) -> None:
    """A `prepare`: the till was counted, and the day waits for a second person."""
    paid(world, subject)
    told = world.ask("POST", "/cash-days/civil-registry/close", world.who("ann"), COUNTED)
    subject.more["day"] = told["id"]


def proposed(world: World, subject: Subject) -> None:
    """A `prepare`: a fee above the council's limit is to be waived, if a second person agrees."""
    opened("tree-felling-permit")(world, subject)
    for _ in range(5):
        found = world.look("SELECT id, step FROM tasks WHERE case_id = ANY(%s) AND status = 'open' AND kind = 'step'", world.cases(subject))
        for id, step in found:
            body = {"outcome": "granted", "reasons": "See the ordinance."} if step == "decide" else {}
            world.ask("POST", f"/tasks/{id}/claim", world.who("clerk"))
            world.ask("POST", f"/tasks/{id}/complete", world.who("clerk"), body)
    _fee(world, subject)
    subject.more["proposal"] = world.ask("POST", f"/fees/{subject.more['fee']}/waiver", world.who("town"), WHY)["proposal"]["id"]


def _fee(world: World, subject: Subject) -> None:
    ((id,),) = world.look("SELECT id FROM fees WHERE case_id = ANY(%s)", world.cases(subject))
    subject.more["fee"] = str(id)


def fee(verb: str, body: Any) -> Any:
    """An `act` of an official."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, f"/fees/{subject.more['fee']}/{verb}", world.who("ann"), body)

    return act


def proposal(verb: str) -> Any:
    """An `act` of the second person."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, f"/fee-proposals/{subject.more['proposal']}/{verb}", world.who("town2"))

    return act


def count(world: World, subject: Subject) -> None:
    """An `act`: the till is counted."""
    world.post(subject, "/cash-days/civil-registry/close", world.who("ann"), COUNTED)


def close(world: World, subject: Subject) -> None:
    """An `act`: the second person closes the day."""
    world.post(subject, f"/cash-days/civil-registry/{subject.more['day']}/confirmation", world.who("bob"))


FEES = (
    UseCase("fee-cash", ("route fees.take_cash",), due, fee("cash", {"amount": 1500})),
    UseCase("fee-waiver", ("route fees.waive",), due, fee("waiver", WHY)),
    UseCase("fee-refund", ("route fees.refund",), paid, fee("refund", WHY)),
    UseCase("fee-payout", ("route fees.pay_out",), owed_back, fee("payout", {})),
    UseCase("fee-confirmed", ("route fees.confirm",), proposed, proposal("confirmation")),
    UseCase("fee-refused", ("route fees.refuse",), proposed, proposal("refusal")),
    UseCase("till-counted", ("route fees.count_till",), paid, count),
    UseCase("day-closed", ("route fees.close_day",), counted, close),
)
