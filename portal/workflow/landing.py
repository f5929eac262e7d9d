"""Where a run lands when its case goes on by another version of its journey: pure, judged once for each way of standing, whatever the number of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from portal.catalogue.conditions import Typed, WrongCondition, compiled, listed
from portal.catalogue.definitions import Journey, Service, Step
from portal.catalogue.mapping import StepMapping
from portal.workflow.runner import Run, needed
from portal.workflow.soundness import unsound_from

#: Kinds of step at which a person looks: one may become the other under their hands.
PEOPLE = ("work", "decide")


#: Of a step, what must be the same for one under way to go on, and what the person is told where it is not.
_SAME = {
    "agency": "is done by another agency",
    "action": "asks the agency for something else",
    "journey": "begins another journey",
    "service": "begins another service",
    "event": "waits for something else",
}


class Stays(Exception):
    """A case that stays on its version; the text says why, in words for the person who asked."""


@dataclass(frozen=True)
class Landing:
    """What becomes of a run. Keys are numbers of step runs under way."""

    run: Run
    #: Old step, new step.
    steps: Mapping[int, tuple[Step, Step]]
    #: Those that end at once, with their outcome.
    ended: Mapping[int, str | None] = field(default_factory=dict)
    #: Those that are cancelled and begun again.
    anew: tuple[int, ...] = ()


@dataclass
class Plan:
    """One older version, the newer one and the mapping between them."""

    older: Journey
    newer: Journey
    mapping: StepMapping
    _known: dict[Any, Landing | Stays] = field(default_factory=dict, repr=False)
    _sound: dict[str, str | None] = field(default_factory=dict, repr=False)
    _fields: dict[Typed, str | None] = field(default_factory=dict, repr=False)

    def land(self, run: Run) -> Landing:
        """Where that run would stand. Stays where it cannot go, or could not get to the end from there."""
        key = repr(run.state())
        if key not in self._known:
            try:
                self._known[key] = self._landing(run)
            except Stays as stays:
                self._known[key] = stays
        found = self._known[key]
        if isinstance(found, Stays):
            raise Stays(str(found))
        return found

    def fits(self, service: Service, typed: Typed) -> None:
        """Stays where the newer version asks for answers that this version of the service does not know."""
        if typed not in self._fields:
            self._fields[typed] = self._unknown(service, typed)
        if says := self._fields[typed]:
            raise Stays(says)

    def _unknown(self, service: Service, typed: Typed) -> str | None:
        says = f"version {service.version} of service `{service.id}`, by which it goes, does not fit: %s (`service: present` takes its present one)"
        known = {field.id for field in service.fields}
        for step in self.newer.steps:
            if strange := [name for name in step.fields if name not in known]:
                return says % f"step `{step.id}` asks for `{strange[0]}`"
            if step.each is not None and (wrong := _wrong(step.each, typed, listed)):
                return says % f"`{step.id}` cannot be done for each of `{step.each}`: {wrong}"
            for when in (step.when, *(arm.when for arm in step.next.arms)):
                if when is not None and (wrong := _wrong(when, typed, compiled)):
                    return says % f"the condition `{when}` of `{step.id}` cannot be judged: {wrong}"
        return None

    def _landing(self, run: Run) -> Landing:
        if run.stopping:
            raise Stays("it is no longer needed, and what was done is taken back by the version it was done on")
        steps = {number: (self.older.step(id), self._there(id)) for number, id in run.active.items()}
        places = {number: self.mapping.place(old.id) for number, (old, _) in steps.items()}
        for number, (old, new) in steps.items():
            if old.each != new.each:
                raise Stays(f"`{new.id}` is done for other items than `{old.id}` was: it ends on the version it began on")
            if places[number].active == "kept":
                _alike(old, new)
        landed = replace(self._renamed(run), active={number: new.id for number, (_, new) in steps.items()}, arrived=self._arrived(run))
        if wrong := self._unsound(landed):
            raise Stays(f"from there it could not get to its end: {wrong}")
        ended = {number: place.outcome for number, place in places.items() if place.active == "ended"}
        return Landing(landed, steps, ended, tuple(number for number, place in places.items() if place.active == "anew"))

    def _unsound(self, landed: Run) -> str | None:
        """The first thing that could go wrong; asked once for all runs that differ in their numbers only."""
        standing = replace(landed, count=len(landed.active), active=dict(enumerate(sorted(landed.active.values()), 1)), outcome=None)
        key = repr(standing.state())
        if key not in self._sound:
            self._sound[key] = next((wrong.says for wrong in unsound_from(self.newer, standing)), None)
        return self._sound[key]

    def _there(self, id: str) -> Step:
        to = self.mapping.goes_to(id)
        try:
            return self.newer.step(to)
        except KeyError:
            raise Stays(f"it stands at `{id}`, which the newer version does not have: say in the mapping where that goes") from None

    def _arrived(self, run: Run) -> dict[str, int]:
        """Arrivals by join of the newer version. A join that has opened counts as opened there too."""
        found: dict[str, int] = {}
        for id, count in run.arrived.items():
            opened = count >= needed(self.older, self.older.step(id))
            place, to = self.mapping.place(id), self.mapping.goes_to(id)
            try:
                join = self.newer.step(to)
            except KeyError:
                if opened or not count:
                    continue
                raise Stays(
                    f"{count} of its ways have come to the join `{id}`, which the newer version does not have: say in the mapping where it goes"
                ) from None
            need = needed(self.newer, join)
            found[to] = place.arrived if place.arrived is not None else max(count, need) if opened else count
            if not opened and found[to] >= need:
                raise Stays(f"the join `{to}` would have all its {need} arrivals and nothing would open it: set `arrived` in the mapping")
        for id, place in self.mapping.steps.items():
            if place.arrived is not None and id not in run.arrived:
                found[self.mapping.goes_to(id)] = place.arrived
        return found

    def _renamed(self, run: Run) -> Run:
        """What else the runner keeps by the names of steps: counted ways (`step>to`), ends of items, what would be taken back."""
        there = {step.id for step in self.newer.steps} | {"end"}
        more: dict[str, Any] = {}
        for one in fields(run):
            kept = getattr(run, one.name)
            if one.name in ("active", "arrived") or not kept:
                continue
            if isinstance(kept, Mapping):
                named = {">".join(self.mapping.goes_to(part) for part in key.split(">")): value for key, value in kept.items()}
                more[one.name] = {key: value for key, value in named.items() if there.issuperset(key.split(">"))}
            elif isinstance(kept, tuple):
                more[one.name] = tuple(self.mapping.goes_to(step) for step in kept)
                if gone := [old for old, new in zip(kept, more[one.name], strict=True) if new not in there]:
                    raise Stays(f"what takes back a step that was done, `{gone[0]}`, is not in the newer version: say in the mapping where it goes")
        return replace(run, **more)


def _wrong(text: str, typed: Typed, read: Callable[[str, Typed], Any]) -> WrongCondition | None:
    try:
        read(text, typed)
    except WrongCondition as wrong:
        return wrong
    return None


def _alike(old: Step, new: Step) -> None:
    """Stays where what is under way cannot just go on under the other name."""
    both = f"`{old.id}` is a `{old.kind}`" + (f" and `{new.id}` a `{new.kind}`" if old.id != new.id else f" that becomes a `{new.kind}`")
    if old.kind != new.kind and not {old.kind, new.kind} <= set(PEOPLE):
        raise Stays(f"{both}: write `active: anew` (or `ended`) for `{old.id}` in the mapping")
    if new.kind in ("join", "notify"):
        raise Stays(f"nobody can stand at `{new.id}`, a `{new.kind}`")
    for name, says in _SAME.items():
        if getattr(old, name) != getattr(new, name):
            raise Stays(f"`{new.id}` {says}: write `active: anew` for `{old.id}` in the mapping")
