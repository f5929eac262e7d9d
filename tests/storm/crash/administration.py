"""Crash lists of what administrators change: the stream of administration tells of each once, whatever died."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.administration.stream import STREAM
from portal.pages.admin.people import place
from tests.contracts.issuer import ISSUER
from tests.storm.crash.desk import by, press
from tests.storm.crash.doors import opened
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World

COUNCIL = "/admin/agencies/city-council"
ABSENT = {"email": "duty@council.rivermouth.example", "first_day": "2030-01-01", "last_day": "2030-01-02", "deputy": None}
PEOPLE = [{"role": role, "name": "Ada", "email": f"{role}@council.example"} for role in ("team-lead", "head-of-service")]
#: About one agency only one proposal waits; those that were left by a crash are taken back.
_LEFT = "UPDATE proposals SET status = 'refused' WHERE status = 'open' AND kind = 'address' RETURNING 1"


def before(world: World, subject: Subject) -> None:
    """A `prepare`: a case stands there, and it is known what the stream has told so far."""
    opened("noise-complaint")(world, subject)
    world.look(_LEFT)
    subject.more["told"] = _told(world)


def _told(world: World) -> int:
    ((count,),) = world.look("SELECT count(*) FROM events WHERE case_id = %s", STREAM)
    return int(count)


def change(path: str, body: Callable[[Subject], Any], *, who: str = "admin") -> Any:
    """An `act` of an administrator."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, path.format(**subject.more), world.who(who), body(subject))

    return act


def once(events: int = 1) -> Any:
    """A `recover`: so many events were told, and no more."""

    def recover(world: World, subject: Subject) -> None:
        told = _told(world) - int(subject.more["told"])
        assert told == events, f"{told} events of administration instead of {events}"

    return recover


def person(subject: Subject) -> dict[str, Any]:
    """Somebody new."""
    return {"issuer": ISSUER, "subject": subject.marker, "roles": ["caseworker"], "agency": "roads"}


def proposed(world: World, subject: Subject) -> None:
    """A `prepare`: roles of somebody wait for a second administrator."""
    before(world, subject)
    subject.more["proposal"] = world.ask("POST", "/admin/people", world.who("admin"), person(subject))["id"]
    subject.more["told"] = _told(world)


def works(world: World, subject: Subject) -> None:
    """A `prepare`: somebody works here."""
    proposed(world, subject)
    world.ask("POST", f"/admin/proposals/{subject.more['proposal']}/confirmation", world.who("admin2"))
    subject.more |= {"told": _told(world), "place": place(ISSUER, subject.marker)}


def new_person(world: World, subject: Subject) -> None:
    """An `act`: somebody new is proposed on a page."""
    press("/admin/people/new", **{name: value for name, value in person(subject).items() if name != "roles"}, roles="caseworker")(world, subject)


def _amends(name: str, route: str, path: str, body: Any) -> UseCase:
    return UseCase(name, (f"route administration.{route}",), before, change(path, lambda _: body), once())


ADMINISTRATION = (
    _amends("hours", "change_hours", f"{COUNCIL}/calendars/office", {"closed": ["2031-03-03"]}),
    _amends("duty-list", "change_duty", f"{COUNCIL}/duty", {"duty": [{"name": "Nora", "email": "duty@council.example"}]}),
    _amends("address-book", "change_people", f"{COUNCIL}/people", {"people": PEOPLE}),
    _amends("absences", "change_absences", f"{COUNCIL}/absences", {"absences": [ABSENT]}),
    _amends("teams", "change_teams", f"{COUNCIL}/teams", {"teams": {"desk": "desk"}}),
    _amends("address-proposed", "propose_address", "/admin/agencies/roads/address", {"endpoint": "https://roads.example/new"}),
    UseCase("person-proposed", ("route administration.propose_person",), before, change("/admin/people", person), once()),
    UseCase(
        "proposal-confirmed",
        ("route administration.confirm",),
        proposed,
        change("/admin/proposals/{proposal}/confirmation", lambda _: None, who="admin2"),
        once(2),
    ),
    UseCase("proposal-refused", ("route administration.refuse",), proposed, change("/admin/proposals/{proposal}/refusal", lambda _: None), once()),
    UseCase(
        "person-ended",
        ("route administration.end_person",),
        works,
        change("/admin/people/end", lambda subject: {"issuer": ISSUER, "subject": subject.marker}),
        once(),
    ),
    UseCase(
        "hours-page",
        ("route admin_hours_pages.change",),
        by("admin", before),
        press(f"{COUNCIL}/hours/office", what="days", kind="closed", first_day="2031-03-04", last_day="", sure="1"),
        once(),
    ),
    UseCase(
        "duty-page",
        ("route admin_agencies_pages.keep_entries",),
        by("admin", before),
        press(f"{COUNCIL}/lists/duty", **{"name-0": "Nora", "email-0": "duty@council.example"}),
        once(),
    ),
    UseCase("teams-page", ("route admin_agencies_pages.keep_teams",), by("admin", before), press(f"{COUNCIL}/teams", **{"team-desk": "desk"}), once()),
    UseCase(
        "address-page",
        ("route admin_agencies_pages.propose_address",),
        by("admin", before),
        press("/admin/agencies/roads/address", endpoint="https://roads.example/newer"),
        once(),
    ),
    UseCase("person-page", ("route admin_people_pages.propose_new",), by("admin", before), new_person, once()),
    UseCase(
        "person-changed-page",
        ("route admin_people_pages.propose",),
        by("admin", works),
        press("/admin/people/{place}", roles="caseworker", agency="roads"),
        once(),
    ),
    UseCase("person-ended-page", ("route admin_people_pages.end",), by("admin", works), press("/admin/people/{place}/end"), once()),
    UseCase("proposal-page", ("route admin_proposals_pages.decide",), by("admin2", proposed), press("/admin/proposals/{proposal}", do="confirm"), once(2)),
)
