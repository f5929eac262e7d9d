"""Crash lists of the desk's pages: what a caseworker presses, once, with the key its form brought."""

from __future__ import annotations

from typing import Any

from portal.access import sessions
from portal.access.identity import principal
from portal.pages import own_form
from portal.unit_of_work import ENGINE
from tests.contracts.issuer import ISSUER
from tests.ledger.test_main_job import needed
from tests.storm.crash.background import astray
from tests.storm.crash.doors import HOUSING, NOISE, opened, tasked, waiting, waits_for_people
from tests.storm.crash.fees import WHY, due, owed_back, paid, proposed
from tests.storm.crash.pages import send
from tests.storm.crash.referrals import disputed, offered
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import PEOPLE, Subject, World


def by(who: str, prepare: Any) -> Any:
    """A `prepare`: that, and somebody has signed in with the browser."""

    def both(world: World, subject: Subject) -> None:
        prepare(world, subject)
        claims = PEOPLE[who]
        roles = claims.get("roles") or ["caseworker"]
        services = ("*",) if "champion" in roles else ()
        person = principal(ISSUER, claims["sub"], roles=roles, agency=claims.get("agency"), teams=claims["teams"] or (), services=services)
        with world.portal.work(ENGINE) as work:
            token = sessions.begin(work, person, person="", provider="test", provider_session=None, device="a storm", id_token=None)
        with world.portal.work(ENGINE) as work:
            found = sessions.look_up(work, token)
        assert found is not None
        subject.more |= {"session": token, "form-token": own_form.token(world.portal, found)}

    return both


def press(path: str, **fields: str) -> Any:
    """An `act`: a form of the desk is sent; `{task}` and what the use case remembers stand in its address."""

    def act(world: World, subject: Subject) -> None:
        world.client.set_cookie("session", subject.more["session"])
        try:
            known = {
                "delivery": _delivery(world, subject),
                "task": subject.task.get("id"),
                "reference": subject.reference,
                **{name: subject.more.get(name) for name in ("fee", "proposal", "referral", "place", "day")},
            }
            given = {name: subject.reference if value == "{reference}" else value for name, value in fields.items()}
            send(
                world,
                (path if path.startswith(("/champion", "/admin", "/mandates")) else f"/desk{path}").format(**known),
                once=subject.key,
                **{own_form.FIELD: subject.more["form-token"]},
                **given,
            )
        finally:
            world.client.delete_cookie("session")

    return act


def _delivery(world: World, subject: Subject) -> str:
    found = world.look("SELECT id FROM outbox WHERE kind = 'delivery' AND case_id = ANY(%s)", world.cases(subject))
    return str(found[0][0]) if found else ""


def on_the_call(world: World, subject: Subject) -> None:
    """An `act`: the duty person has read it."""
    press(f"/duty/{subject.reference}")(world, subject)


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
    UseCase("desk-duty", ("route desk_queue_pages.acknowledge",), by("duty", opened("gas-smell")), on_the_call),
    UseCase(
        "champion-settle",
        ("route champion_pages.settle",),
        by("champion", disputed),
        press("/champion/referrals/{referral}", service="pothole", words="Roads."),
    ),
    UseCase("admin-retry", ("route admin_handovers_pages.send_again",), by("admin", waits_for_people), press("/admin/deliveries/{delivery}/retry")),
    UseCase(
        "admin-glass",
        ("route admin_glass_pages.break_it",),
        by("admin", opened("noise-complaint")),
        press("/admin/glass", reference="{reference}", reason="A letter went astray."),
    ),
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
