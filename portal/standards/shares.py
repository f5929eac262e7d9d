"""One command's work in several processes of one machine: each takes a share of the cases, and tells how far it has come."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from portal.unit_of_work import Portal, keep_for_good

T = TypeVar("T")
#: What a worker does: its number, and where it tells how far it has come; its result.
Share = Callable[[int, Callable[[int], None]], T]


class WorkerLost(RuntimeError):
    """A process of this command ended before its work was done. What was done stays done: run it again."""


def in_shares(portal: Portal, workers: int, share: Share[T], progress: Callable[[int], None]) -> list[T]:
    """The results of all workers. They are copies of this process (fork), which must have no threads; none of them uses its connections.

    `progress` is told the sum of what the workers told last. Raises WorkerLost; workers that are left are ended with this process.
    """
    context = multiprocessing.get_context("fork")
    started: list[tuple[Any, Connection]] = []
    try:
        for number in range(workers):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_worker, args=(portal, share, number, there), daemon=True)
            process.start()
            there.close()
            started.append((process, here))
        return _gathered([here for _, here in started], progress)
    finally:
        for process, here in started:
            here.close()
            process.terminate()
            process.join()


def _worker(portal: Portal, share: Share[Any], number: int, there: Connection) -> None:
    # The parent goes on using its own connections: they are let go of here, not closed.
    portal.engine.dispose(close=False)
    keep_for_good()
    with closing(there):
        there.send(("done", share(number, lambda count: there.send(("far", count)))))


def _gathered(workers: Sequence[Connection], progress: Callable[[int], None]) -> list[Any]:
    far, results, open_ones = dict.fromkeys(workers, 0), dict[Any, Any](), set(workers)
    while open_ones:
        ready: Iterable[Any] = wait(list(open_ones))
        for one in ready:
            try:
                what, told = one.recv()
            except EOFError:
                raise WorkerLost(WorkerLost.__doc__) from None
            if what == "done":
                results[one] = told
                open_ones.discard(one)
            else:
                far[one] = told
                progress(sum(far.values()))
    return [results[one] for one in workers]
