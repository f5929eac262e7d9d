"""What lies between a split and its join: the steps a join may cancel. A pure graph question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Ways = Mapping[str, Collection[str]]
END = "end"


@dataclass(frozen=True)
class Region:
    """`split`: the nearest step that every way to the join passes, None where there is none; `wrong`: (step, to) that leads out of the region, or into it."""

    split: str | None
    steps: frozenset[str] = frozenset()
    wrong: tuple[str, str] | None = None


def region(ways: Ways, start: str, join: str) -> Region:
    """The steps behind the join's split from which every way leads to the join; ways of the split that never come there are left alone."""
    split = _split(ways, start, join)
    if split is None:
        return Region(None)
    inside: set[str] = set()
    for branch in ways[split]:
        steps = _reached(ways, [branch], without={join})
        if branch != join and any(join in ways.get(step, ()) for step in steps):
            inside |= steps
    known = inside & ways.keys()
    out = [(step, to) for step in sorted(known) for to in sorted(ways[step]) if to in (END, split)]
    into = [(step, to) for step in sorted(ways.keys() - known - {split}) for to in sorted(known & set(ways[step]))]
    return Region(split, frozenset(known - {split}), next(iter(out + into), None))


def _split(ways: Ways, start: str, join: str) -> str | None:
    """The last of the steps without which the join cannot be reached (its immediate dominator)."""
    if start == join or join not in ways or start not in ways:
        return None
    must = [step for step in ways if step != join and (step == start or join not in _reached(ways, [start], without={step}))]
    return next((step for step in must if all(other == step or step not in _reached(ways, [start], without={other}) for other in must if other != start)), None)


def _reached(ways: Ways, first: Iterable[str], *, without: Collection[str]) -> set[str]:
    seen = {step for step in first if step not in without}
    left = list(seen)
    while left:
        fresh = {to for to in ways.get(left.pop(), ()) if to not in without} - seen
        seen |= fresh
        left.extend(fresh)
    return seen
