"""Crash lists of saved forms: saved, changed, taken up, kept, sent, deleted, and forgotten when their time is over."""

from __future__ import annotations

from typing import Any

from portal.access import identity, sessions
from portal.pages import own_form
from portal.reactions import sweep
from portal.unit_of_work import ENGINE
from tests.storm.crash.doors import ANN
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World


def body(subject: Subject) -> dict[str, Any]:
    """What was typed first."""
    return {"service": "pothole", "answers": {"place": f"Mill Lane {subject.marker}"}, "contact": ANN}


def unsaved(world: World, subject: Subject) -> None:
    """A `prepare`: nothing is there yet; what comes is a stream of its own, and no case."""
    subject.more["streams"] = []


def save(world: World, subject: Subject) -> None:
    """An `act`: a form is saved."""
    told = world.post(subject, "/drafts", {}, body(subject))
    subject.reference, subject.secret = told["reference"], told["secret"]


def saved(world: World, subject: Subject) -> None:
    """A `prepare`: it was saved."""
    save(world, subject)
    subject.more["streams"] = [case_id for (case_id,) in world.look("SELECT case_id FROM saved_drafts WHERE reference = %s", subject.reference)]


def change(world: World, subject: Subject) -> None:
    """An `act`: one answer more."""
    world.ask("PATCH", f"/drafts/{subject.reference}", subject.mine, {"answers": {"depth_cm": 12}})


def take_up(world: World, subject: Subject) -> None:
    """An `act`: a caseworker goes on with it."""
    world.post(subject, f"/drafts/{subject.reference}/taking-up", {**world.who("clerk"), **subject.mine}, {"channel": "counter", "consent": "spoken"})


def keep(world: World, subject: Subject) -> None:
    """An `act`: who signed in keeps it."""
    found = world.client.post(f"/api/v1/drafts/{subject.reference}/keeping", headers={**world.who("helper"), **subject.mine})
    if found.status_code != 204:
        raise Refused(f"keep: {found.status_code}")


def send(world: World, subject: Subject) -> None:
    """An `act`: it is sent."""
    world.ask("POST", f"/drafts/{subject.reference}/submission", subject.mine, {}, key=subject.key[::-1])


def delete(world: World, subject: Subject) -> None:
    """An `act`: it is deleted; asked again, it is gone."""
    found = world.client.delete(f"/api/v1/drafts/{subject.reference}", headers=subject.mine)
    if found.status_code not in (204, 404):
        raise Refused(f"delete: {found.status_code}")


def due(world: World, subject: Subject) -> None:
    """A `prepare`: it was saved, and nobody came back."""
    saved(world, subject)
    world.alone(subject)
    ((subject.at,),) = world.look("SELECT due_at + interval '1 second' FROM timers WHERE armed AND case_id = ANY(%s)", subject.more["streams"])


def over(world: World, subject: Subject) -> None:
    """A `prepare`: its party was told, and its time is over."""
    due(world, subject)
    passing(world, subject)
    ((subject.at,),) = world.look("SELECT due_at + interval '1 second' FROM timers WHERE armed AND case_id = ANY(%s)", subject.more["streams"])


def passing(world: World, subject: Subject) -> None:
    """An `act`: the sweeper looks."""
    sweep(world.portal, at=subject.at)


def in_a_browser(world: World, subject: Subject) -> None:
    """A `prepare`: a citizen who signed in has opened it with its secret."""
    saved(world, subject)
    subject.more["browser"] = browser = world.client.application.test_client()
    assert browser.post("/drafts", data={"reference": subject.reference, "secret": subject.secret}).status_code == 303
    who = identity.principal("urn:tests", subject.marker, roles=["citizen"], agency=None)
    with world.portal.work(ENGINE) as work:
        token = sessions.begin(work, who, person="", provider="tests", provider_session=None, device="", id_token=None)
        here = sessions.look_up(work, token)
    assert here is not None
    browser.set_cookie("session", token)
    subject.more["token"] = own_form.token(world.portal, here)


def on_page(verb: str) -> Any:
    """An `act` on its page."""

    def act(world: World, subject: Subject) -> None:
        place = f"/request/{subject.more['streams'][0]}/your:draft/{verb}"
        found = subject.more["browser"].post(place, data={own_form.FIELD: subject.more["token"]})
        if found.status_code != 303:
            raise Refused(f"{place}: {found.status_code}")

    return act


SAVED = (
    UseCase("draft-saved", ("route drafts.begin_draft",), unsaved, save),
    UseCase("draft-changed", ("route drafts.change_draft",), saved, change),
    UseCase("draft-taken-up", ("route drafts.take_up_draft",), saved, take_up),
    UseCase("draft-kept", ("route drafts.keep_draft",), saved, keep),
    UseCase("draft-sent", ("route drafts.send_draft",), saved, send),
    UseCase("draft-deleted", ("route drafts.delete_draft",), saved, delete),
    UseCase("draft-reminded", ("timer draft",), due, passing),
    UseCase("draft-lapsed", ("timer draft",), over, passing),
    UseCase("draft-page-kept", ("route later_pages.keep",), in_a_browser, on_page("keeping")),
    UseCase("draft-page-deleted", ("route later_pages.delete",), in_a_browser, on_page("deletion")),
)
