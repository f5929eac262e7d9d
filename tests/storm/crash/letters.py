"""Crash lists of the post room: a notice becomes a letter, is taken, posted, comes back, is printed again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.storm.crash.doors import opened
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World


def written(world: World, subject: Subject) -> None:
    """A `prepare`: a request came by letter, and its answer waits to leave."""
    contact = {"name": "Anna", "address": f"Rue {subject.key[:12]}, 1000 Brussels"}
    answers = {"place": "Rue Haute 1", "surface": "pavement"}
    body = {"service": "pothole", "answers": answers, "text": f"about {subject.marker}", "channel": "post", "contact": contact}
    subject.reference = world.ask("POST", "/cases", world.who("roads"), body, key=f"open-{subject.key}")["reference"]
    world.alone(subject)


def leave(world: World, subject: Subject) -> None:
    """An `act`: it becomes a letter."""
    world.drained("notice")


def leases_end(world: World, subject: Subject) -> None:
    """A `recover`: whoever had it in hand is gone."""
    world.leases_end()


def printed(world: World, subject: Subject) -> None:
    """A `prepare`: the letter waits to be printed, and no other."""
    written(world, subject)
    leave(world, subject)
    world.look("UPDATE prints SET status = 'posted', batch = NULL WHERE status <> 'posted' AND case_id <> ALL(%s)", world.cases(subject))


def taken(world: World, subject: Subject) -> None:
    """A `prepare`: the post room has it."""
    printed(world, subject)
    told = world.ask("POST", "/prints/batches", world.who("roads"), {})
    subject.more |= {"batch": told["batch"], "letter": told["items"][0]["id"]}


def in_the_post(world: World, subject: Subject) -> None:
    """A `prepare`: it was posted."""
    taken(world, subject)
    world.ask("POST", f"/prints/batches/{subject.more['batch']}/posted", world.who("roads"), {})


def come_back(world: World, subject: Subject) -> None:
    """A `prepare`: it came back."""
    in_the_post(world, subject)
    world.ask("POST", f"/prints/{subject.more['letter']}/returned", world.who("roads"), {"reason": "moved"})


def nothing(world: World, subject: Subject) -> None:
    """Nothing is there yet."""


def come_in(world: World, subject: Subject) -> None:
    """An `act`: a letter of the party is written down."""
    body = {"kind": "new", "service": "pothole", "answers": {"place": "Rue Haute 1", "surface": "pavement"}, "text": f"about {subject.marker}"}
    world.post(subject, "/letters", world.who("roads"), body | {"received_on": str(_today())})


def _today() -> date:
    return datetime.now(UTC).date()


def act(path: str, body: Any) -> Any:
    """An `act` of the post room."""

    def one(world: World, subject: Subject) -> None:
        world.post(subject, path.format(**subject.more), world.who("roads"), body)

    return one


def on_contacts(path: str, body: Any) -> Any:
    """An `act` of staff on the contacts of a case."""

    def one(world: World, subject: Subject) -> None:
        world.post(subject, f"/cases/{subject.reference}/contacts{path}", world.who("roads"), body)

    return one


LETTERS = (
    UseCase("contact-kept", ("route contacts.keep_contact",), opened("pothole"), on_contacts("", {"channel": "phone", "reason": "progress-chasing"})),
    UseCase("contact-judged", ("route contacts.judge_contact",), opened("pothole"), on_contacts("/1/reason", {"reason": "premature-closure"})),
    UseCase("letter-in", ("route letters.receive_letter",), nothing, come_in),
    UseCase("letter-made", ("outbox notice",), written, leave, recover=leases_end, again=True),
    UseCase("letters-taken", ("route prints.take_batch",), printed, act("/prints/batches", {})),
    UseCase("letters-posted", ("route prints.post_batch",), taken, act("/prints/batches/{batch}/posted", {})),
    UseCase("letter-returned", ("route prints.return_print",), in_the_post, act("/prints/{letter}/returned", {"reason": "moved"})),
    UseCase("letter-again", ("route prints.print_again",), come_back, act("/prints/{letter}/again", {"reason": "lost"})),
)
