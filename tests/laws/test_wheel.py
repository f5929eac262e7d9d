"""The wheel holds the four packages and the migrations, and its command runs from it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.laws.rooms import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the tree as it stands, by the build tool that is installed."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)], cwd=ROOT, check=True, capture_output=True)
    return next(place.glob("*.whl"))


def test_it_holds_exactly_the_four_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"portal", "services", "journeys", "channels"}
    for wanted in ("migrations/versions/0001_spine.py", "services/roads/agency.yaml", "journeys/moving-home.yaml"):
        assert wanted.replace("migrations/", "portal/_migrations/") in names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".orig"))]


def test_every_file_git_keeps_of_them_is_in_it(wheel: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this tree is not kept by git")
    names = set(zipfile.ZipFile(wheel).namelist())
    kept = subprocess.run(["git", "ls-files", "portal", "services", "journeys", "channels"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert [name for name in kept.stdout.splitlines() if name not in names and (ROOT / name).exists()] == []


def test_its_command_runs_from_it(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    script = "import portal.cli.migrate as m, portal.cli; print(m.migrations()); portal.cli.main(['check'])"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.stdout.startswith(str(tmp_path / "portal" / "_migrations")), done.stderr
    assert "no faults" in done.stdout
