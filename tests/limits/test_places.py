"""Places: so many work, so many wait in their order, the rest are told at once; a lane never takes from another."""

from __future__ import annotations

import threading

import pytest

from portal.limits.classes import BY_ACTION, CLASSES, RATES, class_of, lanes, rates_of, threads
from portal.limits.places import Busy, Lane, Places
from portal.limits.rates import Rate
from portal.settings import Settings


def test_the_first_to_wait_is_the_next() -> None:
    places, order = Places(Lane("public", 1, 3)), list[int]()
    places.enter()

    def worker(number: int) -> None:
        places.enter(patience=30)
        order.append(number)
        places.leave()

    some = []
    for number in range(3):
        some.append(threading.Thread(target=worker, args=(number,)))
        some[-1].start()
        while places.waiting <= number:
            pass
    with pytest.raises(Busy):
        places.enter()
    places.leave()
    for one in some:
        one.join()
    assert order == [0, 1, 2]
    places.enter(patience=0)
    assert places.waiting == 0


class Room:
    """One place that is taken, and askers who wait for it; `called` tells in which order they came in, `away` who was sent away."""

    def __init__(self, waiting: int) -> None:
        self.places, self.called, self.away = Places(Lane("public", 1, waiting)), list[str](), list[str]()
        self.places.enter()
        self._threads: list[threading.Thread] = []

    def come(self, name: str, asker: tuple[str, str]) -> None:
        """One more waits, or has been sent away, when this returns."""
        before, thread = self.places.waiting, threading.Thread(target=self._ask, args=(name, asker))
        told = len(self.away)
        self._threads.append(thread)
        thread.start()
        while self.places.waiting <= before and len(self.away) == told:
            pass

    def _ask(self, name: str, asker: tuple[str, str]) -> None:
        try:
            self.places.enter(asker, patience=30)
        except Busy:
            self.away.append(name)
            return
        self.called.append(name)
        self.places.leave()

    def go(self) -> None:
        """The place becomes free; all come in."""
        self.places.leave()
        for thread in self._threads:
            thread.join()


def test_addresses_take_turns_and_askers_behind_one_address_too() -> None:
    room = Room(10)
    for number in range(4):
        room.come(f"flood-{number}", ("a", ""))
    room.come("neighbour", ("a", "secret"))
    room.come("one", ("b", ""))
    room.go()
    assert room.called == ["flood-0", "one", "neighbour", "flood-1", "flood-2", "flood-3"]


def test_who_fills_the_room_gives_way_to_who_asks_once() -> None:
    room = Room(3)
    for number in range(3):
        room.come(f"flood-{number}", ("a", ""))
    room.come("flood-3", ("a", ""))
    assert room.away == ["flood-3"]
    room.come("one", ("b", ""))
    room.come("neighbour", ("a", "secret"))
    assert room.away == ["flood-3", "flood-2", "flood-1"]
    room.come("second neighbour", ("a", "another secret"))
    assert room.away[3:] == ["second neighbour"], "everybody in the room holds one, and its address holds two: it waits outside"
    room.go()
    assert sorted(room.called) == ["flood-0", "neighbour", "one"]
    assert (room.places.waiting, room.places._free) == (0, 1)


def test_patience_ends_and_nothing_is_lost() -> None:
    places = Places(Lane("public", 2, 2))
    for _ in range(2):
        places.enter()
    with pytest.raises(Busy) as told:
        places.enter(patience=0)
    assert told.value.extra["retry_after"] > 0
    assert places.waiting == 0
    places.leave()
    places.enter(patience=0)


def test_every_lane_and_rate_a_class_names_exists() -> None:
    known = lanes(places=4, waiting=48)
    assert {one.lane for one in CLASSES.values()} - {None} == set(known)
    assert {name for one in CLASSES.values() for name in one.rates} | {"mail"} == set(RATES)
    assert set(BY_ACTION.values()) <= set(CLASSES)
    assert {f"limit_{name}" for name in RATES} == {name for name in Settings.model_fields if name.startswith("limit_")}
    assert threads(places=4, waiting=48) > sum(lane.threads for lane in known.values())


@pytest.mark.parametrize(
    ("action", "method", "declared", "found"),
    [
        ("case.open", "GET", "intake", "read"),
        ("case.open", "POST", "intake", "intake"),
        ("case.read", "HEAD", None, "read"),
        ("case.write", "POST", None, "write"),
        ("agency.report", "POST", None, "callback"),
        ("health.read", "GET", None, "probe"),
        (None, "POST", None, "document"),
    ],
)
def test_classes(action: str | None, method: str, declared: str | None, found: str) -> None:
    assert class_of(action, method, declared) == found


def test_what_is_set_holds_and_what_is_not_is_generous_on_one_machine_only() -> None:
    def rates(mode: str, **chosen: str) -> dict[str, Rate | None]:
        return rates_of(Settings(PORTAL_MODE=mode, **chosen))  # type: ignore[arg-type]

    assert rates("production")["intake"] == Rate(30, 60.0)
    assert rates("local")["intake"] == Rate(30_000, 60.0)
    assert set(rates("test").values()) == {None}
    for mode in ("production", "local", "test"):
        assert rates(mode, limit_intake="5/second")["intake"] == Rate(5, 1.0)
        assert rates(mode, limit_intake="off")["intake"] is None
    with pytest.raises(ValueError, match=r"LIMIT_INTAKE: .*NUMBER/minute"):
        rates("production", limit_intake="many")
