"""The import contracts hold, and each forbidden direction would break them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws.rooms import HEADS, ROOT, contracts, existing, rooms_of


def copy(place: Path) -> Path:
    """The parts of the tree that contracts speak of, and the contracts."""
    for name in ("portal", "tests", *HEADS):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """In that tree and with its modules."""
    return subprocess.run([sys.executable, *command], cwd=place, env={"PYTHONPATH": str(place)}, capture_output=True, text=True)


def test_all_contracts_are_kept() -> None:
    lint = "from importlinter import api; from importlinter.application.use_cases import lint_imports; raise SystemExit(not lint_imports(cache_dir=None))"
    done = run(ROOT, "-c", lint)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_planted_violation_is_found(tmp_path: Path) -> None:
    done = run(copy(tmp_path), "-m", "tests.laws.planting")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["missed"] == {id: [] for id in contracts()}
    assert all(told["planted"].values())
    assert told["unplaced"] == ["portal.unplaced"]


@pytest.mark.parametrize("brackets", [True, False])
def test_a_room_stands_in_brackets_while_it_is_not_built(brackets: bool) -> None:
    written = [part.strip() for layer in contracts()["order"]["layers"] for part in layer.split("|")]
    rooms = {rooms_of(part)[0] for part in written if part.startswith("(") == brackets}
    assert rooms - existing() == (rooms if brackets else set())
