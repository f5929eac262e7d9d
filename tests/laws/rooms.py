"""Rooms of the engine, as the files and as the import contracts name them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
#: Packages of content.
HEADS = ("services", "journeys", "channels")


def existing() -> set[str]:
    """Names of the packages and modules directly below `portal`."""
    found = (ROOT / "portal").iterdir()
    return {path.stem for path in found if (path.is_dir() and list(path.glob("*.py"))) or (path.suffix == ".py" and path.stem != "__init__")}


@cache
def contracts() -> dict[str, dict[str, Any]]:
    """Import contracts by id."""
    return {one["id"]: one for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]}


def rooms_of(layer: str) -> list[str]:
    """Rooms of a layer as it is written: `a | (b)`."""
    return [room.strip(" ()") for room in layer.split("|")]
