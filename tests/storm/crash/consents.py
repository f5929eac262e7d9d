"""Crash lists of once-only and of consents: answers go over once, a consent is given once and taken back once."""

from __future__ import annotations

from typing import Any

from portal.pages import own_form
from tests.ledger.test_main_job import needed
from tests.storm.crash.desk import by, press
from tests.storm.crash.doors import HOUSING, opened, waiting
from tests.storm.crash.pages import keep, signed_in
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World

MOVED = {"moving_date": "2026-05-04", "old_address": "Quay 1", "people_moving": 2}


def registered(world: World, subject: Subject) -> None:
    """A `prepare`: a residence was registered; the marker is the address."""
    answers = MOVED | {"home": f"Quay {subject.marker}"}
    told = world.ask("POST", "/cases", {}, {"service": "residence-registration", "answers": answers})
    subject.reference, subject.secret = told["reference"], told["secret"]


def use_again(world: World, subject: Subject) -> None:
    """An `act`: the address goes into another request."""
    reuse = [{"reference": subject.reference, "secret": subject.secret, "fields": ["home"]}]
    body = {"service": "resident-parking-permit", "answers": {"number_plate": "1-ABC-234", "vehicle": "own"}, "reuse": reuse}
    world.post(subject, "/cases", {}, body)


def own(world: World, subject: Subject) -> None:
    """A `prepare`: somebody keeps a request among its own."""
    opened("noise-complaint")(world, subject)
    world.ask("POST", f"/cases/{subject.reference}/keeping", world.who("helper") | subject.mine)


def agree(world: World, subject: Subject) -> None:
    """An `act`: its office may look at the others."""
    world.post(subject, f"/cases/{subject.reference}/consents", world.who("helper"), {})


def agreed(world: World, subject: Subject) -> None:
    """A `prepare`: that was agreed to."""
    own(world, subject)
    told = world.ask("POST", f"/cases/{subject.reference}/consents", world.who("helper"), {})
    subject.more["consent"] = told["id"]


def take_back(world: World, subject: Subject) -> None:
    """An `act`: it is taken back."""
    world.post(subject, f"/cases/{subject.reference}/consents/{subject.more['consent']}/withdrawal", world.who("helper"))


def kept(world: World, subject: Subject) -> None:
    """A `prepare`: a browser in which somebody keeps the request among its own."""
    signed_in(opened("noise-complaint"))(world, subject)
    keep(world, subject)


def page(path: str) -> Any:
    """An `act` on a page of that request."""

    def act(world: World, subject: Subject) -> None:
        fields = {"once": subject.key, own_form.FIELD: subject.more["token"]}
        found = subject.more["browser"].post(f"/cases/{subject.reference}/consents{path.format(**subject.more)}", data=fields)
        if found.status_code != 303:
            raise Refused(found.get_data(as_text=True)[:500])

    return act


def kept_and_agreed(world: World, subject: Subject) -> None:
    """A `prepare`: and has agreed."""
    kept(world, subject)
    token = subject.more["token"]
    subject.more["browser"].post(f"/cases/{subject.reference}/consents", data={"once": "before", own_form.FIELD: token})
    ((id,),) = world.look("SELECT id FROM consents WHERE case_id = ANY(%s)", world.cases(subject))
    subject.more["consent"] = str(id)


def handled(world: World, subject: Subject) -> None:
    """A `prepare`: somebody has two matters; the worker has the task of one, whose service names a ground in law."""
    helper, answers = world.who("helper"), MOVED | {"home": f"Quay {subject.marker}"}
    world.ask("POST", "/cases", helper, {"service": "residence-registration", "answers": answers})
    body = {"service": "housing-benefit", "answers": needed(world.portal, "housing-benefit") | HOUSING, "text": f"about {subject.marker}"}
    told = world.ask("POST", "/cases", helper, body)
    subject.reference, subject.secret = told["reference"], told["secret"]
    subject.more["place"] = subject.reference
    waiting(world, subject, "worker")
    world.ask("POST", f"/tasks/{subject.task['id']}/claim", world.who("worker"))


def look(world: World, subject: Subject) -> None:
    """An `act`: the worker looks across."""
    world.post(subject, f"/cases/{subject.reference}/matters", world.who("worker"), {"purpose": "entitlement", "words": "Where does she live?"})


CONSENTS = (
    UseCase("look-across", ("route matters.look",), handled, look),
    UseCase(
        "page-look-across",
        ("route desk_matters_pages.look",),
        by("worker", handled),
        press("/cases/{place}/matters", purpose="entitlement", words="Where does she live?"),
    ),
    UseCase("once-only", ("route cases.start_case",), registered, use_again),
    UseCase("consent", ("route consents.let_look",), own, agree),
    UseCase("consent-withdrawn", ("route consents.withdraw",), agreed, take_back),
    UseCase("page-consent", ("route consents_pages.let_look",), kept, page("")),
    UseCase("page-consent-withdrawn", ("route consents_pages.withdraw",), kept_and_agreed, page("/{consent}/withdrawal")),
)
