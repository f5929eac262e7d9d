"""Crash lists of what happens without anybody asking: timers, deliveries, notices, reports that came early, mail, figures."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from portal.dispatch.ask import ask
from portal.dispatch.collect import collect
from portal.dispatch.deliver import drain
from portal.intake import files, reports
from portal.kpi.fold import fold
from portal.local.agency_files import Clerk
from portal.local.agency_ledger import Ledger
from portal.outbox.asking import LEASE
from portal.ports.mail import take
from portal.reactions import sweep
from tests.storm.crash.doors import HOUSING, decided, handed_over, opened, served, tasked
from tests.storm.crash.fees import due, proposed
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World


def timer(kind: str, prepare: Any) -> UseCase:
    """The timer of that kind is due; whoever sweeps next fires it."""

    def until_due(world: World, subject: Subject) -> None:
        prepare(world, subject)
        world.alone(subject)
        world.until_timer(subject, kind)

    def fire(world: World, subject: Subject) -> None:
        sweep(world.portal, at=subject.at)

    return UseCase(f"timer-{kind}", (f"timer {kind}", "job sweep"), until_due, fire)


def asked(world: World, subject: Subject) -> None:
    """A `prepare`: the party was asked, with a day to reply by."""
    tasked("worker", "housing-benefit", claimed=True, **HOUSING)(world, subject)
    body = {"fields": ["monthly_income"], "words": "The new one?", "reply_within": "14 calendar_days"}
    world.ask("POST", f"/tasks/{subject.task['id']}/ask", world.who("worker"), body)


def account_move(world: World, subject: Subject) -> None:
    """A `prepare`: the utility has done its part, and word of the meter is waited for."""
    opened("water-account-move")(world, subject)
    world.alone(subject)
    world.agencies.behave(water_utility="at-once")
    world.drained("delivery")
    world.agencies.behave(water_utility="forgets")


TIMERS = (
    timer("breach", opened("noise-complaint")),
    timer("warning", opened("pothole")),
    timer("duty", opened("gas-smell")),
    timer("lapse", asked),
    timer("reminder", asked),
    timer("escalation", opened("housing-benefit", **HOUSING)),
    timer("consequence", opened("tree-felling-permit")),
    timer("wait", account_move),
    timer("remedy", served),
    timer("fee", due),
    timer("proposal", proposed),
)


def leaving(name: str, kind: str, prepare: Any, behaviour: str = "forgets", afterwards: str | None = None) -> UseCase:
    """What waits to leave leaves; `behaviour` is what the agency does at first, `afterwards` once time has passed."""

    def ready(world: World, subject: Subject) -> None:
        prepare(world, subject)
        world.alone(subject)
        ((subject.at,),) = world.look("SELECT greatest(now(), max(next_at)) FROM outbox WHERE kind = %s AND case_id = ANY(%s)", kind, world.cases(subject))
        world.agencies.behave(roads=behaviour)

    def leave(world: World, subject: Subject) -> None:
        drain(world.portal, kinds=[kind], at=subject.at)

    def later(world: World, subject: Subject) -> None:
        world.agencies.behave(roads=afterwards or behaviour)
        assert subject.at is not None
        for minutes in (0, 20, 40, 60):
            world.leases_end()
            world.drained(kind, at=subject.at + timedelta(minutes=minutes))
            world.look("UPDATE breakers SET failures = 0, open_until = NULL")

    return UseCase(name, (f"outbox {kind}", "job drain"), ready, leave, later, again=False)


def code_asked(world: World, subject: Subject) -> None:
    """A `prepare`: somebody asked for a code; there is a case beside it to be looked at."""
    opened("noise-complaint")(world, subject)
    found = world.client.post("/sign-in/code", data={"email": f"{subject.marker}@example.org"})
    assert found.status_code == 200
    ((subject.more["id"], subject.at),) = world.look("SELECT case_id, greatest(now(), next_at) FROM outbox WHERE kind = 'code' ORDER BY placed_at DESC LIMIT 1")


def code_leaves(world: World, subject: Subject) -> None:
    """An `act`: the message leaves."""
    drain(world.portal, kinds=["code"], at=subject.at)


def code_left(world: World, subject: Subject) -> None:
    """A `recover`: others take over; then it has left, and nothing is kept of the address."""
    assert subject.at is not None
    for minutes in (0, 2, 4):
        world.leases_end()
        world.drained("code", at=subject.at + timedelta(minutes=minutes))
        world.look("UPDATE breakers SET failures = 0, open_until = NULL")
    assert world.look("SELECT count(*), count(done_at), count(refusal) FROM outbox WHERE case_id = %s", subject.more["id"]) == [(1, 1, 0)]
    assert world.look("SELECT count(*), count(value), count(salt) FROM vault_items WHERE case_id = %s", subject.more["id"]) == [(1, 0, 0)]
    assert world.look("SELECT type FROM events WHERE case_id = %s", subject.more["id"]) == [("CodeAsked",)]


def escalated(world: World, subject: Subject) -> None:
    """A `prepare`: a missed promise is to be put before somebody."""
    opened("housing-benefit", **HOUSING)(world, subject)
    world.alone(subject)
    world.until_timer(subject, "escalation")
    sweep(world.portal, at=subject.at)


def early(world: World, subject: Subject) -> None:
    """A `prepare`: a report came before its reference was known; now it is."""
    handed_over(world, subject)
    body = f'{{"reference": "{world.key_of(subject)}", "status": "done", "remote_id": "R-1", "outcome": null, "event": null}}'
    world.look(
        """INSERT INTO inbox (source, message_id, case_id, status, body, received_at, next_at, tries)
        VALUES ('roads', %s, %s, 'unmatched', %s::jsonb, now(), now() - interval '1 second', 0)""",
        f"msg_{subject.key}",
        world.cases(subject)[0],
        body,
    )


def astray(world: World, subject: Subject) -> None:
    """A `prepare`: roads has a case, and something it said could not be placed for 72 hours; somebody of roads holds the task."""
    handed_over(world, subject)
    lost(world, subject)
    reports.match(world.portal)
    ((id,),) = world.look("SELECT t.id FROM tasks t WHERE t.kind = 'stray' AND t.reference = %s", f"lost-{subject.key}")
    subject.task = {"id": str(id)}
    world.ask("POST", f"/tasks/{id}/claim", world.who("roads"))


def lost(world: World, subject: Subject) -> None:
    """A `prepare`: a report has waited for its reference as long as it may. The case beside it is there to be looked at."""
    if not world.cases(subject):
        handed_over(world, subject)
    world.look(
        """INSERT INTO inbox (source, message_id, case_id, status, body, received_at, next_at, tries)
        VALUES ('roads', %s, NULL, 'unmatched', %s::jsonb, now() - interval '73 hours', now() - interval '1 second', 0)""",
        f"msg_{subject.key}",
        f'{{"reference": "lost-{subject.key}", "status": "done", "remote_id": "R-1", "outcome": null, "event": null}}',
    )


def put_before_people(world: World, subject: Subject) -> None:
    """An `act`: patience is over; however often somebody dies of it, one task waits."""
    reports.match(world.portal)
    found = world.look("SELECT 1 FROM tasks WHERE kind = 'stray' AND reference = %s", f"lost-{subject.key}")
    assert len(found) == 1, f"{len(found)} tasks"


def attach(world: World, subject: Subject) -> None:
    """An `act`: it means this case."""
    world.post(subject, f"/tasks/{subject.task['id']}/attach", world.who("roads"), {"reference": subject.reference})


def dismiss(world: World, subject: Subject) -> None:
    """An `act`: nothing follows of it."""
    world.post(subject, f"/tasks/{subject.task['id']}/dismiss", world.who("roads"), {"words": "A test of theirs."})


def match(world: World, subject: Subject) -> None:
    """An `act`: reports that waited are tried again."""
    reports.match(world.portal)


def mail(world: World, subject: Subject) -> None:
    """An `act`: a mail comes in and is made a request of; who got no 250 sends it again."""
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = f"{subject.marker}@example.org", f"about {subject.marker}", f"<{subject.key}@example.org>"
    message.set_content("There is a hole in the road in front of my house.")
    world.spool.keep("ann@example.org", ["portal@example.org"], message.as_bytes())
    for place in world.spool.waiting():
        take(world.portal, world.spool, place)


def clerk(world: World) -> Clerk:
    """Who empties the treasury's folder here, into the ledger of all simulated agencies."""
    return Clerk(world.portal.catalogue.agencies["treasury"], Path(world.portal.settings.exchanges) / "treasury", Ledger(world.effects()), {})


def file_leaves(world: World, subject: Subject) -> None:
    """An `act`: the file of a run is put into the folder."""
    drain(world.portal, kinds=["delivery"], at=subject.at)


def to_be_filed(world: World, subject: Subject) -> None:
    """A `prepare`: two handovers to the treasury wait for its next file."""
    opened("dog-registration")(world, subject)
    opened("dog-registration")(world, subject)
    world.alone(subject)
    ((subject.at,),) = world.look("SELECT greatest(now(), max(next_at)) FROM outbox WHERE kind = 'delivery' AND case_id = ANY(%s)", world.cases(subject))


def file_taken(world: World, subject: Subject) -> None:
    """A `recover`: time passes, the treasury takes what lies there; each key stands in one line of one file."""
    assert subject.at is not None
    for minutes in (0, 20, 40, 60):
        world.leases_end()
        world.drained("delivery", at=subject.at + timedelta(minutes=minutes))
    one = clerk(world)
    files = [*(one.place / "to-agency").glob("*.csv"), *(one.place / "taken").glob("*.csv")]
    lines = Counter(key for file in files for key in one.keys(file.read_bytes()))
    keys = [key for (key,) in world.look("SELECT key FROM outbox WHERE kind = 'delivery' AND case_id = ANY(%s)", world.cases(subject))]
    assert [lines[key] for key in keys] == [1, 1], [lines[key] for key in keys]
    one.behaves["treasury"] = "forgets"
    one.turn()


def answered(world: World, subject: Subject) -> None:
    """A `prepare`: the treasury has put an answer into its folder."""
    to_be_filed(world, subject)
    world.drained("delivery", at=subject.at)
    clerk(world).turn()


def look_into(world: World, subject: Subject) -> None:
    """An `act`: the folder is looked into."""
    world.look("UPDATE polls SET poll_at = now()")
    collect(world.portal, partial(files.take, world.portal))


def unheard_of(world: World, subject: Subject) -> None:
    """A `prepare`: roads has the case and has said nothing; it is to be asked now."""
    handed_over(world, subject)
    world.look("UPDATE outbox SET ask_at = now() WHERE kind = 'delivery' AND case_id = ANY(%s)", world.cases(subject))
    ((subject.at,),) = world.look("SELECT now()")


def ask_roads(world: World, subject: Subject) -> None:
    """An `act`: roads is asked what became of it."""
    ask(world.portal, at=subject.at)


def ask_later(world: World, subject: Subject) -> None:
    """A `recover`: whoever asked died with the question in hand; it is free again after a while."""
    assert subject.at is not None
    ask(world.portal, at=subject.at + LEASE)


def nothing(world: World, subject: Subject) -> None:
    """Nothing is there yet."""


def fold_all(world: World, subject: Subject) -> None:
    """An `act`: events enter the figures."""
    while fold(world.portal, limit=2000):
        pass


BACKGROUND = (
    *TIMERS,
    leaving("delivery", "delivery", opened("pothole")),
    leaving("delivery-done-at-once", "delivery", opened("pothole"), "at-once"),
    leaving("delivery-fails", "delivery", opened("pothole"), "breaks", "forgets"),
    leaving("delivery-parked", "delivery", opened("pothole"), "rejects"),
    leaving("notice", "notice", opened("noise-complaint")),
    leaving("letter", "notice", decided),
    UseCase("code", ("outbox code",), code_asked, code_leaves, code_left, again=False),
    leaving("page", "page", opened("gas-smell")),
    leaving("escalation", "escalation", escalated),
    UseCase("early-report", ("job sweep",), early, match),
    UseCase("stray-found", ("job sweep",), lost, put_before_people),
    UseCase("stray-attached", ("route strays.attach",), astray, attach),
    UseCase("stray-dismissed", ("route strays.dismiss",), astray, dismiss),
    UseCase("file-leaves", ("outbox delivery", "job drain"), to_be_filed, file_leaves, file_taken, again=False),
    UseCase("file-answered", ("job ask",), answered, look_into, look_into, again=False),
    UseCase("ask-agency", ("job ask",), unheard_of, ask_roads, ask_later, again=False),
    UseCase("mail", ("door mail",), nothing, mail),
    UseCase("fold", ("job fold",), tasked("clerk", "noise-complaint", {}), fold_all),
)
