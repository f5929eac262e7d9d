"""Back to an older backup: nothing leaves twice, nothing is lost without a word, and who dies in the middle of it begins again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from portal.cli.reconciled import reconcile
from portal.dispatch.deliver import drain
from portal.events import log
from portal.intake.reports import Report, take
from portal.kpi.fold import fold
from portal.kpi.rebuild import rebuild
from portal.outbox import claims
from portal.reactions import sweep
from portal.unit_of_work import ENGINE, RELAY
from portal.wire import sent
from tests.ledger.test_main_job import needed
from tests.servers import ROOT, Database, Servers
from tests.stories.town import Town, town
from tests.storm.crash.doors import HOUSING

pytestmark = pytest.mark.slow
BACKUP_ROLE = "onedoor_backup"


@dataclass
class Restored:
    """A town, and the commands an operator has."""

    town: Town
    database: Database
    environment: dict[str, str]
    place: Path

    def command(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-c", "from portal.cli import main; main()", *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def backup(self) -> Path:
        self.command("backup", str(self.place / "backups"))
        return max((self.place / "backups").iterdir())

    def restore(self, backup: Path, *more: str) -> dict[str, Any]:
        self.town.portal.engine.dispose()
        self.command("restore", str(backup), *more)
        found: dict[str, Any] = json.loads((backup.parent / f"{backup.name}.restored.json").read_text())
        return found

    def effects(self) -> dict[str, int]:
        """Times each key was asked for at each agency."""
        return {one["key"]: one["times"] for one in self.town.agencies.ledger()["effects"]}

    def drained(self, at: datetime | None = None) -> None:
        for _ in range(20):
            if not drain(self.town.portal, at=at):
                return

    def pothole(self, **more: Any) -> UUID:
        return self.town.ask(service="pothole", answers={"place": "Rue Haute 1"}, contact={"email": "ann@example.org"}, **more)

    def look(self, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.superuser_url) as connection:
            cursor = connection.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def reference(self, case_id: UUID) -> str:
        return str(self.look("SELECT reference FROM case_references WHERE case_id = %s", case_id)[0][0])

    def history(self, case_id: UUID, *types: str) -> list[dict[str, Any]]:
        with self.town.portal.work(ENGINE) as work:
            work.narrow([case_id])
            rows = work.run(log.history(case_id, limit=1000).execution_options(visible=True))
        return [row for row in rows if row["type"] in types]


def role(servers: Servers) -> None:
    """The login of deploy/README.md: no superuser."""
    with psycopg.connect(servers.postgres.url(), autocommit=True) as server:
        if server.execute("SELECT FROM pg_roles WHERE rolname = %s", [BACKUP_ROLE]).fetchone() is None:
            server.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER BYPASSRLS CREATEDB CREATEROLE").format(sql.Identifier(BACKUP_ROLE)))
            server.execute(sql.SQL("GRANT pg_read_all_data, pg_monitor, onedoor_owner TO {}").format(sql.Identifier(BACKUP_ROLE)))


@pytest.fixture
def there(servers: Servers, tmp_path: Path) -> Iterator[Restored]:
    role(servers)
    database = servers.database()
    (tmp_path / "sent").mkdir()
    with town(database, tmp_path) as one:
        one.portal.settings = one.portal.settings.model_copy(update={"sent_ledger": str(tmp_path / "sent")})
        given = one.portal.settings.model_dump(mode="json", by_alias=False)
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
            "PORTAL_MODE": "test",
            "DATABASE_URL": database.url,
            "OWNER_DATABASE_URL": database.owner_url,
            "BACKUP_DATABASE_URL": servers.postgres.url(BACKUP_ROLE, database.name),
            "POSTGRES_BIN": str(servers.postgres.binaries),
            "SENT_LEDGER": str(tmp_path / "sent"),
            "SECRET_KEY": "a secret of the tests, long enough to be one",
            **{name.upper(): str(given[name]) for name in ("data", "agency_secrets", "simulated_agencies", "exchanges", "public_url")},
        }
        yield Restored(one, database, environment, tmp_path)
    with psycopg.connect(servers.postgres.url(), autocommit=True) as server:
        for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{database.name}%"]).fetchall():
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_nothing_that_left_after_the_backup_leaves_again(there: Restored) -> None:
    there.town.agencies.behave(roads="forgets")
    before = [there.pothole() for _ in range(12)]
    done = there.pothole()
    there.drained()
    backup_early = [there.pothole() for _ in range(10)]
    backup = there.backup()
    mails = len(there.town.mailbox.mails)
    after = [there.pothole() for _ in range(8)]
    there.drained()
    take(there.town.portal, "roads", Report("msg-since", str(there.history(done, "DeliveryPlaced")[0]["data"]["key"]), "done"))
    told = len(there.town.mailbox.mails)
    assert told >= mails + 18, "everybody was told"
    effects = there.effects()
    assert len(effects) == 31
    references = {there.reference(case) for case in after}
    report = there.restore(backup)
    assert report["covered"]
    assert report["left"]["delivery"] == 10 and report["left"]["notice"] == 10
    assert {one["reference"] for one in report["lost_cases"]} == references
    assert [one["case"] for one in report["set_back"]] == [str(done)]
    assert "AgencyReported" in report["set_back"][0]["types"]
    assert len(report["to_ask"]["roads"]) == 23, "what roads said since is lost, and it cannot be asked by itself"
    there.drained()
    assert there.effects() == effects, "no effect twice: the agency was not even called"
    assert len(there.town.mailbox.mails) == told, "nobody is told twice"
    for case in (*before, *backup_early):
        assert len(there.history(case, "DeliverySent")) == 1
    assert there.look("SELECT count(*) FROM outbox WHERE done_at IS NULL") == [(0,)]
    there.command("verify")
    while fold(there.town.portal, limit=2000):
        pass
    assert rebuild(there.town.portal, replace=False).differing == 0
    new = there.pothole()
    there.drained()
    assert len(there.history(new, "DeliverySent", "PartyNotified")) == 2, "and it goes on"


def test_what_is_done_again_after_a_restore_is_not_handed_over_again(there: Restored) -> None:
    """A case whose second step is placed anew: the same step has the same key, and the ledger knows it."""
    there.town.agencies.behave(roads="forgets")
    case = there.town.ask(service="street-light-fault", answers=needed(there.town.portal, "street-light-fault"))
    backup = there.backup()
    there.drained()
    sent_then = there.effects()
    there.restore(backup)
    keys = [one["data"]["key"] for one in there.history(case, "DeliveryPlaced")]
    there.look("DELETE FROM outbox WHERE case_id = %s", case)
    with there.town.portal.work(RELAY) as work:
        lines = [one for one in sent.lines(there.place / "sent") if one and one["what"] == "left" and one["key"] in keys]
        from portal.outbox import deliveries, evidence

        evidence.keep(work, lines)
    with there.town.portal.work(ENGINE) as work:
        work.narrow([case])
        step = UUID(keys[0])
        assert deliveries.place(work, case, agency="roads", step_run_id=step, step="repair", action=None, answers=None, service="street-light-fault")
    there.drained()
    assert there.effects() == sent_then
    assert there.look("SELECT done_at IS NOT NULL, remote_id IS NOT NULL FROM outbox WHERE kind = 'delivery' AND case_id = %s", case) == [(True, True)]


def test_a_process_of_before_changes_nothing_after(there: Restored) -> None:
    there.pothole()
    (held,) = claims.claim(there.town.portal, 1, ["delivery"])
    backup = there.backup()
    there.restore(backup)
    with there.town.portal.work(ENGINE) as work:
        work.narrow([held.case_id])
        assert claims.complete(work, held) is None
    there.drained()
    assert list(there.effects().values()) == [1]


def test_without_a_ledger_nobody_claims_to_know(there: Restored) -> None:
    there.town.agencies.behave(roads="forgets")
    there.pothole()
    backup = there.backup()
    there.drained()
    there.town.portal.engine.dispose()
    del there.environment["SENT_LEDGER"]
    assert "without-ledger" in there.command("restore", str(backup), fails=True)
    report = there.restore(backup, "--without-ledger")
    assert not report["covered"] and report["left"] == {}
    there.drained()
    assert list(there.effects().values()) == [2], "asked twice"
    assert len(there.town.agencies.ledger()["effects"]) == 1, "and done once: roads keeps its word"


@pytest.mark.parametrize("ledger", ["leaving", "nothing"])
def test_what_a_blind_agency_may_have_is_looked_into_by_people(there: Restored, ledger: str) -> None:
    roads = replace(there.town.portal.catalogue.agencies["roads"], promise="blind")
    there.town.portal.catalogue = replace(there.town.portal.catalogue, agencies=there.town.portal.catalogue.agencies | {"roads": roads})
    case = there.pothole()
    (held,) = claims.claim(there.town.portal, 1, ["delivery"])
    there.look("UPDATE outbox SET lease_until = NULL, attempts = 0, epoch = 0")
    from portal.outbox import evidence

    now = datetime.now(UTC)
    lines = [evidence.line("leaving", held, now), {"what": "answered", "at": (now - timedelta(days=1)).isoformat(), "case": str(case), "seq": 1, "types": []}]
    report = reconcile(there.town.portal, now - timedelta(minutes=1), lines if ledger == "leaving" else [])
    assert report.in_doubt == [held.key]
    there.drained()
    assert there.effects() == {}
    assert [one["data"]["refusal"] for one in there.history(case, "DeliveryParked")] == ["in-doubt"]
    assert reconcile(there.town.portal, now - timedelta(minutes=1), lines).in_doubt == [held.key], "done again, it ends alike"
    assert len(there.history(case, "DeliveryParked")) == 1


def test_whoever_dies_in_the_middle_of_a_restore_begins_again(there: Restored) -> None:
    there.town.agencies.behave(roads="forgets")
    for _ in range(10):
        there.pothole()
    backup = there.backup()
    there.drained()
    effects = there.effects()
    there.town.portal.engine.dispose()
    whole = time.monotonic()
    argv = [sys.executable, "-c", "from portal.cli import main; main()", "restore", str(backup)]
    died = 0
    for share in (0.2, 0.35, 0.5, 0.65):
        process = subprocess.Popen(argv, env=there.environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(share * 6)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            died += 1
    assert died >= 2 and time.monotonic() > whole
    there.command("restore", str(backup))
    there.drained()
    assert there.effects() == effects
    assert there.look("SELECT count(*) FROM outbox WHERE done_at IS NULL") == [(0,)]
    there.command("verify")


def test_a_backup_that_was_touched_is_not_restored(there: Restored) -> None:
    there.pothole()
    backup = there.backup()
    raw = bytearray((backup / "database.dump").read_bytes())
    raw[len(raw) // 2] ^= 1
    (backup / "database.dump").write_bytes(bytes(raw))
    there.town.portal.engine.dispose()
    assert "not as it was written" in there.command("restore", str(backup), fails=True)
    (backup / "manifest.json").unlink()
    assert "no whole backup" in there.command("restore", str(backup), fails=True)


def test_who_cannot_see_every_row_does_not_back_up(there: Restored) -> None:
    there.environment["BACKUP_DATABASE_URL"] = there.database.owner_url
    assert "row-level security" in there.command("backup", str(there.place / "backups"), fails=True)
    assert not (there.place / "backups").exists()


def test_nothing_is_restored_under_a_portal_that_runs(there: Restored) -> None:
    backup = there.backup()
    with closing(psycopg.connect(there.database.url)):
        assert "stop web, work, sweep and mail" in there.command("restore", str(backup), fails=True)


def test_mail_and_files_come_back_where_they_are_missing(there: Restored) -> None:
    spool = there.place / "mail"
    for folder in ("new", "unread"):
        (spool / folder).mkdir(parents=True)
        (spool / folder / f"{folder}.mail").write_bytes(b"raw")
    files = there.place / "documents" / "ab"
    files.mkdir(parents=True)
    (files / "kept").write_bytes(b"a file of a case")
    backup = there.backup()
    (spool / "new" / "new.mail").unlink()
    (files / "kept").unlink()
    (spool / "unread" / "unread.mail").write_bytes(b"as it is now")
    there.restore(backup)
    assert (spool / "new" / "new.mail").read_bytes() == b"raw"
    assert (files / "kept").read_bytes() == b"a file of a case"
    assert (spool / "unread" / "unread.mail").read_bytes() == b"as it is now"


def test_a_line_a_power_cut_broke_off_hides_no_other(tmp_path: Path) -> None:
    ledger = sent.SentLedger(str(tmp_path))
    ledger.left("2026-01-01", {"what": "left", "at": "1"})
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + b'\n{"what": "le')
    ledger.left("2026-01-01", {"what": "left", "at": "2"})
    assert [one and one["at"] for one in sent.lines(tmp_path)] == ["1", None, "2"]


def test_reminders_and_escalations_that_went_out_since_do_not_go_again(there: Restored) -> None:
    case = there.town.ask(service="housing-benefit", answers=needed(there.town.portal, "housing-benefit") | HOUSING)
    there.drained()
    backup = there.backup()
    due = there.look("SELECT max(due_at) FROM timers WHERE armed AND case_id = %s", case)[0][0] + timedelta(days=30)
    for days in (0, 20, 40, 60):
        sweep(there.town.portal, at=due + timedelta(days=days))
    there.drained(at=due + timedelta(days=60))
    mails = len(there.town.mailbox.mails)
    there.restore(backup)
    for days in (0, 20, 40, 60):
        sweep(there.town.portal, at=due + timedelta(days=days))
    there.drained(at=due + timedelta(days=60))
    escalated = there.look("SELECT count(*), count(done_at) FROM outbox WHERE kind = 'escalation' AND case_id = %s", case)[0]
    assert escalated[0] == escalated[1] > 0
    assert len(there.town.mailbox.mails) == mails, "who was told of a missed promise is not told again"


def test_the_database_is_that_of_the_backup(there: Restored) -> None:
    case = there.pothole()
    backup = there.backup()
    lost = there.pothole()
    there.restore(backup)
    assert there.look("SELECT count(*) FROM cases WHERE case_id = %s", case) == [(1,)]
    assert there.look("SELECT count(*) FROM cases WHERE case_id = %s", lost) == [(0,)]
    kept = f"{there.database.name}_before_%"
    with psycopg.connect(make_url(there.database.superuser_url).set(database="postgres").render_as_string(hide_password=False)) as server:
        assert server.execute("SELECT count(*) FROM pg_database WHERE datname LIKE %s", [kept]).fetchone() == (1,)
