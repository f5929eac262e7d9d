"""Crash lists of referrals: offered, accepted, declined, taken back, settled, lapsed."""

from __future__ import annotations

from typing import Any

from portal.reactions import sweep
from tests.storm.crash.doors import NOISE, task, tasked
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World

OFFER = {"words": "Roads.", "service": "pothole"}


def offered(world: World, subject: Subject) -> None:
    """A `prepare`: a complaint is on offer to roads."""
    tasked(*NOISE, claimed=True)(world, subject)
    told = world.ask("POST", f"/tasks/{subject.task['id']}/refer", world.who("clerk"), OFFER)
    subject.more["referral"] = told["referral"]["id"]


def disputed(world: World, subject: Subject) -> None:
    """A `prepare`: roads said no, and is offered it again."""
    offered(world, subject)
    world.ask("POST", f"/referrals/{subject.more['referral']}/decline", world.who("roads"), {"words": "Not ours."})
    told = world.ask("POST", f"/tasks/{subject.task['id']}/refer", world.who("clerk"), OFFER)
    subject.more["referral"] = told["referral"]["id"]


def say(verb: str, who: str, body: Any = None) -> Any:
    """An `act`: an answer."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, f"/referrals/{subject.more['referral']}/{verb}", world.who(who), body if body is not None else {})

    return act


def until_due(world: World, subject: Subject) -> None:
    """A `prepare`: nobody has answered in time."""
    offered(world, subject)
    world.alone(subject)
    world.until_timer(subject, "referral")


def fire(world: World, subject: Subject) -> None:
    """An `act`: whoever sweeps next."""
    sweep(world.portal, at=subject.at)


REFERRALS = (
    UseCase("refer", ("route casework.refer",), tasked(*NOISE, claimed=True), task("refer", "clerk", OFFER)),
    UseCase("refer-to-finders", ("route casework.refer",), tasked(*NOISE, claimed=True), task("refer", "clerk", {"words": "Whose?"})),
    UseCase("referral-accepted", ("route referrals.accept",), offered, say("accept", "roads")),
    UseCase("referral-declined", ("route referrals.decline",), offered, say("decline", "roads", {"words": "Not ours."})),
    UseCase("referral-recalled", ("route referrals.recall",), offered, say("recall", "clerk")),
    UseCase("referral-settled", ("route referrals.settle",), disputed, say("settle", "champion", {"words": "Roads.", "service": "pothole"})),
    UseCase("timer-referral", ("timer referral", "job sweep"), until_due, fire),
)
