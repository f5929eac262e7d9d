"""Run in a copy of the tree: plants every forbidden import, runs the linter, prints what each contract found. `python -m tests.laws.planting`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from importlinter.api import read_configuration
from importlinter.application import use_cases

from tests.laws.rooms import HEADS, plain, rooms_of

ROOT = Path.cwd()


def rooms(layers: list[str]) -> list[list[str]]:
    """Layers from the top, each its rooms that exist."""
    return [[room for room in rooms_of(layer) if list((ROOT / "portal").glob(f"{room}*"))] for layer in layers]


def plant(contracts: dict[str, dict[str, list[str]]]) -> None:
    """Every forbidden direction, each import in a file of its own room."""
    layers = rooms(contracts["order"]["layers"])
    tables = [f"portal.{file.parent.name}.tables" for file in sorted((ROOT / "portal").glob("*/tables.py"))]
    for depth, layer in enumerate(layers):
        above = [room for higher in layers[:depth] for room in higher]
        for room in layer:
            file = ROOT / "portal" / f"{room}.py"
            if file.exists():
                (ROOT / "portal" / room).mkdir()
                file.rename(ROOT / "portal" / room / "__init__.py")
            strange = [f"portal.{other}" for other in [*above, *layer] if other != room]
            _write(ROOT / "portal" / room / "planted.py", [*strange, *HEADS, *(name for name in tables if not name.startswith(f"portal.{room}."))])
    for head in HEADS:
        _write(ROOT / head / "planted.py", [*contracts["content"]["forbidden_modules"], *contracts["no-connection"]["forbidden_modules"]])
    _write(ROOT / "channels" / "planted_too.py", ["channels.planted"])
    for name in contracts["pure"]["source_modules"]:
        file = ROOT / f"{name.replace('.', '/')}.py"
        file.write_text("".join(f"import {heavy}\n" for heavy in contracts["pure"]["forbidden_modules"]) + plain(file.read_text()))
    (ROOT / "portal" / "unplaced.py").write_text("")


def _write(file: Path, imports: list[str]) -> None:
    file.write_text("".join(f"import {name}\n" for name in imports))


def found() -> dict[str, object]:
    """Contract id -> what broke it: pairs of importer and imported, or [] where it was kept."""
    options = use_cases.read_user_options(None)
    ids = [one["id"] for one in read_configuration()["contracts_options"]]
    report = use_cases.create_report(options, cache_dir=None)
    checks = {id: check.metadata | {"kept": check.kept} for id, (_, check) in zip(ids, report.get_contracts_and_checks(), strict=True)}
    return json.loads(json.dumps(checks, default=lambda value: sorted(value) if isinstance(value, set) else str(value)))  # type: ignore[no-any-return]


def main() -> None:
    """Prints the findings as JSON."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = {one["id"]: one for one in tomllib.load(file)["tool"]["importlinter"]["contracts"]}
    plant(contracts)
    print(json.dumps(found()))


if __name__ == "__main__":
    main()
