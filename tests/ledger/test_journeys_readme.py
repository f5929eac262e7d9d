"""`journeys/README.md` is done as it says: its files are checked, a case goes to its end, and running cases are brought to its second version."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from portal.catalogue.load import load
from portal.catalogue.mapping import read_mapping
from portal.catalogue.store import store
from portal.cli import COMMANDS, main
from portal.db import connect, new_id
from portal.intake.receive import Submission, receive
from portal.outbox import deliveries
from portal.outbox.tables import outbox
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.standards.tables import clocks
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Principal
from portal.workflow import move_orders, moving
from portal.workflow.checks import CHECKS
from tests.ledger.conftest import SECRET
from tests.ledger.versions_of_town import case, do, rows, told, waiting
from tests.servers import ROOT, Database

README = (ROOT / "journeys" / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
_NAME = re.compile(r"^# ([\w/-]+\.yaml)", re.MULTILINE)
CLERK = Principal("staff", "tests|clerk", agencies=("city-council",), roles=("caseworker",))


def files() -> list[tuple[str, str]]:
    """Name and text of each file it tells to write, in order."""
    return [(name[1], text) for language, text in _BLOCK.findall(README) if language == "yaml" and (name := _NAME.search(text))]


def commands() -> list[list[str]]:
    """Each line to type."""
    return [shlex.split(line) for language, text in _BLOCK.findall(README) if language == "sh" for line in text.replace("\\\n", " ").splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The content that ships, to be added to."""
    for part in ("services", "journeys"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


@pytest.fixture
def portal(fresh_database: Database) -> Iterator[Portal]:
    """Its definitions come later."""
    engine = connect(fresh_database.url)
    yield Portal(engine, load(resolve_calendar=resolve), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    engine.dispose()


def published(portal: Portal, folder: Path, database: Database) -> Portal:
    """The portal with what the folder holds, published."""
    catalogue = load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    owner = connect(database.owner_url, pool=1)
    with owner.begin() as connection:
        store(connection, catalogue.stored)
    owner.dispose()
    return Portal(portal.engine, catalogue, REACTIONS, portal.settings)


def check(folder: Path) -> str:
    return CliRunner().invoke(main, ["check", str(folder)]).output


def party(portal: Portal, guests: int) -> UUID:
    case_id = new_id()
    with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        receive(
            work, Submission(service="street-party", answers={"street": "Rue Haute", "guests": guests}, contact={"email": "you@example.org"}), case_id=case_id
        )
    return case_id


def roads_confirm(portal: Portal, case_id: UUID) -> None:
    """The agency answers, as the simulated one does by itself."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        (row,) = (row for row in work.rows(outbox, case_id) if row["kind"] == "delivery")
        deliveries.reported(work, row, message="1", status="done", rank=3, remote_id="R-1", outcome=None)


def test_from_an_empty_file_to_a_case_that_ends_and_over_to_the_second_version(portal: Portal, folder: Path, fresh_database: Database) -> None:
    (journey, first), (service, offered), (again, second), (mapping, moves) = files()
    assert journey == again
    (folder / journey).write_text(first)
    (folder / service).write_text(offered)
    assert check(folder).endswith("no faults\n")
    old = published(portal, folder, fresh_database)
    shown = CliRunner().invoke(main, ["journeys", "list"])
    assert shown.exit_code == 0

    small, large, late = party(old, 20), party(old, 150), party(old, 150)
    for case_id in (small, large, late):
        do(old, case_id, "look", who=CLERK)
    do(old, small, "decide", outcome="granted", who=CLERK)
    roads_confirm(old, large)
    do(old, large, "safety", who=CLERK)
    do(old, large, "decide", outcome="refused", who=CLERK)
    for case_id, outcome in ((small, "granted"), (large, "refused")):
        assert (case(old, case_id)["status"], case(old, case_id)["outcome"]) == ("closed", outcome)

    (folder / journey).write_text(second)
    costs = re.search(r"`(costs: \{[^`]*letter[^`]*)`", README)
    assert costs
    (folder / service).write_text(re.sub(r"costs: .*", costs[1], offered).replace("version: 1", "version: 2"))
    assert check(folder).endswith("no faults\n")
    new = published(old, folder, fresh_database)
    due = rows(new, clocks, late)[0]["due_at"]
    order = move_orders.prepare(new, "street-party", asked_by="ann", written=read_mapping(mapping, moves.encode()))
    ((line,),) = moving.preview(new, order)
    assert set(line.steps) == {("roads", "roads", "kept"), ("safety", "inspect", "kept")}
    id = move_orders.begin(new, order)
    while moving.turn(new, id):
        pass
    assert (move_orders.one(new, id).moved, rows(new, clocks, late)[0]["due_at"]) == (1, due)
    do(new, late, "inspect", who=CLERK)
    roads_confirm(new, late)
    do(new, late, "decide", outcome="granted", who=CLERK)
    assert [row["step"] for row in waiting(new, late)] == ["letter"]
    do(new, late, "letter", who=CLERK)
    assert case(new, late)["status"] == "closed"
    assert len(told(new, late, "CaseMoved")) == 1


def test_the_faults_it_invites_to_make_are_told(folder: Path) -> None:
    (journey, first), (service, offered), *_ = files()
    (folder / service).write_text(offered)
    (folder / journey).write_text(first.replace("next: [roads, safety]", "next: [roads, saftey]"))
    assert "did you mean `safety`?" in check(folder)
    (folder / journey).write_text(first.replace("      - {to: decide}\n", ""))
    assert "the last way must have no `when`, so that there is always one" in check(folder)


def test_every_command_it_names_is_there_with_its_options() -> None:
    named = [line[1:] for line in commands() if line[0].endswith("/portal")]
    assert {line[0] for line in named} <= COMMANDS.keys()
    assert len(named) >= 5
    for name, *words in named:
        inside = [name, *words[:1]] if name == "journeys" else [name]
        help = CliRunner().invoke(main, [*inside, "--help"]).output
        assert all(word in help for word in words if word.startswith("--")), (name, words, help)
