"""What a job does, and the sweeper where RQ does not: call a plain function again and again until nothing is left or its time is over."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial, wraps
from time import monotonic

from portal import reactions
from portal.dispatch import ask as asking
from portal.dispatch import collect as collecting
from portal.dispatch import daily, deliver
from portal.dispatch.calls import Calls
from portal.intake import documents, files, reports
from portal.jobs.clocks import Clocks
from portal.kpi import chance, finding
from portal.kpi import fold as figures
from portal.telemetry import counters, spans
from portal.unit_of_work import RELAY, Portal
from portal.workflow import moving

#: Seconds after which a task leaves the rest to the next one.
BUDGET = 5.0
#: Seconds between two looks of a process whether the early warning is to be learned anew.
LEARN_EVERY = 3600.0
_learned_at = float("-inf")
_clocks = Clocks()
#: Calls of this process that outlast the job they began in.
_leaving, _asking = Calls("drain"), Calls("ask")


def _afresh() -> None:
    global _leaving, _asking
    _leaving, _asking = Calls("drain"), Calls("ask")


# Threads do not survive a fork: a child begins with none under way.
os.register_at_fork(after_in_child=_afresh)


def drain(portal: Portal, *, seconds: float = BUDGET) -> int:
    """What waits to leave leaves; answers how many rows were taken. A target that hangs holds up neither the job nor the rows of others."""
    daily.gather(portal)
    return _again(lambda: deliver.drain(portal, limit=20, calls=_leaving), seconds)


def ask(portal: Portal, *, seconds: float = BUDGET) -> int:
    """Agencies are asked what became of handovers they have not spoken of, and folders of those that work by files are looked into; answers of how many.
    Apart from what leaves: one that hangs delays no delivery.
    """
    done = _again(lambda: asking.ask(portal, calls=_asking), seconds)
    return done + collecting.collect(portal, partial(files.take, portal), calls=_asking)


def sweep(portal: Portal, *, seconds: float = BUDGET) -> int:
    """Timers that are due fire, reports that came before what they report on are tried again, and moves of cases go on; answers how many.

    Where the clocks cannot be trusted no timer fires from here; another machine's sweep may.
    """
    fired = _again(lambda: reactions.sweep(portal, limit=1000), seconds) if _clocks_agree(portal) else 0
    fired += _again(lambda: reports.match(portal, limit=100), seconds)
    return fired + _again(lambda: moving.go_on(portal), seconds)


def _clocks_agree(portal: Portal) -> bool:
    with portal.work(RELAY) as work:
        there = work.now
    if _clocks.trusted(there):
        return True
    counters.held_back()
    return False


def fold(portal: Portal, *, seconds: float = BUDGET) -> int:
    """Events since the last time enter the figures; answers how many. Once a day what is told of running cases, and where requests end, is learned anew.

    Stray files go too.
    """
    global _learned_at
    done = _again(lambda: figures.fold(portal, limit=2000, wait=False), seconds)
    if monotonic() - _learned_at >= LEARN_EVERY:
        _learned_at = monotonic()
        chance.refit_daily(portal)
        documents.tidy(portal)
        finding.relearn_daily(portal)
    return done


def _told(kind: str, task: Callable[[Portal], int]) -> Callable[[Portal], int]:
    """The task, as a span where it found something to do."""

    @wraps(task)
    def told(portal: Portal) -> int:
        with spans.span(f"job {kind}") as span:
            span.kept = False
            done = task(portal)
            span.say(onedoor__done=done)
            span.kept = done > 0
        return done

    return told


#: Kind of job -> what it does. A job can name nothing else.
TASKS: dict[str, Callable[[Portal], int]] = {kind: _told(kind, task) for kind, task in {"drain": drain, "sweep": sweep, "ask": ask, "fold": fold}.items()}


def _again(turn: Callable[[], int], seconds: float) -> int:
    end, total = monotonic() + seconds, 0
    while True:
        done = turn()
        total += done
        if not done or monotonic() >= end:
            return total
