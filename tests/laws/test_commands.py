"""Commands: the table names them all, in words, and asking for help imports none of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from portal.cli import COMMANDS, main
from tests.laws.rooms import ROOT

THERE = main.list_commands(None)  # type: ignore[arg-type]  # click's own signature; the table needs no context


def test_every_file_is_in_the_table() -> None:
    files = {file.stem for file in (ROOT / "portal" / "cli").glob("*.py")} - {"__init__"}
    with_command = {stem for stem in files if re.search("^@click.(command|group)", (ROOT / "portal" / "cli" / f"{stem}.py").read_text("utf-8"), re.MULTILINE)}
    assert with_command == {COMMANDS[name].module.rpartition(".")[2] for name in THERE}


@pytest.mark.parametrize("name", THERE)
def test_each_can_be_asked_for_help(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere")
    asked = CliRunner().invoke(main, [name, "--help"])
    assert asked.exit_code == 0, asked.output
    assert len(asked.output.splitlines()) > 3


def test_help_lists_them_and_imports_none() -> None:
    script = (
        "import sys\ntry: __import__('portal.cli').cli.main(['--help'])\nfinally: print(sorted(set(sys.modules) & {'flask', 'sqlalchemy', 'redis', 'psycopg'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in THERE:
        assert f"\n  {name} " in done.stdout


def test_a_refusal_is_told_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    import portal.cli.settings_list as listing
    from portal.errors import Unavailable

    def refuses() -> None:
        raise Unavailable("The database is away.")

    monkeypatch.setattr(listing, "listed", refuses)
    monkeypatch.setenv("DATABASE_URL", "postgresql:///somewhere")
    asked = CliRunner().invoke(main, ["settings"])
    assert (asked.exit_code, asked.output) == (1, "Error: The database is away.\n")
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATA", "nowhere")
    assert "No portal runs on DATA=nowhere" in CliRunner().invoke(main, ["settings"]).output
