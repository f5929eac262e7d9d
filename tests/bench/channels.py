"""What channels take and tell: a GeoReport list of 1,000 requests, half of them with words and points that were approved."""

from __future__ import annotations

import json
import subprocess
from email.message import EmailMessage
from statistics import quantiles
from time import perf_counter, sleep

import psycopg

from portal.app import build_portal, create_app
from portal.db import new_id
from portal.intake import publishing
from portal.intake.receive import Submission, receive
from portal.local.addresses import free_port
from portal.ports.mail import Spool
from portal.settings import Settings
from portal.unit_of_work import ANONYMOUS, ENGINE
from tests.bench.entries import Entry, beside
from tests.bench.machine import PORTAL, Machine
from tests.servers import ROOT

#: Requests in the database, on a page, and how often it is asked for.
THERE, LISTED, ASKED = 1_200, 1_000, 40
#: Milliseconds promised for one list.
LIMIT = 150.0
#: Mails, and after how many their reader is killed.
MAILS, KILLED_AFTER = 200, 40


def measure(on: Machine) -> list[Entry]:
    """Entries of channels."""
    portal = build_portal(Settings(PORTAL_MODE="test", database_url=on.url, redis_url=on.environment["REDIS_URL"], secret_key="s" * 32))  # type: ignore[arg-type]
    for number in range(THERE):
        case_id = new_id()
        place = {"lat": 50.8 + number / 10_000, "long": 4.3, "address": f"Rue Haute {number}"}
        with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
            given = Submission(service="pothole", answers={"place": place["address"]}, text=f"A hole number {number}", location=place, channel="open311")
            receive(work, given, case_id=case_id)
        if number % 2:
            with portal.work(ENGINE) as work:
                work.narrow([case_id])
                publishing.approve(work, case_id, official="bench", description=True, address=True, point=True)
    client = create_app(portal).test_client()
    taken = []
    for number in range(ASKED + 5):
        begun = perf_counter()
        answer = client.get(f"/open311/v2/requests.{'xml' if number % 2 else 'json'}")
        if number >= 5:
            taken.append((perf_counter() - begun) * 1000)
        assert answer.status_code == 200
    assert len(json.loads(client.get("/open311/v2/requests.json").data)) == LISTED
    portal.engine.dispose()
    cuts = quantiles(taken, n=20)
    return [beside("open311.list", cuts[9], "ms", "limit", LIMIT), beside("open311.list_p95", cuts[18], "ms", "limit", LIMIT), *mails_taken(on)]


def mails_taken(on: Machine) -> list[Entry]:
    """Mails of different people made requests by `portal mail`, killed by SIGKILL again and again; RuntimeError where one is lost or doubled.

    A second is one in which mail is taken, from the first to the kill; how long the process takes to begin is told beside it.
    """
    spool = Spool(on.data / "mail")
    for number in range(MAILS):
        mail = EmailMessage()
        mail["From"], mail["Subject"], mail["Message-ID"] = f"p{number}@example.org", "A hole in the road", f"<{number}@example.org>"
        mail.set_content(f"There is a pothole at Rue Haute {number}.")
        spool.keep(f"p{number}@example.org", ["portal@example.org"], mail.as_bytes())
    environment = {**on.environment, "DATA": str(on.data), "MAIL_PORT": str(free_port())}
    taken, working, begun, kills = 0, 0.0, perf_counter(), 0
    while there := len(spool.waiting()):
        with (on.data / "mail.log").open("ab") as log:
            process = subprocess.Popen([PORTAL, "mail"], env=environment, cwd=ROOT, stdout=log, stderr=log)
        first, there_first, left = 0.0, there, there
        while left and there - left < KILLED_AFTER and process.poll() is None:
            sleep(0.01)
            left = len(spool.waiting())
            if not first and left < there:
                first, there_first = perf_counter(), left
        if first:
            working, taken = working + perf_counter() - first, taken + there_first - left
        kills += bool(left)
        process.kill()
        process.wait(20)
    seconds = perf_counter() - begun
    with psycopg.connect(on.superuser_url) as connection:
        ((cases,),) = connection.execute("SELECT count(*) FROM cases WHERE source = 'email'").fetchall()
    if cases != MAILS:
        raise RuntimeError(f"{MAILS} mails became {cases} cases after {kills} kills")
    print(f"{MAILS} mails, {kills} kills of the intake: {cases} cases")
    return [Entry("mail.taken", round(taken / working, 1), "mails/s"), Entry("mail.taken_with_kills", round(MAILS / seconds, 1), "mails/s")]
