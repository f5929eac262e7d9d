"""`/admin/agencies`: what administrators change of an office without YAML: duty persons, address book, absences, teams, the address of its deliveries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, request

from portal.access import people as kept
from portal.db import new_id
from portal.errors import NotFound, Refusal
from portal.pages import acting, speech
from portal.pages.errors import N_
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views import administration as views
from portal.views.amending import MEMBERS

pages = Blueprint("admin_agencies_pages", __name__, url_prefix="/admin/agencies")

#: Rows of a list that are empty, for what is new.
SPARE, MOST = 2, 500
#: Part of an agency that is a list of entries -> its heading, and what it is for.
LISTS = {
    "duty": (N_("Duty persons"), N_("Who is called when somebody may be in danger, in this order, until one answers.")),
    "people": (N_("Whom promises are put before"), N_("Who hears of a promise that is missed, or may be, by role.")),
    "absences": (N_("Absences"), N_("Who is away, from the first day to the last, and who stands in. What is for them goes there meanwhile.")),
}
DONE = (*LISTS, "teams", "address", "hours")


@pages.route("")
@page("agency.amend")
def agencies() -> Response:
    """All offices"""
    found = sorted(the_portal().catalogue.agencies.values(), key=lambda one: speech.place(one.title))
    return show("admin/agencies.html", found=found)


@pages.route("/<agency>")
@page("agency.amend")
def one(agency: str) -> Response:
    """An office as it is now, and the ways to change it"""
    with the_portal().work(principal()) as work:
        told = views.agency(work, agency)
        members = _members(work, agency)
    return show("admin/agency.html", told_of=told, agency=_named(agency), lists=LISTS, members=members, done=request.args.get("done", ""), words=speech.words)


@pages.route("/<agency>/lists/<part>")
@page("agency.amend")
def entries(agency: str, part: str) -> Response:
    """The entries of a list, each in a row of its own"""
    return _list(agency, _part(part))


@pages.route("/<agency>/lists/<part>", methods=["POST"])
@page("agency.amend")
def keep_entries(agency: str, part: str) -> Response:
    """The list from now on; or further empty rows"""
    rows = _typed(_part(part))
    if request.form.get("do") == "more":
        return _list(agency, part, rows=rows)
    wanted = {place: row for place, row in enumerate(rows) if any(row.values())}

    def box(pointer: str) -> str:
        _, _, inside = pointer.strip("/").partition("/")
        place, _, name = inside.partition("/")
        return f"{name}-{[*wanted][int(place)]}" if name else "main"

    def act(work: Work) -> None:
        views.change(work, agency, part, [_entry(part, row) for row in wanted.values()], version=acting.version())

    return _keep(f"agency.{part}", act, agency, part, lambda faults: _list(agency, part, rows=rows, faults=faults), box)


@pages.route("/<agency>/teams")
@page("agency.amend")
def teams(agency: str) -> Response:
    """Which team works on which queue, and who is in it"""
    return _teams(agency)


@pages.route("/<agency>/teams", methods=["POST"])
@page("agency.amend")
def keep_teams(agency: str) -> Response:
    """Tasks that wait stay where they are"""
    wanted = {queue.id: request.form.get(f"team-{queue.id}", "").strip() or queue.team for queue in _named(agency).queues}

    def act(work: Work) -> None:
        views.change(work, agency, "teams", wanted, version=acting.version())

    return _keep("agency.teams", act, agency, "teams", lambda faults: _teams(agency, faults=faults), lambda pointer: f"team-{pointer.rpartition('/')[2]}")


@pages.route("/<agency>/address")
@page("proposal.make")
def address(agency: str) -> Response:
    """Where deliveries to the office go"""
    return _address(agency)


@pages.route("/<agency>/address", methods=["POST"])
@page("proposal.make")
def propose_address(agency: str) -> Response:
    """A second administrator confirms it"""
    said = request.form.get("endpoint", "").strip()

    def act(work: Work) -> None:
        views.propose_address(work, agency, said)

    return _keep("agency.address", act, agency, "address", lambda faults: _address(agency, faults=faults), lambda _: "endpoint")


def _keep(action: str, act: Callable[[Work], None], agency: str, done: str, again: Callable[[dict[str, str]], Response], box: Callable[[str], str]) -> Response:
    try:
        acting.change(action, act)
    except Refusal as refused:
        return again(acting.faults(refused, place=box, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/admin/agencies/{agency}?done={done}").location})


def _list(agency: str, part: str, *, rows: list[dict[str, str]] | None = None, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        told = views.agency(work, agency)
    now = [{name.rstrip("?"): str(entry.get(name.rstrip("?")) or "") for name in MEMBERS[part]} for entry in told[part]]
    shown = [row for row in rows if any(row.values())] if rows is not None and not faults else rows or now
    shown = shown if faults else [*shown, *(dict.fromkeys((name.rstrip("?") for name in MEMBERS[part]), "") for _ in range(SPARE))]
    heading, purpose = LISTS[part]
    return show(
        "admin/entries.html",
        status=422 if faults else 200,
        faults=faults or {},
        once=str(new_id()),
        agency=_named(agency),
        part=part,
        heading=speech.words(heading),
        purpose=speech.words(purpose),
        rows=shown,
        now=now if faults and "main" in faults else [],
        version=told["version"],
    )


def _typed(part: str) -> list[dict[str, str]]:
    """The rows as they were typed, without gaps between them."""
    names = [name.rstrip("?") for name in MEMBERS[part]]
    places = sorted(
        {int(place) for name, _, place in (field.rpartition("-") for field in request.form) if name in names and place.isascii() and place.isdigit()}
    )
    return [{name: request.form.get(f"{name}-{place}", "").strip() for name in names} for place in places[:MOST]]


def _entry(part: str, row: dict[str, str]) -> dict[str, Any]:
    return {name: row[name] or None if f"{name}?" in MEMBERS[part] else row[name] for name in row}


def _teams(agency: str, *, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        told, members = views.agency(work, agency), _members(work, agency)
    return show(
        "admin/teams.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        agency=_named(agency),
        queues=told["queues"],
        members=members,
        version=told["version"],
    )


def _members(work: Work, agency: str) -> dict[str, list[str]]:
    """Team -> who is in it, among the people administrators have written down."""
    found: dict[str, list[str]] = {}
    for person in kept.everybody(work):
        if person.agency == agency and not person.ended:
            for team in person.teams:
                found.setdefault(team, []).append(person.name or person.subject)
    return found


def _address(agency: str, *, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        told = views.agency(work, agency)
        waiting = any(row["status"] == "open" and (row["kind"], row["about"]) == ("address", agency) for row in views.proposed(work))
    return show(
        "admin/address.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        agency=_named(agency),
        endpoint=told["endpoint"],
        waiting=waiting,
    )


def _named(agency: str) -> Any:
    found = the_portal().catalogue.agencies.get(agency)
    if found is None:
        raise NotFound
    return found


def _part(part: str) -> str:
    if part not in LISTS:
        raise NotFound
    return part
