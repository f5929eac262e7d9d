"""The invariants I1 to I7, after the system is quiet: what clients heard, what PostgreSQL holds, what agencies wrote down, and the figures.

It reads the tables itself, past the portal and its row-level security; only the hash of an event and the figures are the product's own sums.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row

from portal.events.chain import GENESIS, SEALED, seal
from portal.kpi.rebuild import rebuild
from portal.unit_of_work import Portal
from tests.storm.history import Intent

#: Seconds a row may be overdue once all is quiet.
OVERDUE = 60
_MINE = "(%(cases)s::uuid[] IS NULL OR {0}case_id = ANY(%(cases)s::uuid[]))"


@dataclass(frozen=True)
class Violation:
    """What does not hold: the invariant, and what is wrong with what. `lost` and `doubled` say how it counts in the table."""

    invariant: str
    says: str
    lost: int = 0
    doubled: int = 0

    def __str__(self) -> str:
        return f"{self.invariant}: {self.says}"


class Checker:
    """One look at everything, or at some cases."""

    def __init__(self, database_url: str, *, ledger: Path | None = None, portal: Portal | None = None, cases: Sequence[UUID] | None = None) -> None:
        self._url, self._ledger, self._portal = database_url, ledger, portal
        self._given = {"cases": list(cases) if cases is not None else None}

    def __enter__(self) -> Checker:
        self.connection = psycopg.connect(self._url, row_factory=dict_row)
        # One snapshot: a row that waited for its next try may go on while we look.
        self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _rows(self, text: str, **more: Any) -> list[dict[str, Any]]:
        return self.connection.execute(text, {**self._given, **more}).fetchall()

    def everything(self, intents: Iterable[Intent] = ()) -> list[Violation]:
        """All that does not hold."""
        return [
            *self.intents(intents),
            *self.chains(),
            *self.outbox(),
            *self.effects(),
            *self.timers(),
            *self.figures(),
            *self.promised(),
        ]

    # ------------------------------------------------------------------ I1

    def intents(self, intents: Iterable[Intent]) -> Iterator[Violation]:
        """What was answered 2xx is there once; refused: never; unknown: at most once."""
        kinds = ["answers", "words", "message"]
        found = self._rows(
            f"""SELECT case_id, kind, substring(value::text from 'storm-[0-9a-f]+') AS marker FROM vault_items
            WHERE kind = ANY(%(kinds)s) AND value::text LIKE '%%storm-%%' AND {_MINE.format("")}""",
            kinds=kinds,
        )
        stored = Counter(row["marker"] for row in found)
        cases = {row["marker"]: row["case_id"] for row in found}
        references = {row["case_id"]: row["reference"] for row in self._rows(f"SELECT case_id, reference FROM cases WHERE {_MINE.format('')}")}
        for intent in intents:
            times = stored[intent.marker]
            if intent.state == "ok" and times == 0:
                yield Violation("I1", f"{intent.kind} {intent.marker} was answered 2xx and is not there", lost=1)
            elif intent.state == "refused" and times:
                yield Violation("I1", f"{intent.kind} {intent.marker} was refused and is there {times} times", doubled=times)
            elif times > 1:
                yield Violation("I1", f"{intent.kind} {intent.marker} is there {times} times", doubled=times - 1)
            elif times and intent.reference and references.get(cases[intent.marker]) != intent.reference:
                yield Violation("I1", f"{intent.kind} {intent.marker} stands on another case than its answer said", lost=1)

    # ------------------------------------------------------------------ I2

    def chains(self) -> Iterator[Violation]:
        """Events 1..n without a gap, each sealed on the one before, the last as the head says."""
        heads = {row["case_id"]: row for row in self._rows(f"SELECT case_id, seq, hash FROM case_heads WHERE {_MINE.format('')}")}
        names = ", ".join("data::text" if name == "data" else name for name in (*SEALED, "prev_hash", "hash"))
        events = self._rows(f"SELECT {names} FROM events WHERE {_MINE.format('')} ORDER BY case_id, seq")
        for case_id, told in groupby(events, key=itemgetter("case_id")):
            yield from _chain(case_id, list(told), heads.pop(case_id, None))
        for case_id, head in heads.items():
            if head["seq"]:
                yield Violation("I2", f"case {case_id}: its head says {head['seq']} events, there is none", lost=head["seq"])

    # ------------------------------------------------------------------ I3

    def outbox(self) -> Iterator[Violation]:
        """Every row is done, set aside, or due later."""
        late = self._rows(
            f"""SELECT case_id, id, kind, target FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND {_MINE.format("")}
            AND greatest(next_at, lease_until) < clock_timestamp() - make_interval(secs => %(overdue)s)""",
            overdue=OVERDUE,
        )
        for row in late:
            yield Violation("I3", f"{row['kind']} {row['id']} to {row['target']} is overdue", lost=1)
        placed = f"""SELECT e.data->>'delivery' AS id FROM events e WHERE e.type = 'DeliveryPlaced' AND {_MINE.format("e.")}
            AND NOT EXISTS (SELECT FROM outbox o WHERE o.case_id = e.case_id AND o.id::text = e.data->>'delivery')"""
        for row in self._rows(placed):
            yield Violation("I3", f"delivery {row['id']} was placed and has no row", lost=1)

    # ------------------------------------------------------------------ I4

    def effects(self) -> Iterator[Violation]:
        """One effect a handover at agencies that take our key: one row for a step, one event that it left, and the agency knows it."""
        rows = self._rows(f"SELECT case_id, id, subject, target, key, done_at, refusal FROM outbox WHERE kind = 'delivery' AND {_MINE.format('')}")
        for (case_id, subject), times in Counter((row["case_id"], row["subject"]) for row in rows).items():
            if times > 1:
                yield Violation("I4", f"step run {subject} of case {case_id} is handed over {times} times", doubled=times - 1)
        told = self._rows(
            f"""SELECT type, coalesce(data->>'delivery', data->>'notice', data->>'message') AS id, count(*) AS times FROM events
            WHERE type IN ('DeliverySent', 'PartyNotified', 'AgencyReported') AND {_MINE.format("")} GROUP BY 1, 2 HAVING count(*) > 1"""
        )
        for row in told:
            yield Violation("I4", f"{row['type']} of {row['id']} was recorded {row['times']} times", doubled=row["times"] - 1)
        if self._ledger is not None:
            yield from self._at_agencies(rows)

    def _at_agencies(self, rows: list[dict[str, Any]]) -> Iterator[Violation]:
        with sqlite3.connect(f"file:{self._ledger}?mode=ro", uri=True) as file:
            effects = Counter((agency, key) for agency, key in file.execute("SELECT agency, key FROM effects"))
        known = {(row["target"], row["key"]) for row in rows}
        for row in rows:
            if row["done_at"] and row["refusal"] != "cancelled" and not effects[row["target"], row["key"]]:
                yield Violation("I4", f"delivery {row['id']} says sent, and {row['target']} knows nothing of it", lost=1)
        if self._given["cases"] is None:
            for agency, key in sorted(effects.keys() - known):
                yield Violation("I4", f"{agency} has an effect {key} nobody asked for", doubled=1)
        for (agency, key), times in effects.items():
            if times > 1 and (agency, key) in known:
                yield Violation("I4", f"{agency} has {times} effects of {key}", doubled=times - 1)

    # ------------------------------------------------------------------ I5

    def timers(self) -> Iterator[Violation]:
        """Fired once or due later; no promise is broken in silence."""
        late = f"SELECT case_id, id, kind FROM timers WHERE armed AND due_at < clock_timestamp() - make_interval(secs => %(overdue)s) AND {_MINE.format('')}"
        for row in self._rows(late, overdue=OVERDUE):
            yield Violation("I5", f"timer {row['kind']} {row['id']} of case {row['case_id']} was due and has not fired", lost=1)
        silent = f"""SELECT case_id, id, standard FROM clocks WHERE status = 'running' AND due_at < clock_timestamp() - make_interval(secs => %(overdue)s)
            AND missed_at IS NULL AND {_MINE.format("")}"""
        for row in self._rows(silent, overdue=OVERDUE):
            yield Violation("I5", f"{row['standard']} of case {row['case_id']} was missed in silence", lost=1)
        twice = f"""WITH told AS (SELECT case_id, type, data->>'clock' AS clock, data->>'share' AS share, count(*) AS times FROM events
            WHERE type IN ('StandardMissed', 'StandardWarned') AND {_MINE.format("")} GROUP BY 1, 2, 3, 4 HAVING count(*) > 1)
            SELECT t.*, (SELECT count(*) FROM events r WHERE r.case_id = t.case_id AND r.type IN ('ClockReset', 'ClockMoved', 'ClockResumed', 'CaseReplanned')
            AND coalesce(r.data->>'clock', t.clock) = t.clock) AS moved FROM told t"""
        for row in self._rows(twice):
            if row["times"] > 1 + row["moved"]:
                yield Violation("I5", f"{row['type']} of clock {row['clock']} was recorded {row['times']} times", doubled=row["times"] - 1)

    # ------------------------------------------------------------------ I6

    def figures(self) -> Iterator[Violation]:
        """The figures are those the events make, to the row."""
        if self._portal is None:
            return
        made = rebuild(self._portal, replace=False)
        if made.differing:
            yield Violation("I6", f"{made.differing} rows of the figures differ, first: {made.differences[:1]}", lost=made.differing)

    # ------------------------------------------------------------------ I7

    def promised(self) -> Iterator[Violation]:
        """Whoever was promised a message has a row for it; whoever left an address was promised one."""
        missing = f"""SELECT e.case_id, e.data->>'notice' AS id FROM events e WHERE e.type = 'NoticePromised' AND {_MINE.format("e.")}
            AND NOT EXISTS (SELECT FROM outbox o WHERE o.case_id = e.case_id AND o.id::text = e.data->>'notice')"""
        for row in self._rows(missing):
            yield Violation("I7", f"notice {row['id']} of case {row['case_id']} was promised and has no row", lost=1)
        # Who wrote too often by mail on one day is not answered (portal/parties/courtesy.py).
        silent = f"""SELECT p.case_id FROM case_parties p JOIN case_heads h USING (case_id) JOIN cases c USING (case_id)
            WHERE NOT 'unacknowledged' = ANY(c.flags) AND p.channel IS NOT NULL AND h.origin IN ('live', 'demo')
            AND {_MINE.format("p.")} AND NOT EXISTS (SELECT FROM events e WHERE e.case_id = p.case_id AND e.type = 'NoticePromised')"""
        for row in self._rows(silent):
            yield Violation("I7", f"the party of case {row['case_id']} left an address and was promised nothing", lost=1)


def _chain(case_id: UUID, told: list[dict[str, Any]], head: dict[str, Any] | None) -> Iterator[Violation]:
    before = GENESIS
    for number, event in enumerate(told, start=1):
        event["data"] = orjson.loads(event["data"])
        if event["seq"] != number:
            yield Violation("I2", f"case {case_id}: event {number} is missing", lost=1)
            return
        if event["prev_hash"] != before or seal(event, before) != event["hash"]:
            yield Violation("I2", f"case {case_id}: event {number} ({event['type']}) is not as it was written", lost=1)
            return
        before = event["hash"]
    if head is None or (head["seq"], head["hash"]) != (len(told), before):
        yield Violation("I2", f"case {case_id}: its head says {head and head['seq']} events, there are {len(told)}", lost=1)
