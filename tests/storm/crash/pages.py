"""Crash lists of the pages: a form that is sent, and what a party does on its case, as a browser would."""

from __future__ import annotations

from typing import Any

from portal.access import identity, sessions
from portal.pages import own_form
from portal.unit_of_work import ENGINE
from tests.storm.crash.doors import HOUSING, NOISE, opened, served, tasked
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World


def send(world: World, path: str, **fields: str) -> str:
    """Sends a form; where it leads. Refused for anything but a redirect."""
    found = world.client.post(path, data=fields)
    if found.status_code != 303:
        raise Refused(f"{path}: {found.status_code} {found.get_data(as_text=True)[:500]}")
    return found.headers["Location"]


def filled(world: World, subject: Subject) -> None:
    """A `prepare`: the form of a pothole lies there, read over and not sent."""
    place = send(world, "/services/pothole/request")
    for fields in ({"place": f"Mill Lane {subject.marker}"}, {"surface": "pavement"}, {"depth_cm": "12"}, {"email": "ann@example.org"}):
        place = send(world, place, **fields)
    subject.more["check"] = place


def send_form(world: World, subject: Subject) -> None:
    """An `act`: the button is pressed."""
    assert send(world, subject.more["check"]).endswith("/done")


def proved(prepare: Any) -> Any:
    """A `prepare`: that, and the browser has proved to stand on the case."""

    def both(world: World, subject: Subject) -> None:
        prepare(world, subject)
        send(world, "/cases", reference=subject.reference, secret=subject.secret)

    return both


def asked(world: World, subject: Subject) -> None:
    """A `prepare`: the party of housing benefit was asked for its income."""
    tasked("worker", "housing-benefit", claimed=True, **HOUSING)(world, subject)
    world.ask("POST", f"/tasks/{subject.task['id']}/ask", world.who("worker"), {"fields": ["monthly_income"], "reply_within": "14 calendar_days"})


def on_case(path: str, **fields: str) -> Any:
    """An `act` of the party on its case's page."""

    def act(world: World, subject: Subject) -> None:
        send(world, f"/cases/{subject.reference}/{path}", once=subject.key, **fields)

    return act


def signed_in(prepare: Any) -> Any:
    """A `prepare`: that, proved by its secret, and a citizen has signed in with the browser."""

    def both(world: World, subject: Subject) -> None:
        prepare(world, subject)
        # A browser of its own: who comes after is not signed in.
        subject.more["browser"] = browser = world.client.application.test_client()
        assert browser.post("/cases", data={"reference": subject.reference, "secret": subject.secret}).status_code == 303
        who = identity.principal("urn:tests", subject.marker, roles=["citizen"], agency=None)
        with world.portal.work(ENGINE) as work:
            token = sessions.begin(work, who, person="", provider="tests", provider_session=None, device="", id_token=None)
            here = sessions.look_up(work, token)
        assert here is not None
        browser.set_cookie("session", token)
        subject.more["token"] = own_form.token(world.portal, here)

    return both


def keep(world: World, subject: Subject) -> None:
    """An `act`: it is kept among the citizen's own."""
    fields = {"once": subject.key, own_form.FIELD: subject.more["token"]}
    found = subject.more["browser"].post(f"/cases/{subject.reference}/keeping", data=fields)
    assert found.status_code == 303, found.get_data(as_text=True)[:500]


def kept(world: World, subject: Subject) -> None:
    """A `recover`: it is the citizen's."""
    found = world.look("SELECT subject FROM case_parties WHERE case_id = ANY(%s)", world.cases(subject))
    assert found == [(f"urn:tests|{subject.marker}",)]


def object_on_page(world: World, subject: Subject) -> None:
    """An `act`: the party objects, and is shown reference and secret of the objection."""
    data = {"words": f"You counted wrongly, see {subject.marker}.", "once": subject.key}
    found = world.client.post(f"/cases/{subject.reference}/objection", data=data)
    if found.status_code != 200:
        raise Refused(f"objection: {found.status_code} {found.get_data(as_text=True)[:500]}")


PAGES = (
    UseCase("page-objection", ("route rights_pages.object_once",), proved(served), object_on_page),
    UseCase("page-keep", ("route cases_pages.keep",), signed_in(opened("noise-complaint")), keep, kept),
    UseCase("page-form", ("route form_pages.take",), filled, send_form),
    UseCase("page-message", ("route cases_pages.write",), proved(opened("noise-complaint")), on_case("messages", words="It goes on.")),
    UseCase("page-answers", ("route cases_pages.answer",), proved(asked), on_case("answers", monthly_income="1000")),
    UseCase("page-withdrawal", ("route cases_pages.withdraw",), proved(opened("resident-parking-permit")), on_case("withdrawal", words="No longer needed.")),
    UseCase("page-feedback", ("route cases_pages.rate",), proved(tasked(*NOISE, {})), on_case("feedback", score="4", words="Fair.")),
)
