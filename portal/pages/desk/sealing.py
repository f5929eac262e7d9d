"""`/desk/cases/{reference}/seal`: a request that is there for named people alone: sealed, named anew, opened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.access import grants, staff
from portal.access.scoping import visible
from portal.access.seals import GROUNDS
from portal.cases import reference as references
from portal.cases import registry
from portal.db import new_id
from portal.errors import Invalid, Refusal
from portal.pages import acting, history, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.pages.speech import N_
from portal.unit_of_work import Work
from portal.views import entry
from portal.views import seals as views

pages = Blueprint("desk_sealing_pages", __name__, url_prefix="/desk/cases/<reference>/seal")

SAYS = {
    "protection": N_("Somebody has to be protected"),
    "colleague": N_("A colleague is a party to it"),
    "complaint": N_("It is a complaint about staff"),
    "other": N_("Another reason"),
}
#: Rows for people, and how many more are empty.
MOST, SPARE = 50, 2
Known = Mapping[str, staff.Known]


@pages.route("")
@page("case.seal")
def seal(reference: str) -> Response:
    """Whether it is sealed, and to whom"""
    return _page(reference)


@pages.route("", methods=["POST"])
@page("case.seal")
def close(reference: str) -> Response:
    """From now on it is there for those named"""
    if request.form.get("do") == "more":
        return _page(reference, rows=_rows())
    said, ground = request.form.get("words", "").strip(), request.form.get("ground", "")

    def act(work: Work, case_id: UUID, known: Known) -> None:
        _demand({"words": said, "ground": ground if ground in GROUNDS else ""})
        views.seal(work, case_id, ground=ground, words=said, named=_named(known))

    return _act(reference, "case.seal", act, "sealed")


@pages.route("/names", methods=["POST"])
@page("case.seal")
def rename(reference: str) -> Response:
    """These people from now on"""
    if request.form.get("do") == "more":
        return _page(reference, rows=_rows())
    return _act(reference, "case.seal.names", lambda work, case_id, known: views.name(work, case_id, _named(known)), "named")


@pages.route("/end", methods=["POST"])
@page("case.seal")
def unseal(reference: str) -> Response:
    """It is there for its office again"""
    said = request.form.get("why", "").strip()

    def act(work: Work, case_id: UUID, _: Known) -> None:
        _demand({"why": said})
        views.unseal(work, case_id, said)

    return _act(reference, "case.seal.end", act, "opened")


def _act(reference: str, action: str, act: Callable[[Work, UUID, Known], Any], done: str) -> Response:
    def verb(work: Work) -> None:
        case_id = entry.find(work, reference)
        known = _colleagues(work, case_id)
        work.narrow([case_id])
        grants.demand_open(work, case_id, principal().subject)
        act(work, case_id, known)

    rows = [place for place, row in enumerate(_rows()) if row["subject"]]

    def box(pointer: str) -> str:
        part, _, inside = pointer.strip("/").partition("/")
        place, _, name = inside.partition("/")
        if part == "named" and place.isdigit():
            return f"{name or 'subject'}-{rows[int(place)] if int(place) < len(rows) else 0}"
        return part if part in ("words", "ground", "why") else "main"

    try:
        acting.change(action, verb)
    except Refusal as refused:
        return _page(reference, faults=acting.faults(refused, place=box, otherwise="main"), rows=_rows())
    mine = done != "named" and done != "sealed"
    to = f"/desk/cases/{references.read(reference)}/seal?done={done}" if mine or _sees(reference) else _home()
    return Response(status=303, headers={"Location": redirect(to).location})


def _sees(reference: str) -> bool:
    """Whether who sealed it is among those named: otherwise it is not there for them any more."""
    try:
        with the_portal().work(principal()) as work:
            entry.find(work, reference)
    except Refusal:
        return False
    return True


def _home() -> str:
    return "/champion?done=sealed" if principal().scope == "champion" else "/desk?done=sealed"


def _demand(given: Mapping[str, str]) -> None:
    lacking = [{"pointer": f"/{name}", "detail": "Fill this in: we cannot go on without it."} for name, said in given.items() if not said]
    if lacking:
        raise Invalid(errors=lacking)


def _rows() -> list[dict[str, str]]:
    places = [place for place in range(MOST) if f"subject-{place}" in request.form]
    return [{name: request.form.get(f"{name}-{place}", "").strip() for name in ("subject", "email")} for place in places]


def _named(known: Known) -> list[dict[str, str]]:
    """Whom the form names, as the sign-in does: somebody listed may be named by name."""
    found = []
    for row in _rows():
        if row["subject"]:
            listed = [subject for subject, one in known.items() if row["subject"] in (subject, one.name, subject.rpartition("|")[2])]
            found.append({"subject": listed[0] if len(listed) == 1 else row["subject"], **({"email": row["email"]} if row["email"] else {})})
    if not found:
        raise Invalid(errors=[{"pointer": "/named/0/subject", "detail": "Name at least one person."}])
    return found


def _colleagues(work: Work, case_id: UUID) -> Known:
    """Who may be named by name: who works at the case's agency, and who asks."""
    who = principal()
    own = staff.Known(who.name, next(iter(who.agencies), None), who.teams, works=True)
    return staff.of_agency(work, work.run(visible(work, registry.one(case_id)))[0]["agency"]) | {str(who.subject): own}


def _page(reference: str, *, faults: dict[str, str] | None = None, rows: list[dict[str, str]] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        known = _colleagues(work, case_id)
        zone = work.run(visible(work, registry.one(case_id)))[0]["zone"]
        work.narrow([case_id])
        shown = views.shown(work, case_id)
        named = staff.known(work, shown["named"])
    names = {subject: one.name or subject.rpartition("|")[2] for subject, one in {**known, **named}.items()}
    kept = rows if rows is not None else [{"subject": names[one], "email": ""} for one in shown["named"]]
    if rows is None and not shown["sealed"]:
        kept = [{"subject": names[str(principal().subject)], "email": ""}]
    spare = [] if faults else [{"subject": "", "email": ""}] * SPARE
    return show(
        "desk/seal.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        reference=reference,
        home=f"/desk/cases/{reference}",
        seal=shown,
        since=history.moment(shown["since"], zone) if shown["since"] else None,
        ground=speech.words(SAYS.get(shown["ground"] or "", "")) if shown["ground"] else None,
        grounds=[(ground, speech.words(SAYS[ground])) for ground in GROUNDS],
        rows=[*kept, *spare] or [{"subject": "", "email": ""}],
        known=sorted({names[subject] for subject in known}),
        names=[names[subject] for subject in shown["named"]],
        done=request.args.get("done", ""),
    )
