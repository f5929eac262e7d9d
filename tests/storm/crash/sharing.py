"""Crash lists of the desk's pages for people who share a worklist."""

from __future__ import annotations

from portal.pages import own_form
from tests.contracts.issuer import ISSUER
from tests.storm.crash.desk import by, press
from tests.storm.crash.doors import NOISE, tasked
from tests.storm.crash.queues import alone_in_queue, claimed_now, known, permit, two_at_the_desk
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World


def many(world: World, subject: Subject) -> None:
    """An `act`: one is taken in bulk, and one that is not there; the page tells of both."""
    world.client.set_cookie("session", subject.more["session"])
    try:
        data = {"act": "claim", "task": [subject.task["id"], "00000000-0000-7000-8000-000000000000"], "once": subject.key}
        found = world.client.post("/desk/bulk", data=data | {own_form.FIELD: subject.more["form-token"]})
    finally:
        world.client.delete_cookie("session")
    if found.status_code != 200 or "Done: 1. Not done: 1." not in found.get_data(as_text=True):
        raise Refused(found.get_data(as_text=True)[:500])


SHARING = (
    UseCase("page-claim-next", ("route desk_sharing_pages.claim_next",), by("clerk", alone_in_queue), press("/next")),
    UseCase("page-bulk", ("route desk_sharing_pages.bulk",), by("clerk", tasked(*NOISE)), many),
    UseCase("page-keep-view", ("route desk_sharing_pages.keep_view",), by("clerk", known), press("/views", name="Urgent", priority="urgent")),
    UseCase("page-absence", ("route desk_sharing_pages.be_away",), by("clerk", known), press("/team/absence", back="1")),
    UseCase("page-hand-over", ("route desk_at_task_pages.hand_over",), by("clerk", two_at_the_desk), press("/tasks/{task}/hand-over", to=f"{ISSUER}|town")),
    UseCase(
        "page-priority",
        ("route desk_at_task_pages.prioritise",),
        by("clerk", claimed_now),
        press("/tasks/{task}/priority", priority="urgent", why="A child is ill."),
    ),
    UseCase("page-checklist", ("route desk_at_task_pages.tick",), by("clerk", permit), press("/tasks/{task}/checklist", tick="plan")),
    UseCase("page-undo", ("route desk_at_task_pages.undo",), by("clerk", claimed_now), press("/tasks/{task}/undo")),
)
