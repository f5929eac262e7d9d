"""Empties the outbox: claims rows, calls out with no transaction open, and records what came of it. No leader, any number at once."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby

from portal.dispatch import before, card, handover, notify, paper, parcel, proving, scan, texts
from portal.dispatch.calls import Calls
from portal.dispatch.handover import Handover
from portal.dispatch.mail import Letter, post
from portal.dispatch.notify import Later
from portal.dispatch.parcel import Bundle
from portal.dispatch.reach import addresses
from portal.dispatch.sheet import Sheet
from portal.outbox import breakers, claims, codes, deliveries, evidence, inbox, scans
from portal.outbox import card as questions
from portal.outbox import texts as text_rows
from portal.outbox.claims import KINDS, Claim
from portal.outbox.evidence import Before
from portal.outbox.schedule import CRASHES
from portal.plugins.agency import Receipt, Refusal
from portal.plugins.payment import Report
from portal.telemetry import correlation, counters, spans
from portal.unit_of_work import ENGINE, RELAY, Portal, Row, Work
from portal.wire.http import Guard
from portal.wire.sent import Unwritable

log = logging.getLogger(__name__)

Ready = Handover | Letter | card.Call | texts.Text | Sheet | Bundle | scan.File | Before | Later | Refusal
#: Rows that leave together: the lines of one file; else one.
Together = tuple[Claim, ...]
#: Kind of row -> what makes it ready; all others are mail to people.
_PREPARED: dict[str, Callable[[Work, Claim], Ready]] = {
    deliveries.KIND: handover.prepared,
    questions.KIND: card.prepared,
    text_rows.KIND: texts.prepared,
    scans.KIND: scan.prepared,
    codes.KIND: proving.prepared,
}
Outcome = Receipt | Report | scan.Looked | Sheet | Later | Refusal


def drain(portal: Portal, *, limit: int = 20, kinds: Sequence[str] = KINDS, at: datetime | None = None, calls: Calls | None = None) -> int:
    """Works on rows that are due; how many it took, `limit` at most. In `calls` of the process those that do not answer are left behind, so that
    nobody waits for them; without, all have ended when it returns.
    """
    if calls is None:
        with Calls("drain") as own:
            return _drained(portal, own, limit, kinds, at, patient=True)
    return _drained(portal, calls, limit, kinds, at, patient=False)


def _drained(portal: Portal, calls: Calls, limit: int, kinds: Sequence[str], at: datetime | None, *, patient: bool) -> int:
    outside = _Outside(portal)
    taken = 0
    while True:
        free = min(limit - taken, calls.free)
        some = claims.claim(portal, free, kinds, busy=calls.busy(portal), at=at) if free > 0 else []
        taken += len(some)
        for together, ready in _prepared(portal, some, at):
            calls.begin(portal, together[0].target, partial(_deliver, portal, outside, together, ready, at))
        if not some and (taken >= limit or not calls.one_ended(portal, patient=patient)):
            return taken


def guard_of(portal: Portal) -> Guard:
    """Lets calls through to the agencies of the catalogue, and to nobody else."""
    found = [one for agency in portal.catalogue.agencies.values() for one in addresses(agency, portal.settings)]
    found += [portal.settings.sms_endpoint] if portal.settings.sms_endpoint else []
    return Guard.of(found, local=portal.settings.mode in ("local", "test"))


class _Outside:
    """What a call needs of the settings, read once a drain."""

    def __init__(self, portal: Portal) -> None:
        settings = portal.settings
        self.settings = settings
        self.guard = guard_of(portal)


def _prepared(portal: Portal, some: Sequence[Claim], at: datetime | None) -> list[tuple[Together, Ready]]:
    """What is to be sent for each claim, or for all lines of a file, read in one unit that ends before anything is called."""
    if not some:
        return []
    known, some = before.known(portal, some, at)
    ready: list[tuple[Together, Ready]] = [*known]
    alone = [one for one in some if one.parcel is None]
    for key, lines in groupby((one for one in some if one.parcel), key=lambda one: one.parcel and one.parcel.key):
        ready += _bundled(portal, tuple(lines), key, at)
    if not alone:
        return ready
    with portal.work(ENGINE, at=at) as work:
        work.narrow({one.case_id for one in alone})
        for one in alone:
            if one.crashes >= CRASHES:
                ready.append(((one,), Refusal(f"{one.crashes} attempts ended without a word: something in it stops the portal", retry=False, code="crashes")))
                continue
            try:
                ready.append(((one,), _PREPARED.get(one.kind, notify.prepared)(work, one)))
            except Exception as fault:
                log.error("row %s of the outbox cannot be prepared: %s", one.id, _where(fault))
                ready.append(((one,), Refusal(f"it cannot be prepared ({type(fault).__name__})", retry=False, code="not-prepared")))
    return ready


def _bundled(portal: Portal, lines: Together, key: str | None, at: datetime | None) -> list[tuple[Together, Ready]]:
    """The file of these lines; those that can stand in none are set aside in the same unit, so that it reads the same whenever it is made again."""
    with portal.work(ENGINE, at=at) as work:
        work.narrow({one.case_id for one in lines})
        try:
            made = parcel.prepared(work, lines, CRASHES)
        except Exception as fault:
            log.error("file %s cannot be made: %s", key, _where(fault))
            made = parcel.Prepared(Refusal(f"its file cannot be made ({type(fault).__name__})", retry=False, code="not-prepared"))
        aside = {one.id for one, _ in made.unfit}
        kept = tuple(one for one in lines if one.id not in aside)
        for one, why in made.unfit if kept else ():
            claims.park(work, one, reason=why.reason, code=why.code)
    return [(kept or lines, made.ready)]


def _deliver(portal: Portal, outside: _Outside, together: Together, ready: Ready, at: datetime | None) -> None:
    """Calls, then records in a unit of its own, if the claim is still ours; all under the number of the request it comes of."""
    one = together[0]
    told_of: dict[str, str | int | None] = {"onedoor__kind": one.kind, "onedoor__target": one.target, "onedoor__attempt": one.attempts}
    parent = one.body.get("span") if len(together) == 1 else None
    with correlation.under(parcel.traced(together)), spans.span(f"deliver {one.kind}", "consumer", parent=parent, **told_of) as span:
        outcome, result = _told(portal, outside, together, ready, at)
        span.say(onedoor__result=result)
        if isinstance(outcome, Refusal):
            span.fail(outcome.code)
    _breaker(portal, one, outcome, at)


def _told(portal: Portal, outside: _Outside, together: Together, ready: Ready, at: datetime | None) -> tuple[Outcome, str]:
    try:
        before.announced(portal, together, ready)
        outcome: Outcome = _call(outside, ready)
    except Unwritable:
        outcome = Refusal("the folder SENT_LEDGER names cannot be written, and without it this could leave twice after a restore", retry=True, code="no-ledger")
    except Exception as fault:
        log.error("row %s of the outbox: the answer could not be read: %s", together[0].id, _where(fault))
        outcome = Refusal(f"the adapter failed ({type(fault).__name__})", retry=False, code="adapter-failed")
    # A letter is still here when it waits for the post room.
    if not isinstance(outcome, Refusal | Later) and not isinstance(ready, Before | Sheet):
        before.written_down(portal, together, ready, outcome)
    with portal.work(ENGINE, at=at) as work:
        work.narrow({one.case_id for one in together})
        if isinstance(ready, Before):
            evidence.used(work, ready)
        said = ready.version if isinstance(ready, Letter | texts.Text) else None
        rows = [(one, _recorded(work, one, outcome, said)) for one in together]
        if together[0].parcel is not None and any(row for _, row in rows):
            parcel.settled(work, together, ready, outcome)
    for one, row in rows:
        if row is None:
            log.warning("row %s of the outbox was no longer ours when its answer came", one.id)
        counters.delivered(one.kind, one.target, _result(row, outcome))
    return outcome, _result(rows[0][1], outcome)


def _result(row: Row | None, outcome: Outcome) -> str:
    if row is None:
        return "lost"
    if isinstance(outcome, Later):
        return "later"
    if not isinstance(outcome, Refusal):
        return "sent"
    return "again" if row["parked_at"] is None else "parked"


def _recorded(work: Work, one: Claim, outcome: Outcome, version: str | None) -> Row | None:
    """The row, or None where the claim is no longer ours: then nothing is written."""
    if isinstance(outcome, Later):
        return claims.put_off(work, one, outcome.until)
    if isinstance(outcome, Refusal):
        if outcome.retry:
            doubt = parcel.in_doubt((one,), outcome)
            row = claims.retry(work, one, reason=outcome.reason, code=outcome.code, after=outcome.after, in_doubt=doubt)
        else:
            row = claims.park(work, one, reason=outcome.reason, code=outcome.code)
        if row is not None and one.kind == questions.KIND and row["parked_at"] is not None:
            card.given_up(work, one, outcome.code)
        if row is not None and one.kind == scans.KIND and row["parked_at"] is not None:
            scan.given_up(work, one)
        return _settled(work, one, row)
    if isinstance(outcome, Sheet):
        row = claims.hand(work, one)
        if row is not None:
            paper.told(work, row, outcome)
        return row
    return _settled(work, one, _completed(work, one, outcome, version))


def _completed(work: Work, one: Claim, outcome: Receipt | Report | scan.Looked, version: str | None) -> Row | None:
    row = claims.complete(work, one, remote_id=outcome.remote_id, version=version)
    if isinstance(outcome, scan.Looked):
        if row is not None:
            scan.told(work, one, outcome)
    elif row is not None and one.kind == questions.KIND:
        card.told(work, one, outcome)
    elif row is not None and isinstance(outcome, Receipt) and outcome.done and one.kind == deliveries.KIND and inbox.verdict(row, "done") == "applied":
        inbox.apply(work, row, f"receipt:{one.key}", {"status": "done", "remote_id": outcome.remote_id})
    return row


def _settled(work: Work, one: Claim, row: Row | None) -> Row | None:
    """What was kept for a code goes once it has left, or will not."""
    if row is not None and one.kind == codes.KIND and row["done_at"] is not None:
        proving.settled(work, one)
    return row


def _call(outside: _Outside, ready: Ready) -> Outcome:
    if isinstance(ready, Handover):
        return handover.call(ready, outside.guard, outside.settings)
    if isinstance(ready, Letter):
        return post(outside.settings, ready)
    if isinstance(ready, Before):
        return Receipt(ready.remote_id, done=ready.done)
    if isinstance(ready, Bundle):
        return parcel.call(ready, outside.settings)
    if isinstance(ready, texts.Text):
        return texts.post(ready, outside.guard)
    if isinstance(ready, card.Call):
        return card.call(ready, outside.guard, outside.settings)
    if isinstance(ready, scan.File):
        return scan.call(ready, outside.settings)
    return ready


def _where(fault: Exception) -> str:
    """Kind and place of a fault; never its words, which may quote values."""
    place = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} at {place.filename}:{place.lineno}"


def _breaker(portal: Portal, one: Claim, outcome: Outcome, at: datetime | None) -> None:
    """What counts against a target is that it could not be reached or broke; a clear no is an answer."""
    if isinstance(outcome, Later):
        return
    broke = isinstance(outcome, Refusal) and outcome.retry
    spoke = not isinstance(outcome, Refusal) or outcome.code.startswith(("http-", "smtp-"))
    if broke or (spoke and one.failing):
        with portal.work(RELAY, at=at) as work:
            (breakers.failed if broke else breakers.worked)(work, one.target)
