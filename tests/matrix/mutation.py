"""Each check taken away in turn: the matrix must turn red. What it does not notice is not guarded by it."""

from __future__ import annotations

import random  # noqa: TID251  # seeded
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from sqlalchemy import Table, true

from portal.access import scoping
from portal.access.permissions import PERMISSIONS, anyone
from tests.matrix import tables
from tests.matrix.cells import Cell, cells, expected, faults
from tests.matrix.operations import Operation
from tests.matrix.switches import only
from tests.matrix.world import World

#: Lines every role may, so that taking them away opens nothing: who proves nothing is stopped where the case is looked for (portal/views/entry.py).
EVERY_ROLE = ("case.read",)
#: Cells asked of each removed permission before it counts as unnoticed.
TRIED = 12


def unnoticed_permissions(world: World, offered: list[Operation], chance: random.Random, *, most: int | None = None) -> Iterator[tuple[str, bool]]:
    """Each line of the permission table made open to everybody: its name, and whether that was noticed."""
    by_action: dict[str, list[Cell]] = {}
    for cell in cells(world, offered):
        if expected(cell) in ("refused", "sign-in"):
            by_action.setdefault(cell.operation.action, []).append(cell)
    actions = sorted(by_action.keys() - set(EVERY_ROLE))
    for action in chance.sample(actions, min(most or len(actions), len(actions))):
        some = chance.sample(by_action[action], min(TRIED, len(by_action[action])))
        with opened(action):
            yield action, any(faults(world, cell) for cell in some)


@contextmanager
def opened(action: str) -> Iterator[None]:
    """The action is everybody's."""
    before = PERMISSIONS[action]
    PERMISSIONS[action] = replace(before, who=(anyone,))
    try:
        yield
    finally:
        PERMISSIONS[action] = before


def unguarded(world: World, offered: list[Operation], chance: random.Random, *, most: int | None = None) -> Iterator[tuple[str, bool]]:
    """Each operation of the API without its decorator's guard: its name, and whether that was noticed."""
    app = world.client.application
    guarded = [one for one in offered if not one.page and "anyone" not in one.subjects and _view(app, one) is not None]
    for one in chance.sample(guarded, min(most or len(guarded), len(guarded))):
        refused = [cell for cell in cells(world, [one]) if expected(cell) in ("refused", "sign-in")]
        marks = _view(app, one)
        if not refused or marks is None or not marks.get("guarded"):
            continue
        marks["guarded"] = False
        try:
            yield one.name, any(faults(world, cell) for cell in chance.sample(refused, min(3, len(refused))))
        finally:
            marks["guarded"] = True


def _view(app: Any, one: Operation) -> dict[str, Any] | None:
    from tests.matrix.operations import PLAIN

    address = one.path.format(**PLAIN | {"reference": "AAAA-AAAA-AAAA"})
    try:
        endpoint, _ = app.url_map.bind("localhost").match(address, method=one.method)
    except Exception:
        return None
    marks: dict[str, Any] = app.view_functions[endpoint].__dict__
    return marks


def unscoped(world: World, some: list[Table]) -> Iterator[tuple[str, bool]]:
    """Each table without the application's filter, and without its closing of what is sealed or barred; policies are off."""
    seen, opened_to = scoping._seen, scoping._open
    with only(world, "scoping"):
        for table in some:
            for name, patched in (("_seen", seen), ("_open", opened_to)):
                setattr(scoping, name, _but(table, patched))
                try:
                    yield f"{name} of {table.name}", bool(tables.faults(world, table, scoped=True))
                finally:
                    scoping._seen, scoping._open = seen, opened_to


def _but(table: Table, rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda work, of: true() if of is table else rule(work, of)


def unpolicied(world: World, some: list[Table]) -> Iterator[tuple[str, bool]]:
    """Each policy that lets staff, champions or parties read a table, and each that closes it, made to say yes to all; scoping is off."""
    wanted = ("_staff", "_champion", "_party", "_glass", "_barred")
    names = {table.name: table for table in some}
    with psycopg.connect(world.database.superuser_url, autocommit=True) as connection, only(world, "policies"):
        asked = "SELECT tablename, policyname, qual FROM pg_policies WHERE cmd IN ('SELECT', 'ALL') ORDER BY 1, 2"
        told = connection.execute(asked).fetchall()
        # What staff and champions read goes by these two, which close it a second time: they are taken away with the one in hand.
        roots = {(table, policy): said for table, policy, said in told if policy in ("case_access_barred", "cases_barred")}
        for table, policy, said in told:
            if table not in names or not policy.endswith(wanted):
                continue
            gone = {(table, policy): said} | (roots if policy.endswith("_barred") else {})
            for on, name in gone:
                connection.execute(f'ALTER POLICY "{name}" ON "{on}" USING (true)')  # type: ignore[arg-type]
            try:
                yield f"{policy} on {table}", bool(tables.faults(world, names[table], scoped=False))
            finally:
                for (on, name), was in gone.items():
                    connection.execute(f'ALTER POLICY "{name}" ON "{on}" USING ({was})')  # type: ignore[arg-type]
