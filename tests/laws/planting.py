"""Run in a copy of the tree: plants an import in every forbidden direction, runs the linter, prints those it did not find. `python -m tests.laws.planting`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from importlinter.api import read_configuration
from importlinter.application import use_cases

from tests.laws.rooms import HEADS, ROOT, contracts, existing, rooms_of

Pair = tuple[str, str]


def plant() -> dict[str, set[Pair]]:
    """Contract id -> imports that break it, each now in a module of its own."""
    order = [[room for room in rooms_of(layer) if room in existing()] for layer in contracts()["order"]["layers"]]
    rooms = [room for layer in order for room in layer]
    tables = {room for room in rooms if (ROOT / "portal" / room / "tables.py").exists()}
    planted: dict[str, set[Pair]] = {id: set() for id in contracts()}
    for depth, layer in enumerate(order):
        above = [room for higher in order[:depth] for room in higher]
        for room in layer:
            _make_package(ROOT / "portal" / f"{room}.py")
            importer = f"portal.{room}.planted"
            planted["order"] |= _write(importer, (f"portal.{other}" for other in [*above, *layer] if other != room))
            planted["engine"] |= _write(importer, HEADS)
            planted["own-tables"] |= _write(importer, (f"portal.{other}.tables" for other in tables - {room}))
    for head in HEADS:
        for id in ("content", "no-connection"):
            planted[id] |= _write(f"{head}.planted", contracts()[id]["forbidden_modules"])
    planted["channels-apart"] = _write("channels.planted_too", ["channels.planted"])
    for rule in contracts()["pure"]["source_modules"]:
        planted["pure"] |= _write(rule, contracts()["pure"]["forbidden_modules"])
    (ROOT / "portal" / "unplaced.py").touch()
    return planted


def _make_package(file: Path) -> None:
    """So that what is planted in a room of one file is imported by nobody else."""
    if file.exists():
        file.with_suffix("").mkdir()
        file.rename(file.with_suffix("") / "__init__.py")


def _write(importer: str, imported: Iterable[str]) -> set[Pair]:
    names = sorted(imported)
    with (ROOT / f"{importer.replace('.', '/')}.py").open("a") as file:
        file.writelines(f"import {name}\n" for name in names)
    return {(importer, name) for name in names}


def found() -> dict[str, dict[str, Any]]:
    """Contract id -> what the linter found."""
    options = use_cases.read_user_options()
    use_cases._register_contract_types(options)  # `lint_imports` does it too, and prints its findings instead of giving them
    report = use_cases.create_report(options, cache_dir=None)
    ids = [one["id"] for one in read_configuration()["contracts_options"]]
    return {id: check.metadata for id, (_, check) in zip(ids, report.get_contracts_and_checks(), strict=True)}


def pairs(inside: object) -> Iterator[Pair]:
    """Every import named anywhere in what a contract found."""
    if isinstance(inside, dict) and "importer" in inside and "routes" not in inside:
        yield inside["importer"], inside["imported"]
    for part in inside.values() if isinstance(inside, dict) else inside if isinstance(inside, list | tuple | set) else ():
        yield from pairs(part)


if __name__ == "__main__":
    planted, seen = plant(), found()
    missed = {id: sorted(planted[id] - set(pairs(seen[id]))) for id in planted}
    print(json.dumps({"planted": {id: len(some) for id, some in planted.items()}, "missed": missed, "unplaced": sorted(seen["order"]["undeclared_modules"])}))
