"""Several statements in one round trip, below psycopg's cursors: its own pipeline sends BEGIN and COMMIT in trips of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.generators import execute, fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

#: Text with `$1`, and its parameters as PostgreSQL writes them: text, or None for null.
Statement = tuple[str, Sequence[str | None]]
Values = list[tuple[str | None, ...]]
#: Names of prepared statements, the one used last at the end.
Prepared = dict[bytes, None]

#: Statements kept prepared on one connection; the one not used for longest goes first.
PREPARED = 100


def together(connection: Connection[Any], prepared: Prepared, statements: Iterable[Statement]) -> list[Values]:
    """Rows of each statement, as text, after one wait for all. Raises what psycopg raises for the first that fails; those after it are not run.

    `prepared` belongs to the connection (`left_prepared`); whatever may make the server forget throws it away (portal/db.py).
    """
    wire = connection.pgconn
    asked: list[bytes | None] = []
    wire.enter_pipeline_mode()
    try:
        for text, parameters in statements:
            name = _name(text)
            asked += [*([] if name in asked else _prepare(wire, prepared, name, text)), None]
            wire.send_query_prepared(name, [None if one is None else one.encode() for one in parameters])
        wire.pipeline_sync()
        results = connection.wait(_answers(wire, len(asked) + 1))
    finally:
        with suppress(OperationalError):  # a lost connection has been told of already
            wire.exit_pipeline_mode()
    return list(_checked(results, asked, prepared))


def left_prepared(connection: Connection[Any]) -> Prepared:
    """What the server has prepared for us on this connection: none where it is new, some or none after a rollback of psycopg's."""
    wire = connection.pgconn
    wire.send_query(b"SELECT name FROM pg_prepared_statements WHERE starts_with(name, 'portal_')")
    (result,) = connection.wait(execute(wire))
    return dict.fromkeys(bytes(result.get_value(row, 0) or b"") for row in range(result.ntuples))


def as_text(value: bytes) -> str:
    """A `bytea` as PostgreSQL writes it."""
    return "\\x" + value.hex()


def from_text(value: str | None) -> bytes:
    """The other way."""
    return bytes.fromhex(str(value)[2:])


@lru_cache(maxsize=1024)
def _name(text: str) -> bytes:
    return b"portal_" + sha256(text.encode()).hexdigest()[:32].encode()


def _prepare(wire: PGconn, prepared: Prepared, name: bytes, text: str) -> list[bytes | None]:
    """Sends what makes the statement ready; the name of each statement to prepare, None for what is only done."""
    if name in prepared:
        prepared[name] = prepared.pop(name)
        return []
    wire.send_prepare(name, text.encode())
    if len(prepared) < PREPARED:
        return [name]
    wire.send_query_params(b"DEALLOCATE " + next(iter(prepared)), None)
    del prepared[next(iter(prepared))]
    return [name, None]


def _answers(wire: PGconn, count: int) -> PQGen[list[PGresult]]:
    yield from send(wire)
    found: list[PGresult] = []
    for _ in range(count):
        found += yield from fetch_many(wire)
    return found


def _checked(results: Iterable[PGresult], asked: Iterable[bytes | None], prepared: Prepared) -> Iterator[Values]:
    for result, name in zip(results, asked, strict=False):
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        if name:
            prepared[name] = None
        elif result.command_status != b"DEALLOCATE":
            yield [tuple(_text(result.get_value(row, column)) for column in range(result.nfields)) for row in range(result.ntuples)]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
