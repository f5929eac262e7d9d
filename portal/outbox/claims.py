"""Who works on a row: claimed under a lease and an epoch, then completed, tried again or set aside by whoever still holds that epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.catalogue.definitions import Agency
from portal.events.chain import stamp
from portal.outbox import breakers, card, codes, deliveries, escalations, notices, pages, parcels, scans, texts
from portal.outbox.rows import row_of
from portal.outbox.schedule import next_try
from portal.unit_of_work import RELAY, Portal, Row, Work

KINDS = (deliveries.KIND, notices.KIND, pages.KIND, escalations.KIND, card.KIND, codes.KIND, texts.KIND, scans.KIND)
#: Seconds a claim holds; every call ends well before.
LEASE = 30
#: Rows of one target in one claim: one that is slow leaves room for the others.
MOST_OF_ONE = 4
#: Rows of one target under way over all processes, where its agency says nothing else: who hangs holds no more workers than that.
AT_ONCE = 8
#: Attempts that are told of one by one.
TOLD = 100

_OPEN = "done_at IS NULL AND parked_at IS NULL"
#: Targets with open rows: jumps from one to the next through the index, however many rows each has.
_TARGETS = f"""WITH RECURSIVE open_targets AS (
    (SELECT target FROM outbox WHERE {_OPEN} ORDER BY target LIMIT 1)
    UNION ALL SELECT (SELECT o.target FROM outbox o WHERE {_OPEN} AND o.target > t.target ORDER BY o.target LIMIT 1)
        FROM open_targets t WHERE t.target IS NOT NULL
) SELECT t.target, coalesce(b.failures, 0), b.open_until FROM open_targets t LEFT JOIN breakers b USING (target) WHERE t.target IS NOT NULL ORDER BY random()"""
#: Claims of one target follow one another, so that its cap is counted right; whoever finds it being claimed passes on to the next.
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('outbox ' || %s, 0))"
_UNDER_WAY = f"SELECT count(*) FROM outbox WHERE target = %s AND {_OPEN} AND lease_until > clock_timestamp()"
#: Only the oldest open row of a case and target may leave, so that an agency hears things in order; a page waits for nobody, and nobody for a notice
#: that was put off to another hour.
_CLAIM = f"""UPDATE outbox AS o SET lease_until = clock_timestamp() + make_interval(secs => {LEASE}), epoch = o.epoch + 1, attempts = o.attempts + 1,
    crashes = o.crashes + (o.lease_until IS NOT NULL)::int
FROM (SELECT d.case_id, d.id FROM outbox d WHERE d.target = %s AND d.kind = ANY(%s) AND {_OPEN} AND d.next_at <= %s
    AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
    AND (d.kind = 'page' OR NOT EXISTS (SELECT 1 FROM outbox e WHERE e.case_id = d.case_id AND e.target = d.target AND e.kind = d.kind
        AND e.done_at IS NULL AND e.parked_at IS NULL AND (e.placed_at, e.id) < (d.placed_at, d.id)
        AND NOT (e.kind = 'notice' AND e.attempts = 0 AND e.next_at > %s)))
    ORDER BY d.next_at LIMIT %s FOR UPDATE OF d SKIP LOCKED) AS due
WHERE o.case_id = due.case_id AND o.id = due.id
RETURNING o.case_id, o.id, o.kind, o.target, o.subject, o.body, o.key, o.placed_at, o.attempts, o.crashes, o.epoch, %s::int"""
_CLAIM_PARCEL = f"""UPDATE outbox AS o SET lease_until = clock_timestamp() + make_interval(secs => {LEASE}), epoch = o.epoch + 1, attempts = o.attempts + 1,
    crashes = o.crashes + (o.lease_until IS NOT NULL)::int WHERE o.target = %s AND o.parcel = %s AND {_OPEN}
RETURNING o.case_id, o.id, o.kind, o.target, o.subject, o.body, o.key, o.placed_at, o.attempts, o.crashes, o.epoch, %s::int"""
_FENCE = "SELECT 1 FROM outbox WHERE case_id = %s AND id = %s AND epoch = %s AND done_at IS NULL FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Claim:
    """A row this process works on until its lease ends."""

    case_id: UUID
    id: UUID
    kind: str
    target: str
    subject: UUID
    body: dict[str, Any]
    key: str
    placed_at: datetime
    #: This one included.
    attempts: int
    crashes: int
    epoch: int
    #: Failures in a row of its target when it was claimed.
    failing: int = 0
    #: The file it stands in, of an agency that works by files.
    parcel: parcels.Parcel | None = None


def claim(portal: Portal, limit: int, kinds: Sequence[str] = KINDS, *, busy: Mapping[str, int] | None = None, at: datetime | None = None) -> list[Claim]:
    """Rows that are due, committed as ours. Attempts are counted here, so that one that kills its process counts too. `busy`: rows of a target in hand."""
    found: list[Claim] = []
    agencies = portal.catalogue.agencies
    with portal.work(RELAY, at=at) as work:
        for target, failures, open_until in work.sql(_TARGETS):
            if open_until and open_until > work.now:
                breakers.put_off(work, target, open_until)
                continue
            most = (1 if failures >= breakers.TOO_MANY else MOST_OF_ONE) - (busy or {}).get(target, 0)
            if most > 0 and work.sql(_ALONE, (target,))[0][0]:
                most = min(most, _cap(portal, target) - work.sql(_UNDER_WAY, (target,))[0][0])
            else:
                continue
            if most > 0 and target in agencies and agencies[target].batch:
                if deliveries.KIND in kinds and not (busy or {}).get(target):
                    found += _parcel(work, agencies[target], failures)
            elif most > 0:
                found += [Claim(*row) for row in work.sql(_CLAIM, (target, list(kinds), work.now, work.now, min(most, limit - len(found)), failures))]
            if len(found) >= limit:
                break
    return found


def _parcel(work: Work, agency: Agency, failures: int) -> list[Claim]:
    """All lines of the file that is to leave to an agency, one beside the other; none while its file is under way, or not due."""
    held = parcels.to_leave(work, agency)
    rows = work.sql(_CLAIM_PARCEL, (agency.id, held.number, failures)) if held else []
    return sorted((replace(Claim(*row), parcel=held) for row in rows), key=lambda one: (one.placed_at, one.id))


def complete(work: Work, claim: Claim, *, remote_id: str | None = None, version: str | None = None) -> Row | None:
    """It left; `version`: of the words that did. The row, or None where the claim is no longer ours: then nothing is written."""
    row = _held(work, claim)
    if row is None:
        return None
    _tried(work, row, claim, "taken")
    if claim.kind == deliveries.KIND:
        deliveries.sent(work, row, remote_id=remote_id)
    elif claim.kind == notices.KIND:
        notices.told(work, row, version=version)
    elif claim.kind == texts.KIND:
        texts.told(work, row)
    elif claim.kind == codes.KIND:
        codes.gone(work, row)
    else:
        pages.told(work, row)
    if remote_id is not None and claim.kind in (notices.KIND, texts.KIND):
        work.change(row, remote_id=remote_id)
    return row


def hand(work: Work, claim: Claim) -> Row | None:
    """A notice goes to people who carry it. The row, or None where the claim is no longer ours."""
    row = _held(work, claim)
    if row is not None:
        _tried(work, row, claim, "handed")
        notices.handed(work, row)
    return row


def retry(work: Work, claim: Claim, *, reason: str, code: str, after: float | None = None, in_doubt: bool = False) -> Row | None:
    """It did not leave and may later, at the earliest after so many seconds; set aside where patience is over. None where the claim is no longer ours.

    `in_doubt`: its file may have arrived, so the same one is tried again; else its line may stand in another.
    """
    at = next_try(claim.kind, claim.parcel.key if claim.parcel else claim.key, attempts=claim.attempts, placed_at=claim.placed_at, now=work.now, after=after)
    if at is None:
        return park(work, claim, reason=f"{reason} (tried {claim.attempts} times)", code=code)
    row = _held(work, claim)
    if row is not None:
        _tried(work, row, claim, code)
        work.change(row, next_at=at, lease_until=None, crashes=0, refusal=reason, **({} if claim.parcel is None or in_doubt else {"parcel": None}))
    return row


def put_off(work: Work, claim: Claim, until: datetime) -> Row | None:
    """It leaves later, and nothing failed. None where the claim is no longer ours."""
    row = _held(work, claim)
    if row is not None:
        work.change(row, next_at=until, lease_until=None, attempts=claim.attempts - 1, crashes=0)
    return row


def park(work: Work, claim: Claim, *, reason: str, code: str) -> Row | None:
    """It cannot leave by itself. None where the claim is no longer ours."""
    row = _held(work, claim)
    if row is None:
        return None
    _tried(work, row, claim, code)
    if claim.kind == deliveries.KIND:
        deliveries.parked(work, row, reason=reason, code=code)
    elif claim.kind == notices.KIND:
        notices.parked(work, row, reason=reason, code=code)
    elif claim.kind == texts.KIND:
        texts.parked(work, row, reason=reason)
    elif claim.kind == codes.KIND:
        codes.gone(work, row, reason=reason)
    else:
        pages.parked(work, row, reason=reason)
    return row


def _cap(portal: Portal, target: str) -> int:
    agency = portal.catalogue.agencies.get(target)
    return agency.at_once if agency else AT_ONCE


def _tried(work: Work, row: Row, claim: Claim, code: str) -> None:
    """One attempt more that is told of: when it began and ended, and how."""
    begun = row["lease_until"] - timedelta(seconds=LEASE) if row["lease_until"] else work.now
    one = {"attempt": claim.attempts, "began_at": stamp(min(begun, work.now)), "ended_at": stamp(work.now), "code": code}
    work.change(row, tries=[*(row["tries"] or []), one][-TOLD:])


def _held(work: Work, claim: Claim) -> Row | None:
    """The row, locked after its case's head, where its epoch is still the claim's."""
    return row_of(work, claim.case_id, claim.id) if work.sql(_FENCE, (claim.case_id, claim.id, claim.epoch)) else None
