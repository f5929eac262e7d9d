"""Content: every definition loads, adapters keep their contract, and code there describes and opens nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.catalogue.load import load
from portal.standards.resolve import resolve
from tests.laws.rooms import HEADS, ROOT, contracts

#: Beyond the import contract, which sees whole packages in folders with an `__init__.py` only.
NO_CONNECTION = {*contracts()["no-connection"]["forbidden_modules"], "urllib.request", "asyncio", "multiprocessing", "ctypes", "importlib", "os", "builtins"}
CODE = sorted(file for head in HEADS for file in (ROOT / head).rglob("*.py"))


def imports(text: str) -> Iterator[str]:
    """Modules a text imports, with all packages above them."""
    for node in ast.walk(ast.parse(text)):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or "."] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def wrong(text: str, place: Path) -> list[str]:
    """Imports content must not have: connections, the engine beyond its socket, another agency's or channel's code."""
    found = set(imports(text))
    strange = {name for name in found if name.startswith("portal.") and not f"{name}.".startswith("portal.plugins.")}
    others = {name for name in found if name.split(".")[0] in HEADS}
    calls = {node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return sorted((found & NO_CONNECTION) | strange | others | (calls & {"open", "eval", "exec", "__import__"}))


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_code_of_content_describes_only(file: Path) -> None:
    assert wrong(file.read_text("utf-8"), file) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import socket",
        "from urllib.request import urlopen",
        "import httpx2 as web",
        "from portal.db import connect",
        "import services.roads.adapter",
        "open('f')",
    ],
)
def test_what_it_must_not_do_is_seen(planted: str) -> None:
    assert wrong(planted, ROOT)
    assert not wrong("from portal.plugins.agency import Delivery\nfrom urllib.parse import urlsplit\nimport json", ROOT)


def test_journeys_are_never_python() -> None:
    assert [file.name for file in (ROOT / "journeys").rglob("*.py")] == ["__init__.py"]
    assert ast.parse((ROOT / "journeys" / "__init__.py").read_text("utf-8")).body[1:] == []


def test_every_definition_loads() -> None:
    catalogue = load(resolve_calendar=resolve)
    written = [file for head in HEADS for file in (ROOT / head).rglob("*.yaml") if file.name != "replay.yaml"]
    kinds = (catalogue.agencies, catalogue.services, catalogue.journeys, catalogue.tables, catalogue.letters)
    assert len(written) == sum(map(len, kinds))
