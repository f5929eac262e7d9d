"""By which channels somebody is reached and in which order, what they need, and which address turned out to lead nowhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select

from portal.parties.tables import party_needs, party_ways
from portal.plugins import discovery
from portal.unit_of_work import Row, Work

#: What somebody may need of who writes to them or speaks with them. `interpreter` names a language.
NEEDS = ("large-print", "easy-words", "no-telephone", "text-relay", "interpreter", "no-letters-home", "no-voicemail", "one-a-day", "only-needed")
#: Why nothing more is sent to an address: it leads nowhere, or whoever it belongs to asked for silence.
Lost = Literal["failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Reach:
    """How somebody wants to be reached."""

    #: In the order they named; none: they named none.
    channels: tuple[str, ...] = ()
    #: Need -> its detail, where it has one.
    needs: Mapping[str, str | None] = field(default_factory=dict)
    #: Channel -> `failed` or `stopped`, of addresses nothing is sent to.
    lost: Mapping[str, str] = field(default_factory=dict)


def of(work: Work, case_id: UUID, party_id: UUID) -> Reach:
    """Of somebody on a case in hand."""
    return read(work.rows(party_ways, case_id), work.rows(party_needs, case_id), party_id)


def read(ways: Collection[Mapping[str, Any]], needs: Collection[Mapping[str, Any]], party_id: UUID) -> Reach:
    """The same from rows a reader may see."""
    mine = [row for row in ways if row["party_id"] == party_id]
    ranked = sorted((row["rank"], row["channel"]) for row in mine if row["rank"] is not None)
    wanted = {row["need"]: row["detail"] for row in needs if row["party_id"] == party_id and row["until"] is None}
    return Reach(tuple(name for _, name in ranked), wanted, {row["channel"]: row["state"] for row in mine if row["state"] != "open"})


def ways_of(case_id: UUID) -> Select[Any]:
    """Channels of who stands on a case, for a reader; pass it through `access.visible`."""
    return select(party_ways).where(party_ways.c.case_id == case_id).order_by(party_ways.c.party_id, party_ways.c.rank, party_ways.c.channel)


def needs_of(case_id: UUID) -> Select[Any]:
    """Their needs, likewise."""
    return select(party_needs).where(party_needs.c.case_id == case_id).order_by(party_needs.c.party_id, party_needs.c.need)


def open_ways(reach: Reach, contact: Mapping[str, Any], *, demanded: bool = False) -> list[str]:
    """Channels somebody can be reached by now, the first to be tried first. `demanded`: the law wants it to arrive, so those they did not name come last."""
    known = discovery.reaching()
    named = [name for name in reach.channels if name in known]
    others = [name for name in known if name not in named] if demanded or not named else []
    barred = {name for name, one in known.items() if one.reaches == "address" and "no-letters-home" in reach.needs}
    return [name for name in (*named, *others) if name not in reach.lost and name not in barred and contact.get(known[name].reaches)]


def choose(work: Work, party: Row, *, channels: Sequence[str], needs: Mapping[str, str | None], renewed: Collection[str], by: str) -> None:
    """Somebody says how they want to be reached, or somebody of the staff does on their behalf. `renewed`: addresses are new, or to be tried again.
    `ReachChanged`, which says nothing of what they need.
    """
    case_id, party_id = party["case_id"], party["party_id"]
    held = {row["channel"]: row for row in work.rows(party_ways, case_id) if row["party_id"] == party_id}
    for name in {*held, *channels}:
        rank = channels.index(name) + 1 if name in channels else None
        row = held.get(name)
        if row is None:
            work.add(party_ways, case_id=case_id, party_id=party_id, channel=name, rank=rank, state="open", changed_at=work.now)
        elif row["rank"] != rank or (name in renewed and row["state"] != "open"):
            work.change(row, rank=rank, changed_at=work.now, **({"state": "open", "code": None} if name in renewed else {}))
    _need(work, case_id, party_id, needs)
    work.record(case_id, "ReachChanged", party=str(party_id), channels=list(channels), by=by)


def _need(work: Work, case_id: UUID, party_id: UUID, needs: Mapping[str, str | None]) -> None:
    held = {row["need"]: row for row in work.rows(party_needs, case_id) if row["party_id"] == party_id}
    for name, detail in needs.items():
        row = held.get(name)
        if row is None:
            work.add(party_needs, case_id=case_id, party_id=party_id, need=name, detail=detail, since=work.now)
        elif row["until"] is not None or row["detail"] != detail:
            work.change(row, detail=detail, until=None, since=work.now)
    for name, row in held.items():
        if name not in needs and row["until"] is None:
            work.change(row, until=work.now)


def lose(work: Work, party: Row, channel: str, *, how: Lost, code: str) -> None:
    """An address leads nowhere, or wants silence: nothing more is sent there. Once. `ReachLost`."""
    case_id, party_id = party["case_id"], party["party_id"]
    row = next((row for row in work.rows(party_ways, case_id) if row["party_id"] == party_id and row["channel"] == channel), None)
    if row is not None and row["state"] != "open":
        return
    if row is None:
        work.add(party_ways, case_id=case_id, party_id=party_id, channel=channel, rank=None, state=how, code=code, changed_at=work.now)
    else:
        work.change(row, state=how, code=code, changed_at=work.now)
    work.record(case_id, "ReachLost", channel=channel, party=str(party_id), how=how, code=code)


def tell_by(work: Work, party: Row, channel: str | None) -> None:
    """The channel this party is told by from now on. The event of its choice, or of its address, tells of it."""
    if party["channel"] != channel:
        work.change(party, channel=channel)
