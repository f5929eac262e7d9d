"""What must hold of rounds, counted joins, steps for each item, cancellations, errors and what is undone."""

from __future__ import annotations

from collections.abc import Iterator

from portal.catalogue.definitions import Arm, Journey, Step
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.order import components, ordered
from portal.catalogue.ways import END, reached_from, ways_into

#: Rounds, and items of a list, that a definition may ask for at most.
MOST = 100
#: Kinds of step that can take something back.
UNDOING = ("work", "send", "notify")
#: What a step that takes something back may not say: it comes after the journey, one after another.
ALONE = ("undo", "on_error", "each", "cancels")


def check_flow(document: Document[Journey], journey: Journey) -> None:
    """Note every fault of the ways beyond sequence, split and join."""
    ids = {step.id for step in journey.steps}
    round = {step: place for place, group in enumerate(_groups(journey)) for step in group}
    for index, step in enumerate(journey.steps):
        path: Path = ("steps", index)
        for nth, arm in enumerate(step.next.arms):
            _limit(document, (*path, "next", "arms", nth), step, arm, back=round.get(step.id) == round.get(arm.to))
            _named(document, (*path, "next", "arms", nth, "cancels"), arm.cancels, step, journey, ids)
        _caught(document, path, step)
        _named(document, (*path, "cancels"), step.cancels, step, journey, ids)
        _each(document, path, step)
        _rest(document, path, step, journey)
        _error(document, path, step, ids)
        _undo(document, path, step, journey, ids)
        _decided(document, path, step, journey)


def _groups(journey: Journey) -> list[tuple[str, ...]]:
    if not journey.steps:
        return []
    return components({step.id: ordered(arm.to for arm in step.ways) for step in journey.steps}, journey.start)


def _limit(document: Document[Journey], path: Path, step: Step, arm: Arm, *, back: bool) -> None:
    if arm.at_most is None:
        return
    if not 1 <= arm.at_most <= MOST:
        document.note((*path, "at_most"), f"a way is taken at least once and at most {MOST} times: write a whole number from 1 to {MOST}")
    elif not back:
        document.note((*path, "at_most"), f"`{step.id}` is not passed again after `{arm.to}`, so there is nothing to limit: leave `at_most` out", key=True)
    elif any(other.to == arm.to and other.at_most != arm.at_most for other in step.next.arms):
        document.note((*path, "at_most"), f"ways from `{step.id}` to `{arm.to}` are counted together: give all of them the same `at_most`")


def _caught(document: Document[Journey], path: Path, step: Step) -> None:
    """Behind a way that may be spent, or whose condition may not hold, there must be one that is always open."""
    arms = step.next.arms
    if step.next.how == "first" and arms and arms[-1].at_most is not None:
        document.note((*path, "next", "arms", len(arms) - 1, "at_most"), "the last way must have no `at_most`, so that there is always one", key=True)
    if step.next.how != "outcome":
        return
    for outcome in dict.fromkeys(arm.outcome for arm in arms):
        at, last = [(index, arm) for index, arm in enumerate(arms) if arm.outcome == outcome][-1]
        if last.at_most is not None or last.when is not None:
            says = f"the last way of outcome `{outcome}` must always be open: write a list, `- {{to: {last.to}, ...}}` and below it `- {{to: STEP}}`"
            document.note((*path, "next", "arms", at), says)


def _named(document: Document[Journey], path: Path, names: tuple[str, ...], step: Step, journey: Journey, ids: set[str]) -> None:
    for index, name in enumerate(names):
        if name and name not in ids:
            document.note((*path, index), f"there is no step `{name}`: {instead(name, ids)}")
        elif name == step.id:
            document.note((*path, index), f"`{name}` has ended by then: leave it out")
        elif name and journey.step(name).kind == "notify":
            document.note((*path, index), f"`{name}` is told at once and never under way: leave it out")


def _each(document: Document[Journey], path: Path, step: Step) -> None:
    if step.needs is not None and step.kind != "join" and step.kind and step.each is None:
        document.note((*path, "needs"), f"`needs` is for steps of kind `join` and for steps with `each`, not `{step.kind}`: leave it out", key=True)
    if step.each is not None and step.needs is not None and not 1 <= step.needs <= step.most:
        document.note((*path, "needs"), f"waits for {step.needs} items of at most {step.most}: write a whole number from 1 to {step.most}")
    if not 1 <= step.most <= MOST:
        document.note((*path, "most"), f"write a whole number of items from 1 to {MOST}")


def _rest(document: Document[Journey], path: Path, step: Step, journey: Journey) -> None:
    if step.rest != "cancel":
        return
    if step.kind != "join" or step.needs is None or step.needs >= ways_into(journey, step.id):
        says = "`rest: cancel` is for a join that waits for fewer than all its ways (`needs`): leave it out"
        document.note((*path, "rest"), says, key=True)
        return
    found = journey.regions[step.id]
    if found.split is None:
        document.note((*path, "rest"), f"no step comes before all the ways to `{step.id}`, so it is not clear what to cancel: split them at one step", key=True)
    elif found.wrong:
        one, to = found.wrong
        says = f"it is not clear what to cancel between `{found.split}` and `{step.id}`: `{one}` leads to `{to}`"
        document.note((*path, "rest"), f"{says}; let every way in between come from `{found.split}` and lead to `{step.id}`", key=True)


def _error(document: Document[Journey], path: Path, step: Step, ids: set[str]) -> None:
    if step.on_error is None:
        return
    if step.next.how == "outcome":
        document.note((*path, "on_error"), "write the way of an error as `failed: STEP` (and `refused: STEP`) below `next`, or `on_error`, not both", key=True)
    if step.on_error and step.on_error not in ids | {END}:
        document.note((*path, "on_error"), f"there is no step `{step.on_error}`: {instead(step.on_error, [*ids, END])}")


def _decided(document: Document[Journey], path: Path, step: Step, journey: Journey) -> None:
    """A case is decided once (portal/cases/moves.py)."""
    if step.kind != "decide":
        return
    after = reached_from(journey, step.id)
    other = next((one.id for one in journey.steps if one.kind == "decide" and one.id in after), None)
    if other is not None:
        what = "`" + step.id + "` can come round again" if other == step.id else f"`{other}` can come after it"
        document.note((*path, "kind"), f"{what}, but a case is decided once: let a `work` step with `outcomes` lead on or send back")


def _undo(document: Document[Journey], path: Path, step: Step, journey: Journey, ids: set[str]) -> None:
    if step.undo is None:
        return
    path = (*path, "undo")
    if step.undo not in ids:
        document.note(path, f"there is no step `{step.undo}`: {instead(step.undo, ids)}")
        return
    if step.kind == "join":
        document.note(path, "a join does nothing that could be undone: leave `undo` out", key=True)
    for says in _undoes(journey, journey.step(step.undo)):
        document.note(path, says)


def _undoes(journey: Journey, undo: Step) -> Iterator[str]:
    if undo.kind not in UNDOING:
        yield f"`{undo.id}` is of kind `{undo.kind}`; only a step of kind `{'`, `'.join(UNDOING)}` can take something back"
    if undo.id == journey.start or any(arm.to == undo.id for step in journey.steps for arm in step.ways):
        yield f"`{undo.id}` is a step of the journey itself: write a step of its own that no way leads to"
    if undo.next.how != "all" or [arm.to for arm in undo.next.arms] != [END]:
        yield f"`{undo.id}` leads on, but nothing comes after a withdrawal: leave its `next` out"
    said = [name for name in ALONE if getattr(undo, name) not in (None, ())]
    if said:
        yield f"`{undo.id}` says `{said[0]}`, which has no meaning after a withdrawal: leave it out"
