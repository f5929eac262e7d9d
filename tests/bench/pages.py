"""Pages and lists with 100,000 cases: how long the server takes over each, one asker after the other. Level: 95 of 100 within 100 ms."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime
from typing import Any

import psycopg

from portal.access import sessions
from portal.app import build_portal
from portal.local.addresses import free_port
from portal.settings import Settings
from portal.unit_of_work import ENGINE, EVERY, Portal, Principal
from tests.bench import queues
from tests.bench.entries import Entry, beside
from tests.bench.kept import Filled
from tests.bench.machine import PORTAL, Machine
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer

CASES, WAITING, ASKED = 100_000, 20_000, 60
#: Milliseconds 95 of 100 may take at most.
LEVEL = 100.0

#: Each filled case has a promise: most kept, some running, one in twenty missed and still owed; and its row of facts.
_MORE = (
    "SET LOCAL session_replication_role = replica",
    """INSERT INTO clocks (case_id, id, standard, kind, covers, agency, rule, status, started_at, due_at, original_due_at, due_source, stopped_at, missed_at,
    pauses, extended) SELECT case_id, case_id, 'decision', 'service', 'case', 'city-council', '{}', CASE WHEN n % 20 = 0 THEN 'missed'
    WHEN n % 5 = 0 THEN 'running' ELSE 'met' END, now() - interval '60 days', now() - n * interval '1 minute', now() - n * interval '1 minute', 'computed',
    CASE WHEN n % 20 = 0 OR n % 5 = 0 THEN NULL ELSE now() END, CASE WHEN n % 20 = 0 THEN now() - n * interval '1 minute' END, '[]', false
    FROM (SELECT case_id, row_number() OVER () AS n FROM cases WHERE reference LIKE 'B%%') AS numbered""",
    """INSERT INTO case_facts (case_id, jurisdiction, origin, service, agency, channel, month, status, received_at, closed_at, due_at, due_source, clocks,
    missed, referrals, seq) SELECT case_id, 'rivermouth', 'demo', (ARRAY['noise-complaint','pothole','resident-parking-permit','housing-benefit'])[1 + n % 4],
    'city-council', (ARRAY['web','phone','email'])[1 + n % 3], date_trunc('month', now() - n % 700 * interval '1 day')::date, CASE WHEN n % 5 = 0 THEN
    'in-progress' ELSE 'closed' END, now() - n % 700 * interval '1 day', CASE WHEN n % 5 = 0 THEN NULL ELSE now() - n % 690 * interval '1 day' END,
    now() - n % 680 * interval '1 day', 'computed', '[]', n % 20 = 0, 0, 1
    FROM (SELECT case_id, row_number() OVER () AS n FROM cases WHERE reference LIKE 'B%%') AS numbered""",
)

#: Name of an entry -> who asks, and what.
PAGES: dict[str, tuple[str, str]] = {
    "home": ("nobody", "/"),
    "service": ("nobody", "/services/resident-parking-permit"),
    "performance": ("nobody", "/performance"),
    "performance-of": ("nobody", "/performance/pothole"),
    "case": ("party", "/cases/{reference}"),
    "my": ("citizen", "/my"),
    "account": ("caseworker", "/account"),
    "desk": ("caseworker", "/desk"),
    "desk-case": ("caseworker", "/desk/cases/{reference}"),
    "desk-task": ("caseworker", "/desk/tasks/{task}"),
    "desk-referrals": ("caseworker", "/desk/referrals"),
    "champion": ("champion", "/champion"),
    "admin": ("administrator", "/admin"),
    "admin-people": ("administrator", "/admin/people"),
    "api-tasks": ("caseworker", "/api/v1/tasks"),
    "api-breaches": ("champion", "/api/v1/breaches"),
    "api-deliveries": ("champion", "/api/v1/deliveries"),
    "api-referrals": ("caseworker", "/api/v1/referrals"),
    "api-indicators": ("nobody", "/api/v1/indicators"),
    "api-indicators-anew": ("nobody", "/api/v1/indicators?as_of={now}"),
    "api-indicator": ("nobody", "/api/v1/indicators/on-time-of-due?by=service,month"),
    "api-case": ("party", "/api/v1/cases/{reference}"),
    "api-events": ("party", "/api/v1/cases/{reference}/events"),
}


def measure(on: Machine) -> list[Entry]:
    """`page.NAME`: the 95th of 100 times, in milliseconds."""
    issuer = Issuer(on.data / "keys.json")
    on.environment |= {"TOKEN_ISSUER": ISSUER, "TOKEN_AUDIENCE": AUDIENCE, "TOKEN_KEYS": str(issuer.place), "WEB_WORKERS": "1"}
    port = free_port()
    on.serve("web", port, PORTAL, "web", "--port", str(port))
    asking = _people(on, issuer, port)
    found = []
    for name, (who, address) in PAGES.items():
        took, status, size = _asked(port, address.format(**asking["known"]), asking[who])
        if status != 200:
            print(f"page.{name}: {address} answers {status}")
        p95 = took[len(took) * 95 // 100] * 1000
        found.append(beside(f"page.{name}", p95, f"ms ({size // 1024} kB)" if status == 200 else f"ms ({status})", "level", LEVEL))
    return found


def _fill(url: str) -> None:
    queues.fill(url, cases=CASES, waiting=WAITING)
    with psycopg.connect(url) as connection:
        for statement in _MORE:
            connection.execute(statement.replace("%%", "%").encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE clocks, case_facts")


FILLED = Filled("pages", _fill, f"{CASES} {WAITING} {queues.FILLED.said} {_MORE}")


def _people(on: Machine, issuer: Issuer, port: int) -> dict[str, Any]:
    """Headers of each who asks, and what is known by name."""
    body = {"service": "resident-parking-permit", "answers": {"number_plate": "1-ABC-234", "home": "Rue Haute 1", "vehicle": "own"}}
    opened = json.loads(_once(port, "POST", "/api/v1/cases", {"Content-Type": "application/json"}, json.dumps(body).encode())[1])
    portal = build_portal(Settings(PORTAL_MODE="test", database_url=on.url, secret_key=on.environment["SECRET_KEY"]))  # type: ignore[arg-type]
    staff = {
        "caseworker": Principal("staff", "i|desk", agencies=("city-council",), teams=("desk",), roles=("caseworker",), name="Desk"),
        "champion": Principal("champion", "i|champion", roles=("champion",), services=(EVERY,)),
        "administrator": Principal("admin", "i|admin", roles=("administrator",)),
        "citizen": Principal("party", "i|alice", roles=("citizen",)),
    }
    asking: dict[str, Any] = {"nobody": {}, "party": {"Case-Secret": opened["secret"], **_proved(port, opened)}}
    for name, who in staff.items():
        claims = {"roles": list(who.roles), "agency": who.agencies[0] if who.agencies else None, "teams": list(who.teams), "services": list(who.services)}
        asking[name] = {"Cookie": f"session={_session(portal, who)}", "Authorization": f"Bearer {issuer.token(sub=name, **claims)}"}
    portal.engine.dispose()
    with psycopg.connect(on.superuser_url) as connection:
        # The filled ones wait for nobody's step: a page tells of what is really to be done.
        found = connection.execute("SELECT id FROM tasks WHERE reference = %s AND status = 'open'", (opened["reference"],)).fetchone()
    assert found is not None
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    asking["known"] = {"reference": opened["reference"], "task": found[0], "now": now}
    return asking


def _session(portal: Portal, who: Principal) -> str:
    with portal.work(ENGINE) as work:
        return sessions.begin(work, who, person="", provider="bench", provider_session=None, device="bench", id_token=None)


def _proved(port: int, opened: dict[str, Any]) -> dict[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    form = f"reference={opened['reference']}&secret={opened['secret']}"
    connection.request("POST", "/cases", form, {"Content-Type": "application/x-www-form-urlencoded"})
    cookie = (connection.getresponse().getheader("Set-Cookie") or "").partition(";")[0]
    connection.close()
    return {"Cookie": cookie}


def _asked(port: int, address: str, headers: dict[str, str]) -> tuple[list[float], int, int]:
    took, status, body = [], 0, b""
    for _ in range(ASKED + 5):
        begun = time.perf_counter()
        status, body = _once(port, "GET", address, headers)
        took.append(time.perf_counter() - begun)
    return sorted(took[5:]), status, len(body)


def _once(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told
