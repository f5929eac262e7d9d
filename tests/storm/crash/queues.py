"""Crash lists of shared worklists."""

from __future__ import annotations

from typing import Any

from tests.storm.crash.doors import NOISE, opened, task, tasked
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World


def alone_in_queue(world: World, subject: Subject) -> None:
    """A `prepare`: its task is the only one that waits for the clerk."""
    tasked(*NOISE)(world, subject)
    cases = world.cases(subject)
    world.look("UPDATE tasks SET status = 'cancelled', ended_at = now() WHERE status IN ('open', 'claimed') AND case_id <> ALL(%s)", cases)


def two_at_the_desk(world: World, subject: Subject) -> None:
    """A `prepare`: the clerk holds it, and has a colleague."""
    tasked(*NOISE, claimed=True)(world, subject)
    world.ask("GET", "/colleagues", world.who("town"))


def claimed_now(world: World, subject: Subject) -> None:
    """A `prepare`: the clerk has just taken it."""
    tasked(*NOISE, claimed=True)(world, subject)


def next_one(world: World, subject: Subject) -> None:
    """An `act`: the clerk is given the next one."""
    world.post(subject, "/tasks/claim-next", world.who("clerk"), {})


def many(world: World, subject: Subject) -> None:
    """An `act`: the clerk takes one in bulk, and one that is not there."""
    ids = [subject.task["id"], "00000000-0000-7000-8000-000000000000"]
    world.post(subject, "/tasks/bulk", world.who("clerk"), {"act": "claim", "ids": ids})


def permit(world: World, subject: Subject) -> None:
    """A `prepare`: a permit is reviewed."""
    tasked("clerk", "tree-felling-permit", claimed=True)(world, subject)


def put(path: str, who: str, body: Any) -> Any:
    """An `act`: a PUT, the same however often."""

    def act(world: World, subject: Subject) -> None:
        world.ask("PUT", path, world.who(who), body)

    return act


def keep_view(world: World, subject: Subject) -> None:
    """An `act`: the same name is the same view."""
    world.ask("POST", "/views", world.who("clerk"), {"name": "Urgent", "query": {"priority": "urgent"}})


def known(world: World, subject: Subject) -> None:
    """A `prepare`: the clerk has worked here."""
    tasked(*NOISE)(world, subject)
    world.ask("GET", "/colleagues", world.who("clerk"))


def followed(world: World, subject: Subject) -> None:
    """An `act`: somebody follows it; the same address follows it once."""
    world.ask("POST", f"/requests/{subject.reference}/followers", {}, {"email": "bob@example.org"})


QUEUES = (
    UseCase("follow", ("route following.follow",), opened("pothole"), followed),
    UseCase("claim-next", ("route tasks.claim_next",), alone_in_queue, next_one),
    UseCase("bulk", ("route bulk.bulk",), tasked(*NOISE), many),
    UseCase("hand-over", ("route casework.hand_over",), two_at_the_desk, task("hand-over", "clerk", {"to": "town"})),
    UseCase("priority", ("route casework.prioritise",), claimed_now, task("priority", "clerk", {"priority": "urgent", "words": "A child is ill."})),
    UseCase("undo", ("route casework.undo",), claimed_now, task("undo", "clerk")),
    UseCase("checklist", ("route casework.tick",), permit, task("checklist", "clerk", {"ticks": {"plan": True}})),
    UseCase("absence", ("route worklists.be_away",), known, put("/colleagues/me/absence", "clerk", {})),
    UseCase("ability", ("route worklists.enable",), known, put("/colleagues/clerk/ability", "lead", {"skills": ["french"], "capacity": 50})),
    UseCase("keep-view", ("route worklists.keep_view",), known, keep_view),
)
