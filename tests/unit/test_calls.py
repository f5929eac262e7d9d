"""Calls outlast the turn they began in, tell of their faults once, and wake who had to wait."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from portal.dispatch import calls as calls_of
from portal.dispatch.calls import THREADS, Calls
from portal.unit_of_work import Portal


@pytest.fixture
def hung() -> Iterator[Event]:
    """Set at the end, so that no thread is left."""
    event = Event()
    yield event
    event.set()


def portal(woken: list[set[str]] | None = None) -> Portal:
    """As much of one as a call needs to know."""
    one = object.__new__(Portal)
    one.wake = (woken if woken is not None else []).append
    return one


def test_one_that_hangs_takes_its_own_place_only(hung: Event) -> None:
    one, calls, done = portal(), Calls("test"), Event()
    calls.begin(one, "slow", lambda: (hung.wait(), None)[1])
    assert not calls.one_ended(one, patient=False), "left behind"
    assert (calls.busy(one), calls.free) == ({"slow": 1}, THREADS - 1)
    calls.begin(one, "quick", done.set)
    assert calls.one_ended(one, patient=True)
    assert done.is_set()
    assert calls.busy(one) == {"slow": 1}


def test_who_was_left_behind_wakes_the_next_turn(hung: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_of, "LINGER", 0.01)
    woken: list[set[str]] = []
    one = portal(woken)
    with Calls("test") as calls:
        calls.begin(one, "slow", lambda: (hung.wait(), None)[1])
        assert not calls.one_ended(one, patient=False)
        assert woken == []
        hung.set()
    assert woken == [{"drain"}]


def test_a_fault_is_raised_once_by_the_turn_that_comes_to_know_it_and_by_no_other_portal() -> None:
    one, other, calls = portal(), portal(), Calls("test")
    calls.begin(one, "broken", lambda: 1 // 0)
    assert not calls.one_ended(other, patient=True)
    with pytest.raises(ZeroDivisionError):
        while calls.one_ended(one, patient=True):
            pass
    assert not calls.one_ended(one, patient=True)


def test_as_a_context_it_waits_for_all_and_raises_what_nobody_saw() -> None:
    with pytest.raises(ZeroDivisionError), Calls("test") as calls:
        calls.begin(portal(), "broken", lambda: 1 // 0)
