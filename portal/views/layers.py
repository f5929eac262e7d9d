"""A journey laid out in layers, top to bottom (Sugiyama, Tagawa and Toda 1981): the same journey always comes out the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

from portal.catalogue.definitions import Journey
from portal.catalogue.order import components, ordered

END = "end"
#: Rounds of sorting each layer by its neighbours; more change nothing in journeys of this size.
ROUNDS = 8


@dataclass
class Layout:
    """`rows`: names from left to right, layer by layer. A name is a step, `end`, or a bend of a way that passes a layer (`from>to#layer`)."""

    rows: list[list[str]] = field(default_factory=list)
    #: (from, to) -> the names the way goes through, both ends included.
    paths: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    #: Ways back, to an earlier layer.
    back: list[tuple[str, str]] = field(default_factory=list)

    def layer(self, name: str) -> int:
        """Index of the row it stands in."""
        return next(index for index, row in enumerate(self.rows) if name in row)


def layout(journey: Journey, labelled: Collection[tuple[str, str]] = ()) -> Layout:
    """Every step (and `end`, where a way leads there) in a row below all that lead to it; ways with a label pass a row more, in which it has its place."""
    ways = {step.id: ordered([*(arm.to for arm in step.ways), *([step.undo] if step.undo else [])]) for step in journey.steps}
    order = [step for group in components(ways, journey.start) for step in _inside(group, ways)]
    place = {step: index for index, step in enumerate(order)} | {END: len(order)}
    edges = [(step, to) for step in order for to in ways[step] if to in place]
    found = Layout(back=[(step, to) for step, to in edges if place[to] <= place[step]])
    down = [edge for edge in edges if edge not in found.back]
    depth = dict.fromkeys(order, 0)
    for start, to in sorted(down, key=lambda edge: place[edge[0]]):
        depth[to] = max(depth.get(to, 0), depth[start] + (2 if (start, to) in labelled else 1))
    if END in depth:
        depth[END] = max(depth[END], *(at + 1 for step, at in depth.items() if step != END))
    found.rows = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for name, at in depth.items():
        found.rows[at].append(name)
    for start, to in down:
        bends = [f"{start}>{to}#{at}" for at in range(depth[start] + 1, depth[to])]
        for at, bend in enumerate(bends, depth[start] + 1):
            found.rows[at].append(bend)
        found.paths[start, to] = [start, *bends, to]
    _sort(found)
    return found


def _inside(group: tuple[str, ...], ways: dict[str, list[str]]) -> list[str]:
    """The steps of a circle, from the one it is entered by."""
    if len(group) == 1:
        return list(group)
    entered = [to for step in ways if step not in group for to in ways[step] if to in group]
    first = entered[0] if entered else group[0]
    # Reversed order of being done with (depth first): only ways back lead upwards.
    done, seen = list[str](), {first}
    path = [(first, iter(ways[first][::-1]))]
    while path:
        step, left = path[-1]
        to = next((to for to in left if to in group and to not in seen), None)
        if to is None:
            done.append(step)
            path.pop()
        else:
            seen.add(to)
            path.append((to, iter(ways[to][::-1])))
    return done[::-1]


def _sort(found: Layout) -> None:
    """Each name to the middle of its neighbours above, then below, in turn; the order with the fewest crossings is kept."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for path in found.paths.values():
        for upper, lower in pairwise(path):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    best = [list(row) for row in found.rows]
    fewest = _crossings(best, below)
    for turn in range(ROUNDS):
        rows, near = (found.rows, above) if turn % 2 == 0 else (found.rows[::-1], below)
        for before, row in pairwise(rows):
            at = {name: index for index, name in enumerate(before)}
            middle = {name: sum(at[other] for other in near[name]) / len(near[name]) if near.get(name) else float(row.index(name)) for name in row}
            row.sort(key=middle.__getitem__)
        if (crossed := _crossings(found.rows, below)) < fewest:
            best, fewest = [list(row) for row in found.rows], crossed
    found.rows = best


def _crossings(rows: list[list[str]], below: dict[str, list[str]]) -> int:
    crossed = 0
    for row, after in pairwise(rows):
        at = {name: index for index, name in enumerate(after)}
        ends = [sorted(at[to] for to in below.get(name, ())) for name in row]
        seen: Counter[int] = Counter()
        for some in ends:
            crossed += sum(number for to in some for other, number in seen.items() if other > to)
            seen.update(some)
    return crossed
