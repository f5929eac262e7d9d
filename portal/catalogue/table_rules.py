"""Decision tables of a whole catalogue, checked on the fields of each service that uses them: types, gaps, overlaps, rows that are never reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.catalogue import cells, syntax, tabled
from portal.catalogue.cells import Cell, Domain, WrongCell
from portal.catalogue.conditions import WrongCondition, name
from portal.catalogue.coverage import OTHER, Columns, Example, TooLarge
from portal.catalogue.definitions import Catalogue, Output, Service, Table
from portal.catalogue.documents import Path, Positions
from portal.catalogue.faults import Fault, instead

_NUMBERS = ("integer", "decimal")
_PYTHON: dict[str, tuple[type, ...]] = {"integer": (int,), "decimal": (int, float), "boolean": (bool,), "text": (str,)}
_WANTED = {"integer": "a whole number", "decimal": "a number", "boolean": "`true` or `false`", "text": "a text"}


@dataclass(frozen=True)
class Place:
    """Where a table is written: in its service, or in a file of its own."""

    positions: Positions
    kind: Literal["service", "table"]
    id: str
    path: Path
    #: Said of a table that stands in a file of its own.
    used_by: str = ""

    def fault(self, path: Path, says: str, *, column: int = 1, key: bool = False) -> Fault:
        """A fault at that path of the table."""
        return self.positions.fault(self.kind, self.id, (*self.path, *path), says + self.used_by, column=column, key=key)


def check_tables(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """The check for `portal.catalogue.load.load`."""
    for service in catalogue.services.values():
        ids = [name(table.id) for table in service.tables]
        for index, table in enumerate(service.tables):
            own = index < len(service.tables) - len(service.shared_tables)
            used_by = "" if own else f" (as service `{service.id}` uses it)"
            place = Place(positions, "service", service.id, ("tables", index)) if own else Place(positions, "table", table.id, (), used_by)
            if name(table.id) in ids[:index]:
                yield place.fault(("id",), f"service `{service.id}` has two tables `{table.id}`: choose another id")
            yield from check_table(table, service, place)
        yield from _uses(service, positions)


def check_table(table: Table, service: Service, place: Place) -> Iterator[Fault]:
    """Everything that is wrong with one table as one service uses it."""
    faults = [*_named(table, place), *_values(table, place)]
    yield from faults
    domains: dict[str, Domain] = {}
    for index, input in enumerate(table.inputs):
        try:
            domains[input.id] = tabled.domain(input, service.fields)
        except WrongCondition as wrong:
            yield place.fault(("inputs", index, "value"), f"this input cannot be used with service `{service.id}`: {wrong}", column=wrong.column)
    if len(domains) < len(table.inputs):
        return
    missing = [*_missing(table, service, domains, place)]
    rows, wrong_cells = _cells(table, domains, place)
    yield from (*missing, *wrong_cells)
    if not missing and not wrong_cells and not faults:
        yield from _covered(table, domains, rows, place)


def _named(table: Table, place: Place) -> Iterator[Fault]:
    if message := syntax.bad_id(table.id):
        yield place.fault(("id",), message)
    for part, ids in (("inputs", [one.id for one in table.inputs]), ("outputs", [one.id for one in table.outputs])):
        for index, id in enumerate(ids):
            if message := syntax.bad_field(id):
                yield place.fault((part, index, "id"), message)
            elif id in ids[:index]:
                yield place.fault((part, index, "id"), f"`{id}` stands in `{part}` twice: keep one, or choose another")
    if table.aggregate and table.hit != "collect":
        yield place.fault(("aggregate",), f"`aggregate` puts the rows of `collect` together, and here `hit` is `{table.hit}`: leave it out")
    if table.hit == "collect" and table.aggregate in ("sum", "min", "max"):
        for index, output in enumerate(table.outputs):
            if output.type not in _NUMBERS:
                yield place.fault(("outputs", index, "type"), f"`{table.aggregate}` wants numbers, and `{output.id}` is a {output.type}: use `list` or `count`")


def _values(table: Table, place: Place) -> Iterator[Fault]:
    """What rows tell: each output, and of its type."""
    inputs = {one.id for one in table.inputs}
    for index, rule in enumerate(table.rules):
        for id in rule.when:
            if id not in inputs:
                yield place.fault(("rules", index, "when", id), f"there is no input `{id}`: {instead(id, inputs)}", key=True)
        yield from _outputs(table, rule.then, ("rules", index, "then"), place)
    if table.otherwise:
        yield from _outputs(table, table.otherwise, ("otherwise",), place)


def _outputs(table: Table, then: Mapping[str, Any], path: Path, place: Place) -> Iterator[Fault]:
    known = {output.id: output for output in table.outputs}
    if table.hit == "collect" and table.aggregate == "count" and path[0] == "otherwise":
        known = {"count": Output("count", "integer")}
    for id, value in then.items():
        output = known.get(id)
        if output is None:
            yield place.fault((*path, id), f"there is no output `{id}`: {instead(id, known)}", key=True)
        elif not isinstance(value, _PYTHON[output.type]) or (isinstance(value, bool) and output.type != "boolean"):
            yield place.fault((*path, id), f"`{id}` must be {_WANTED[output.type]}, not `{cells.written(value)}`")
    for id in known.keys() - then.keys():
        yield place.fault(path, f"`{id}` is missing: write `{id}: ...`")


def _missing(table: Table, service: Service, domains: dict[str, Domain], place: Place) -> Iterator[Fault]:
    """An answer that may be left open needs a value to stand for it; that value must fit its column."""
    certain = {name(field.id) for field in service.fields if field.required and field.when is None}
    for index, input in enumerate(table.inputs):
        may_lack = [one for one in tabled.needs(input) if one not in certain]
        if may_lack and input.missing is None:
            says = f"`{may_lack[0]}` may be left open: write `missing: VALUE`, to be taken where it was, or make the field `required`"
            yield place.fault(("inputs", index, "value"), says)
        if input.missing is not None:
            try:
                cells.value_of(input.missing, domains[input.id])
            except ValueError:
                says = f"`missing` must be what the input is, a {domains[input.id].kind}, not `{cells.written(input.missing)}`"
                yield place.fault(("inputs", index, "missing"), says)


def _cells(table: Table, domains: dict[str, Domain], place: Place) -> tuple[list[list[Cell]], list[Fault]]:
    rows: list[list[Cell]] = []
    faults: list[Fault] = []
    for index, rule in enumerate(table.rules):
        row = []
        for id, domain in domains.items():
            try:
                row.append(tabled.cell_of(rule, id, domain))
            except WrongCell as wrong:
                faults.append(place.fault(("rules", index, "when", id), f"this cell cannot be used: {wrong}", column=wrong.column))
        rows.append(row)
    return rows, faults


def _covered(table: Table, domains: dict[str, Domain], rows: list[list[Cell]], place: Place) -> Iterator[Fault]:
    extra = [() if one.missing is None else (cells.value_of(one.missing, domains[one.id]),) for one in table.inputs]
    columns = Columns(list(domains.values()), rows, extra)
    try:
        yield from _gap(table, columns, domains, place)
        for row in range(len(rows)):
            if columns.empty(row):
                yield place.fault(("rules", row), f"row {row + 1} never holds: one of its cells lies outside what the answers can be")
        if table.hit == "unique":
            for one, other, example in columns.overlaps():
                says = f"rows {one + 1} and {other + 1} hold at once, for {_example(example, domains)}: `unique` wants one at most"
                yield place.fault(("rules", other), says)
        if table.hit == "first":
            for row in columns.hidden():
                yield place.fault(("rules", row), f"row {row + 1} is never reached: the rows above it always hold first")
        if table.hit == "collect":
            yield from _doubled(table, columns, place)
    except TooLarge as large:
        yield place.fault(("rules",), str(large))


def _gap(table: Table, columns: Columns, domains: dict[str, Domain], place: Place) -> Iterator[Fault]:
    if table.otherwise or (table.hit == "collect" and table.aggregate not in ("min", "max")):
        return
    example = columns.uncovered(range(len(table.rules)))
    if example is not None:
        says = f"no row holds for {_example(example, domains)}: add one, or say what follows `otherwise`"
        yield place.fault(("rules",), says)


def _doubled(table: Table, columns: Columns, place: Place) -> Iterator[Fault]:
    for other, rule in enumerate(table.rules):
        one = next((one for one in range(other) if table.rules[one].then == rule.then and columns.same(one, other)), None)
        if one is not None:
            yield place.fault(("rules", other), f"row {other + 1} is row {one + 1} once more, and would count twice: delete it")


def _example(example: Example, domains: dict[str, Domain]) -> str:
    """`vehicle 'own' and age 17`."""
    if not example:
        return "anything"
    words = [
        f"{id} any other text" if value is OTHER else f"{id} {cells.shown(value, domain.kind)}"
        for (id, domain), value in zip(domains.items(), example, strict=True)
    ]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _uses(service: Service, positions: Positions) -> Iterator[Fault]:
    """The tables a service names for its fee and for who may ask."""
    wanted: list[tuple[Path, str | None, str, str]] = [
        (("eligibility",), service.eligibility, "eligible", "boolean"),
        (("fee", "table"), service.fee.table if service.fee else None, "amount", "integer"),
    ]
    ids = [table.id for table in service.tables]
    for path, id, output, type in wanted:
        if id is None:
            continue
        if id not in ids:
            yield positions.fault("service", service.id, path, f"there is no table `{id}` here: {instead(id, ids)}")
            continue
        table = tabled.table_of(service, id)
        if not _tells(table, output, type):
            yield positions.fault("service", service.id, path, f"table `{id}` must have one output `{output}` of type `{type}` for every request")
        if output == "amount" and any(isinstance(value := rule.then.get("amount"), int) and value < 0 for rule in table.rules):
            yield positions.fault("service", service.id, path, "a fee cannot be negative: write minor units of the currency, 0 or more")


def _tells(table: Table, output: str, type: str) -> bool:
    found = next((one for one in table.outputs if one.id == output), None)
    return found is not None and found.type == type and not (table.hit == "collect" and table.aggregate in (None, "list", "count"))
