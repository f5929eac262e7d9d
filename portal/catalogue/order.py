"""In which order a journey's steps come: circles found, the rest in a line. Pure graph questions for the proof and for the picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

Ways = Mapping[str, Iterable[str]]


def components(ways: Ways, first: str) -> list[tuple[str, ...]]:
    """Steps in groups that lead round to themselves (a step of no circle is a group of one), first things first, those never reached last.

    Each way of a split is followed to its end before the next one begins. Tarjan 1972, with a stack of its own: journeys may be longer than Python's.
    """
    found: list[tuple[str, ...]] = []
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    held: list[str] = []
    inside: set[str] = set()
    for root in (first, *sorted(ways)):
        if root in number or root not in ways:
            continue
        path: list[tuple[str, Iterator[str]]] = []
        _enter(root, ways, number, low, held, inside, path)
        while path:
            step, left = path[-1]
            to = next((to for to in left if to in ways and (to not in number or to in inside)), None)
            if to is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[step])
                if low[step] == number[step]:
                    found.append(_group(step, held, inside))
            elif to in inside:
                low[step] = min(low[step], number[to])
            else:
                _enter(to, ways, number, low, held, inside, path)
    reached = next((place for place, group in enumerate(found) if first in group), len(found) - 1) + 1
    return [*reversed(found[:reached]), *reversed(found[reached:])]


def _enter(
    step: str, ways: Ways, number: dict[str, int], low: dict[str, int], held: list[str], inside: set[str], path: list[tuple[str, Iterator[str]]]
) -> None:
    number[step] = low[step] = len(number)
    held.append(step)
    inside.add(step)
    # The last way is gone down first, so that the first stands first in the answer.
    path.append((step, iter(tuple(ways[step])[::-1])))


def _group(step: str, held: list[str], inside: set[str]) -> tuple[str, ...]:
    at = held.index(step)
    group = tuple(held[at:])
    del held[at:]
    inside.difference_update(group)
    return group


def circles(ways: Ways, without: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Groups of steps that lead round to themselves by ways that pass none of `without`."""
    left = {step: [to for to in tos if to not in without] for step, tos in ways.items() if step not in without}
    groups = components(left, next(iter(left), ""))
    return [group for group in groups if len(group) > 1 or group[0] in left[group[0]]]


def round(ways: Ways, group: Collection[str]) -> list[str]:
    """The shortest way round inside a group: `a`, `b`, `a`. ValueError where none of them leads back to itself."""
    rounds = (_back(ways, step, group) for step in group)
    return min((found for found in rounds if found), key=len)


def _back(ways: Ways, first: str, group: Collection[str]) -> list[str]:
    """By breadth: the shortest way from a step back to it, or nothing."""
    before: dict[str, str] = {}
    left = deque([first])
    while left:
        step = left.popleft()
        for to in ways.get(step, ()):
            if to == first:
                found = [first]
                while step != first:
                    found.append(step)
                    step = before[step]
                return [first, *found[::-1]]
            if to in group and to not in before:
                before[to] = step
                left.append(to)
    return []


def ordered(next: Iterable[str]) -> list[str]:
    """Each once, in the order written."""
    return list(dict.fromkeys(next))
