"""Forks a child for each crash point of a use case, lets it die there, takes the work up again, and compares with a run in which nobody died."""

from __future__ import annotations

import os
import random  # noqa: TID251  # seeded
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portal.kpi.rebuild import rebuild
from tests.storm.checker import Checker
from tests.storm.crash.points import Trap
from tests.storm.crash.world import Subject, World
from tests.storm.history import Intent


@dataclass(frozen=True)
class UseCase:
    """Something somebody wants done once, and how it goes on after a crash.

    `covers`: what a law demands a crash list for: `route NAME`, `timer KIND`, `outbox KIND`, `job NAME`. `prepare` brings a case to where the act begins;
    `act` is what dies, and what its caller does again with the same key; `recover` is what happens without the caller: time passes, others take over.
    """

    name: str
    covers: tuple[str, ...]
    prepare: Callable[[World, Subject], None]
    act: Callable[[World, Subject], None]
    recover: Callable[[World, Subject], None] = lambda world, subject: None
    #: The caller asks again (a door); False: nobody does, a worker or the sweeper must find it.
    again: bool = True


@dataclass(frozen=True)
class Crash:
    """One death: where, and what was wrong afterwards."""

    use_case: str
    number: int
    point: str
    wrong: tuple[str, ...]


def points_of(world: World, case: UseCase) -> tuple[list[str], dict[str, int]]:
    """The points of a use case, counted in a run in which nobody dies, and what its case looks like in the end."""
    subject = _prepared(world, case)
    status, told = _child(world, case, subject, 0)
    if status != 0:
        raise AssertionError(f"{case.name} does not go well without a crash:\n{told}")
    _taken_up(world, case, subject)
    if wrong := _wrong(world, subject, None):
        raise AssertionError(f"{case.name} is wrong without a crash: {wrong}")
    return told.splitlines(), world.shape(subject)


def die(world: World, case: UseCase, number: int, shape: dict[str, int]) -> Crash | None:
    """Dies at one point; None where there is no such point (the child lived)."""
    subject = _prepared(world, case)
    status, told = _child(world, case, subject, number)
    if status == 0:
        return None
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        return Crash(case.name, number, "?", (f"the child ended with {status}: {told}",))
    try:
        _taken_up(world, case, subject)
        wrong = _wrong(world, subject, shape)
    except Exception:
        wrong = (traceback.format_exc(),)
    return Crash(case.name, number, told.strip(), wrong)


def crashes(world: World, case: UseCase, *, sample: random.Random | None = None, most: int = 2) -> Iterator[Crash]:
    """Dies at every point of a use case, one after the other, or at a few drawn from a seed."""
    points, shape = points_of(world, case)
    numbers = list(range(1, len(points) + 1))
    if sample is not None:
        numbers = sorted(sample.sample(numbers, min(most, len(numbers))))
    for number in numbers:
        if crash := die(world, case, number, shape):
            yield crash
    if sample is None:
        # Points may differ a little from run to run (who wins a race): go on until a child lives.
        while crash := die(world, case, numbers[-1] + 1, shape):
            numbers.append(crash.number)
            yield crash


def figures_differ(world: World) -> int:
    """Rows of the figures that are not as the events make them (I6)."""
    return rebuild(world.portal, replace=False).differing


def _prepared(world: World, case: UseCase) -> Subject:
    subject = world.subject()
    case.prepare(world, subject)
    world.alone(subject)
    return subject


def _child(world: World, case: UseCase, subject: Subject, number: int) -> tuple[int, str]:
    """Runs the act in a fork; its status as `waitpid` gives it, and what it wrote: its points, the one it died at, or its failure."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _act(world, case, subject, number, writing)
    os.close(writing)
    with open(reading, "rb") as told:
        text = told.read().decode("utf-8", "replace")
    return os.waitpid(pid, 0)[1], text


def _act(world: World, case: UseCase, subject: Subject, number: int, writing: int) -> None:
    """Never comes back."""
    code = 3
    try:
        world.portal.engine.dispose(close=False)
        Trap(number, lambda name: void(os.write(writing, f"{name}\n".encode()))).set(world.portal)
        case.act(world, subject)
        code = 0
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(code)


def void(_: object) -> None:
    """Nothing."""


def _taken_up(world: World, case: UseCase, subject: Subject) -> None:
    world.leases_end()
    if case.again:
        case.act(world, subject)
    case.recover(world, subject)


def _wrong(world: World, subject: Subject, shape: dict[str, int] | None) -> tuple[str, ...]:
    """Invariants of its cases, and where they differ from those of a run in which nobody died."""
    cases = world.cases(subject)
    intent = Intent(subject.marker, "open", "", {}, subject.key, state="ok")
    with Checker(world.database.superuser_url, ledger=world.effects(), cases=cases) as look:
        found = [
            *look.chains(),
            *look.outbox(),
            *look.effects(),
            *look.timers(),
            *look.promised(),
            *(look.intents([intent]) if len(cases) == 1 and "streams" not in subject.more else ()),
        ]
    wrong = [str(one) for one in found]
    if not cases:
        wrong.append("I1: the case is not there")
    now = world.shape(subject)
    if shape is not None and now != shape:
        names = sorted({*now, *shape})
        wrong += [f"{name}: {now.get(name, 0)} instead of {shape.get(name, 0)}" for name in names if now.get(name, 0) != shape.get(name, 0)]
    return tuple(wrong)
