"""Reads `replay.yaml` and checks it against the catalogue; every fault with file, line and column."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cel_expr_python import cel

from portal.catalogue import syntax, tree
from portal.catalogue.definitions import Catalogue
from portal.catalogue.documents import walk
from portal.catalogue.faults import CatalogueFaults, Fault, instead
from portal.catalogue.read import read
from portal.catalogue.tree import Node, Scalar, Sequence
from portal.intake.replay.mapping import ISO, Instant, Mapping
from portal.standards.terms import parse_term

_TABLES = ("services", "agencies", "channels")
_TIMES = ("opened_at", "closed_at", "due_at")
#: What a condition of `refuse` may name.
_FACTS = {"row": cel.Type.Map(cel.Type.STRING, cel.Type.STRING)} | dict.fromkeys(("external_id", "service", "agency", "channel", "area"), cel.Type.STRING)


class Document:
    """A mapping as read, with the places of its parts."""

    def __init__(self, file: str, raw: bytes) -> None:
        self.file = file
        self.root, self.faults = tree.parse(file, raw)
        self.mapping: Mapping | None = None
        if isinstance(self.root, tree.Mapping):
            tables = _written_out(self.root, self.say)
            self.mapping = replace(read(Mapping, _without(self.root, _TABLES), self.say), **tables)
        elif self.root is not None:
            self.say(self.root, "the file must be a mapping with the keys `jurisdiction`, `zone`, `columns` first")

    def say(self, node: Node, message: str) -> None:
        """Note a fault at that node."""
        self.faults.append(Fault(self.file, node.line, node.column, message))

    def note(self, path: tuple[str | int, ...], message: str | None) -> None:
        """Note a fault at that path, if there is a message."""
        node = walk(self.root, path)
        if message and node:
            self.say(node, message)

    def place(self, *path: str | int) -> str:
        """`file:line` of that path, for a fault that shows in another file."""
        node = walk(self.root, path)
        return f"{self.file}:{node.line if node else 1}"


def mapping_of(file: Path, catalogue: Catalogue) -> tuple[Mapping, Document]:
    """The mapping, complete and sound, and its document. Raises CatalogueFaults with all that is wrong, OSError where the file cannot be read."""
    with file.open("rb") as opened:
        document = Document(str(file), opened.read(tree.MAX_SIZE + 1))
    if document.mapping is not None and not document.faults:
        for check in (_log, _times, _promises, _conditions):
            check(document, document.mapping, catalogue)
    if document.faults or document.mapping is None:
        raise CatalogueFaults(document.faults)
    return document.mapping, document


def condition(expression: str) -> Any:
    """The compiled condition of `refuse`; ValueError for a typo, a wrong type, or what is not true or false."""
    try:
        program = cel.NewEnv(variables=_FACTS).compile(expression)
    except RuntimeError as wrong:
        raise ValueError(" ".join(str(wrong).split())) from wrong
    if program.return_type() != cel.Type.BOOL:
        raise ValueError(f"this is a {program.return_type().name()}, not a condition: compare it with something")
    return program


def _written_out(root: tree.Mapping, say: Callable[[Node, str], None]) -> dict[str, Any]:
    """Short forms in full: a column by its name alone, a format or a term alone; and the tables of values, which `read` knows no shape for."""
    columns = root.values.get("columns")
    if isinstance(columns, tree.Mapping):
        for name, node in columns.values.items():
            columns.values[name] = _named(node, "column")
            inside = columns.values[name]
            if name in _TIMES and isinstance(inside, tree.Mapping) and isinstance(inside.values.get("format"), Scalar):
                inside.values["format"] = _list(inside.values["format"])
    standards = root.values.get("standards")
    if isinstance(standards, tree.Mapping):
        standards.values = {name: _named(node, "within") for name, node in standards.values.items()}
    return {name: _table(root.values[name], name, say) for name in _TABLES if name in root.values}


def _named(node: Node, key: str) -> Node:
    """A value alone, as the mapping `{key: value}`."""
    if not isinstance(node, Scalar) or node.value is None:
        return node
    made = tree.Mapping(node.line, node.column, [])
    made.keys[key], made.values[key] = Scalar(node.line, node.column, key, key), node
    return made


def _list(node: Node) -> Node:
    made = Sequence(node.line, node.column)
    made.take(node)
    return made


def _without(root: tree.Mapping, names: tuple[str, ...]) -> tree.Mapping:
    made = tree.Mapping(root.line, root.column, [])
    made.keys = {name: key for name, key in root.keys.items() if name not in names}
    made.values = {name: value for name, value in root.values.items() if name not in names}
    return made


def _table(node: Node, name: str, say: Callable[[Node, str], None]) -> dict[str, str]:
    """Value in the log -> id. Values are text as it is written, so that `311: calls` needs no quotes."""
    if isinstance(node, Scalar) and node.text == "*":
        return {"*": "*"}
    if not isinstance(node, tree.Mapping) or not node.values:
        say(node, f'`{name}` must be `"*"` (each value as it is) or a mapping from values of the log to ids')
        return {}
    found = {}
    for value, id in node.values.items():
        if isinstance(id, Scalar) and id.text.strip():
            found[value] = id.text
        else:
            say(id, f'`{name}.{value}` must be an id, or `"*"` for the value as it is')
    return found


def _log(document: Document, mapping: Mapping, _: Catalogue) -> None:
    document.note(("jurisdiction",), syntax.bad_word(mapping.jurisdiction))
    document.note(("zone",), syntax.bad_zone(mapping.zone))
    if len(mapping.log.delimiter) != 1 or mapping.log.delimiter in '"\r\n':
        document.note(("log", "delimiter"), 'the delimiter is one character: write `","`, `";"` or `"\\t"`')
    try:
        known = codecs.lookup(mapping.log.encoding)
        usable = known._is_text_encoding and "a;\n1".encode(known.name).endswith(b"a;\n1")
    except (LookupError, UnicodeError):
        usable = False
    if not usable:
        says = f"`{mapping.log.encoding}` cannot be read: write an encoding that keeps ASCII, such as `utf-8`, `latin-1` or `cp1252`"
        document.note(("log", "encoding"), says)


def _times(document: Document, mapping: Mapping, _: Catalogue) -> None:
    for name in _TIMES:
        instant: Instant | None = getattr(mapping.columns, name)
        for format in instant.format if instant else ():
            if format != ISO and not _usable(format):
                says = f"`{format}` is no format that gives a date: write `{ISO}`, or for example `%m/%d/%Y %I:%M:%S %p`"
                document.note(("columns", name, "format"), says)


def _usable(format: str) -> bool:
    """Whether a date comes back from it."""
    day = datetime(2001, 12, 31, 22, 58, 59)
    try:
        return datetime.strptime(day.strftime(format), format).date() == day.date()
    except ValueError:
        return False


def calendar_of(mapping: Mapping, service: str, catalogue: Catalogue) -> str | None:
    """`agency/calendar` a standard counts on: its own, the mapping's, else the first of the jurisdiction's only agency; None where there is none.

    A name without an agency is one of the jurisdiction's.
    """
    own = [agency for agency in catalogue.agencies.values() if agency.jurisdiction == mapping.jurisdiction]
    name = mapping.standards[service].calendar or mapping.calendar
    if name is None:
        return f"{own[0].id}/{own[0].calendars[0].id}" if len(own) == 1 else None
    if name in catalogue.calendars:
        return name
    return next((key for key in (f"{agency.id}/{name}" for agency in own) if key in catalogue.calendars), None)


def _promises(document: Document, mapping: Mapping, catalogue: Catalogue) -> None:
    for service, target in mapping.standards.items():
        try:
            parse_term(target.within, profile=target.profile)
        except ValueError as wrong:
            document.note(("standards", service, "within"), str(wrong))
        if calendar_of(mapping, service, catalogue) is None:
            name = target.calendar or mapping.calendar
            path = ("standards", service, "calendar") if target.calendar else ("calendar",) if name else ("standards", service)
            none = "this counts on no calendar: write `calendar: AGENCY/CALENDAR`"
            document.note(path, f"there is no calendar `{name}`: {instead(name, catalogue.calendars)}" if name else none)


def _conditions(document: Document, mapping: Mapping, _: Catalogue) -> None:
    for index, refuse in enumerate(mapping.refuse):
        try:
            condition(refuse.when)
        except ValueError as wrong:
            document.note(("refuse", index, "when"), f"this condition cannot be used: {wrong}")
