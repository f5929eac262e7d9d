"""A definition with the file it came from: places of its parts, and the faults found in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from portal.catalogue.definitions import Agency, Journey, Letter, Service, Table
from portal.catalogue.faults import Fault
from portal.catalogue.read import read
from portal.catalogue.sources import Source
from portal.catalogue.tree import Mapping, Node, Scalar, Sequence, parse

T = TypeVar("T", Agency, Service, Journey, Table, Letter)
#: Keys and indices from a definition down, as in the dataclasses: `("steps", 2, "next", "arms", 0, "when")`.
Path = tuple[str | int, ...]


@dataclass
class Document(Generic[T]):
    """One file as read. `value` has stand-ins where `faults` were found; it is None where the file holds no mapping at all."""

    source: Source
    #: False: taken from the installed content to complete the given; its own faults are not reported.
    given: bool
    root: Node | None = None
    value: T | None = None
    faults: list[Fault] = field(default_factory=list)

    def say(self, node: Node, message: str) -> None:
        """Note a fault at that node."""
        self.faults.append(Fault(self.source.file, node.line, node.column, message))

    def fault(self, path: Path, message: str, *, key: bool = False) -> Fault:
        """A fault at the value of that path, or at its key; at the nearest part above where the path is not written in the file."""
        node = walk(self.root, path, key=key)
        return Fault(self.source.file, node.line if node else 1, node.column if node else 1, message)

    def note(self, path: Path, message: str, *, key: bool = False) -> None:
        """Note a fault at that path."""
        self.faults.append(self.fault(path, message, key=key))


#: A document of any kind.
AnyDocument = Document[Agency] | Document[Service] | Document[Journey] | Document[Table] | Document[Letter]


def open_document(cls: type[T], source: Source, *, given: bool = True) -> Document[T]:
    """Read a file as a definition of that class; all its faults are in the document."""
    document: Document[T] = Document(source, given)
    document.root, document.faults = parse(source.file, source.raw)
    if isinstance(document.root, Mapping):
        document.value = read(cls, document.root, document.say)
    elif document.root is not None:
        document.say(document.root, f"the file must be a mapping with the keys of a definition, `id: {source.stem}` first")
    return document


def walk(node: Node | None, path: Path, *, key: bool = False) -> Node | None:
    """The node at that path. Names that stand only in the dataclasses (`arms`) are passed over; an index into a mapping counts its values."""
    for index, part in enumerate(path):
        if isinstance(node, Mapping) and part in node.values:
            node = node.keys[str(part)] if key and index == len(path) - 1 else node.values[str(part)]
        elif isinstance(node, Sequence | Mapping) and isinstance(part, int):
            inside = node.items if isinstance(node, Sequence) else _inside(node, key=key and index == len(path) - 1)
            node = inside[part] if part < len(inside) else node
        elif isinstance(node, Scalar):
            break
    return node


def _inside(node: Mapping, *, key: bool) -> list[Node]:
    """Values of a mapping (or their keys); what stands in a list below a key counts each by itself, as ways by outcome do."""
    return [node.keys[name] if key else item for name, value in node.values.items() for item in (value.items if isinstance(value, Sequence) else [value])]


class Positions:
    """Where each definition stands: what a check from outside needs to name a place."""

    def __init__(self, documents: Iterable[AnyDocument]) -> None:
        self._documents: dict[tuple[str, str], AnyDocument] = {}
        for document in documents:
            if document.value:
                self._documents.setdefault((document.source.kind, document.value.id), document)

    def fault(
        self, kind: Literal["agency", "service", "journey", "table", "letter"], id: str, path: Path, message: str, *, column: int = 1, key: bool = False
    ) -> Fault:
        """A fault of that definition at that path of its dataclass; `column` (from 1) is a place inside the text that stands there."""
        document = self._documents.get((kind, id))
        if document is None:
            return Fault(f"{kind} {id}", 1, 1, message)
        node, found = walk(document.root, path), document.fault(path, message, key=key)
        inside = node.inset + column - 1 if isinstance(node, Scalar) and node.inset is not None and column > 1 else 0
        return replace(found, column=found.column + inside)
