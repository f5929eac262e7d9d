"""What a decision table finds on some facts: the rows that hold and what they tell. No row, or two where one may hold, is a refusal, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cel_expr_python import cel

from portal.catalogue import cells
from portal.catalogue.cells import Domain
from portal.catalogue.conditions import ConditionFails, Typed, WrongCondition, compiled, expression, known, name, typed
from portal.catalogue.definitions import Field, Input, Rule, Service, Table, Text

#: What inputs may name beside the facts of conditions: the local date, YYYY-MM-DD.
TODAY: Typed = (("today", "date"),)
#: An input that is nothing but an answer.
_ANSWER = re.compile(r"\s*answers\.(\w+)\s*")
_NAMED = re.compile(r"\banswers\.(\w+)")
_KINDS: dict[str, cells.Kind] = {"integer": "integer", "decimal": "decimal", "date": "date", "boolean": "boolean", "choice": "choice"}
_CEL_KINDS: dict[str, cells.Kind] = {"INT": "integer", "DOUBLE": "decimal", "BOOL": "boolean", "STRING": "text"}
#: How the rows of `collect` are put together; what no row at all gives.
AGGREGATES: dict[str, Any] = {"sum": sum, "min": min, "max": max, "list": list, "count": len}


class TableFails(ConditionFails):
    """A decision table gives no answer for these answers of yours."""

    slug = "table-fails"


@dataclass(frozen=True)
class Found:
    """What a table told: numbers of the rows that held, from 1 (0: `otherwise`), and the value of each output."""

    table: str
    rules: tuple[int, ...]
    told: dict[str, Any]
    #: Why, in words: of the first row that says so.
    says: Text | None = None
    law: str | None = None


class Tables(Mapping[str, Any]):
    """`tables.TABLE.OUTPUT` -> value, for conditions; a table is judged when it is first asked. `found`: those that were."""

    def __init__(self, service: Service, facts: Mapping[str, Any]) -> None:
        self._service, self._facts = service, facts
        self._tables = {name(table.id): table for table in service.tables}
        self.found: dict[str, Found] = {}

    def __getitem__(self, key: str) -> Any:
        _, table, output = key.split(".")
        if table not in self.found:
            self.found[table] = judged(self._tables[table], self._service.fields, self._facts)
        return next(value for id, value in self.found[table].told.items() if name(id) == output)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def table_of(service: Service, id: str) -> Table:
    """The service's table of that id; KeyError where it has none."""
    for table in service.tables:
        if table.id == id:
            return table
    raise KeyError(id)


def judged(table: Table, fields: tuple[Field, ...], facts: Mapping[str, Any]) -> Found:
    """What the table tells on these facts (`answers`, `channel`, `area`, `language`, `today` as YYYY-MM-DD). TableFails where it can tell nothing."""
    domains = {input.id: domain(input, fields) for input in table.inputs}
    types = tuple((name(id), one.kind) for id, one in domains.items())
    values = {name(input.id): _taken(table, input, fields, facts, domains[input.id]) for input in table.inputs}
    hits = [number for number, rule in enumerate(table.rules, start=1) if _hit(table, rule, domains, types, values)]
    if table.hit == "first":
        hits = hits[:1]
    if table.hit == "unique" and len(hits) > 1:
        raise TableFails(f"Rows {_listed(hits)} of the table {table.id} hold at once, and only one may. An official has to look at it.")
    return _told(table, hits)


def _told(table: Table, hits: list[int]) -> Found:
    rows = [table.rules[number - 1] for number in hits]
    if not rows and table.otherwise:
        return Found(table.id, (0,), dict(table.otherwise))
    if table.hit != "collect":
        if not rows:
            raise TableFails(f"No row of the table {table.id} holds for these answers. An official has to look at it.")
        return Found(table.id, tuple(hits), dict(rows[0].then), rows[0].says, _law(rows[0]))
    says, law = next((row.says for row in rows if row.says), None), next((_law(row) for row in rows if row.law), None)
    aggregate = table.aggregate or "list"
    if aggregate == "count":
        return Found(table.id, tuple(hits), {"count": len(rows)}, says, law)
    if not rows and aggregate in ("min", "max"):
        raise TableFails(f"No row of the table {table.id} holds for these answers, so there is no {aggregate}. An official has to look at it.")
    told = {output.id: _together(aggregate, output.type, [row.then[output.id] for row in rows]) for output in table.outputs}
    return Found(table.id, tuple(hits), told, says, law)


def _together(aggregate: str, type: str, values: list[Any]) -> Any:
    if type == "decimal" and aggregate == "sum":
        return float(sum(Decimal(str(value)) for value in values))
    return AGGREGATES[aggregate](values)


def _taken(table: Table, input: Input, fields: tuple[Field, ...], facts: Mapping[str, Any], domain: Domain) -> Any:
    """The value of an input as CEL compares it."""
    names = typed(fields)
    data = known(input.value, names, facts) | {"today": _today(table, input, facts)}
    if input.missing is not None and any(f"answers.{one}" not in data for one in _NAMED.findall(input.value)):
        value: Any = input.missing
    else:
        found = expression(input.value, names, more=TODAY).eval(data=data)
        if found.type() == cel.Type.ERROR:
            raise TableFails(f"The table {table.id} needs an answer that is missing or cannot be compared, for its input {input.id}.")
        value = found.plain_value()
    return float(value) if domain.kind == "decimal" else value


def _today(table: Table, input: Input, facts: Mapping[str, Any]) -> str:
    if facts.get("today"):
        return str(facts["today"])
    if re.search(r"\btoday\b", input.value):
        raise TableFails(f"The table {table.id} asks for the date, and nobody says which it is.")
    return date.min.isoformat()


def _hit(table: Table, rule: Rule, domains: dict[str, Domain], types: Typed, values: dict[str, Any]) -> bool:
    text = condition(rule, domains)
    found = compiled(text, (), more=types).eval(data=values)
    if found.type() == cel.Type.ERROR:
        raise TableFails(f"The table {table.id} cannot compare these answers.")
    return bool(found.plain_value())


def condition(rule: Rule, domains: Mapping[str, Domain]) -> str:
    """The row as one CEL condition over its inputs. WrongCell where a cell cannot be read."""
    tests = [
        cells.as_cel(cell_of(rule, id, one), name(id), one.kind)
        for id, one in domains.items()
        if cells.written(rule.when.get(id, cells.ANY)).strip() != cells.ANY
    ]
    return " && ".join(tests) or "true"


def cell_of(rule: Rule, input: str, domain: Domain) -> cells.Cell:
    """The row's cell for an input; WrongCell where it cannot be read."""
    return cells.read(cells.written(rule.when.get(input, cells.ANY)), domain)


def domain(input: Input, fields: tuple[Field, ...]) -> Domain:
    """What an input can be: by the question it is the answer to, or by the type of its expression. WrongCondition where it has none that cells can compare."""
    bare = _ANSWER.fullmatch(input.value)
    field = next((field for field in fields if bare and name(field.id) == bare[1]), None)
    program = expression(input.value, typed(fields), more=TODAY)
    if field is not None and field.type in _KINDS:
        kind = _KINDS[field.type]
        if kind in ("integer", "decimal"):
            return Domain(kind, field.minimum, field.maximum)
        return Domain(kind, options=tuple(option.id for option in field.options))
    return Domain("date") if input.value.strip() == "today" else Domain(_by_type(program.return_type().name()))


def _by_type(type: str) -> cells.Kind:
    if type not in _CEL_KINDS:
        raise WrongCondition(f"this is a {type}, which no cell can compare: ask of it what is to be known, such as `'sick' in answers.reasons`")
    return _CEL_KINDS[type]


def needs(input: Input) -> tuple[str, ...]:
    """Answers an input names, as conditions write them."""
    return tuple(dict.fromkeys(_NAMED.findall(input.value)))


def _law(rule: Rule) -> str | None:
    return rule.law.article if rule.law else None


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
