"""Crash lists of the desk's pages: what a caseworker presses, once, with the key its form brought."""

from __future__ import annotations

from typing import Any

from portal.access import sessions
from portal.pages import own_form
from portal.unit_of_work import ENGINE, Principal
from tests.contracts.issuer import ISSUER
from tests.ledger.test_main_job import needed
from tests.storm.crash.background import astray
from tests.storm.crash.doors import HOUSING, NOISE, tasked, waiting
from tests.storm.crash.fees import WHY, due, owed_back, paid, proposed
from tests.storm.crash.pages import send
from tests.storm.crash.referrals import offered
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import PEOPLE, Subject, World


def by(who: str, prepare: Any) -> Any:
    """A `prepare`: that, and somebody has signed in with the browser."""

    def both(world: World, subject: Subject) -> None:
        prepare(world, subject)
        claims = PEOPLE[who]
        person = Principal("staff", f"{ISSUER}|{claims['sub']}", agencies=(claims["agency"],), teams=tuple(claims["teams"]), roles=("caseworker",))
        with world.portal.work(ENGINE) as work:
            token = sessions.begin(work, person, person="", provider="test", provider_session=None, device="a storm", id_token=None)
        with world.portal.work(ENGINE) as work:
            found = sessions.look_up(work, token)
        assert found is not None
        subject.more |= {"session": token, "form-token": own_form.token(world.portal, found.id)}

    return both


def press(path: str, **fields: str) -> Any:
    """An `act`: a form of the desk is sent; `{task}` and what the use case remembers stand in its address."""

    def act(world: World, subject: Subject) -> None:
        world.client.set_cookie("session", subject.more["session"])
        try:
            known = {"task": subject.task.get("id"), **{name: subject.more.get(name) for name in ("fee", "proposal", "referral")}}
            given = {name: subject.reference if value == "{reference}" else value for name, value in fields.items()}
            send(world, "/desk" + path.format(**known), once=subject.key, **{own_form.FIELD: subject.more["form-token"]}, **given)
        finally:
            world.client.delete_cookie("session")

    return act


def letter(world: World, subject: Subject) -> None:
    """A `prepare`: nobody can be mailed, so a decision of housing benefit waits to be posted."""
    body = {"service": "housing-benefit", "answers": needed(world.portal, "housing-benefit") | HOUSING, "text": f"about {subject.marker}"}
    told = world.ask("POST", "/cases", {}, body)
    subject.reference, subject.secret = told["reference"], told["secret"]
    for how in ({}, {"outcome": "refused", "reasons": "Too much income."}):
        waiting(world, subject, "worker")
        world.ask("POST", f"/tasks/{subject.task['id']}/claim", world.who("worker"))
        world.ask("POST", f"/tasks/{subject.task['id']}/complete", world.who("worker"), how)
    waiting(world, subject, "worker")


BENEFIT = tasked("worker", "housing-benefit", claimed=True, **HOUSING)
DESK = (
    UseCase("desk-claim", ("route desk_task_pages.claim",), by("clerk", tasked(*NOISE)), press("/tasks/{task}/claim")),
    UseCase("desk-release", ("route desk_task_pages.release",), by("clerk", tasked(*NOISE, claimed=True)), press("/tasks/{task}/release")),
    UseCase("desk-complete", ("route desk_task_pages.complete",), by("clerk", tasked(*NOISE, claimed=True)), press("/tasks/{task}/complete")),
    UseCase("desk-note", ("route desk_task_pages.note",), by("clerk", tasked(*NOISE)), press("/tasks/{task}/note", note="Seen before.")),
    UseCase("desk-message", ("route desk_task_pages.write",), by("clerk", tasked(*NOISE)), press("/tasks/{task}/message", message="We look at it.")),
    UseCase("desk-attach", ("route desk_task_pages.attach",), by("roads", astray), press("/tasks/{task}/attach", reference="{reference}")),
    UseCase("desk-dismiss", ("route desk_task_pages.dismiss",), by("roads", astray), press("/tasks/{task}/dismiss", why="A test of theirs.")),
    UseCase("desk-serve", ("route desk_task_pages.serve",), by("worker", letter), press("/tasks/{task}/serve", means="post")),
    UseCase(
        "desk-decide",
        ("route desk_deciding_pages.decide",),
        by("worker", tasked("worker", "housing-benefit", {}, claimed=True, **HOUSING)),
        press("/tasks/{task}/decision", do="decide", outcome="refused", reasons="Too much income."),
    ),
    UseCase(
        "desk-ask",
        ("route desk_asking_pages.send",),
        by("worker", BENEFIT),
        press("/tasks/{task}/question", do="send", fields="monthly_income", words="The new one?", days="14"),
    ),
    UseCase(
        "desk-extend",
        ("route desk_passing_pages.extend",),
        by("worker", BENEFIT),
        press("/tasks/{task}/extension", standard="decided-by-law", words="The landlord has to be heard."),
    ),
    UseCase(
        "desk-refer",
        ("route desk_passing_pages.refer",),
        by("clerk", tasked(*NOISE, claimed=True)),
        press("/tasks/{task}/referral", to="service:pothole", words="Roads."),
    ),
    UseCase("desk-accept", ("route desk_referrals_pages.answer",), by("roads", offered), press("/referrals/{referral}/accept")),
    UseCase("desk-cash", ("route desk_money_pages.cash",), by("ann", due), press("/fees/{fee}/cash")),
    UseCase("desk-payout", ("route desk_money_pages.payout",), by("ann", owed_back), press("/fees/{fee}/payout")),
    UseCase("desk-waive", ("route desk_money_pages.waive",), by("ann", due), press("/fees/{fee}/waiver", **WHY)),
    UseCase("desk-refund", ("route desk_money_pages.refund",), by("ann", paid), press("/fees/{fee}/refund", **WHY)),
    UseCase("desk-confirm", ("route desk_money_pages.settle",), by("town2", proposed), press("/proposals/{proposal}", do="confirm")),
)
