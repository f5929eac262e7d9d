"""The arithmetic of rates, counted in one process and in Redis alike; Redis that is away, slow or wrong opens nothing and stops nobody."""

from __future__ import annotations

import random  # noqa: TID251  # seeded: SEED below
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from portal.limits.counting import _SCRIPT, BREAK, REMEMBERED, Count, Counting, Own
from portal.limits.rates import Rate, read, step, whole_seconds

SEED = 20261130


@pytest.mark.parametrize(("text", "rate"), [("60/minute", Rate(60, 60.0)), ("1/hour", Rate(1, 3600.0)), ("5 / second", Rate(5, 1.0)), ("off", None)])
def test_rates_are_read(text: str, rate: Rate | None) -> None:
    assert read(text) == rate


@pytest.mark.parametrize("text", ["", "60", "0/minute", "-1/minute", "60/day", "1e3/second", "60/minute;", "NaN/hour", "sixty/minute"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="NUMBER/second"):
        read(text)


@given(st.integers(1, 500), st.sampled_from([1.0, 60.0, 3600.0]), st.lists(st.floats(0, 3600), max_size=200))
def test_never_more_than_the_rate_in_any_period_and_a_half_of_it(many: int, seconds: float, pauses: list[float]) -> None:
    """In a window of `seconds`, at most twice the rate goes through (all at once, then as fast as it comes back); and who waits as told is let in."""
    rate, now, until, taken = Rate(many, seconds), 0.0, 0.0, list[float]()
    for pause in [0.0] * (many + 1) + pauses:
        now += pause
        following, wait = step(until, now, rate)
        if wait:
            assert following == until
            now += whole_seconds(wait)
            following, wait = step(until, now, rate)
        assert wait == 0
        until = following
        taken.append(now)
    for begun in taken[:50]:
        assert sum(begun <= one < begun + seconds for one in taken) <= 2 * many


def test_redis_and_a_process_agree(redis_url: str) -> None:
    """The same askers at the same moments get the same answers."""
    chance, now = random.Random(SEED), 1_000_000.0
    own = Own(1.0, lambda: now)
    rates = [Rate(3, 1.0), Rate(7, 60.0), Rate(50, 60.0)]
    with Redis.from_url(redis_url) as redis:
        script = redis.register_script(_SCRIPT)
        refusals = 0
        for _ in range(1_000):
            now = round(now + chance.choice([0.0, 0.01, 0.3, 4.0]), 6)
            counts = [Count(f"limit:test:{SEED}:{chance.randrange(4)}:{number}", rate) for number, rate in enumerate(rates)]
            numbers = [int(value * 1e6) for one in counts for value in (one.rate.spacing, one.rate.seconds)]
            place, wait = script(keys=[one.key for one in counts], args=[round(now * 1e6), *numbers])
            here = own.take(counts)
            assert (place > 0) is (here is not None)
            if here is not None:
                refusals += 1
                assert place - 1 == here[0]
                assert wait / 1e6 == pytest.approx(here[1], abs=0.001)
        assert 100 < refusals < 900


def test_what_is_counted_is_forgotten_when_it_no_longer_matters(redis_url: str) -> None:
    counting = Counting(redis_url, processes=1)
    counting.take([Count("limit:test:forgotten", Rate(10, 60.0))])
    counting.close()
    with Redis.from_url(redis_url) as redis:
        assert 0 < redis.pttl("limit:test:forgotten") <= 6_002  # type: ignore[operator]


def test_who_is_silent_is_forgotten_first() -> None:
    own = Own(1.0, lambda: 0.0)
    for number in range(REMEMBERED + 100):
        own.take([Count(str(number), Rate(1, 60.0))])
    assert len(own._until) == REMEMBERED
    assert own.take([Count("0", Rate(1, 60.0))]) is None
    assert own.take([Count(str(REMEMBERED + 50), Rate(1, 60.0))]) is not None


@pytest.fixture
def silent() -> Iterator[tuple[str, list[socket.socket]]]:
    """Takes connections and never answers, as a stopped Redis does."""
    listener, taken = socket.create_server(("127.0.0.1", 0)), list[socket.socket]()

    def take() -> None:
        while True:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", taken
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for one in taken:
        one.close()


def asked(counting: Counting, times: int, rate: Rate) -> int:
    return sum(counting.take([Count("limit:test:one", rate)]) is None for _ in range(times))


def test_a_redis_that_never_answers_costs_one_wait_and_the_limit_holds(silent: tuple[str, list[socket.socket]]) -> None:
    url, taken = silent
    now = 0.0
    counting = Counting(url, processes=4, clock=lambda: now)
    try:
        assert asked(counting, 100, Rate(40, 60.0)) == 10, "a process lets in its share, not everybody"
        assert len(taken) == 1, "it was asked once, then left alone"
        now = BREAK + 0.1
        asked(counting, 50, Rate(40, 60.0))
        assert len(taken) == 2, "and once more after the break"
    finally:
        counting.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock"])
def test_a_redis_that_is_away_opens_nothing(url: str) -> None:
    counting = Counting(url, processes=2, clock=lambda: 0.0)
    try:
        assert asked(counting, 50, Rate(20, 60.0)) == 10
    finally:
        counting.close()


def test_a_redis_that_comes_back_is_used_again(redis_url: str) -> None:
    now = 0.0
    counting = Counting("redis://127.0.0.1:1/0", processes=1, clock=lambda: now)
    assert asked(counting, 1, Rate(5, 60.0)) == 1
    counting.close()
    counting._url = redis_url
    now = BREAK + 0.1
    rate, key = Rate(2, 60.0), f"limit:test:back:{SEED}"
    told: list[Any] = [counting.take([Count(key, rate)]) for _ in range(3)]
    assert [one is None for one in told] == [True, True, False]
    counting.close()
    with Redis.from_url(redis_url) as redis:
        assert redis.exists(key)
