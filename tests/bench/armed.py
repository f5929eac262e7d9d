"""Cases with one running clock and its armed breach timer each, a million in seconds: SQL as a superuser, for a bench only."""

from __future__ import annotations

from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

#: What the standard of every clock says: a term, and who sees the promise once it is missed.
RULE = {
    "within": "5 business_days",
    "profile": "same-time",
    "title": {"en": "Decision on a permit"},
    "law": "Art. 12",
    "escalate": [{"after": "2 business_hours", "to": "team-lead"}, {"after": "1 business_days", "to": "head"}],
}

#: Ids as the portal makes them, uuid7: by time of opening. Which one is due when has nothing to do with that.
_CASES = """CREATE TEMPORARY TABLE filling AS SELECT
    (lpad(to_hex(1790000000000 + i * 7), 12, '0') || '7' || substr(md5, 1, 3) || '8' || substr(md5, 4, 15))::uuid AS case_id,
    overlay(overlay(md5('clock' || i) placing '7' from 13) placing '8' from 17)::uuid AS clock,
    overlay(overlay(md5('timer' || i) placing '7' from 13) placing '8' from 17)::uuid AS timer,
    row_number() OVER (ORDER BY md5) - 1 AS place
    FROM (SELECT i, md5('case' || i) FROM generate_series(1, %(cases)s) AS i) AS numbered"""
_DUE = "(%(first)s::timestamptz + CASE WHEN %(due)s > place THEN place * %(apart)s::interval ELSE interval '1 year' + place * interval '1 second' END)"
_FILL = (
    _CASES,
    """INSERT INTO case_heads (case_id, seq, hash, version, jurisdiction, origin)
    SELECT case_id, 0, decode(repeat('00', 32), 'hex'), 1, 'demo', 'demo' FROM filling ORDER BY case_id""",
    f"""INSERT INTO clocks (case_id, id, standard, kind, covers, agency, rule, calendar_hash, status, started_at, due_at, original_due_at,
    due_source, pauses, extended)
    SELECT case_id, clock, 'decision', 'promise', 'case', 'city-council', %(rule)s, %(calendar)s, 'running', {_DUE} - interval '7 days', {_DUE}, {_DUE},
    'computed', '[]', false FROM filling ORDER BY case_id""",
    f"""INSERT INTO timers (case_id, id, kind, subject, due_at, generation, armed)
    SELECT case_id, timer, 'breach', clock, {_DUE}, 1, true FROM filling ORDER BY case_id""",
    f"""INSERT INTO case_facts (case_id, jurisdiction, origin, service, agency, channel, month, status, received_at, due_at, due_source, clocks,
    missed, referrals, seq)
    SELECT case_id, 'demo', 'demo', 'resident-parking-permit', 'city-council', 'web', date_trunc('month', {_DUE})::date, 'received', {_DUE} - interval '7 days',
    {_DUE}, 'computed', jsonb_build_array(jsonb_build_object('clock', clock, 'kind', 'promise', 'due_at', {_DUE}, 'due_source', 'computed', 'missed', false)),
    false, 0, 0 FROM filling ORDER BY case_id""",
    "DROP TABLE filling",
)
_EMPTY = "TRUNCATE case_heads, clocks, timers, events, case_facts, cases, step_runs, journey_runs, tasks, outbox, feed CASCADE"
#: An append-only log is emptied here and nowhere else: the database is the bench's own.
_OPEN, _SHUT = "ALTER TABLE events DISABLE TRIGGER USER", "ALTER TABLE events ENABLE TRIGGER USER"


def arm(url: str, *, cases: int, due: int, first: datetime, apart: float = 0.0, calendar: str) -> None:
    """Empties the database and fills it: of so many `cases`, `due` timers are due from `first` on, `apart` seconds between two; all others in a year."""
    with psycopg.connect(url) as connection:
        for statement in (_OPEN, _EMPTY, _SHUT):
            connection.execute(statement)
        more = {"cases": cases, "due": due, "first": first, "apart": f"{apart} seconds", "rule": Jsonb(RULE), "calendar": calendar}
        for statement in _FILL:
            psycopg.ClientCursor(connection).execute(statement, more)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE case_heads, clocks, timers, events, case_facts")
        connection.execute("CHECKPOINT")
