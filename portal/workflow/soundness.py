"""Soundness, proved before release: whatever happens, every case in a journey can end, and nothing it was promised is passed over.

Judged on the steps alone: a condition may go either way, whatever the answers were, so what passes here holds for every service and every citizen.
Circles: every one of them passes a way with a limit (`at_most`), so each case comes to the end of its rounds, and a step at which something is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.catalogue.definitions import Catalogue, Journey, Step
from portal.catalogue.documents import Path, Positions
from portal.catalogue.faults import Fault
from portal.catalogue.order import circles, ordered, round
from portal.workflow.explore import LIMIT, Explored, Finding, Kind, Move, explore
from portal.workflow.groups import at_once
from portal.workflow.runner import END, Run

#: Standings looked at for a shorter way to a fault that was found.
SHORTER = 20_000
#: Moves told in words; of a longer way those that chose something, the last of them.
TOLD = 8


@dataclass(frozen=True)
class Unsound:
    """A fault of a journey in words, and where it is: `step` is its id, None the journey as a whole. `kind` is for tests and programs."""

    kind: Kind | str
    says: str
    step: str | None = None


def sound_journeys(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """The check for `portal.catalogue.load.load(checks=...)`."""
    for journey in catalogue.journeys.values():
        place = {step.id: index for index, step in enumerate(journey.steps)}
        for wrong in unsound(journey):
            path: Path = ("steps", place[wrong.step], "id") if wrong.step is not None else ("start",)
            yield positions.fault("journey", journey.id, path, wrong.says)


def unsound(journey: Journey, *, limit: int = LIMIT) -> list[Unsound]:
    """Everything that is wrong; none: it is proved that every case can end from wherever it may stand."""
    if strange := _strange(journey):
        return strange
    turning = [Unsound("circle", _circle(group), group[0]) for group in _turning(journey)]
    if turning:
        return turning  # it would turn within one move of the runner
    endless = [Unsound("circle", _endless(journey, group), group[0]) for group in _unlimited(journey)]
    try:
        found = explore(journey, limit=limit)
    except RecursionError:
        return [*endless, Unsound("chain", "too many steps in a row end by themselves: put a step that waits for somebody between them")]
    told = [_told(journey, finding) for finding in _telling(journey, found) if not (endless and finding.kind == "stuck")]
    if not found.whole:
        says = f"the proof was given up after {found.states:,} standings, so nothing is proved: have fewer ways under way at once, or end them at joins sooner"
        told.append(Unsound("bound", says))
    return [*endless, *told]


def unsound_from(journey: Journey, run: Run) -> list[Unsound]:
    """What can go wrong from where a run stands, each with the shortest way to it; none: it is proved that it can end, whatever happens."""
    found = explore(journey, limit=SHORTER, reduced=False, begin=run)
    if not found.whole:
        found = explore(journey, begin=run)
    told = [_told(journey, finding) for finding in found.findings]
    return told if found.whole else [*told, Unsound("bound", f"the proof was given up after {found.states:,} standings")]


def _strange(journey: Journey) -> list[Unsound]:
    """What cannot be explored: ways to nowhere, regions without bounds (the rules of single journeys tell them in other words), a start that waits."""
    ids = {step.id for step in journey.steps}
    if journey.start not in ids:
        return [Unsound("nowhere", f"there is no step `{journey.start}` to start with")]
    ways = [(step.id, arm.to) for step in journey.steps for arm in step.ways]
    named = [(step.id, name) for step in journey.steps for name in (*step.cancels, *(name for arm in step.ways for name in arm.cancels))]
    named += [(step.id, step.undo) for step in journey.steps if step.undo is not None]
    lost = [Unsound("nowhere", f"`{step}` leads to `{to}`, which is not there", step) for step, to in ways if to not in ids | {END}]
    lost += [Unsound("nowhere", f"`{step}` names `{name}`, which is not there", step) for step, name in named if name not in ids]
    start = journey.step(journey.start)
    if start.kind == "join" and start.needs is None and not journey.ways_in.get(start.id):
        lost.append(Unsound("nowhere", "a journey that starts at a join reaches it once: write `needs: 1`", start.id))
    for join, found in journey.regions.items():
        if found.split is None or found.wrong:
            where = f": `{found.wrong[0]}` leads to `{found.wrong[1]}`" if found.wrong else ""
            lost.append(Unsound("region", f"it is not clear what `{join}` cancels{where}", join))
    undone = {step.undo for step in journey.steps} - {None}
    lost += [
        Unsound("undo", f"`{to}` takes something back after a withdrawal, and yet `{step}` leads to it", to)
        for step, to in [("the start", journey.start), *ways]
        if to in undone
    ]
    return lost


def _turning(journey: Journey) -> list[tuple[str, ...]]:
    """Circles in which nothing is waited for (nor by a step for each item of a list that is empty), each in the order written."""
    ways = {step.id: ordered(arm.to for arm in step.ways) for step in journey.steps}
    return _written(journey, circles(ways, [step.id for step in journey.steps if not at_once(step)]))


def _unlimited(journey: Journey) -> list[tuple[str, ...]]:
    return _written(journey, circles(_endless_ways(journey)))


def _endless_ways(journey: Journey) -> dict[str, list[str]]:
    return {step.id: ordered(arm.to for arm in step.ways if arm.at_most is None) for step in journey.steps}


def _written(journey: Journey, groups: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    place = {step.id: index for index, step in enumerate(journey.steps)}
    return [tuple(sorted(group, key=place.__getitem__)) for group in groups]


def _circle(group: tuple[str, ...]) -> str:
    several = len(group) > 1
    turn = f"{_listed(group)} {'lead' if several else 'leads'} round to {'themselves' if several else 'itself'}"
    return f"{turn} and nothing is waited for in the round: a case could turn here for ever within one moment"


def _endless(journey: Journey, group: tuple[str, ...]) -> str:
    way = round(_endless_ways(journey), group)
    said = f"{' leads to '.join(f'`{step}`' for step in way[:2])}{''.join(f', that to `{step}`' for step in way[2:])}"
    return f"a case could go round for ever: {said}; give one way of the round a limit (`at_most: 3`) and a way on when that is reached"


def _telling(journey: Journey, found: Explored) -> list[Finding]:
    """The findings without those that only follow from others, each with the shortest way to it that can be found."""
    if not found.findings:
        return []
    full = explore(journey, limit=SHORTER, reduced=False)
    shorter = {(finding.kind, finding.step, finding.outcome): finding for finding in full.findings}
    findings = full.findings if full.whole else [shorter.get((finding.kind, finding.step, finding.outcome), finding) for finding in found.findings]
    if late := [finding for finding in findings if finding.kind == "late"]:
        return late  # what was left behind is then under way twice, or counted in the wrong round
    broken = {finding.step for finding in findings if finding.kind != "dead"}
    behind = _behind(journey, broken) if full.whole else {step.id for step in journey.steps if broken}
    return [finding for finding in findings if finding.kind != "dead" or finding.step not in behind]


def _behind(journey: Journey, steps: set[str]) -> set[str]:
    left, found = list(steps), set[str]()
    while left:
        for arm in journey.step(left.pop()).ways:
            if arm.to != END and arm.to not in found:
                found.add(arm.to)
                left.append(arm.to)
    return found


def _told(journey: Journey, finding: Finding) -> Unsound:
    way, step, need = _way(journey, finding.moves), finding.step, finding.need
    others = "the others" if need - finding.have > 1 else "the other"
    outcome = f"ends `{finding.outcome}`" if finding.outcome else "ends"
    says = {
        "starved": f"`{step}` has {finding.have} of the {need} arrivals it waits for and {others} can never come, so it would wait for ever: "
        "let it wait for fewer (`needs`), lead every way that is taken here, or name it in the `cancels` of what makes it needless",
        "crowded": f"`{step}` is reached once more than it waits for ({need}), and what comes then goes nowhere: join those ways before it",
        "late": f"`{step}` goes on with {need} while more can still come to it, which would count for the next round: "
        "let it cancel the rest (`rest: cancel`), or wait for all",
        "twice": f"`{step}` is under way twice at once: bring the ways that lead to it together at a `join` first",
        "unhandled": f"when `{step}` {outcome}, no way leads on: write one for each outcome, and a last one without `when`",
        "stuck": "no way leads to the end any more",
        "dead": f"`{step}` never begins, whatever happens: lead a way to it that can be taken, or delete it",
    }
    return Unsound(finding.kind, way + says[finding.kind], step)


def _way(journey: Journey, moves: tuple[Move, ...]) -> str:
    """`after `look` (to `inspect`) and `judge` (`refused`): `"""
    ended = [move for move in moves if move.step or move.to or move.items]
    if not ended:
        return ""
    words = [_move(journey, move) for move in ended]
    if len(words) <= TOLD:
        return f"after {_and(words)}: "
    chose = [word for word, move in zip(words, ended, strict=True) if _chose(journey, move)][-TOLD:]
    return f"after {len(words)} steps, the last `{ended[-1].step}`{', among them ' + _and(chose) if chose else ''}: "


def _chose(journey: Journey, move: Move) -> bool:
    return move.outcome is not None or bool(move.to or move.items)


def _move(journey: Journey, move: Move) -> str:
    step: Step | None = journey.step(move.step) if move.step else None
    said = [f"`{move.outcome}`"] if move.outcome else []
    said += [f"to `{to}`" if step is not None and place == step.id else f"`{place}` to `{to}`" for place, to in move.to]
    said += [f"{number} item{'' if number == 1 else 's'} of `{place}`" for place, number in move.items]
    name = f"`{move.step}`" if move.step else "the start"
    return f"{name} ({', '.join(said)})" if said else name


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _listed(steps: tuple[str, ...]) -> str:
    return _and([f"`{step}`" for step in steps])
