"""A small town whose definitions are changed and published while its cases run."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from portal.cases.tables import cases
from portal.catalogue.load import load
from portal.catalogue.store import store
from portal.db import connect, new_id
from portal.events import log
from portal.intake.receive import Submission, receive
from portal.queues.tables import tasks
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Principal, Row, Work
from portal.workflow import casework
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import write
from tests.ledger.conftest import SECRET
from tests.servers import Database

CLERK = Principal("staff", "tests|clerk", agencies=("hall",), teams=("desk",), roles=("caseworker",))
OTHER = Principal("staff", "tests|other", agencies=("hall",), teams=("desk",), roles=("caseworker",))


def town(engine: Engine, database: Database, folder: Path, changes: dict[str, str] | None = None) -> Portal:
    """The portal with the small city's definitions, some files changed; they are published."""
    folder.mkdir(exist_ok=True)
    write(folder, changes)
    catalogue = load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    owner = connect(database.owner_url, pool=1)
    try:
        with owner.begin() as connection:
            store(connection, catalogue.stored)
    finally:
        owner.dispose()
    return Portal(engine, catalogue, REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]


def send(portal: Portal, *, girth: int = 150, service: str = "tree") -> UUID:
    """A case with a citizen who is told by mail. A tree of more than 100 goes through `tell` first."""
    case_id = new_id()
    with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        receive(work, Submission(service=service, answers={"girth": girth}, contact={"email": "ann@example.org"}), case_id=case_id)
    return case_id


def rows(portal: Portal, table: Any, case_id: UUID) -> list[Row]:
    """The rows of a case."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        return sorted(work.rows(table, case_id), key=lambda row: str(row.get("id")))


def case(portal: Portal, case_id: UUID) -> Row:
    """Its row."""
    return rows(portal, cases, case_id)[0]


def told(portal: Portal, case_id: UUID, *types: str) -> list[dict[str, Any]]:
    """Its events of these types, or all."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        return [row for row in work.run(log.history(case_id, limit=1000).execution_options(visible=True)) if not types or row["type"] in types]


def waiting(portal: Portal, case_id: UUID) -> list[Row]:
    """Its tasks that wait."""
    return [row for row in rows(portal, tasks, case_id) if row["status"] in ("open", "claimed")]


def do(portal: Portal, case_id: UUID, step: str, *, outcome: str | None = None, who: Principal = CLERK, claim_only: bool = False) -> None:
    """Somebody takes the task of that step, and finishes it."""
    from portal.queues import worklist

    with portal.work(who) as work:
        work.narrow([case_id])
        task = next(row for row in work.rows(tasks, case_id) if row["step"] == step and row["status"] in ("open", "claimed"))
        worklist.claim(work, task, holder=str(who.subject), version=None)
        if not claim_only:
            casework.complete(work, task, version=None, outcome=outcome, reasons="The street is too narrow." if outcome == "refused" else None)


def finish(portal: Portal, case_id: UUID) -> list[str]:
    """Somebody does what waits until nothing does; the steps done, in order."""
    done: list[str] = []
    while found := waiting(portal, case_id):
        step = found[0]["step"]
        do(portal, case_id, step, outcome=_outcome(portal, case_id, step))
        done.append(step)
        assert len(done) < 50
    return done


def _outcome(portal: Portal, case_id: UUID, step: str) -> str | None:
    from portal.runs import ledger

    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        run = _run(work, case_id)
        outcomes: tuple[str, ...] = portal.pinned(work, run["definition_hash"]).step(step).outcomes
        assert ledger.running(work, case_id)
    return outcomes[0] if outcomes else None


def _run(work: Work, case_id: UUID) -> Row:
    from portal.runs import ledger

    (run,) = ledger.running(work, case_id)
    return run
