"""Names: the file list is the feature list, the map lists the rooms, and what nobody looks for is called nothing."""

from __future__ import annotations

import re

import pytest

from tests.laws.rooms import HEADS, ROOT, existing

BANNED = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "handler", "handlers", "misc", "data", "process"}
FILES = sorted(file for head in ("portal", *HEADS, "tests") for file in (ROOT / head).rglob("*") if file.is_dir() or file.suffix in (".py", ".yaml"))


def test_no_banned_name() -> None:
    assert FILES
    assert not [file for file in FILES if file.stem in BANNED]


def test_names_are_written_alike() -> None:
    """Modules in snake_case, as they are imported; folders of content in kebab-case, as ids are."""
    assert not [file for file in FILES if file.suffix == ".py" and not re.fullmatch(r"[a-z0-9_]+", file.stem)]


@pytest.mark.parametrize("line", [line for line in (ROOT / "pyproject.toml").read_text("utf-8").splitlines() if line.startswith("packages = ")])
def test_four_packages(line: str) -> None:
    assert line in ('packages = ["portal", "services", "journeys", "channels"]', 'packages = ["portal"]')


def test_the_map_lists_the_rooms_that_exist() -> None:
    """README's table of rooms: first cell one room or several, in backticks."""
    text = (ROOT / "README.md").read_text("utf-8").partition("\n## The map\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    assert existing() | set(HEADS) == {room for cell in cells for room in re.findall(r"`(?:portal/)?([a-z_]+)/?`", cell)} - {"portal", "tests", "migrations"}


def test_every_module_says_what_it_is_for() -> None:
    """One line, the first; a package without code of its own too."""
    silent = [
        file for file in FILES if file.suffix == ".py" and file.parts[len(ROOT.parts)] != "tests" and not file.read_text("utf-8").startswith(('"""', 'r"""'))
    ]
    assert silent == []
