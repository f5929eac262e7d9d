"""What is written down apart from the database when something leaves, and what a restored database is told of by it: it does not leave again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from portal.clock import utc_now
from portal.dispatch.handover import Handover
from portal.dispatch.parcel import Bundle
from portal.outbox import card, evidence, parcels, scans
from portal.outbox.claims import Claim
from portal.outbox.evidence import Before
from portal.plugins.agency import Receipt, Refusal
from portal.unit_of_work import ENGINE, Portal

_SINCE = "after the backup the portal was restored from"


def known(portal: Portal, some: Sequence[Claim], at: datetime | None) -> tuple[list[tuple[tuple[Claim, ...], Before | Refusal]], list[Claim]]:
    """Of a restored database: rows of which is known that they left before, ready to be told so; and the others."""
    with portal.work(ENGINE, at=at) as work:
        found = evidence.known(work, some)
        others = [one for one in some if one.id not in found]
        for held in {one.parcel for one in some if one.parcel} - {one.parcel for one in others}:
            parcels.dissolved(work, held)
    return [((replace(one, parcel=None),), _again(one, found[one.id])) for one in some if one.id in found], others


def _again(one: Claim, before: Before) -> Before | Refusal:
    """Money is no notice: that some went back for the same payment is for people to look at; and so is what nobody knows the end of."""
    if one.kind == card.KIND:
        return Refusal(f"{_SINCE}, money went back for this payment: look there first", retry=False, code="paid-back-before")
    if before.doubt:
        return Refusal(f"{_SINCE}, this may have arrived: ask there before it is sent again", retry=False, code="in-doubt", doubt=True)
    return before


def announced(portal: Portal, together: Sequence[Claim], ready: object) -> None:
    """What nobody can ask about afterwards is written down before it leaves. Unwritable."""
    blind = isinstance(ready, Handover | Bundle) and ready.agency.promise == "blind" and ready.agency.on_doubt == "staff"
    for one in together if blind and portal.settings.sent_ledger else ():
        now = utc_now()
        portal.sent.left(f"{now:%Y-%m-%d}", evidence.line("leaving", one, now), demanded=True)


def written_down(portal: Portal, together: Sequence[Claim], ready: object, outcome: object) -> None:
    """It left: that is known apart from the database, before the database knows. What asks or looks has no effect that could be repeated."""
    for one in together if portal.settings.sent_ledger else ():
        if one.kind == scans.KIND or (one.kind == card.KIND and one.body["do"] != "pay-back"):
            continue
        more = {"remote_id": outcome.remote_id, "done": outcome.done} if isinstance(outcome, Receipt) else {}
        more |= {"file": ready.name} if isinstance(ready, Bundle) else {}
        now = utc_now()
        portal.sent.left(f"{now:%Y-%m-%d}", evidence.line("left", one, now, **more))
