"""Re-planning after a change of a calendar: seconds for 100,000 open cases, every date moved and every citizen told.

Run alone: `python -m tests.bench.replan [CASES]`.

The cases are copies of one real request (case, clocks, timers, tasks, journey, party, vault), each with an id of its own. The run is stopped in the
middle and begun again, since that is how it is promised to work.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from portal.catalogue.load import load
from portal.db import connect, new_id
from portal.intake.receive import Submission, receive
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.standards.replan import Outcome, preview, replan, target
from portal.standards.resolve import resolve
from portal.unit_of_work import ANONYMOUS, Portal
from tests.bench.entries import Entry, beside, table
from tests.bench.machine import Machine, machine
from tests.ledger.changed_calendar import changed

CASES, LIMIT, CALENDAR, WORKERS = 100_000, 60.0, "city-council/office", 2
BODY: dict[str, Any] = {
    "service": "resident-parking-permit",
    "answers": {"number_plate": "1-ABC-234", "home": "Rue Haute 1, 1000 Rivermouth", "vehicle": "own"},
    "contact": {"name": "Ann Example", "email": "ann@example.org"},
}
#: Tables of an open case that re-planning reads or writes, and those whose foreign keys they need; events and outbox begin empty.
COPIED = ("case_heads", "cases", "case_parties", "clocks", "timers", "tasks", "vault_items", "journey_runs", "step_runs", "case_access")


class Stopped(Exception):
    """As an operator stops it."""


def measure(one: Machine, cases: int = CASES) -> list[Entry]:
    """`replan.preview_seconds` and `replan.seconds`, against the promise of a minute."""
    now = Settings(mode="local", secret_key=one.environment["SECRET_KEY"], database_url=one.url)  # type: ignore[arg-type]
    portal = Portal(connect(one.url), load(resolve_calendar=resolve), REACTIONS, now)
    case_id = new_id()
    with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        receive(work, Submission(**BODY), case_id=case_id)
        today = work.now.date()
    copy(one.superuser_url, case_id, cases - 1)
    shut = changed(portal, one.environment["OWNER_DATABASE_URL"], CALENDAR, closed=[today + timedelta(days=day) for day in range(1, 8)])
    of = target(shut, CALENDAR)
    begun = time.perf_counter()
    looked = Outcome.none()
    for _, page in preview(shut, of):
        for some in page.values():
            looked.count(some)
    previewed = time.perf_counter() - begun
    begun, used = time.perf_counter(), cpu()
    with suppress(Stopped):
        replan(shut, of, workers=WORKERS, progress=_stop_at(cases // 2))
    outcome = replan(shut, of, workers=WORKERS, progress=_tell)
    seconds, used = time.perf_counter() - begun, cpu() - used
    with psycopg.connect(one.superuser_url) as connection:
        told = connection.execute("SELECT count(*), count(DISTINCT case_id) FROM events WHERE type = 'CaseReplanned'").fetchone()
        notices = connection.execute("SELECT count(*) FROM outbox WHERE body ->> 'template' = 'new-date'").fetchone()
    if (looked.cases, told, notices, outcome.busy) != (cases, (cases, cases), (cases,), 0):
        raise RuntimeError(f"{looked} looked at, {told} re-planned, {notices} told, {outcome.busy} busy: wanted {cases} of each")
    return [
        beside(f"replan.preview_{cases}", previewed, "s", "promise", LIMIT),
        beside(f"replan.seconds_{cases}", seconds, "s", "promise", LIMIT),
        Entry("replan.cases", round(cases / seconds, 1), "cases/s"),
        Entry("replan.cpu_us", round(used / cases * 1e6, 1), "us/case"),
    ]


def cpu() -> float:
    """Seconds of processor this process and its workers have used, the database apart: less swayed by what else runs here."""
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def copy(superuser_url: str, case_id: UUID, count: int) -> None:
    """So many cases more like that one, each table in one statement; ids that must be unique are new."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute("CREATE TEMP TABLE copies AS SELECT gen_random_uuid() AS id, number FROM generate_series(1, %s) number", (count,))
        for name in COPIED:
            columns = [
                row[0]
                for row in connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", (name,))
            ]
            taken = ", ".join(_taken(name, column) for column in columns)
            connection.execute(f"INSERT INTO {name} ({', '.join(columns)}) SELECT {taken} FROM copies CROSS JOIN {name} t WHERE t.case_id = '{case_id}'")
        connection.execute("DELETE FROM outbox")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _taken(name: str, column: str) -> str:
    if column == "case_id":
        return "copies.id"
    if (name, column) == ("tasks", "id"):
        return "gen_random_uuid()"
    if column == "reference":
        return "t.reference || '-' || copies.number"
    return f"t.{column}"


def _stop_at(cases: int) -> Any:
    def tell(done: int, of: int) -> None:
        _tell(done, of)
        if done >= cases:
            raise Stopped

    return tell


def _tell(done: int, of: int) -> None:
    if done % 10_000 == 0:
        print(f"{done:,} of {of:,} cases", file=sys.stderr, flush=True)


if __name__ == "__main__":
    with machine() as started:
        print(table(measure(started, *map(int, sys.argv[1:]))))
