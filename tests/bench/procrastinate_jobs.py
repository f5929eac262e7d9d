"""The peer procrastinate, in a virtual environment of its own: jobs that do nothing.

`python procrastinate_jobs.py fill ADDRESS JOBS` makes them, all due; `work ADDRESS` is a worker that ends when none is due.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

from procrastinate import App, PsycopgConnector  # type: ignore[import-not-found,unused-ignore]

#: Of 1, 10 and 50 the quickest.
CONCURRENCY = 10


async def main(doing: str, address: str, jobs: int) -> None:
    """Prints the instants (monotonic seconds) at which work began and ended."""
    app = App(connector=PsycopgConnector(conninfo=address))

    @app.task(name="nothing")  # type: ignore[untyped-decorator,unused-ignore]
    async def nothing() -> None:
        """The job."""

    async with app.open_async():
        if doing == "fill":
            await app.schema_manager.apply_schema_async()
            await nothing.configure(schedule_at=datetime.now(UTC)).batch_defer_async(*({} for _ in range(jobs)))
        else:
            print("ready", flush=True)
            sys.stdin.readline()
            begun = time.monotonic()
            await app.run_worker_async(wait=False, concurrency=CONCURRENCY, install_signal_handlers=False, delete_jobs="never")
            print(begun, time.monotonic(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0))
