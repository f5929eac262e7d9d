"""Crash lists of the doors: every route that writes, as its caller would use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from portal.reactions import sweep
from tests.ledger.test_main_job import needed
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World, as_json

ANN = {"email": "ann@example.org"}


def opened(service: str, **answers: Any) -> Any:
    """A `prepare`: a request for that service stands there, and one of its tasks is known."""

    def prepare(world: World, subject: Subject) -> None:
        body = {"service": service, "answers": needed(world.portal, service) | answers, "text": f"about {subject.marker}", "contact": ANN}
        told = world.ask("POST", "/cases", {}, body)
        subject.reference, subject.secret = told["reference"], told["secret"]

    return prepare


def tasked(who: str, service: str, *done: dict[str, Any], claimed: bool = False, **answers: Any) -> Any:
    """A `prepare`: as `opened`, so many of its tasks completed, and `subject.task` waits, claimed or not."""

    def prepare(world: World, subject: Subject) -> None:
        opened(service, **answers)(world, subject)
        for how in done:
            waiting(world, subject, who)
            world.ask("POST", f"/tasks/{subject.task['id']}/claim", world.who(who))
            world.ask("POST", f"/tasks/{subject.task['id']}/complete", world.who(who), how)
        waiting(world, subject, who)
        if claimed:
            world.ask("POST", f"/tasks/{subject.task['id']}/claim", world.who(who))

    return prepare


def waiting(world: World, subject: Subject, who: str) -> None:
    """Finds the task of the case that waits for somebody."""
    ((id,),) = world.look(
        "SELECT id FROM tasks WHERE case_id = ANY(%s) AND status IN ('open', 'claimed') ORDER BY queued_at DESC, id LIMIT 1", world.cases(subject)
    )
    subject.task = {"id": str(id)}


def case(path: str, body: Any) -> Any:
    """An `act` of the party."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, f"/cases/{subject.reference}/{path}", subject.mine, body)

    return act


def task(verb: str, who: str, body: Any = None) -> Any:
    """An `act` of a caseworker."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, f"/tasks/{subject.task['id']}/{verb}", world.who(who), body)

    return act


def nothing(world: World, subject: Subject) -> None:
    """Nothing is there yet."""


def start(**body: Any) -> Any:
    """An `act`: a new request."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, "/cases", {}, body | {"text": f"{body.get('text', 'about')} {subject.marker}", "contact": ANN})

    return act


def decided(world: World, subject: Subject) -> None:
    """A `prepare`: housing benefit was refused; the decision is known."""
    tasked("worker", "housing-benefit", {}, claimed=True, **HOUSING)(world, subject)
    world.ask("POST", f"/tasks/{subject.task['id']}/complete", world.who("worker"), {"outcome": "refused", "reasons": "Too much income."})
    ((id,),) = world.look("SELECT id FROM decisions WHERE case_id = ANY(%s)", world.cases(subject))
    subject.more["decision"] = str(id)


def served(world: World, subject: Subject) -> None:
    """A `prepare`: it was served too."""
    decided(world, subject)
    world.ask("POST", f"/decisions/{subject.more['decision']}/service", world.who("worker"), {"means": "post"})


def handed_over(world: World, subject: Subject) -> None:
    """A `prepare`: roads has the case and has said nothing yet."""
    opened("pothole")(world, subject)
    world.alone(subject)
    world.agencies.behave(roads="forgets")
    world.drained("delivery")


def waits_for_people(world: World, subject: Subject) -> None:
    """A `prepare`: roads said a clear no, so its handover waits for people."""
    opened("pothole")(world, subject)
    world.alone(subject)
    world.agencies.behave(roads="rejects")
    world.drained("delivery")
    world.agencies.behave(roads="forgets")


def send_again(world: World, subject: Subject) -> None:
    """An `act`: somebody sends it again with one call."""
    ((id,),) = world.look("SELECT id FROM outbox WHERE kind = 'delivery' AND case_id = ANY(%s)", world.cases(subject))
    world.post(subject, f"/deliveries/{id}/retry", world.who("roads"))


def report(world: World, subject: Subject) -> None:
    """An `act`: roads says that it is done, always with the same message."""
    body = as_json({"reference": world.key_of(subject), "status": "done", "remote_id": "R-1"})
    headers = world.sign("roads", f"msg_{subject.key}", body)
    answer = world.client.post("/api/v1/agencies/roads/callbacks", data=body, headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == 202, answer.get_data(as_text=True)


def parked(world: World, subject: Subject) -> None:
    """A `prepare`: roads did not want it; people may send it again."""
    opened("pothole")(world, subject)
    world.alone(subject)
    world.agencies.behave(roads="rejects")
    world.drained("delivery")
    world.agencies.behave(roads="forgets")
    waiting(world, subject, "roads")
    world.ask("POST", f"/tasks/{subject.task['id']}/claim", world.who("roads"))


def acknowledge(world: World, subject: Subject) -> None:
    """An `act`: the duty person has read it."""
    world.post(subject, f"/cases/{subject.reference}/acknowledgement", world.who("duty"))


def tell_of_meter(world: World, subject: Subject) -> None:
    """An `act`: staff of the utility say that the meter was read."""
    world.post(subject, f"/cases/{subject.reference}/signals", world.who("water"), {"event": "meter-read"})


def serve(world: World, subject: Subject) -> None:
    """An `act`: the letter was posted."""
    world.post(subject, f"/decisions/{subject.more['decision']}/service", world.who("worker"), {"means": "post"})


def object_to(world: World, subject: Subject) -> None:
    """An `act`: the party objects."""
    world.post(subject, f"/cases/{subject.reference}/objections", subject.mine, {"text": f"You counted wrongly, see {subject.marker}."})


def silent(world: World, subject: Subject) -> None:
    """A `prepare`: nobody decided on a permit in time, and silence granted it."""
    opened("tree-felling-permit")(world, subject)
    world.alone(subject)
    world.until_timer(subject, "consequence")
    sweep(world.portal, at=subject.at)


def revoke(world: World, subject: Subject) -> None:
    """An `act`: an official takes it back."""
    day = subject.more.setdefault("day", (datetime.now(UTC) + timedelta(days=2)).date().isoformat())
    world.post(subject, f"/cases/{subject.reference}/revocations", world.who("clerk"), {"words": "The tree is protected.", "effective_on": day})


def life_event(world: World, subject: Subject) -> None:
    """An `act`: one application with several parts."""
    start(service="moving-home", answers=MOVING)(world, subject)


MOVING = {
    "has_car": True,
    "number_plate": "1-ABC-234",
    "vehicle": "own",
    "needs_childcare": False,
    "moving_date": "2026-05-04",
    "old_address": "Quay 1",
    "home": "Rue Haute 1",
    "people_moving": 2,
}
HOUSING = {"monthly_income": 900, "self_employed": False}
NOISE = ("clerk", "noise-complaint")


def keep_it(world: World, subject: Subject) -> None:
    """An `act`: who signed in, and has the secret, keeps it."""
    world.post(subject, f"/cases/{subject.reference}/keeping", world.who("helper") | subject.mine)


DOORS = (
    UseCase("keep", ("route party.keep",), opened("noise-complaint"), keep_it),
    UseCase("intake", ("route cases.start_case",), nothing, start(service="pothole", answers={"place": "Rue Haute 1"})),
    UseCase("intake-by-words", ("route cases.start_case",), nothing, start(text="My neighbour painted the fence purple, whom do I ask")),
    UseCase("intake-of-danger", ("route cases.start_case",), nothing, start(text="I smell gas in the kitchen")),
    UseCase("intake-of-life-event", ("route cases.start_case",), nothing, life_event),
    UseCase("retry-delivery", ("route deliveries.retry",), waits_for_people, send_again),
    UseCase("message", ("route party.send_message",), opened("noise-complaint"), case("messages", {"words": "It goes on."})),
    UseCase("answers", ("route party.give_answers",), opened("noise-complaint"), case("answers", {"answers": {"times": "every night"}})),
    UseCase("withdrawal", ("route party.withdraw",), opened("resident-parking-permit"), case("withdrawal", {"words": "No longer needed."})),
    UseCase("feedback", ("route party.give_feedback",), tasked(*NOISE, {}), case("feedback", {"score": 4, "words": "Fair."})),
    UseCase("claim", ("route tasks.claim",), tasked(*NOISE), task("claim", "clerk")),
    UseCase("release", ("route tasks.release",), tasked(*NOISE, claimed=True), task("release", "clerk")),
    UseCase("complete", ("route tasks.complete",), tasked(*NOISE, claimed=True), task("complete", "clerk", {})),
    UseCase(
        "decide",
        ("route tasks.complete",),
        tasked("worker", "housing-benefit", {}, claimed=True, **HOUSING),
        task("complete", "worker", {"outcome": "refused", "reasons": "Too much income."}),
    ),
    UseCase("retry-parked", ("route tasks.complete",), parked, task("complete", "roads", {})),
    UseCase(
        "ask",
        ("route casework.ask",),
        tasked("worker", "housing-benefit", claimed=True, **HOUSING),
        task("ask", "worker", {"fields": ["monthly_income"], "words": "The new one?", "reply_within": "14 calendar_days"}),
    ),
    UseCase(
        "extension",
        ("route casework.extend",),
        tasked("worker", "housing-benefit", claimed=True, **HOUSING),
        task("extension", "worker", {"standard": "decided-by-law", "words": "The landlord has to be heard."}),
    ),
    UseCase("note", ("route casework.note",), tasked(*NOISE), task("note", "clerk", {"words": "Seen before."})),
    UseCase("acknowledgement", ("route tasks.acknowledge",), opened("gas-smell"), acknowledge),
    UseCase("serve", ("route decisions.serve",), decided, serve),
    UseCase("objection", ("route decisions.object_",), served, object_to),
    UseCase("revocation", ("route revocations.revoke",), silent, revoke),
    UseCase("signal", ("route signals.send_signal",), opened("water-account-move"), tell_of_meter),
    UseCase("callback", ("route callbacks.report",), handed_over, report),
)
