"""What is written of a row when it leaves, apart from the database, and what a restored database knows of rows that left after it was backed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from portal.events.chain import stamp
from portal.outbox import card, deliveries, escalations, inbox, notices, pages, parcels
from portal.outbox.claims import Claim
from portal.outbox.tables import outbox
from portal.unit_of_work import Row, Work

#: Above every epoch a process of before may hold.
FAR = 10_000
#: Of a row's body: the request it came of is no part of what it says.
_PASSING = ("trace", "span")

#: Templates of notices that follow from a timer alone; their references tell one from the next.
BY_TIMERS = frozenset({"reminder", "right-of-appeal", "redress"})

_KNOWN = """SELECT key, likeness, remote_id, done, doubt, kind, id FROM sent_before
WHERE used_at IS NULL AND (key = ANY(%s) OR likeness = ANY(%s)) ORDER BY sent_at"""
_USE = "UPDATE sent_before SET used_at = %s WHERE id = %s AND used_at IS NULL"
_KEEP = """INSERT INTO sent_before (id, kind, key, likeness, remote_id, done, doubt, sent_at)
SELECT "row", kind, key, likeness, remote_id, coalesce(done, false), what = 'leaving', at
FROM json_to_recordset(%s) AS t("row" uuid, kind text, key text, likeness text, remote_id text, done boolean, what text, at timestamptz)
ON CONFLICT DO NOTHING"""
_THERE = "SELECT id FROM outbox WHERE id = ANY(%s)"
_RAISE = f"UPDATE outbox SET epoch = epoch + {FAR}, lease_until = NULL WHERE done_at IS NULL AND epoch < {FAR} * %s"
_OPEN = "SELECT case_id, id, kind, target FROM outbox WHERE done_at IS NULL ORDER BY case_id, placed_at, id"
_UNHEARD = """SELECT target, key, case_id FROM outbox WHERE kind = 'delivery' AND done_at IS NOT NULL AND coalesce(refusal, '') <> 'cancelled'
AND coalesce(reported, 0) < 2 ORDER BY target, placed_at"""
_ASK_NOW = """UPDATE outbox SET ask_at = %s WHERE kind = 'delivery' AND done_at IS NOT NULL AND coalesce(refusal, '') <> 'cancelled'
AND coalesce(reported, 0) < 2 AND target = ANY(%s)"""
_NUMBERS = """INSERT INTO parcels (target, number, made_at, name, lines, left_at) VALUES (%s, %s, %s, %s, 0, %s)
ON CONFLICT (target, number) DO UPDATE SET left_at = coalesce(parcels.left_at, excluded.left_at), name = coalesce(parcels.name, excluded.name)"""


@dataclass(frozen=True, slots=True)
class Before:
    """It left before the restore; the line of the ledger that says so."""

    id: UUID
    kind: str
    remote_id: str | None
    done: bool
    #: It was about to leave, and nobody knows whether it did.
    doubt: bool


def line(what: str, claim: Claim, now: Any, **more: Any) -> dict[str, Any]:
    """A line of the ledger about a row: `leaving` before, `left` after. Its own id, so that it counts once."""
    said = {"what": what, "at": stamp(now), "kind": claim.kind, "target": claim.target, "case": str(claim.case_id), "row": str(claim.id), "key": claim.key}
    return {**said, "likeness": likeness(claim), **({"parcel": claim.parcel.number} if claim.parcel else {}), **more}


def likeness(claim: Claim) -> str:
    """What another row of the same case would have to say to be the same: what timers place is placed anew after a restore, under another key.
    All else is the same only where its key is: a person who writes a second time means it.
    """
    by_timer = claim.kind == escalations.KIND or (claim.kind == notices.KIND and claim.body["template"] in BY_TIMERS)
    if not by_timer and claim.kind != card.KIND:
        return claim.key
    body = {name: value for name, value in claim.body.items() if name not in _PASSING}
    if claim.kind == card.KIND:
        body = {name: body.get(name) for name in ("do", "of")}
    subject = str(claim.subject) if claim.kind == escalations.KIND else None
    said = [str(claim.case_id), claim.kind, claim.target, subject, body]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def known(work: Work, claims: Sequence[Claim]) -> dict[UUID, Before]:
    """Rows of which a restored database knows that they, or the same, left before. A page for danger is never one: too many are better than none."""
    asked = [one for one in claims if one.kind != pages.KIND]
    if not asked:
        return {}
    rows = work.sql(_KNOWN, ([one.key for one in asked], [likeness(one) for one in asked]))
    by: dict[str, list[Before]] = {}
    for key, like, remote_id, done, doubt, kind, id in rows:
        for name in {key, like}:
            by.setdefault(name, []).append(Before(id, kind, remote_id, done, doubt))
    found: dict[UUID, Before] = {}
    taken: set[UUID] = set()
    for one in asked:
        before = next((each for name in (one.key, likeness(one)) for each in by.get(name, []) if each.id not in taken and each.kind == one.kind), None)
        if before:
            taken.add(before.id)
            found[one.id] = before
    return found


def used(work: Work, before: Before) -> None:
    """That line has had its effect."""
    work.sql(_USE, (work.now, before.id))


# ---------------------------------------------------------------------- after a restore


def raise_epochs(work: Work, restores: int) -> None:
    """Whoever held a row before the restore holds it no more (a unit of the relay). The same however often it is done for the n-th restore."""
    work.sql(_RAISE, (restores,))


def keep(work: Work, some: Iterable[Mapping[str, Any]]) -> None:
    """Lines about rows that are not there, or not there yet."""
    rows = list(some)
    if rows:
        work.sql(_KEEP, (orjson.dumps(rows).decode(),))


def there(work: Work, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these rows the database has (a unit of the relay)."""
    return {id for (id,) in work.sql(_THERE, (list(ids),))}


def still_open(work: Work) -> list[tuple[UUID, UUID, str, str]]:
    """Rows that have not left as far as the database knows, parked ones too: case, id, kind, target (a unit of the relay)."""
    return [(one[0], one[1], one[2], one[3]) for one in work.sql(_OPEN)]


def left(work: Work, row: Row, said: Mapping[str, Any]) -> None:
    """It left, as the ledger says: the same follows as if its answer had come now. A row of a case in hand."""
    if row["parked_at"] is not None and row["kind"] == deliveries.KIND:
        deliveries.retry(work, row["case_id"], row["subject"])
    work.change(row, tries=[*(row["tries"] or []), {"attempt": row["attempts"], "began_at": said["at"], "ended_at": said["at"], "code": "restored"}])
    if row["kind"] == deliveries.KIND:
        deliveries.sent(work, row, remote_id=said.get("remote_id"))
        if said.get("done") and inbox.verdict(row, "done") == "applied":
            inbox.apply(work, row, f"receipt:{row['key']}", {"status": "done", "remote_id": said.get("remote_id")})
    elif row["kind"] == notices.KIND:
        notices.told(work, row)
    elif row["kind"] != card.KIND:
        pages.told(work, row)


def unknown(work: Work, row: Row) -> None:
    """It may have left, and nobody can say: people look. A handover of a case in hand."""
    if row["parked_at"] is None:
        reason = "the portal was restored from a backup, and this may have arrived before: ask there before it is sent again"
        deliveries.parked(work, row, reason=reason, code="in-doubt")


def row_of(work: Work, case_id: UUID, id: UUID) -> Row | None:
    """A row of a case in hand that is still open."""
    return next((row for row in work.rows(outbox, case_id) if row["id"] == id and row["done_at"] is None), None)


def numbered(work: Work, target: str, number: int, at: Any, name: str | None) -> None:
    """A file of that number left: it is not given again."""
    work.sql(_NUMBERS, (target, number, at, name, at))
    parcels.look(work, target)


def unheard(work: Work, asked: Sequence[str]) -> list[tuple[str, str, UUID]]:
    """Handovers whose end nobody has reported: agencies of `asked` are asked now; all of them, by agency, key and case (a unit of the relay)."""
    work.sql(_ASK_NOW, (work.now, list(asked)))
    return [(one[0], one[1], one[2]) for one in work.sql(_UNHEARD)]
