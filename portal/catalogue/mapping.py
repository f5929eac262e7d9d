"""A mapping: how cases under way on one version of a journey go on by another. Written by hand for one move; what it does not name stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from portal.catalogue.definitions import Journey, Service, Step
from portal.catalogue.documents import Path, walk
from portal.catalogue.faults import CatalogueFaults, Fault, instead
from portal.catalogue.journey_rules import ends
from portal.catalogue.publish import canonical, plain
from portal.catalogue.read import read
from portal.catalogue.tree import Mapping as Tree
from portal.catalogue.tree import Node, Scalar, parse


@dataclass(frozen=True)
class Place:
    """Where a step of the older version goes, and what becomes of a case that stands there."""

    #: Step of the newer version; none: the one of the same id.
    to: str | None = None
    #: `kept`: the same step run with its task, its claim and its promise; `anew`: cancelled and begun again; `ended`: it ends at once, with `outcome`.
    active: Literal["kept", "anew", "ended"] = "kept"
    outcome: str | None = None
    #: Arrivals a join has had; none: as many as before.
    arrived: int | None = None


@dataclass(frozen=True)
class StepMapping:
    """The whole of one file."""

    #: Id in the older version -> place in the newer one.
    steps: dict[str, Place] = field(default_factory=dict)
    #: Which version of its service a case goes by afterwards, for what begins from then on: `keep` the one it was sent in under, or the `present` one.
    service: Literal["keep", "present"] = "keep"
    #: Standards of the present version that begin to run with the move, from that moment or from the receipt of the case.
    start_now: tuple[str, ...] = ()
    start_from_receipt: tuple[str, ...] = ()

    def place(self, step: str) -> Place:
        """Where that step goes."""
        return self.steps.get(step, SAME)

    def goes_to(self, step: str) -> str:
        """Id in the newer version, which may not have it."""
        return self.place(step).to or step


SAME = Place()
NOTHING = StepMapping()


@dataclass(frozen=True)
class Written:
    """A mapping with the file it came from."""

    mapping: StepMapping
    file: str = "mapping"
    root: Node | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of its canonical JSON."""
        return sha256(canonical(plain(self.mapping))).hexdigest()

    def fault(self, path: Path, message: str, *, key: bool = False) -> Fault:
        """A fault at that path."""
        node = walk(self.root, path, key=key)
        return Fault(self.file, node.line if node else 1, node.column if node else 1, message)


def read_mapping(file: str, raw: bytes) -> Written:
    """From YAML; `judge: weigh` is short for `judge: {to: weigh}`. CatalogueFaults with file, line and column where it cannot be read."""
    if not raw.strip():
        return Written(NOTHING, file)
    root, faults = parse(file, raw)
    if isinstance(root, Tree):
        _lengthened(root)
        mapping = read(StepMapping, root, lambda node, message: faults.append(Fault(file, node.line, node.column, message)))
        if not faults:
            return Written(mapping, file, root)
    elif root is not None:
        faults.append(Fault(file, root.line, root.column, "a mapping is a YAML mapping: write `steps:` first"))
    raise CatalogueFaults(faults)


def _lengthened(root: Tree) -> None:
    steps = root.values.get("steps")
    if isinstance(steps, Tree):
        for name, node in steps.values.items():
            if isinstance(node, Scalar) and node.value is not None:
                long = Tree(node.line, node.column, [])
                long.keys["to"], long.values["to"] = node, node
                steps.values[name] = long


def check_mapping(written: Written, older: Iterable[Journey], newer: Journey, service: Iterable[Service]) -> None:
    """CatalogueFaults where it names what is not there, or asks for what cannot be; `service`: present versions of those whose cases move."""
    faults = [*_steps(written, tuple(older), newer), *_standards(written, tuple(service))]
    if faults:
        raise CatalogueFaults(faults)


def _steps(written: Written, older: tuple[Journey, ...], newer: Journey) -> Iterator[Fault]:
    before = {step.id: step for journey in older for step in journey.steps}
    after = {step.id: step for step in newer.steps}
    for id, place in written.mapping.steps.items():
        path: Path = ("steps", id)
        if id not in before:
            yield written.fault(path, f"the version the cases are on has no step `{id}`: {instead(id, before)}", key=True)
            continue
        to = after.get(place.to or id)
        if to is None:
            where: Path = (*path, "to") if place.to else path
            yield written.fault(where, f"the version they go to has no step `{place.to or id}`: {instead(place.to or id, after)}", key=not place.to)
        elif (before[id].kind == "join") != (to.kind == "join"):
            yield written.fault(path, f"`{id}` and `{to.id}` are not both joins: a join can only become a join")
        else:
            yield from _arrivals(written, path, place, to, newer)
            yield from _ending(written, path, place, to)


def _arrivals(written: Written, path: Path, place: Place, to: Step, newer: Journey) -> Iterator[Fault]:
    if place.arrived is None:
        return
    most = to.needs or newer.ways_in.get(to.id, 0)
    if to.kind != "join":
        yield written.fault((*path, "arrived"), f"`{to.id}` is a `{to.kind}`: only a join has arrivals")
    elif not 0 <= place.arrived < most:
        yield written.fault((*path, "arrived"), f"`{to.id}` cannot have had {place.arrived} arrivals: write 0 to {most - 1}, with its last one it opens")


def _ending(written: Written, path: Path, place: Place, to: Step) -> Iterator[Fault]:
    if place.active != "ended":
        if place.outcome is not None:
            yield written.fault((*path, "outcome"), "an outcome goes with `active: ended`")
        return
    known = ends(to) if to.kind != "send" or to.next.how == "outcome" else ()
    if to.kind in ("join", "notify"):
        yield written.fault((*path, "active"), f"nobody stands at `{to.id}`, a `{to.kind}`: there is nothing to end")
    elif known and place.outcome not in known:
        yield written.fault(path, f"`{to.id}` ends with an outcome: write `outcome:` with one of {', '.join(f'`{one}`' for one in known)}")
    elif not known and place.outcome is not None and to.kind != "send":
        yield written.fault((*path, "outcome"), f"`{to.id}` has no outcomes: leave it out")


def _standards(written: Written, services: tuple[Service, ...]) -> Iterator[Fault]:
    known = {standard.id: standard for service in services for standard in service.standards}
    both = set(written.mapping.start_now) & set(written.mapping.start_from_receipt)
    for name in ("start_now", "start_from_receipt"):
        for index, standard in enumerate(getattr(written.mapping, name)):
            if standard not in known:
                yield written.fault((name, index), f"no service of this journey has a standard `{standard}`: {instead(standard, known)}")
            elif known[standard].covers == "first-answer":
                yield written.fault((name, index), f"`{standard}` measures the first answer, which may have been given: it cannot start later")
            elif standard in both and name == "start_now":
                yield written.fault((name, index), f"`{standard}` starts once: now or from the receipt")
