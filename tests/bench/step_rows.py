"""What both sides of `journey.steps.durable` write: one row of state a run, one event a step, one commit a step. Needs psycopg and nothing of the portal."""

from __future__ import annotations

import psycopg

MAKE = """CREATE TABLE IF NOT EXISTS bench_runs (id bigint PRIMARY KEY, seq int NOT NULL, state text NOT NULL);
CREATE TABLE IF NOT EXISTS bench_events (run bigint NOT NULL, seq int NOT NULL, data text NOT NULL, PRIMARY KEY (run, seq))"""
_BEGIN = "WITH begun AS (INSERT INTO bench_runs VALUES (%(run)s, 0, %(state)s)) INSERT INTO bench_events VALUES (%(run)s, 0, 'begun')"
_READ = "SELECT state FROM bench_runs WHERE id = %s"
#: Nobody else did the step meanwhile, or no row is written.
_KEEP = """WITH kept AS (UPDATE bench_runs SET state = %(state)s, seq = %(seq)s WHERE id = %(run)s AND seq = %(seq)s - 1 RETURNING id)
INSERT INTO bench_events SELECT id, %(seq)s, %(event)s FROM kept"""


class StepRows:
    """A connection of one side, while no other begins runs. Each statement is a transaction and a trip of its own, prepared once."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        self.connection.execute(MAKE, prepare=False)
        (self.run,) = self.connection.execute("SELECT coalesce(max(id), 0) FROM bench_runs").fetchone() or (0,)

    def begin(self, state: str) -> None:
        """A new run, after those of the other side."""
        self.run += 1
        self.connection.execute(_BEGIN, {"run": self.run, "state": state})

    def read(self) -> str:
        """The state as it was kept."""
        found = self.connection.execute(_READ, (self.run,)).fetchone()
        assert found is not None
        return str(found[0])

    def keep(self, seq: int, state: str, event: str) -> None:
        """State and event of a step, committed."""
        written = self.connection.execute(_KEEP, {"run": self.run, "seq": seq, "state": state, "event": event})
        assert written.rowcount == 1
