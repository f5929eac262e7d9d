"""Where a case can go in a journey: plain graph questions, asked of its steps."""

from __future__ import annotations

from collections.abc import Iterable

from portal.catalogue.definitions import Journey

END = "end"


def targets(journey: Journey) -> dict[str, set[str]]:
    """Step id -> what its ways lead to."""
    return {step.id: {arm.to for arm in step.ways} for step in journey.steps}


def reached(journey: Journey) -> set[str]:
    """Steps (and `end`) that some way from the start leads to."""
    ways = targets(journey)
    return _closure([journey.start], ways)


def reached_from(journey: Journey, step: str) -> set[str]:
    """What some way out of that step leads to; the step itself only where a way leads round to it."""
    ways = targets(journey)
    return _closure(ways[step], ways)


def can_end(journey: Journey) -> set[str]:
    """Steps from which some way leads to the end."""
    back: dict[str, set[str]] = {}
    for step, ways in targets(journey).items():
        for to in ways:
            back.setdefault(to, set()).add(step)
    return _closure([END], back)


def ways_into(journey: Journey, id: str) -> int:
    """How many arrivals a step can count on at once: the steps that lead to it, and the start itself."""
    return journey.ways_in.get(id, 0) + (id == journey.start)


def _closure(first: Iterable[str], ways: dict[str, set[str]]) -> set[str]:
    seen, left = set(first), list(first)
    while left:
        fresh = ways.get(left.pop(), set()) - seen
        seen |= fresh
        left.extend(fresh)
    return seen
