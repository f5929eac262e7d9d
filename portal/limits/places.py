"""Places before the database: so many requests of a lane are worked at once, so many wait, the rest are told to come back.

Each lane has places of its own, so that a flood in one never takes those of another; all of them together are fewer than the connections of the pool.
Inside a lane addresses take turns, and where the room is full the address with most requests in it gives way: who asks once is not behind who asks
a hundred times.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from portal.errors import TooMany

#: Seconds a request waits for a place at most.
PATIENCE = 5.0
#: Seconds after which who found no place is told to come back.
COME_BACK = 3

#: Who asks: the address, and what else tells askers behind one address apart.
Asker = tuple[str, str]


class Busy(TooMany):
    """Very many people are asking just now. Nothing was stored; send the same again in a moment."""

    slug = "busy"


@dataclass(frozen=True)
class Lane:
    """`places` work at once, `waiting` more may wait."""

    name: str
    places: int
    waiting: int

    @property
    def threads(self) -> int:
        """Threads it may hold."""
        return self.places + self.waiting


@dataclass(eq=False)
class _Turn:
    asker: Asker
    called: threading.Event = field(default_factory=threading.Event)
    gives_way: bool = False


class Places:
    """Those of one lane in this process."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._free = self.lane.places
        self._waiting = 0
        #: Address -> who behind it -> those who wait, the first of each to be called next.
        self._room: OrderedDict[str, OrderedDict[str, deque[_Turn]]] = OrderedDict()

    def enter(self, asker: Asker = ("", ""), *, patience: float = PATIENCE) -> None:
        """Takes a place; Busy where too many wait already, or none became free in time. Give it back with `leave`."""
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            if self._waiting >= self.lane.waiting and not self._made_room(asker):
                raise Busy(retry_after=COME_BACK)
            turn = _Turn(asker)
            self._room.setdefault(asker[0], OrderedDict()).setdefault(asker[1], deque()).append(turn)
            self._waiting += 1
        turn.called.wait(patience)
        with self._lock:
            if not turn.called.is_set():
                self._remove(turn)
                raise Busy(retry_after=COME_BACK)
        if turn.gives_way:
            raise Busy(retry_after=COME_BACK)

    def leave(self) -> None:
        """The place goes to the next address, there to the next asker and its first request; else it is free."""
        with self._lock:
            if not self._room:
                self._free += 1
                return
            address, askers = next(iter(self._room.items()))
            who, turns = next(iter(askers.items()))
            turn = turns[0]
            self._remove(turn)
            if address in self._room:
                self._room.move_to_end(address)
                if who in self._room[address]:
                    self._room[address].move_to_end(who)
            turn.called.set()

    def _made_room(self, asker: Asker) -> bool:
        """Sends the latest of those away who hold most of the room, where they hold more than the new one would."""
        sizes = {address: sum(map(len, askers.values())) for address, askers in self._room.items()}
        heaviest = max(sizes, key=lambda address: sizes[address], default=asker[0])
        if sizes.get(heaviest, 0) > sizes.get(asker[0], 0) + 1:
            of = self._room[heaviest]
        elif asker[0] in self._room:
            of = self._room[asker[0]]
            if max(map(len, of.values())) <= len(of.get(asker[1], ())) + 1:
                return False
        else:
            return False
        turn = max(of.values(), key=len)[-1]
        self._remove(turn)
        turn.gives_way = True
        turn.called.set()
        return True

    def _remove(self, turn: _Turn) -> None:
        address, who = turn.asker
        askers = self._room[address]
        askers[who].remove(turn)
        self._waiting -= 1
        if not askers[who]:
            del askers[who]
            if not askers:
                del self._room[address]

    @property
    def waiting(self) -> int:
        """Requests that wait now."""
        return self._waiting
