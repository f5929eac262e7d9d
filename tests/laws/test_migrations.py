"""Migrations have four digits and one head, and make the tables the code is written for."""

from __future__ import annotations

import re
from argparse import Namespace

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from portal.cli.migrate import migrations


def test_four_digits_and_one_head() -> None:
    names = sorted(file.name for file in (migrations() / "versions").glob("*.py"))
    assert names
    assert [int(re.fullmatch(r"(\d{4})_[a-z0-9_]+\.py", name)[1]) for name in names] == list(range(1, len(names) + 1))  # type: ignore[index]
    scripts = ScriptDirectory(str(migrations()))
    assert scripts.get_heads() == [names[-1][:4]]
    assert [one.revision for one in scripts.walk_revisions()] == [name[:4] for name in reversed(names)]


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")  # SQLAlchemy reads no such type; the models declare it
def test_models_and_migrations_agree(owner_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    config.cmd_opts = Namespace(x=[f"url={owner_url}"])
    command.check(config)
