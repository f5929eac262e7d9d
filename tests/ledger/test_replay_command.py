"""`portal replay` as an operator uses it: counts, lists, a report, figures at once; status 2 and nothing written where it cannot be used."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

from tests.ledger.replays import BOSTON
from tests.servers import ROOT, Database

HEAD = "CASE_ENQUIRY_ID,OPEN_DT,TARGET_DT,CLOSED_DT,TYPE,Department,Source,neighborhood,LATITUDE,LONGITUDE,LOCATION_STREET_NAME,CASE_TITLE\n"
ROWS = (
    "1,03/02/2015 10:00:00 AM,03/03/2015 10:00:00 AM,03/02/2015 11:00:00 AM,CE Collection,PWDx,Call,Roxbury,42.3,-71.1,A St,Bags\n"
    "2,03/02/2015 10:00:00 AM,03/09/2015 10:00:00 AM,03/01/2015 11:00:00 AM,CE Collection,PWDx,Call,Roxbury,,,,Bags\n"
    "3,99/02/2015 10:00:00 AM,,,CE Collection,PWDx,Call,Roxbury,,,,Bags\n"
)


def portal(database: Database, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PORTAL_MODE": "test",
        "DATABASE_URL": database.url,
        "OWNER_DATABASE_URL": database.owner_url,
        "SECRET_KEY": "a key of the tests, long enough to be one",
    }
    command = [sys.executable, "-c", "from portal.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_counts_lists_report_and_figures(fresh_database: Database, tmp_path: Path) -> None:
    log, report = tmp_path / "log.csv", tmp_path / "report.csv"
    log.write_text(HEAD + ROWS)
    done = portal(fresh_database, "replay", log, "--mapping", BOSTON, "--report", report)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert "refused  row 3  line 4  3  no such time: opened_at is `99/02/2015 10:00:00 AM`, not %m/%d/%Y %I:%M:%S %p" in said
    assert "differs  row 2  line 3  2  log 2015-03-09T14:00:00Z  computed 2015-03-03T15:00:00Z" in said
    for line in ("read: 3", "taken: 2", "known already: 0", "refused: 1", "  no such time: 1", "closed: 2", "computed: 1", "imported: 1", "  differs: 1"):
        assert line in said
    with report.open(encoding="utf-8", newline="") as opened:
        first, second = csv.DictReader(opened)
    assert (first["external_id"], first["due_at"], first["due_source"], first["flags"]) == ("1", "2015-03-03T15:00:00Z", "computed", "")
    assert (second["due_source"], second["flags"]) == ("imported", "closed-before-opened differs")
    figures = portal(fresh_database, "kpi", "--jurisdiction", "boston", "--json")
    assert '"requests"' in figures.stdout
    again = portal(fresh_database, "replay", log, "--mapping", BOSTON)
    assert "taken: 0" in again.stdout
    assert "known already: 2" in again.stdout


def test_what_cannot_be_used_is_one_sentence_and_status_2(fresh_database: Database, tmp_path: Path) -> None:
    log, mapping = tmp_path / "log.csv", tmp_path / "replay.yaml"
    log.write_text(HEAD.replace("TYPE", "KIND") + ROWS)
    mapping.write_text(BOSTON.read_text().replace("zone:", "zoen:"))
    for arguments, says in (
        ((log, "--mapping", BOSTON), f"{log}:1:1: there is no column `TYPE`"),
        ((log, "--mapping", mapping), f"{mapping}:"),
        ((log, "--mapping", tmp_path / "none.yaml"), f"{tmp_path / 'none.yaml'}:1:1: "),
        ((tmp_path / "none.csv", "--mapping", BOSTON), f"{tmp_path / 'none.csv'}:1:1: "),
    ):
        done = portal(fresh_database, "replay", *arguments)
        assert done.returncode == 2, done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_an_agency_beside_the_mapping_brings_its_own_calendar(fresh_database: Database, tmp_path: Path) -> None:
    city = tmp_path / "springfield"
    city.mkdir()
    agency = (ROOT / "services" / "boston" / "agency.yaml").read_text()
    (city / "agency.yaml").write_text(agency.replace("boston", "springfield").replace("08:30-17:00", "09:00-16:00"))
    (city / "replay.yaml").write_text(BOSTON.read_text().replace("jurisdiction: boston", "jurisdiction: springfield").replace("boston/office", "office"))
    log, report = tmp_path / "log.csv", tmp_path / "report.csv"
    log.write_text(
        HEAD
        + ROWS.splitlines(keepends=True)[0]
        .replace("03/03/2015 10:00:00 AM", "03/04/2015 09:00:00 AM")
        .replace("03/02/2015 10:00", "03/02/2015 08:00", 1)
        .replace("08:00:00 AM", "05:00:00 PM")
    )
    done = portal(fresh_database, "replay", log, "--mapping", city / "replay.yaml", "--report", report)
    assert done.returncode == 0, done.stderr
    assert "computed: 1" in done.stdout.splitlines()
    assert "2015-03-04T14:00:00Z" in report.read_text()
