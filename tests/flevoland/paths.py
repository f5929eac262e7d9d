"""All paths: of a journey, by the pure runner with every outcome and every condition both ways; of a BPMN process, by its sequence flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal.catalogue.definitions import Journey
from portal.workflow.explore import outcomes
from portal.workflow.runner import Ended, Happening, Run, Started, StepEvent, apply, decide
from tests.omg import Node

#: What happened in a run, in order: type, step, outcome, where a branch led.
Path = tuple[tuple[str, str | None, str | None, str | None], ...]


def seen(event: StepEvent) -> tuple[str, str | None, str | None, str | None]:
    """What of an event makes a path."""
    return event.type, event.step, event.outcome, event.to if event.type == "BranchChosen" else None


def walks(journey: Journey) -> set[Path]:
    """Every path of a journey from its start to its end; one step is under way at a time."""
    found: set[Path] = set()
    left: list[tuple[Run, Path, Happening]] = [(Run(), (), Started())]
    while left:
        run, path, happening = left.pop()
        for events in _ways(journey, run, happening):
            after, along = run, path
            for event in events:
                after, along = apply(after, event), (*along, seen(event))
            if after.ended:
                found.add(along)
                continue
            ((number, step),) = after.active.items()
            left += [(after, along, Ended(number, outcome)) for outcome in outcomes(journey.step(step))]
    return found


def _ways(journey: Journey, run: Run, happening: Happening) -> Iterator[list[StepEvent]]:
    """What may follow: each condition the runner asks about true, and false."""
    scripts: list[list[bool]] = [[]]
    while scripts:
        script = scripts.pop()
        asked: list[bool] = []

        def holds(_: str, script: list[bool] = script, asked: list[bool] = asked) -> bool:
            asked.append(script[len(asked)] if len(asked) < len(script) else True)
            return asked[-1]

        events = decide(journey, run, happening, holds)
        scripts += [[*asked[:at], False] for at in range(len(script), len(asked))]
        yield events


def traced(process: Node) -> set[tuple[str, ...]]:
    """Ids of the tasks on every path of a BPMN process through its exclusive gateways; a flow is taken twice at most."""
    nodes = {one.attributes["id"]: one for one in process.inside if one.name != "sequenceFlow" and "id" in one.attributes}
    flows = [(one.attributes["sourceRef"], one.attributes["targetRef"]) for one in process.inside if one.name == "sequenceFlow"]
    (start,) = [id for id, one in nodes.items() if one.name == "startEvent"]
    found: set[tuple[str, ...]] = set()
    left: list[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]] = [(start, (), ())]
    while left:
        at, path, taken = left.pop()
        along = (*path, at) if nodes[at].name.endswith(("Task", "Activity")) else path
        if nodes[at].name == "endEvent":
            found.add(along)
        left += [(to, along, (*taken, (source, to))) for source, to in flows if source == at and taken.count((source, to)) < 2]
    return found


def mapped(path: Path, table: Mapping[str, str]) -> tuple[str, ...]:
    """The steps of a path that began, in their order, by the names `table` gives them."""
    return tuple(table[step] for type, step, _, _ in path if type == "StepBegun" and step in table)
