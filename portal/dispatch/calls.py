"""Calls under way in this process. They outlast whoever began them: one that hangs holds its own thread, and nobody's turn."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType

from portal.unit_of_work import Portal

#: Calls under way at once; each ends within 20 s, well inside its lease of 30 s.
THREADS = 16
#: Seconds a turn waits for one more call to end before it leaves those that remain to themselves.
LINGER = 0.5


@dataclass(eq=False)
class Calls:
    """A place for so many calls, for one process. As a context it waits for all of them; else they go on when a turn has ended,
    and one that was so slow wakes `drain` when it is over, for what had to wait behind it.
    """

    name: str
    #: Portal and target of each call under way.
    _under_way: dict[Future[None], tuple[Portal, str]] = field(default_factory=dict)
    #: Calls that ended and no turn has looked at, with their fault if they had one.
    _over: list[tuple[Portal, BaseException | None]] = field(default_factory=list)
    _pool: ThreadPoolExecutor | None = None
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> Calls:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, where: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        if fault is None:
            _raise(unseen for _, unseen in self._over)

    @property
    def free(self) -> int:
        """Calls that may begin now."""
        with self._changed:
            return THREADS - len(self._under_way)

    def busy(self, portal: Portal) -> Counter[str]:
        """Calls of this portal under way, by target."""
        with self._changed:
            return Counter(target for whose, target in self._under_way.values() if whose is portal)

    def begin(self, portal: Portal, target: str, call: Callable[[], None]) -> None:
        """Begins a call. What it fails with is raised by `one_ended` of this turn, or of a later one."""
        began = monotonic()
        with self._changed:
            self._pool = self._pool or ThreadPoolExecutor(THREADS, thread_name_prefix=self.name)
            one = self._pool.submit(call)
            self._under_way[one] = (portal, target)
        one.add_done_callback(lambda ended: self._ended(ended, monotonic() - began))

    def _ended(self, one: Future[None], seconds: float) -> None:
        with self._changed:
            portal, _ = self._under_way.pop(one)
            self._over.append((portal, one.exception()))
            self._changed.notify_all()
        if seconds >= LINGER:
            portal.wake({"drain"})

    def one_ended(self, portal: Portal, *, patient: bool) -> bool:
        """Waits for a call of this portal that has ended since the last look, LINGER seconds at most unless `patient`; False where there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._seen(portal) or not self._waits(portal), timeout=None if patient else LINGER)
            seen = self._seen(portal)
            self._over = [one for one in self._over if one[0] is not portal]
        _raise(seen)
        return bool(seen)

    def _seen(self, portal: Portal) -> list[BaseException | None]:
        return [fault for whose, fault in self._over if whose is portal]

    def _waits(self, portal: Portal) -> bool:
        return any(whose is portal for whose, _ in self._under_way.values())


def _raise(faults: Iterable[BaseException | None]) -> None:
    """The first of them; the others are of the same trouble, as a rule."""
    for fault in faults:
        if fault is not None:
            raise fault
