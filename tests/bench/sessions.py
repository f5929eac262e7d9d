"""What a session costs: a unit opened for somebody signed in, which PostgreSQL holds against the session in the same trip, beside one that is not."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from time import perf_counter

from portal.access import identity, sessions
from portal.access.remembered import Remembered
from portal.catalogue.definitions import Catalogue
from portal.db import connect
from portal.settings import Settings
from portal.unit_of_work import ENGINE, Portal, Principal
from tests.bench.entries import Entry, beside, paired
from tests.bench.machine import Machine

OTHERS, ROUNDS, UNITS = 20_000, 9, 300


def measure(on: Machine, *, others: int = OTHERS, rounds: int = ROUNDS, units: int = UNITS) -> list[Entry]:
    """`session.unit` in units a second against `unit-without`, `session.look_up` in look-ups a second."""
    engine = connect(on.url)
    portal = Portal(engine, Catalogue({}, {}, {}, {}, {}, ()), {}, Settings(PORTAL_MODE="test"))
    who = identity.principal("urn:bench", "somebody", roles=["caseworker"], agency="city-council")
    with portal.work(ENGINE) as work:
        work.sql(
            """INSERT INTO sessions (key, id, subject, scope, granted, person, provider, device, sealed, since, seen_at, idle_until, until)
            SELECT sha256(i::text::bytea), gen_random_uuid(), 'urn:bench|' || i, 'staff', '{}', '', 'bench', '', '', now(), now(),
            now() + interval '1 hour', now() + interval '1 hour' FROM generate_series(1, %s) AS i""",
            (others,),
        )
        token = sessions.begin(work, who, person="", provider="bench", provider_session=None, device="", id_token=None)
    here = Remembered(portal).look(token)
    assert here is not None
    signed, plain = [], []
    for _ in range(rounds):
        signed.append(_rate(portal, here.principal, units))
        plain.append(_rate(portal, replace(here.principal, proof=None), units))
    remembered = Remembered(portal)
    begun = perf_counter()
    for _ in range(units):
        remembered.forget(token)
        remembered.look(token)
    looked = units / (perf_counter() - begun)
    engine.dispose()
    return [
        Entry("session.unit", round(median(signed), 3), "units/s", round(paired(signed, plain), 4), "unit-without"),
        beside("session.look_up", looked, "look-ups/s", "unit-without", median(plain)),
    ]


def _rate(portal: Portal, who: Principal, units: int) -> float:
    begun = perf_counter()
    for _ in range(units):
        with portal.work(who) as work:
            work.sql("SELECT 1")
    return units / (perf_counter() - begun)
