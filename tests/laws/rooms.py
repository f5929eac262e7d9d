"""Rooms of the engine, as the files and as the contracts name them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
#: Packages of content.
HEADS = ("services", "journeys", "channels")


def existing() -> set[str]:
    """Names of the packages and modules directly below `portal`."""
    return {path.stem for path in (ROOT / "portal").iterdir() if path.stem not in ("__init__", "__pycache__", "README", "py") and not path.name.startswith(".")}


def contracts() -> dict[str, dict[str, Any]]:
    """Import contracts by id."""
    return {one["id"]: one for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]}


def rooms_of(layer: str) -> list[str]:
    """Rooms of a layer as it is written: `a | (b)`."""
    return [room.strip(" ()") for room in layer.split("|")]


def plain(text: str) -> str:
    """A module without its `from __future__` line, so that imports may be put before it."""
    return text.replace("from __future__ import annotations\n", "")
