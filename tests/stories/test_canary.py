"""What people tell of themselves stands in the vault, and reaches who is entitled to it; nothing else holds a word of it (promises 4.4).

Everything is real: `portal up` with its processes, a collector of traces beside it. Each personal field carries a marker of its own with the same ending; then
whatever the portal has written, kept, sent or told is searched for that ending.
"""

from __future__ import annotations

import http.cookiejar
import re
import secrets
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pytest
import redis

from portal.local.addresses import free_port, listening
from portal.local.postgres import SUPERUSER
from tests.servers import ROOT
from tests.stories.machine import Machine, eventually, machine
from tests.stories.test_main_job import Person, case, caseworker, start

pytestmark = pytest.mark.slow

METRICS = "a-token-for-the-monitoring-of-canaries"
#: The one table that may hold what people tell.
VAULT = {"vault_items"}
#: Parts of the folder DATA that belong to somebody else, or are looked at by other means: tables, mail that left, what agencies were given, files of cases.
ELSEWHERE = ("postgres", "mailbox", "simulated-agencies", "documents", "files", "pg-")


@dataclass
class Run:
    """One machine, and what is searched for."""

    machine: Machine
    spans: Path
    ending: str = field(default_factory=lambda: secrets.token_hex(8))

    def mark(self, name: str) -> str:
        """A marker for a field: a word that is nobody's name."""
        return f"Zq{name}{self.ending}"

    def mail(self, name: str) -> str:
        return f"{self.mark(name).lower()}@citizen.example"

    def holds(self, text: bytes | str) -> bool:
        """Whether any marker stands in it, however it is written."""
        raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
        return self.ending.encode() in raw.lower()


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="onedoor-spans-") as place, machine() as one:
        port = free_port()
        collector = subprocess.Popen([sys.executable, "-m", "tests.stories.collector", str(port), place], cwd=ROOT)
        try:
            eventually(lambda: listening(port), "the collector listens")
            one.settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "200", "METRICS_TOKEN": METRICS}
            one.start()
            whole = Run(one, Path(place))
            by_api(whole)
            by_page(whole)
            by_mail(whole)
            for_a_fee(whole)
            in_errors(whole)
            eventually(lambda: quiet(whole), "all that leaves has left", seconds=90)
            yield whole
        finally:
            collector.kill()
            collector.wait()


# ---------------------------------------------------------------------- what people do


def by_api(run: Run) -> None:
    """A permit: asked and answered, decided with a letter, objected to; a pothole that goes to another agency's system."""
    contact = {"name": run.mark("Name"), "email": run.mail("mail"), "phone": "+32 2 279 61 11", "address": run.mark("Street")}
    answers = {"number_plate": "1-ABC-234", "home": run.mark("Home"), "vehicle": "own"}
    clerk = caseworker(run.machine, "city-council-desk")
    reference, proof = start(run.machine, service="resident-parking-permit", text=run.mark("Text"), answers=answers, contact=contact)
    person = Person(run.machine)
    assert person.ask("POST", f"/cases/{reference}/messages", {"words": run.mark("Message")}, **proof)[0] < 300
    eventually(lambda: any(one["step"] == "assess" for one in clerk.tasks(reference)), "the task")
    task = next(one for one in clerk.tasks(reference) if one["step"] == "assess")
    assert clerk.ask("POST", f"/tasks/{task['id']}/claim")[0] == 200
    assert clerk.ask("POST", f"/tasks/{task['id']}/note", {"words": run.mark("Note")})[0] < 300
    asked = {"fields": ["home"], "words": run.mark("Asked"), "reply_within": "14 calendar_days"}
    assert clerk.ask("POST", f"/tasks/{task['id']}/ask", asked)[0] == 200
    assert person.ask("POST", f"/cases/{reference}/answers", {"answers": {"home": run.mark("Answered")}}, **proof)[0] < 300
    eventually(lambda: clerk.ask("POST", f"/tasks/{task['id']}/complete", {})[0] == 200, "it is complete")
    clerk.finish(reference, "decide", outcome="refused", reasons=run.mark("Reasons"))
    assert case(run.machine, reference, proof)["status"] == "closed"
    eventually(lambda: "There is a decision" in mails_to(run, run.mail("mail")), "the mail that tells of the decision")
    told = person.ask("POST", f"/cases/{reference}/objections", {"text": run.mark("Objection"), "contact": {"email": run.mail("mail")}}, **proof)
    assert told[0] == 201, told
    assert person.ask("POST", f"/cases/{reference}/feedback", {"score": 2, "words": run.mark("Feedback")}, **proof)[0] == 201
    start(run.machine, service="pothole", answers={"place": run.mark("Place")}, contact={"name": run.mark("Name"), "email": run.mail("mail")})


def by_page(run: Run) -> None:
    """The form of a pothole, filled in a browser."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def post(address: str, **fields: str) -> str:
        request = urllib.request.Request(address, urllib.parse.urlencode(fields).encode(), {"Sec-Fetch-Site": "same-origin", "Origin": run.machine.url})
        with browser.open(request, timeout=20) as answer:
            return str(answer.url)

    place = post(f"{run.machine.url}/services/pothole/request")
    place = post(place, place=run.mark("PagePlace"))
    place = post(place, surface="cycle-path")
    place = post(place, depth_cm="12")
    place = post(place, name=run.mark("PageName"), email=run.mail("pagemail"))
    assert place.endswith("/check"), place
    post(place)


def by_mail(run: Run) -> None:
    """A mail."""
    with smtplib.SMTP("127.0.0.1", run.machine.mail_port, timeout=20) as server:
        sender = run.mail("sender")
        head = [f"From: {run.mark('Sender')} <{sender}>", "To: help@city.example", f"Subject: {run.mark('Subject')}", f"Message-ID: <{run.mail('id')}>"]
        server.sendmail(sender, ["help@city.example"], "\r\n".join([*head, "", run.mark("Body"), ""]))
    eventually(lambda: run.mark("Body") in vault(run), "the mail has become a request")


def for_a_fee(run: Run) -> None:
    """A certificate that is paid by card: the provider learns an amount."""
    answers = {"person_name": run.mark("Answer"), "birth_date": "2020-05-01", "copy_kind": _first_option(run, "birth-certificate", "copy_kind")}
    reference, proof = start(run.machine, service="birth-certificate", answers=answers, contact={"name": run.mark("Payer"), "email": run.mail("payer")})
    status, told = Person(run.machine).ask("POST", f"/cases/{reference}/payments", {}, **proof)
    assert status in (200, 201), told


def _first_option(run: Run, service: str, field: str) -> str:
    _, told = Person(run.machine).ask("GET", f"/services/{service}")
    return str(next(one for one in told["fields"] if one["id"] == field)["options"][0]["id"])


def in_errors(run: Run) -> None:
    """What is sent to the wrong place, in the wrong form, or where nothing is."""
    word = run.mark("Wrong")
    for path in (
        f"/{word}",
        f"/api/v1/cases/{word}",
        f"/api/v1/services/{word}?language={word}",
        f"/api/v1/indicators?from={word}",
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                urllib.request.Request(run.machine.url + path, headers={"X-Request-Id": word, "Case-Secret": word, "User-Agent": word}), timeout=20
            )
        # A page may lead back to the address it was asked for, and a validator name the member it does not know: only who asked sees it.
        assert path == f"/{word}" or not run.holds(refused.value.read()), path
        assert not run.holds(str(refused.value.headers)), path
    for body in (f'{{"service": "{word}", ', f'{{"service": "{word}"}}', f'{{"service": "pothole", "answers": {{"depth_cm": "{word}"}}}}'):
        status, _ = Person(run.machine).ask("POST", "/cases", None, X_Body=word)
        assert status >= 400
        _raw(run, body)


def _raw(run: Run, body: str) -> None:
    request = urllib.request.Request(f"{run.machine.url}/api/v1/cases", body.encode(), {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request, timeout=20)


# ---------------------------------------------------------------------- what there is afterwards


def tables(run: Run) -> Iterator[tuple[str, str]]:
    """Each row of each table of the portal, as text."""
    with psycopg.connect(run.machine.running()["environment"]["DATABASE_URL"], user=SUPERUSER) as connection:
        for (name,) in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace").fetchall():
            for (row,) in connection.execute(f'SELECT t::text FROM "{name}" t'.encode()):
                yield name, str(row)


def vault(run: Run) -> str:
    return "\n".join(row for name, row in tables(run) if name in VAULT)


def quiet(run: Run) -> bool:
    with psycopg.connect(run.machine.running()["environment"]["DATABASE_URL"], user=SUPERUSER) as connection:
        open_rows = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND next_at <= clock_timestamp()"
        return connection.execute(open_rows).fetchone() == (0,)


def mails(run: Run) -> list[str]:
    """Each mail that left: its envelope and headers, and its parts in plain letters."""
    found = []
    for path in sorted((run.machine.data / "mailbox").glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        parts = [part.get_payload(decode=True) or b"" for part in message.walk() if not part.is_multipart()]
        head = "\n".join(f"{name}: {value}" for name, value in message.items())
        found.append("\n".join([head, *(part.decode("utf-8", "replace") for part in parts if isinstance(part, bytes))]))
    return found


def mails_to(run: Run, address: str) -> str:
    return "\n".join(one for one in mails(run) if f"X-Envelope-To: {address}" in one)


def test_the_markers_went_all_the_way(run: Run) -> None:
    """Else the other tests would find nothing because nothing was there."""
    kept = vault(run)
    for name in (
        "Name",
        "Street",
        "Home",
        "Text",
        "Message",
        "Note",
        "Asked",
        "Answered",
        "Reasons",
        "Objection",
        "Feedback",
        "Place",
        "PagePlace",
        "PageName",
        "Payer",
    ):
        assert run.mark(name) in kept, name
    assert "There is a decision on your request" in mails_to(run, run.mail("mail"))
    assert any(span.read_bytes() for span in run.spans.glob("*.spans"))


def test_no_other_table_holds_a_word_of_it(run: Run) -> None:
    """Events, outbox, inbox, timers, figures, answers kept for repeats, drafts, sessions, and whatever tables there will be."""
    seen, found = set(), set()
    for name, row in tables(run):
        seen.add(name)
        # bytea is shown in hexadecimal digits.
        if name not in VAULT and (run.holds(row) or run.holds(_unhexed(row))):
            found.add(name)
    assert {"events", "outbox", "timers", "case_facts"} <= seen
    assert found == set()


def _unhexed(row: str) -> bytes:
    return b"\n".join(bytes.fromhex(one) for one in re.findall(r"\\\\?x((?:[0-9a-f]{2}){4,})", row))


def test_redis_holds_nothing_of_it(run: Run) -> None:
    """Keys, jobs, counts, and what it writes to disk."""
    with redis.Redis.from_url(run.machine.running()["environment"]["REDIS_URL"]) as bus:
        for key in bus.scan_iter():
            assert not run.holds(key)
            assert not run.holds(bus.dump(key) or b"")
    for file in (run.machine.data / "valkey").rglob("*"):
        assert not file.is_file() or not run.holds(file.read_bytes()), file


def test_no_log_and_no_other_file_holds_it(run: Run) -> None:
    seen = []
    for file in run.machine.data.rglob("*"):
        part = file.relative_to(run.machine.data).parts[0]
        if file.is_file() and not part.startswith(ELSEWHERE):
            seen.append(file.name)
            assert not run.holds(file.read_bytes()), file
    assert any(name.startswith("web") for name in seen), seen
    assert not run.holds("\n".join(run.machine.said))


def test_metrics_figures_feeds_and_traces_tell_nothing_of_it(run: Run) -> None:
    wanted = urllib.request.Request(f"{run.machine.url}/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    with urllib.request.urlopen(wanted, timeout=20) as answer:
        assert b"onedoor_requests_total" in (said := answer.read())
        assert not run.holds(said)
    for path in ("/health/ready", "/api/v1/indicators", "/performance", "/api/v1/services", "/open311/v2/requests.json", "/open311/v2/requests.xml"):
        with urllib.request.urlopen(run.machine.url + path, timeout=20) as answer:
            assert not run.holds(answer.read()), path
    assert not run.holds(run.machine.run("kpi", "--json").stdout)
    for file in run.spans.glob("*.spans"):
        assert not run.holds(file.read_bytes()), file


def test_mail_reaches_who_is_entitled_and_nobody_else(run: Run) -> None:
    for one in mails(run):
        to = [line for line in one.splitlines() if line.startswith("X-Envelope-To:")]
        if run.holds(one):
            assert all(run.holds(line) for line in to), to


def test_agencies_are_given_what_their_service_asks_and_no_names(run: Run) -> None:
    """Roads mends holes: it is told where. Nobody is told who said so, and the provider of card payments learns an amount."""
    with sqlite3.connect(f"file:{run.machine.data / 'simulated-agencies' / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        names = [name for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [(name, str(row)) for name in names for row in ledger.execute(f'SELECT * FROM "{name}"')]
    assert rows
    for table, row in rows:
        if run.holds(row):
            assert "'roads'" in row, (table, row)
        for name in ("Name", "PageName", "Street", "Payer", "mail", "pagemail"):
            assert run.mark(name).lower() not in row.lower(), (table, row)
