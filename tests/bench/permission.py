"""What permission costs: a case read by a member of staff, and its worklist, beside the same requests without guard, scoping, policies, sign-in and note.

And whether `not yours` can be told from `not there` by the clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import true

from portal.access import reads, scoping
from portal.api import allowed
from portal.cases import reference as references
from portal.unit_of_work import Principal
from tests.bench.entries import Entry, beside, paired
from tests.bench.machine import Machine
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_decisions import Desk

ROUNDS, REQUESTS, CASES, PAIRS = 9, 150, 300, 1_000
WORKER = Principal("staff", f"{ISSUER}|worker", agencies=("social-services",), teams=("benefits",), roles=("caseworker",))
#: Milliseconds by which `not yours` may differ from `not there` (median over PAIRS).
APART = 2.0


def measure(on: Machine, *, rounds: int = ROUNDS, requests: int = REQUESTS, cases: int = CASES, pairs: int = PAIRS) -> list[Entry]:
    """`permission.cost` of a case and of a worklist, and `permission.not-yours`."""
    issuer = Issuer(on.data / "keys.json")
    desk = Desk(on.url, issuer)
    # These runs take longer than a token of the tests lasts.
    lasts = int(time.time()) + 24 * 3600
    desk.worker = desk._bearer(issuer, sub="worker", agency="social-services", teams=["benefits"], exp=lasts)
    desk.roads = desk._bearer(issuer, sub="roads", agency="roads", teams=["streets"], exp=lasts)
    try:
        all_of_them = [desk.request()[0] for _ in range(cases)]
        found = [
            _cost(on, desk, "permission.cost", f"/api/v1/cases/{all_of_them[0]}", rounds, requests),
            _cost(on, desk, "permission.cost_of_list", "/api/v1/tasks", rounds, requests),
        ]
        return [*found, _apart(desk, all_of_them[0], pairs)]
    finally:
        desk.portal.engine.dispose()


def _cost(on: Machine, desk: Desk, name: str, path: str, rounds: int, requests: int) -> Entry:
    ours, bare = [], []
    for number in range(rounds + 1):
        with_checks = _timed(desk, path, requests)
        with _without(on):
            without = _timed(desk, path, requests)
        if number:  # the first warms both
            ours.append(with_checks)
            bare.append(without)
    told = beside(name, median(ours) * 1e3, "ms", "without", median(bare) * 1e3)
    return replace(told, ratio=round(paired(ours, bare), 4))


def _timed(desk: Desk, path: str, requests: int) -> float:
    """Seconds a request."""
    begun = time.perf_counter()
    for _ in range(requests):
        found = desk.client.get(path, headers=desk.worker)
        assert found.status_code == 200, found.get_data(as_text=True)
    return (time.perf_counter() - begun) / requests


@contextmanager
def _without(on: Machine) -> Iterator[None]:
    """No guard and no sign-in, no scoping, no policy, and nobody is told who looked."""
    kept = (scoping._seen, scoping._open, allowed.principal_of, allowed.demand, reads.note)
    everything: Any = lambda work, of: true()  # noqa: E731
    scoping._seen = scoping._open = everything
    allowed.principal_of = lambda *_: WORKER
    allowed.demand = lambda *_: None
    reads.note = lambda *_, **__: None
    _switch(on, "DISABLE")
    try:
        yield
    finally:
        _switch(on, "ENABLE")
        scoping._seen, scoping._open, allowed.principal_of, allowed.demand, reads.note = kept


def _switch(on: Machine, verb: str) -> None:
    with psycopg.connect(on.superuser_url, autocommit=True) as connection:
        for (table,) in connection.execute("SELECT DISTINCT tablename FROM pg_policies").fetchall():
            connection.execute(f'ALTER TABLE "{table}" {verb} ROW LEVEL SECURITY')  # type: ignore[arg-type]


def _apart(desk: Desk, theirs: str, pairs: int) -> Entry:
    """Milliseconds between the medians of another agency's case and of none; each pair is asked side by side, in turn first."""
    yours: list[float] = []
    nowhere: list[float] = []
    for number in range(pairs):
        order = [(yours, theirs), (nowhere, references.new())]
        for times, reference in order if number % 2 else reversed(order):
            begun = time.perf_counter()
            found = desk.client.get(f"/api/v1/cases/{reference}", headers=desk.roads)
            times.append(time.perf_counter() - begun)
            assert found.status_code == 404
    return beside("permission.not-yours", abs(median(yours) - median(nowhere)) * 1e3, "ms apart", "level", APART)
