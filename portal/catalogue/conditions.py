"""Conditions in CEL: typed against a service's fields when loaded; an error at run time is a refusal, never a truthy value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from portal.catalogue.definitions import Field, Service, Table
from portal.errors import Refusal

_WHERE = re.compile(r"<input>:(\d+):(\d+): (.+)")
_TYPES = {"integer": cel.Type.INT, "decimal": cel.Type.DOUBLE, "boolean": cel.Type.BOOL, "choices": cel.Type.List(cel.Type.STRING)}
_TYPES |= {"integers": cel.Type.List(cel.Type.INT), "decimals": cel.Type.List(cel.Type.DOUBLE), "booleans": cel.Type.List(cel.Type.BOOL)}
#: What every condition may name beside `answers.<field>`.
FACTS = {"channel": cel.Type.STRING, "area": cel.Type.STRING, "language": cel.Type.STRING}


class ConditionFails(Refusal):
    """A condition of the journey cannot be judged on these answers."""

    status, slug = 422, "condition-fails"


class WrongCondition(ValueError):
    """A condition that does not compile: `line` and `column` inside the expression, from 1."""

    def __init__(self, says: str, line: int = 1, column: int = 1) -> None:
        super().__init__(says)
        self.line, self.column = line, column


Typed = tuple[tuple[str, str], ...]


def typed(fields: tuple[Field, ...]) -> Typed:
    """Field ids with their types, hashable: what `compiled` takes."""
    return tuple((field.id.replace("-", "_"), field.type) for field in fields)


def typed_for(service: Service) -> Typed:
    """What the conditions of a journey may name with this service: its fields, and what its tables tell, as `tables.TABLE.OUTPUT`."""
    told = [(f"tables.{name(table.id)}.{name(id)}", type) for table in service.tables for id, type in told_by(table).items()]
    return typed(service.fields) + tuple(told)


def told_by(table: Table) -> dict[str, str]:
    """Output id -> type of what a table tells; of all rows of `collect` together, lists are `integers`, `choices` and so on."""
    if table.hit == "collect" and table.aggregate == "count":
        return {"count": "integer"}
    lists = {"integer": "integers", "decimal": "decimals", "boolean": "booleans", "text": "choices"}
    return {output.id: lists[output.type] if table.hit == "collect" and table.aggregate == "list" else output.type for output in table.outputs}


def name(id: str) -> str:
    """An id as conditions write it: a hyphen would be a minus."""
    return id.replace("-", "_")


@lru_cache(maxsize=4096)
def expression(text: str, fields: Typed, *, more: Typed = ()) -> Any:
    """The compiled expression, of any type; WrongCondition for a typo or a type error. `more`: further variables by name."""
    variables = {id if "." in id else f"answers.{id}": _TYPES.get(type, cel.Type.STRING) for id, type in fields} | FACTS
    variables |= {id: _TYPES.get(type, cel.Type.STRING) for id, type in more}
    try:
        return cel.NewEnv(variables=variables).compile(text)
    except RuntimeError as wrong:
        found = _WHERE.search(str(wrong))
        raise WrongCondition(found[3], int(found[1]), int(found[2])) if found else WrongCondition(str(wrong)) from wrong


@lru_cache(maxsize=4096)
def compiled(text: str, fields: Typed, *, more: Typed = ()) -> Any:
    """The compiled condition; WrongCondition for a typo, a type error, or anything that is not true or false."""
    program = expression(text, fields, more=more)
    if program.return_type() != cel.Type.BOOL:
        raise WrongCondition(f"this is a {program.return_type().name()}, not a condition; compare it with something")
    return program


def holds(text: str, fields: Typed, facts: Mapping[str, Any]) -> bool:
    """True or false on these facts (`answers`, `channel`, `area`, `language`, `tables`); ConditionFails where a value it needs is missing."""
    value = compiled(text, fields).eval(data=known(text, fields, facts))
    if value.type() == cel.Type.ERROR:
        raise ConditionFails(f"The condition {text!r} needs an answer that is missing or cannot be compared.")
    return bool(value.plain_value())


@lru_cache(maxsize=1024)
def listed(text: str, fields: Typed) -> Any:
    """The compiled expression; WrongCondition for a typo, a type error, or anything that is no list."""
    program = expression(text, fields)
    if not program.return_type().name().startswith("LIST"):
        raise WrongCondition(f"this is a {program.return_type().name()}, not a list; name a field of type `choices`")
    return program


def size(text: str, fields: Typed, facts: Mapping[str, Any]) -> int:
    """How many items the list has on these facts; ConditionFails where it is missing."""
    value = listed(text, fields).eval(data=known(text, fields, facts))
    if value.type() == cel.Type.ERROR:
        raise ConditionFails(f"The list {text!r} needs an answer that is missing.")
    return len(value.plain_value())


def known(text: str, fields: Typed, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the variables an expression may name. A table is asked only where the expression names it; it may refuse."""
    answers = facts.get("answers") or {}
    data = {f"answers.{id}": _plain(answers[found], type) for id, type in fields if "." not in id and (found := _named(answers, id))}
    data |= {id: _plain(facts["tables"][id], type) for id, type in fields if "." in id and re.search(rf"\b{re.escape(id)}\b", text)}
    return data | {fact: facts.get(fact) or "" for fact in FACTS}


def _plain(value: Any, type: str) -> Any:
    """A value as CEL takes it: decimals are kept as text."""
    return float(value) if type == "decimal" and isinstance(value, str | int) else value


def applies(when: str | None, fields: Typed, facts: Mapping[str, Any]) -> bool:
    """Whether a question is asked: always without a condition, and not where one cannot be judged yet."""
    if when is None:
        return True
    try:
        return holds(when, fields, facts)
    except ConditionFails:
        return False


def _named(answers: Mapping[str, Any], id: str) -> str | None:
    return next((name for name in (id, id.replace("_", "-")) if answers.get(name) is not None), None)
