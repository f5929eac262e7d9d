"""One storm: load, faults by plan, then quiet; and what the checker says of its cases."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

import psycopg

from portal.db import connect
from portal.local.one_machine import DATABASE, LOGIN
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.storm.checker import Checker, Violation
from tests.storm.clients import Load
from tests.storm.faults import MAY_REFUSE, Acts, Planned, plan
from tests.storm.history import History
from tests.storm.rig import CATALOGUE, Rig

#: Seconds in which what is due becomes less after a storm, at the latest: the lease of a row whose worker was killed takes 30.
CALM = 150.0
#: Seconds between two requests of one client: more than machines can carry would show how long queues grow, not what is lost.
PACE = 0.15
_BUSY = """SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL
    AND (next_at <= clock_timestamp() OR lease_until > clock_timestamp()))
+ (SELECT count(*) FROM timers WHERE armed AND due_at <= clock_timestamp())
+ (SELECT count(*) FROM inbox WHERE status = 'unmatched' AND next_at <= clock_timestamp())"""
_CASES = "SELECT DISTINCT case_id FROM vault_items WHERE substring(value::text from 'storm-[0-9a-f]+') = ANY(%s)"
_LEFT = "SELECT count(*), count(parked_at) FROM outbox WHERE case_id = ANY(%s)"
_WAITED = """SELECT coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM s.recorded_at - p.recorded_at)), 0)::float8
FROM events p JOIN events s ON s.case_id = p.case_id AND s.type = 'DeliverySent' AND s.data->>'delivery' = p.data->>'delivery'
WHERE p.type = 'DeliveryPlaced' AND p.case_id = ANY(%s) AND (%s::text IS NULL OR p.agency = %s)"""


@dataclass(frozen=True)
class Level:
    """What a storm must come to before it ends, however long that takes: acts of the fault, requests of clients, rows that leave."""

    times: int = 0
    intents: int = 0
    rows: int = 0
    #: Who ask for something at the same time.
    clients: int = 4

    def part(self, share: float) -> Level:
        """A share of it, for a machine that has no hours."""
        return replace(self, times=math.ceil(self.times * share), intents=math.ceil(self.intents * share), rows=math.ceil(self.rows * share))


NO_LEVEL = Level()


@dataclass
class Told:
    """What a storm came to; `row` is its line in build/storm.json."""

    fault: str
    seed: int
    seconds: float
    times: int = 0
    history: History = field(default_factory=History)
    violations: list[Violation] = field(default_factory=list)
    #: 99th percentile of the seconds from a handover's commit to its dispatch; of agencies that were left alone where one was not.
    dispatched_p99: float = 0.0
    #: Intents where they are not requests: races, callbacks.
    counted: int | None = None
    #: Rows of the outbox its cases led to, and those of them that were set aside for people.
    rows: int = 0
    parked: int = 0

    @property
    def errors_5xx(self) -> int:
        """Answers that break a promise: any 5xx, but for a 503 that says when to come again while PostgreSQL is away."""
        return self.history.heard["5xx"] + (0 if self.fault in MAY_REFUSE else self.history.heard["told-503"])

    @property
    def row(self) -> dict[str, object]:
        """As interface.md names it, and what else is worth knowing."""
        return {
            "fault": self.fault,
            "times": self.times,
            "intents": len(self.history.intents) if self.counted is None else self.counted,
            "rows": self.rows,
            "parked": self.parked,
            "lost": sum(one.lost for one in self.violations),
            "doubled": sum(one.doubled for one in self.violations),
            "errors_5xx": self.errors_5xx,
            "told_503": self.history.heard["told-503"],
            "answers_lost": self.history.heard["lost"],
            "dispatched_p99": round(self.dispatched_p99, 2),
            "seconds": round(self.seconds, 1),
            "seed": self.seed,
            "undecided": len(self.history.undecided),
        }


def blow(rig: Rig, fault: str, *, seed: int, seconds: float, level: Level = NO_LEVEL, pace: float = PACE) -> Told:
    """Load and faults for so many seconds, again and again until the level is reached; ends when every client knows what became of what it asked for."""
    told = Told(fault, seed, seconds)
    acts, load = Acts(rig), Load(rig.port, told.history, seed=seed, clients=level.clients, pace=pace)
    begun, before, turn = time.monotonic(), _rows(rig), 0
    load.start()
    while turn == 0 or not _reached(rig, level, acts, told.history, before):
        _turn(rig, acts, plan(fault, seed, seconds, turn), seconds, lambda: not level.rows or _enough_done(rig, level, acts, before))
        turn += 1
    told.seconds = time.monotonic() - begun
    load.stop()
    rig.wait(lambda: not load.running, f"{fault}: the clients know what became of their requests", 90)
    told.times = acts.times
    return told


def _enough_done(rig: Rig, level: Level, acts: Acts, before: int) -> bool:
    """Kills are spread over the rows: where a machine is slow, more of them would only show that who is killed before he can work does not work."""
    return acts.times * level.rows <= level.times * (_rows(rig, "done_at IS NOT NULL") - before)


def _turn(rig: Rig, acts: Acts, waiting: list[Planned], seconds: float, may: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while waiting or time.monotonic() - begun < seconds:
        while waiting and time.monotonic() - begun >= waiting[0][0]:
            _, what, to = waiting.pop(0)
            if may():
                acts(what, to)
            rig.tend()
        rig.tend()
        time.sleep(0.02)


def _reached(rig: Rig, level: Level, acts: Acts, history: History, before: int) -> bool:
    return acts.times >= level.times and len(history.intents) >= level.intents and (not level.rows or _rows(rig) - before >= level.rows)


def _rows(rig: Rig, which: str = "true") -> int:
    """Rows of the outbox, done or not; -1 while PostgreSQL is away."""
    try:
        with psycopg.connect(rig.database_url) as connection:
            ((rows,),) = connection.execute(f"SELECT count(*) FROM outbox WHERE {which}".encode()).fetchall()
    except psycopg.OperationalError:
        return -1
    return int(rows)


def calm(rig: Rig, seconds: float = CALM) -> None:
    """Waits until nothing is due and nobody holds anything; fails where for so many seconds nothing becomes less."""
    least, since = float("inf"), time.monotonic()

    def quiet() -> bool:
        nonlocal least, since
        try:
            with psycopg.connect(rig.database_url) as connection:
                ((left,),) = connection.execute(_BUSY).fetchall()
        except psycopg.OperationalError:
            return False
        if left < least:
            least, since = left, time.monotonic()
        assert time.monotonic() - since < seconds, f"{left} rows stay due\n{rig.logs()}"
        return bool(left == 0)

    rig.wait(lambda: quiet() and rig.healthy(), "nothing is due", 20 * seconds)


@contextmanager
def eyes(rig: Rig) -> Iterator[Portal]:
    """A portal of the checker's own, past the proxy: for the figures."""
    engine = connect(rig.postgres.url(LOGIN, DATABASE), pool=2)
    yield Portal(engine, CATALOGUE, REACTIONS, Settings(mode="test"))  # type: ignore[call-arg]
    engine.dispose()


def check(rig: Rig, storms: list[Told]) -> list[Violation]:
    """Looks at the cases of each storm, then at everything; answers what belongs to none of them."""
    known: set[str] = set()
    for told in storms:
        with psycopg.connect(rig.database_url) as connection:
            cases: list[UUID] = [row[0] for row in connection.execute(_CASES, ([one.marker for one in told.history.intents],))]
            spared = "water-utility" if told.fault == "hostile-agency" else None
            ((told.rows, told.parked),) = connection.execute(_LEFT, (cases,)).fetchall()
            (told.dispatched_p99,) = connection.execute(_WAITED, (cases, spared, spared)).fetchone() or (0.0,)
        with Checker(rig.database_url, ledger=rig.ledger, cases=cases) as look:
            told.violations += look.everything(told.history.intents)
        known |= {str(one) for one in told.violations}
    with eyes(rig) as portal, Checker(rig.database_url, ledger=rig.ledger, portal=portal) as look:
        return [one for one in look.everything() if str(one) not in known]
