"""How somebody wants to be reached: said by themselves, or for them by staff; on one case, or once for all cases of who signed in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from portal.cases import registry
from portal.cases.moves import ENDED
from portal.errors import Invalid, NotFound
from portal.intake.contacts import contact_of
from portal.outbox import notices
from portal.parties import register, ways
from portal.plugins import discovery
from portal.unit_of_work import Row, Work
from portal.vault import items, persons

#: Parts of a contact that are addresses.
ADDRESSES = ("email", "phone", "address")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: Who says it: the party, or the staff on its behalf.
By = Literal["party", "staff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody says. `contact`: addresses that change; an empty one is taken away. `again`: channels whose address is good after all."""

    channels: tuple[str, ...] = ()
    needs: Mapping[str, str | None] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    again: tuple[str, ...] = ()


def wish(channels: Sequence[str], needs: Mapping[str, str | None], contact: Mapping[str, Any], again: Sequence[str] = ()) -> Wish:
    """What was said, cleaned. Invalid with a pointer for each value that cannot be taken."""
    known, errors = discovery.reaching(), []
    for number, name in enumerate(channels):
        if name not in known or name in channels[:number]:
            errors.append({"pointer": f"/channels/{number}", "detail": f"Name each of {', '.join(known)} once at most."})
    for name, detail in needs.items():
        if name not in ways.NEEDS:
            errors.append({"pointer": f"/needs/{name}", "detail": f"Send some of {', '.join(ways.NEEDS)}."})
        elif name == "interpreter" and not _LANGUAGE.fullmatch(detail or ""):
            errors.append({"pointer": "/needs/interpreter", "detail": "Say for which language, as a BCP 47 code such as `ar`."})
        elif name != "interpreter" and detail:
            errors.append({"pointer": f"/needs/{name}", "detail": "This need has no detail: leave it empty."})
    if errors:
        raise Invalid(errors=errors)
    kept = {name: value for name, value in contact.items() if name in ADDRESSES and value is not None}
    good = contact_of({name: value for name, value in kept.items() if value != ""})
    return Wish(channels=tuple(channels), needs=dict(needs), contact={**dict.fromkeys(kept, ""), **good}, again=tuple(again))


def party_of(work: Work, case_id: UUID, *, party_id: UUID | None = None) -> Row:
    """Whose wishes are meant, on a case in hand: who signed in, if it stands there, else its applicant. NotFound where nobody is."""
    on_it = register.of_case(work, case_id)
    if party_id is not None:
        found = [row for row in on_it if row["party_id"] == party_id]
    else:
        subject = work.principal.subject if work.principal.scope == "party" else None
        mine = [row for row in on_it if subject and row["subject"] == subject]
        found = mine or [row for row in on_it if row["role"] != "representative"]
    if not found:
        raise NotFound
    return found[0]


def choose(work: Work, party: Row, said: Wish, *, by: By) -> None:
    """Takes the wish of somebody on a case in hand, and brings what waits to the new way. Invalid where a channel has no address."""
    old = contact_now(work, party)
    new = {name: value for name, value in {**old, **said.contact}.items() if value}
    known = discovery.reaching()
    _demand_addresses(said.channels, new)
    if new != old:
        item, _ = items.put(work, party["case_id"], "contact", new, party_id=party["party_id"])
        work.change(party, contact=item)
    renewed = {name for name, one in known.items() if new.get(one.reaches) != old.get(one.reaches)} | set(said.again)
    ways.choose(work, party, channels=said.channels, needs=said.needs, renewed=renewed, by=by)
    first = next(iter(ways.open_ways(ways.of(work, party["case_id"], party["party_id"]), new)), None) if said.channels else None
    ways.tell_by(work, party, first or next(iter(said.channels), None))
    for row in notices.waiting(work, party["case_id"], party["party_id"]) if first else ():
        if first not in notices.before(row):
            notices.move(work, row, str(first))


def contact_now(work: Work, party: Row) -> dict[str, str]:
    """The addresses of a party of a case in hand, and its name."""
    found: Any = items.get(work, party["case_id"], party["contact"]) if party["contact"] else None
    return dict(found) if isinstance(found, Mapping) else {}


def for_all(work: Work, said: Wish, *, version: int | None) -> int:
    """Who signed in says it once for all: kept with the person, and taken on every case it stands on for itself and that is not over; of how many."""
    subject = str(work.principal.subject)
    before, _ = persons.read(work, subject)
    contact = {name: value for name, value in {**before.get("contact", {}), **said.contact}.items() if value}
    _demand_addresses(said.channels, contact)
    persons.keep(work, subject, {"channels": list(said.channels), "needs": dict(said.needs), "contact": contact}, version=version)
    cases = register.standing_for_itself(work, subject)
    work.narrow(cases)
    registry.load(work, cases)
    gone, taken = {name: "" for name, value in said.contact.items() if not value}, 0
    for case_id in cases:
        if registry.case_of(work, case_id)["status"] in ENDED:
            continue
        for party in register.of_case(work, case_id):
            if party["subject"] == subject and party["role"] != "representative":
                choose(work, party, Wish(channels=said.channels, needs=said.needs, contact=contact | gone, again=said.again), by="party")
                taken += 1
    return taken


def of_person(work: Work, subject: str | None) -> Wish | None:
    """What who signed in said once for all; None where nothing was."""
    found, version = persons.read(work, subject) if subject else ({}, 0)
    return Wish(channels=tuple(found["channels"]), needs=found["needs"], contact=found["contact"]) if version else None


def follow(work: Work, party: Row, said: Wish | None) -> None:
    """A new case, or one that is kept from now on, follows what its person said once for all; addresses left with the case itself stand."""
    if said is None:
        return
    here = contact_now(work, party)
    contact = {name: value for name, value in said.contact.items() if not here.get(name)}
    channels = tuple(name for name in said.channels if {**contact, **here}.get(discovery.reaching()[name].reaches)) if said.channels else ()
    choose(work, party, Wish(channels=channels, needs=said.needs, contact=contact), by="party")


def _demand_addresses(channels: Sequence[str], contact: Mapping[str, str]) -> None:
    known = discovery.reaching()
    errors = [
        {"pointer": f"/channels/{number}", "detail": f"Leave an address for {name} first: `contact.{known[name].reaches}`."}
        for number, name in enumerate(channels)
        if not contact.get(known[name].reaches)
    ]
    if errors:
        raise Invalid(errors=errors)


def end_courtesies(work: Work, party: Row) -> None:
    """Somebody wants to be told only what it needs to know; what the law demands, and what something hangs on, still comes."""
    reach = ways.of(work, party["case_id"], party["party_id"])
    if "only-needed" not in reach.needs:
        ways.choose(work, party, channels=reach.channels, needs={**reach.needs, "only-needed": None}, renewed=(), by="party")
