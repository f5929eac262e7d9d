"""A seeded sample of the matrix; `make long` asks every cell three times and takes every check away. And spellings that must open nothing."""

from __future__ import annotations

import random  # noqa: TID251  # seeded
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.contracts.issuer import Issuer
from tests.matrix import mutation, tables
from tests.matrix.cells import Cell, ask, cells, expected, faults
from tests.matrix.operations import Operation, operations
from tests.matrix.switches import LAYERS, only
from tests.matrix.world import World
from tests.servers import chosen_binaries, running_servers

SEED, SOME = 20261130, 70
#: Of every so many cells of the sample the whole database is compared.
DEEP = 15


@pytest.fixture(scope="module")
def world(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything there is to ask for, arranged once."""
    database = servers.database()
    one = World(database, Issuer(tmp_path_factory.mktemp("matrix") / "keys.json"))
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def offered(world: World) -> list[Operation]:
    """Every operation and page of the portal."""
    return operations(world.client.application, world.client.get("/api/openapi.json").get_json())


def test_every_operation_is_arranged(world: World) -> None:
    wrong = []
    for one in offered(world):
        try:
            _ = one.kinds
        except LookupError as missing:
            wrong.append(str(missing))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_sample_of_cells(world: World, layer: str) -> None:
    chance = random.Random(f"{SEED} {layer}")
    some = chance.sample(list(cells(world, offered(world))), SOME)
    with only(world, layer):
        wrong = [fault for number, cell in enumerate(some) for fault in faults(world, cell, deep=number % DEEP == 0)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", ["scoping", "policies"])
def test_each_layer_alone_closes_every_table(world: World, layer: str) -> None:
    some = tables.filled(world)
    assert len(some) > 15
    with only(world, layer):
        wrong = [fault for table in some for fault in tables.faults(world, table, scoped=layer == "scoping")]
    assert not wrong, "\n".join(wrong)


def test_other_spellings_open_nothing(world: World) -> None:
    chance = random.Random(SEED)
    refused = [cell for cell in cells(world, offered(world)) if expected(cell) in ("refused", "absent", "sign-in") and not cell.operation.page]
    for cell in chance.sample(refused, 25):
        places = {name: world.kinds[kind].places[cell.object] for name, kind in cell.operation.kinds.items()}
        path = cell.operation.path.format(**_plain() | places)
        for method, address, headers in (
            ("HEAD", path, {}),
            ("OPTIONS", path, {}),
            (cell.operation.method, f"{path}/", {}),
            (cell.operation.method, path.upper(), {}),
            (cell.operation.method, path.replace("/api/", "//api/"), {}),
            ("GET", path, {"X-HTTP-Method-Override": cell.operation.method}),
            ("POST", path, {"X-HTTP-Method": "GET", "X-Original-URL": path, "X-Rewrite-URL": path}),
        ):
            got = ask(world, cell, method=method, path=address, headers=headers)
            assert got.status >= 400 or method in ("OPTIONS", "HEAD") or not _tells(world, cell, got.whole), (str(cell), method, address)
            assert got.status not in (500, 502), (str(cell), method, address)
            assert not _tells(world, cell, got.whole), (str(cell), method, address)


def _plain() -> dict[str, str]:
    from tests.matrix.operations import PLAIN

    return PLAIN


def _tells(world: World, cell: Cell, whole: str) -> bool:
    """A canary of what it was refused came out."""
    return any(text in whole for kind in cell.operation.kinds.values() for text in world.kinds[kind].canaries.get(cell.object, ())[:1])


def test_the_decision_of_one_case_is_not_behind_the_reference_of_another(world: World) -> None:
    mine, theirs = world.kinds["letter"].places["own"], world.kinds["decision"].places["same"]
    world.ask("GET", f"/cases/{mine}/decisions/{theirs}/letter", world.alice, status=404)
    world.ask("GET", f"/cases/{world.kinds['case'].places['own']}/decisions/{world.kinds['decision'].places['own']}/letter", world.alice, status=404)
    other = world.kinds["mandate"].places["same"]
    world.ask("POST", f"/cases/{world.kinds['case'].places['own']}/mandates/{other}/end", world.alice, {}, status=404)


def test_who_moves_to_another_agency_sees_its_cases_with_the_next_request(world: World) -> None:
    reference = world.kinds["case"].places["same"]
    world.ask("GET", f"/cases/{reference}", world._bearer(world.issuer, sub="mover", agency="social-services", teams=["benefits"]))
    world.ask("GET", f"/cases/{reference}", world._bearer(world.issuer, sub="mover", agency="water-utility", teams=["desk"]), status=404)


def test_a_sample_of_removed_checks_is_noticed(world: World) -> None:
    chance = random.Random(SEED)
    told = [*mutation.unnoticed_permissions(world, offered(world), chance, most=4), *mutation.unguarded(world, offered(world), chance, most=3)]
    some = chance.sample(tables.filled(world), 1)
    told += [*mutation.unscoped(world, some), *mutation.unpolicied(world, some)]
    assert [name for name, noticed in told if not noticed] == []
    assert len(told) > 7


def exhaustive() -> tuple[int, int]:
    """Every cell, by both layers and by each alone, and every table; for `make long`."""
    asked = wrong = 0
    for world in _alone():
        every = list(cells(world, offered(world)))
        for layer in LAYERS:
            with only(world, layer):
                for number, cell in enumerate(every):
                    found = faults(world, cell, deep=number % 50 == 0)
                    asked, wrong = asked + 1, wrong + bool(found)
                    _say(f"{layer}: {fault}" for fault in found)
                for table in tables.filled(world) if layer != "both" else ():
                    found = tables.faults(world, table, scoped=layer == "scoping")
                    asked, wrong = asked + 1, wrong + bool(found)
                    _say(f"{layer}: {fault}" for fault in found)
    return asked, wrong


def every_mutation() -> tuple[int, int]:
    """Every check taken away; what was not noticed has failed."""
    done = missed = 0
    for world in _alone():
        chance, some = random.Random(SEED), tables.filled(world)
        for told in (
            mutation.unnoticed_permissions(world, offered(world), chance),
            mutation.unguarded(world, offered(world), chance),
            mutation.unscoped(world, some),
            mutation.unpolicied(world, some),
        ):
            for name, noticed in told:
                done, missed = done + 1, missed + (not noticed)
                _say([] if noticed else [f"not noticed: {name}"])
    return done, missed


def _say(lines: Any) -> None:
    for line in lines:
        print(line[:500], flush=True)


def _alone() -> Iterator[World]:
    """A world of its own, on servers of its own."""
    with ExitStack() as stack:
        both = stack.enter_context(running_servers(chosen_binaries()))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="onedoor-matrix-")))
        one = World(both.database(), Issuer(folder / "keys.json"))
        yield one
        one.portal.engine.dispose()
