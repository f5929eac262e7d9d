"""What administrators see and change: hours, closures, absences, teams, duty persons and the address book of an agency; people; proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import people
from portal.administration import amendments, proposals, stream
from portal.catalogue import syntax
from portal.catalogue.amend import amended
from portal.catalogue.definitions import Agency, Catalogue
from portal.errors import Conflict, Invalid, NotFound
from portal.standards import replan
from portal.standards.amend import amended as calendar_amended
from portal.standards.replan import Outcome, Target
from portal.unit_of_work import EVERY, Portal, Work
from portal.views import amending
from portal.views.amending import demand_version as demand_version

#: Cases a preview looks at, dates it shows, and cases whose dates are moved while somebody waits.
LOOKED_AT, SHOWN, AT_ONCE = 5_000, 20, 2_000
#: Members of a calendar's amendment.
HOURS = ("weekly", "special", "closed", "worked")


def agency(work: Work, id: str) -> dict[str, Any]:
    """An agency as it is now, and which of its parts are amended."""
    found, body = _agency(work.catalogue, id), amendments.of(work, id)
    changed = body.get("calendars", {})
    return {
        "id": id,
        "calendars": [{"id": one.id, "zone": one.zone, "amended": one.id in changed, **_hours(work, id, one.id, changed)} for one in found.calendars],
        "queues": [{"id": one.id, "team": one.team} for one in found.queues],
        "duty": [asdict(one) for one in found.duty],
        "people": [asdict(one) for one in found.people],
        "absences": [asdict(one) for one in found.absences],
        "endpoint": found.endpoint,
        "amended": sorted({*body} - {"calendars"}),
        "version": amending.version(work, id),
    }


def _hours(work: Work, id: str, calendar: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the amendment, and the weekly hours as they are."""
    own = changed.get(calendar, {})
    return {"weekly": work.catalogue.calendars[f"{id}/{calendar}"]["weekly"], **{name: own.get(name) for name in HOURS if name != "weekly"}}


def change(work: Work, id: str, what: str, value: Any, *, version: int | None = None) -> dict[str, Any]:
    """Puts `value` in place of that part of an agency's definition, from the next unit of every process on. Stale where it was another `version`."""
    stream.hold(work)
    amending.demand_version(work, id, version)
    amending.demand_entries(what, value)
    body = {**amendments.of(work, id), what: value}
    new = _new(work, id, body)
    _demand_whole(_agency(work.portal.written, id), new.agencies[id], what)
    amendments.keep(work, id, body, new, what=what)
    return {"id": id, "what": what, "amended": sorted(body)}


def hours(work: Work, id: str, calendar: str, given: Mapping[str, Any]) -> tuple[Catalogue, dict[str, Any]]:
    """The catalogue with other hours of one calendar, and the agency's amendment that makes it. Nothing is written."""
    if f"{id}/{calendar}" not in work.catalogue.calendars:
        raise NotFound("There is no such calendar.")
    before = amendments.of(work, id)
    body = {**before, "calendars": {**before.get("calendars", {}), calendar: dict(given)}}
    return _new(work, id, body), body


def own_hours(work: Work, id: str, calendar: str) -> dict[str, Any]:
    """What is amended of a calendar; empty where nothing is. NotFound where there is no such calendar."""
    if f"{id}/{calendar}" not in work.catalogue.calendars:
        raise NotFound("There is no such calendar.")
    return dict(amendments.of(work, id).get("calendars", {}).get(calendar, {}))


def keep_hours(work: Work, id: str, calendar: str, given: Mapping[str, Any], *, version: int | None = None) -> str:
    """Other hours from now on; the hash of the calendar. No date moves by that alone. Stale where the agency was another `version`."""
    stream.hold(work)
    amending.demand_version(work, id, version)
    new, body = hours(work, id, calendar, given)
    amendments.keep(work, id, body, new, what=f"calendar {calendar}")
    return new.hashes["calendar", f"{id}/{calendar}"]


def dates(portal: Portal, new: Catalogue, calendar: str) -> dict[str, Any]:
    """What other hours would do to the dates of open cases, as `portal replan` would: counted, and some of them shown."""
    stored = next(one for one in new.stored if (one.kind, one.id) == ("calendar", calendar))
    portal.try_out(stored)
    of = replan.towards(portal, calendar, stored.hash)
    outcome, shown, more = Outcome.none(), [], False
    for _, page in replan.preview(portal, of):
        for some in page.values():
            outcome.count(some)
            shown += [{"standard": one.standard, "from": one.due_from, "to": one.due_at} for one in some if one.moves]
        if more := outcome.cases >= LOOKED_AT:
            break
    return _told(outcome) | {"more": more, "examples": shown[:SHOWN]}


def move_dates(portal: Portal, calendar: str, *, also_earlier: bool) -> dict[str, Any]:
    """Brings the dates of open cases to the present hours, and tells whose promise moves. Conflict where there are too many to wait for."""
    of: Target = replan.target(portal, calendar)
    if replan.waiting(portal, of) > AT_ONCE:
        raise Conflict(
            "There are more than %(most)s cases to look at: an operator runs `portal replan %(calendar)s`.",
            values={"most": f"{AT_ONCE:,}", "calendar": calendar},
        )
    return _told(replan.replan(portal, of, also_earlier=also_earlier)) | {"more": False, "examples": []}


def propose_person(work: Work, given: Mapping[str, Any]) -> dict[str, Any]:
    """Somebody's roles, agency, teams and services, for a second administrator to confirm."""
    _check_person(work, given)
    stream.hold(work)
    return proposals.propose(work, "person", f"{given['issuer']}|{given['subject']}", given)


def propose_address(work: Work, id: str, endpoint: str) -> dict[str, Any]:
    """Another address for an agency's deliveries, for a second administrator to confirm."""
    if _agency(work.catalogue, id).endpoint is None:
        raise Conflict("This agency is not reached at an address.")
    wrong = syntax.bad_address(endpoint)
    if not wrong and not endpoint.startswith("https://" if work.portal.settings.mode == "production" else ("https://", "http://", "${")):
        wrong = "Write an address that begins with https://."
    if wrong:
        raise Invalid(errors=[{"pointer": "/endpoint", "detail": wrong}])
    stream.hold(work)
    return proposals.propose(work, "address", id, {"endpoint": endpoint})


def decide(work: Work, id: UUID, *, confirm: bool) -> dict[str, Any]:
    """A second administrator confirms, and it takes effect; or it is refused."""
    stream.hold(work)
    done = proposals.decide(work, id, confirm=confirm)
    if confirm and done["kind"] == "person":
        _check_person(work, done["body"])
        _keep_person(work, done["body"])
    elif confirm:
        body = {**amendments.of(work, done["about"]), **done["body"]}
        amendments.keep(work, done["about"], body, _new(work, done["about"], body), what="endpoint")
    return done


def end_person(work: Work, issuer: str, subject: str) -> None:
    """Somebody works here no more, from now on; one administrator is enough. NotFound where nobody wrote that person down."""
    stream.hold(work)
    person = people.find(work, issuer, subject)
    if person is None:
        raise NotFound("Nobody of that name was written down. Propose the person with an `until` that has passed.")
    if person.ended:
        return
    people.disable(work, issuer, subject)
    stream.record(work, "PersonKept", person=f"{issuer}|{subject}", until=work.now.isoformat(), official=str(work.principal.subject))


def everybody(work: Work) -> list[dict[str, Any]]:
    """The people administrators have written down."""
    return [asdict(one) for one in people.everybody(work)]


def proposed(work: Work) -> list[dict[str, Any]]:
    """What waits for a second administrator, and what became of the last ones."""
    return proposals.listed(work)


def _keep_person(work: Work, given: Mapping[str, Any]) -> None:
    said: dict[str, Any] = {name: given.get(name) or () for name in ("roles", "teams", "services")}
    until = given.get("until")
    people.keep(
        work,
        given["issuer"],
        given["subject"],
        name=given.get("name"),
        agency=given.get("agency"),
        until=until and datetime.fromisoformat(until),
        **said,
    )
    told = {name: list(value) for name, value in said.items()} | {"until": until}
    who = f"{given['issuer']}|{given['subject']}"
    stream.record(work, "PersonKept", agency=given.get("agency"), person=who, official=str(work.principal.subject), **told)


def _check_person(work: Work, given: Mapping[str, Any]) -> None:
    """Agency, teams and services are those there are; staff needs an agency, nobody confirms a change of their own roles later by being two people."""
    catalogue, errors = work.catalogue, []
    agency = given.get("agency")
    if agency is not None and agency not in catalogue.agencies:
        errors.append({"pointer": "/agency", "detail": "There is no such agency."})
    if agency is None and {"caseworker", "triage", "duty"} & set(given["roles"]):
        errors.append({"pointer": "/agency", "detail": "Who works on cases needs an agency."})
    if agency in catalogue.agencies:
        teams = {queue.team for queue in catalogue.agencies[agency].queues}
        errors += [
            {"pointer": f"/teams/{place}", "detail": f"Write one of {', '.join(sorted(teams))}."}
            for place, team in enumerate(given.get("teams") or ())
            if team not in teams
        ]
    errors += [
        {"pointer": f"/services/{place}", "detail": "There is no such service."}
        for place, service in enumerate(given.get("services") or ())
        if service != EVERY and service not in catalogue.services
    ]
    if errors:
        raise Invalid(errors=errors)


def _agency(catalogue: Catalogue, id: str) -> Agency:
    if id not in catalogue.agencies:
        raise NotFound("There is no such agency.")
    return catalogue.agencies[id]


def _new(work: Work, id: str, body: Mapping[str, Any]) -> Catalogue:
    """The catalogue with the amendment; Invalid where its hours cannot be."""
    _agency(work.portal.written, id)
    others = {one: said for one, said in work.sql("SELECT agency, body FROM amendments") if one != id}
    try:
        return amended(work.portal.written, {**others, id: body}, calendar_amended)
    except ValueError as wrong:
        path = "".join(f"/{part}" for part in getattr(wrong, "path", ()))
        raise Invalid(errors=[{"pointer": path, "detail": str(wrong)}]) from wrong


def _demand_whole(written: Agency, new: Agency, what: str) -> None:
    """What promises and danger rest on stays there: every role of the address book that is written, and somebody on duty where there was."""
    if what == "people" and (missing := {one.role for one in written.people} - {one.role for one in new.people}):
        raise Invalid(errors=[{"pointer": "/people", "detail": f"Promises are put before {', '.join(sorted(missing))}: name somebody for each."}])
    if what == "duty" and written.duty and not new.duty:
        raise Invalid(errors=[{"pointer": "/duty", "detail": "Somebody has to be on duty."}])


def _told(outcome: Outcome) -> dict[str, Any]:
    fates = {name: outcome.fates[name] for name in ("same", "later", "earlier", "kept")}
    return {"cases": outcome.cases, **fates, "told": outcome.told}
