"""Crash lists of the counter: a form an official fills for somebody, and a lost secret made anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.access import sessions
from portal.pages import own_form
from portal.unit_of_work import ENGINE, Principal
from tests.storm.crash.doors import opened
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World

CLERK = Principal("staff", "urn:tests|counter", agencies=("city-council",), teams=("desk",), roles=("caseworker",), name="Dana Osei")

#: What an official says of a party that is there.
HERE = {"channel": "counter", "how": "spoken"}


def at_the_desk(world: World, subject: Subject) -> None:
    """A `prepare`: an official sits there."""
    subject.more["browser"] = browser = world.client.application.test_client()
    with world.portal.work(ENGINE) as work:
        token = sessions.begin(work, CLERK, person="", provider="tests", provider_session=None, device="", id_token=None)
        here = sessions.look_up(work, token)
    assert here is not None
    browser.set_cookie("session", token)
    subject.more["token"] = own_form.token(world.portal, here)
    subject.more.setdefault("streams", [])


def send(subject: Subject, path: str, **fields: str) -> str:
    """Sends a form; where it leads. Refused for anything but a redirect."""
    found = subject.more["browser"].post(path, data={own_form.FIELD: subject.more["token"], **fields})
    if found.status_code != 303:
        raise Refused(f"{path}: {found.status_code} {found.get_data(as_text=True)[:300]}")
    place: str = found.headers["Location"]
    return place


def begun(world: World, subject: Subject) -> None:
    """A `prepare`: a form lies there, begun with consent."""
    at_the_desk(world, subject)
    subject.more["place"] = send(subject, "/desk/entry", service="pothole", consent="spoken", text=f"a hole {subject.marker}", channel="counter", spoken="en")
    subject.more["streams"] = [UUID(subject.more["place"].split("/")[3])]


def filled(world: World, subject: Subject) -> None:
    """A `prepare`: and everything was read back."""
    begun(world, subject)
    place = subject.more["place"]
    for fields in ({"place": f"Mill Lane {subject.marker}"}, {"surface": "pavement"}, {"depth_cm": "12"}, {"name": "Ann"}):
        place = send(subject, place, **fields)
    subject.more["place"] = place


def take(world: World, subject: Subject) -> None:
    """An `act`: the form is sent."""
    send(subject, subject.more["place"], place=f"Mill Lane {subject.marker}")


def new_secret(world: World, subject: Subject) -> None:
    """An `act`: a lost secret is made anew."""
    world.post(subject, f"/cases/{subject.reference}/secret", world.who("clerk"), {"how": "document", "words": "a passport"})


def on_page(world: World, subject: Subject) -> None:
    """An `act`: the same on its page; sent again it shows the case."""
    fields: dict[str, Any] = {"how": "document", "words": "a passport", "once": subject.key, own_form.FIELD: subject.more["token"]}
    found = subject.more["browser"].post(f"/desk/cases/{subject.reference}/secret", data=fields)
    if found.status_code not in (200, 303):
        raise Refused(f"secret: {found.status_code}")


def opened_at_the_desk(world: World, subject: Subject) -> None:
    """A `prepare`: a request stands there, and an official sits at the desk."""
    opened("noise-complaint")(world, subject)
    at_the_desk(world, subject)


def beside(world: World, subject: Subject) -> None:
    """A `prepare`: a request stands there, and its party stands at the desk."""
    opened("noise-complaint")(world, subject)
    world.ask("POST", f"/cases/{subject.reference}/presence", world.who("clerk"), HERE)


def for_them(path: str, body: Any) -> Any:
    """An `act` of an official for who is there."""

    def one(world: World, subject: Subject) -> None:
        world.post(subject, f"/cases/{subject.reference}/presence{path}", world.who("clerk"), body)

    return one


COUNTER = (
    UseCase("presence-begun", ("route presence.begin",), opened("noise-complaint"), for_them("", HERE)),
    UseCase("presence-answers", ("route presence.give_answers",), beside, for_them("/answers", {"answers": {"noise": "site"}})),
    UseCase("presence-withdrawal", ("route presence.withdraw",), beside, for_them("/withdrawal", {})),
    UseCase("counter-answer", ("route desk_entry_pages.take",), begun, take),
    UseCase("counter-sent", ("route desk_entry_pages.take",), filled, take),
    UseCase("secret-renewed", ("route secrets.renew_secret",), opened("noise-complaint"), new_secret),
    UseCase("page-secret-renewed", ("route desk_case_pages.renew_secret",), opened_at_the_desk, on_page),
)
