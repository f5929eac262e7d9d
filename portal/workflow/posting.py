"""What the post room does with letters: takes them to print, posts them, writes down what came back, prints once more."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.errors import Invalid
from portal.outbox import notices, prints
from portal.parties import register, silence, ways
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Characters of an address, as everywhere a contact is taken.
LONGEST = 500


def post(work: Work, row: Row, *, batch: UUID, at: datetime | None) -> None:
    """A letter of a batch was taken to the mail, now or `at`; its party is told by that. Invalid for a time before it was taken, or to come."""
    posted_at = at or work.now
    if posted_at > work.now or (row["taken_at"] and row["batch"] == batch and posted_at < row["taken_at"]):
        raise Invalid(errors=[{"pointer": "/at", "detail": "Say a time from when the letters were taken to be printed until now."}])
    if prints.posted(work, row, batch=batch, at=posted_at):
        notices.carried(work, row["case_id"], row["id"], at=posted_at)


def come_back(work: Work, row: Row, *, reason: str, version: int | None) -> None:
    """The mail brought it back: nothing more goes to that address, and the notice is one that could not be told."""
    address = _kept(work, row)["address"]
    prints.returned(work, row, reason=reason, version=version)
    silence.ask(work, prints.CHANNEL, address)
    notices.come_back(work, row["case_id"], row["id"], code=f"returned-{reason}")


def again(work: Work, row: Row, *, reason: str, address: str | None, version: int | None) -> None:
    """It is printed once more: to the same address, which is then taken to be right, or to another."""
    kept, item = _kept(work, row), None
    if address is not None:
        address = address.strip()
        if not address or len(address) > LONGEST:
            raise Invalid(errors=[{"pointer": "/address", "detail": f"Write the address, in {LONGEST} characters at most."}])
        item, _ = items.put(work, row["case_id"], "print", {**kept, "address": address})
    elif reason == "other-address":
        raise Invalid(errors=[{"pointer": "/address", "detail": "Write the other address."}])
    prints.again(work, row, reason=reason, item=item, version=version)
    silence.end(work, prints.CHANNEL, address or kept["address"])
    if address is None:
        _reachable(work, row)


def _reachable(work: Work, row: Row) -> None:
    """Its party is reached by post again, where that was given up."""
    notice = notices.one(work, row["case_id"], row["id"])
    party = next((one for one in register.of_case(work, row["case_id"]) if notice and str(one["party_id"]) == notice["body"]["party"]), None)
    if party is not None:
        reach = ways.of(work, row["case_id"], party["party_id"])
        if prints.CHANNEL in reach.lost:
            ways.choose(work, party, channels=reach.channels, needs=reach.needs, renewed={prints.CHANNEL}, by="staff")


def _kept(work: Work, row: Row) -> dict[str, Any]:
    value = items.get(work, row["case_id"], row["item"])
    if not isinstance(value, dict):
        raise Invalid("This letter was erased.")
    return value
