"""Conditions in CEL: typed against a service's fields when loaded; an error at run time is a refusal, never a truthy value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from portal.catalogue.definitions import Field
from portal.errors import Refusal

_WHERE = re.compile(r"<input>:(\d+):(\d+): (.+)")
_TYPES = {"integer": cel.Type.INT, "decimal": cel.Type.DOUBLE, "boolean": cel.Type.BOOL, "choices": cel.Type.List(cel.Type.STRING)}
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


@lru_cache(maxsize=4096)
def compiled(expression: str, fields: Typed) -> Any:
    """The compiled condition; WrongCondition for a typo, a type error, or anything that is not true or false."""
    variables = {f"answers.{id}": _TYPES.get(type, cel.Type.STRING) for id, type in fields} | FACTS
    try:
        program = cel.NewEnv(variables=variables).compile(expression)
    except RuntimeError as wrong:
        found = _WHERE.search(str(wrong))
        raise WrongCondition(found[3], int(found[1]), int(found[2])) if found else WrongCondition(str(wrong)) from wrong
    if program.return_type() != cel.Type.BOOL:
        raise WrongCondition(f"this is a {program.return_type().name()}, not a condition; compare it with something")
    return program


def holds(expression: str, fields: Typed, facts: Mapping[str, Any]) -> bool:
    """True or false on these facts (`answers`, `channel`, `area`, `language`); ConditionFails where a value it needs is missing."""
    answers = facts.get("answers") or {}
    data = {f"answers.{id}": answers[name] for id, name in ((id, _named(answers, id)) for id, _ in fields) if name}
    data |= {name: facts.get(name) or "" for name in FACTS}
    value = compiled(expression, fields).eval(data=data)
    if value.type() == cel.Type.ERROR:
        raise ConditionFails(f"The condition {expression!r} needs an answer that is missing or cannot be compared.")
    return bool(value.plain_value())


def _named(answers: Mapping[str, Any], id: str) -> str | None:
    return next((name for name in (id, id.replace("_", "-")) if answers.get(name) is not None), None)
