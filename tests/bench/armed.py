"""Cases with one running clock and its armed breach timer each, a million in a minute or two: SQL as a superuser, for benches and tests only."""

from __future__ import annotations

from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

#: What the standard of every clock says: a term, and before whom the promise is put once it is missed.
RULE = {
    "within": "5 business_days",
    "profile": "same-time",
    "title": {"en": "Decision on a permit"},
    "law": "Art. 12",
    "escalate": [{"after": "2 business_hours", "to": "team-lead"}, {"after": "1 business_days", "to": "head"}],
}

#: Ids are made as the portal makes them, uuid7: by time of opening. Which one is due when has nothing to do with that.
_CASES = """CREATE TEMPORARY TABLE filling AS SELECT case_id, clock, timer, %(first)s::timestamptz + CASE WHEN place < %(due)s
    THEN place * %(apart)s::interval ELSE interval '1 year' + place * interval '1 second' END AS due_at, place < %(due)s AS soon FROM (SELECT
    (lpad(to_hex(1790000000000 + i * 7), 12, '0') || '7' || substr(md5, 1, 3) || '8' || substr(md5, 4, 15))::uuid AS case_id,
    overlay(overlay(md5('clock' || i) placing '7' from 13) placing '8' from 17)::uuid AS clock,
    overlay(overlay(md5('timer' || i) placing '7' from 13) placing '8' from 17)::uuid AS timer,
    row_number() OVER (ORDER BY md5) - 1 AS place
    FROM (SELECT i, md5('case' || i) FROM generate_series(1, %(cases)s) AS i) AS numbered) AS placed ORDER BY case_id"""
_FILL = (
    # Keys that point to rows written one statement before need no looking up.
    "SET LOCAL session_replication_role = replica",
    _CASES,
    """INSERT INTO case_heads (case_id, seq, hash, version, jurisdiction, origin)
    SELECT case_id, 0, decode(repeat('00', 32), 'hex'), 1, 'demo', 'demo' FROM filling""",
    """INSERT INTO clocks (case_id, id, standard, kind, covers, agency, rule, calendar_hash, status, started_at, due_at, original_due_at,
    due_source, pauses, extended)
    SELECT case_id, clock, 'decision', 'promise', 'case', 'city-council', %(rule)s, %(calendar)s, 'running', due_at - interval '7 days', due_at, due_at,
    'computed', '[]', false FROM filling""",
    "INSERT INTO timers (case_id, id, kind, subject, due_at, generation, armed) SELECT case_id, timer, 'breach', clock, due_at, 1, true FROM filling",
    """INSERT INTO case_facts (case_id, jurisdiction, origin, service, agency, channel, month, status, received_at, due_at, due_source, clocks,
    missed, referrals, seq)
    SELECT case_id, 'demo', 'demo', 'resident-parking-permit', 'city-council', 'web', date_trunc('month', due_at)::date, 'received', due_at - interval '7 days',
    due_at, 'computed', jsonb_build_array(jsonb_build_object('clock', clock, 'kind', 'promise', 'due_at', due_at, 'due_source', 'computed', 'missed', false)),
    false, 0, 0 FROM filling WHERE soon""",
    "DROP TABLE filling",
)
_TABLES = "case_heads, clocks, timers, events, case_facts"
_SOON = """WITH next AS (SELECT case_id, id, subject, row_number() OVER (ORDER BY due_at) - 1 AS place FROM timers
    WHERE armed AND kind = 'breach' ORDER BY due_at LIMIT %(timers)s),
    at AS (SELECT *, %(first)s::timestamptz + place * %(apart)s::interval AS due_at FROM next),
    moved AS (UPDATE timers t SET due_at = at.due_at FROM at WHERE t.case_id = at.case_id AND t.id = at.id)
    UPDATE clocks c SET due_at = at.due_at FROM at WHERE c.case_id = at.case_id AND c.id = at.subject"""


def arm(url: str, *, cases: int, due: int, first: datetime, apart: float = 0.0, calendar: str) -> None:
    """Fills a fresh database: of so many `cases`, `due` timers are due from `first` on, `apart` seconds between two; all others in a year."""
    values = {"cases": cases, "due": due, "first": first, "apart": f"{apart} seconds", "rule": Jsonb(RULE), "calendar": calendar}
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        for statement in _FILL:
            connection.execute(statement, values)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {_TABLES}")
        connection.execute("CHECKPOINT")


def bring_forward(url: str, *, timers: int, first: datetime, apart: float) -> None:
    """So many of the armed timers are due from `first` on, `apart` seconds between two; their clocks with them."""
    with psycopg.connect(url) as connection:
        connection.execute("SET LOCAL enable_hashjoin = off")  # a few rows of a million
        connection.execute("SET LOCAL enable_mergejoin = off")
        connection.execute(_SOON, {"timers": timers, "first": first, "apart": f"{apart} seconds"})
