"""`/admin/people`: who works here, as what, and since when; roles that are proposed for a second administrator, and an end at once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request

from portal.access import people as kept
from portal.access.identity import SCOPES, is_subject
from portal.access.providers import providers
from portal.db import new_id
from portal.errors import Invalid, NotFound, Refusal
from portal.pages import acting, speech
from portal.pages.errors import N_
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views import administration as views

pages = Blueprint("admin_people_pages", __name__, url_prefix="/admin/people")

#: Role -> what it is called.
ROLES = {
    "administrator": N_("Administrator: keeps the portal"),
    "champion": N_("Champion: answers for the promise of services"),
    "caseworker": N_("Caseworker: works on requests of an office"),
    "triage": N_("Front office: finds the door of a request"),
    "duty": N_("Duty person: is called when somebody may be in danger"),
}
BOXES = {name: name for name in ("issuer", "subject", "name", "roles", "agency", "teams", "services", "until")}


@pages.route("")
@page("administration.read")
def people() -> Response:
    """Everybody whose roles are kept here; others have those their sign-in vouches for"""
    with the_portal().work(principal()) as work:
        found = [(one, place_of(one)) for one in kept.everybody(work)]
        waiting = sum(row["status"] == "open" for row in views.proposed(work))
    return show("admin/people.html", people=found, agencies=the_portal().catalogue.agencies, waiting=waiting, done=request.args.get("done", ""), called=called)


@pages.route("/new")
@page("proposal.make")
def new() -> Response:
    """Somebody who is not kept here yet"""
    return _form(None)


@pages.route("/new", methods=["POST"])
@page("proposal.make")
def propose_new() -> Response:
    """For a second administrator"""
    return _propose(None)


@pages.route("/<key>")
@page("proposal.make")
def person(key: str) -> Response:
    """Somebody's roles, and the ways to change or end them"""
    return _form(key)


@pages.route("/<key>", methods=["POST"])
@page("proposal.make")
def propose(key: str) -> Response:
    """Other roles, for a second administrator"""
    return _propose(key)


@pages.route("/<key>/end", methods=["POST"])
@page("person.end")
def end(key: str) -> Response:
    """Somebody works here no more, at once"""

    def act(work: Work) -> None:
        found = _found(work, key)
        views.end_person(work, found.issuer, found.subject)

    try:
        acting.change("person.end", act)
    except Refusal as refused:
        return _form(key, faults=acting.faults(refused, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/admin/people?done=ended").location})


def place(issuer: str, subject: str) -> str:
    """How an address names somebody without saying who it is."""
    return sha256(f"{issuer}|{subject}".encode()).hexdigest()[:20]


def place_of(person: kept.Person) -> str:
    """The same of a person written down."""
    return place(person.issuer, person.subject)


def called(role: str) -> str:
    """A role in the reader's words."""
    return speech.words(ROLES[role]) if role in ROLES else role


def _found(work: Work, key: str) -> kept.Person:
    found = next((one for one in kept.everybody(work) if place_of(one) == key), None)
    if found is None:
        raise NotFound
    return found


def _propose(key: str | None) -> Response:
    def act(work: Work) -> None:
        wanted = _wanted()
        if key is not None:
            there = _found(work, key)
            wanted |= {"issuer": there.issuer, "subject": there.subject}
        _demand_whole(wanted)
        views.propose_person(work, wanted)

    try:
        acting.change("person.propose", act)
    except Refusal as refused:
        return _form(key, faults=acting.faults(refused, BOXES, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/admin/proposals?done=proposed").location})


def _wanted() -> dict[str, Any]:
    form = request.form
    words = {name: [one for one in form.get(name, "").replace(",", " ").replace("،", " ").split() if one] for name in ("teams", "services")}
    given: dict[str, Any] = {name: form.get(name, "").strip() for name in ("issuer", "subject", "name", "agency")}
    given = {name: value for name, value in given.items() if value}
    return {**given, **words, "roles": [role for role in form.getlist("roles") if role in ROLES], **_until()}


def _until() -> dict[str, str]:
    """The last day of somebody, to its end, as the front office counts days."""
    said = request.form.get("until", "").strip()
    if not said:
        return {}
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise Invalid(errors=[{"pointer": "/until", "detail": "Write a day as 2026-12-24."}]) from None
    return {"until": datetime.combine(day + timedelta(days=1), time(), _zone()).isoformat()}


def _zone() -> ZoneInfo:
    catalogue = the_portal().catalogue
    return ZoneInfo(catalogue.agencies[catalogue.triage.agency].calendars[0].zone)


def _demand_whole(wanted: dict[str, Any]) -> None:
    """What the API's schema would refuse."""
    lacking = [name for name in ("issuer", "subject") if not is_subject(wanted.get(name)) or (name == "issuer" and "|" in wanted[name])]
    errors = [{"pointer": f"/{name}", "detail": "Write it exactly as the sign-in says it, without spaces."} for name in lacking]
    if not wanted["roles"]:
        errors.append({"pointer": "/roles", "detail": "Choose at least one role. Who works here no more is ended instead."})
    if len(wanted.get("name", "")) > 200:
        errors.append({"pointer": "/name", "detail": "Write a name of at most 200 characters."})
    if errors:
        raise Invalid(errors=errors)


def _form(key: str | None, *, faults: dict[str, str] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        there = _found(work, key) if key is not None else None
    typed: dict[str, Any] = {}
    if faults:
        typed = {name: request.form.get(name, "") for name in BOXES} | {"roles": request.form.getlist("roles")}
    elif there:
        last = (there.until.astimezone(_zone()) - timedelta(microseconds=1)).date().isoformat() if there.until and not there.ended else ""
        typed = {"name": there.name or "", "roles": there.roles, "agency": there.agency or "", "until": last}
        typed |= {"teams": ", ".join(there.teams), "services": ", ".join(there.services)}
    issuers = sorted({one.issuer for one in providers(portal.settings).values() if one.serves in ("staff", "all")})
    return show(
        "admin/person.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=typed,
        once=str(new_id()),
        there=there,
        key=key,
        roles=[(role, called(role)) for role, _ in SCOPES if role in ROLES],
        agencies=sorted(portal.catalogue.agencies.values(), key=lambda one: speech.place(one.title)),
        issuers=issuers,
        issuer=issuers[0] if len(issuers) == 1 else "",
    )
