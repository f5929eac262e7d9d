"""A scoped statement of a hot path, put together and compiled once for everybody of a scope: the values of who asks are bound when it runs.

Building and compiling by SQLAlchemy takes longer than PostgreSQL does for a page of a worklist; the rules are those of `scoping.visible`, asked once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, Text, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ColumnElement

from portal.access import scoping
from portal.unit_of_work import Principal, Work

#: Compiled statements of a process: text, and the values all of them have.
Compiled = tuple[str, Mapping[str, Any]]
KEPT = 500
_compiled: OrderedDict[Hashable, Compiled] = OrderedDict()
_dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


def bound(name: str, of: ColumnElement[Any]) -> Any:
    """A value that is given when the statement runs, of the type of that column."""
    return bindparam(name, None, type_=of.type)


def rows(work: Work, shape: Hashable, build: Callable[[], Select[Any]], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the statement as the unit's principal, one of the staff, may see them.

    `shape`: all the built statement hangs on, beside who asks; `values`: of what it left `bound`.
    """
    who = work.principal
    text, constants = _known(len(who.agencies), shape, build)
    mine = {"asking_subject": who.subject, **{f"asking_agency_{number}": agency for number, agency in enumerate(who.agencies)}}
    return work.dicts(text, {**constants, **mine, **values})


def _known(agencies: int, shape: Hashable, build: Callable[[], Select[Any]]) -> Compiled:
    # The rules themselves are part of the key: a test that takes one away must not find the text of before.
    key = (scoping._seen, scoping._open, agencies, shape)
    found = _compiled.get(key)
    if found is None:
        subject: Any = bindparam("asking_subject", None, Text())
        names: Any = tuple(bindparam(f"asking_agency_{number}", None, Text()) for number in range(agencies))
        asking: Any = SimpleNamespace(principal=Principal("staff", subject, agencies=names))
        compiled = scoping.visible(asking, build()).compile(dialect=_dialect, compile_kwargs={"render_postcompile": True})
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        found = _compiled[key] = (str(compiled), constants)
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
    return found
