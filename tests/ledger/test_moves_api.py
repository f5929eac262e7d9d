"""Moves over HTTP and in the terminal: an administrator asks, a second one confirms what is many, workers do it, and everybody sees how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from portal.app import create_app
from portal.cli.move import move as command
from portal.db import connect
from portal.jobs.tasks import sweep
from portal.settings import Settings, settings
from portal.unit_of_work import READER, Portal
from portal.workflow import move_orders
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.ledger.test_moves import CHANGED, RENAMED, everywhere, stands
from tests.ledger.versions_of_town import send, told, town
from tests.servers import Database

V1 = "/api/v1"


class Desk:
    """The API after the change was published, cases on the version before it, and who may knock."""

    def __init__(self, database: Database, folder: Path) -> None:
        issuer, engine = Issuer(folder / "keys.json"), connect(database.url)
        self.old = town(engine, database, folder / "old")
        new = town(engine, database, folder / "new", CHANGED)
        known = Settings(PORTAL_MODE="test", token_issuer=ISSUER, token_audience=AUDIENCE, token_keys=str(issuer.place), secret_key=SecretStr("x" * 40))
        self.portal = Portal(engine, new.catalogue, new.reactions, known)
        self.client = create_app(self.portal).test_client()
        token = issuer.token
        self.ada, self.bob = ({"Authorization": f"Bearer {token(sub=sub, roles=['administrator'], agency=None, teams=None)}"} for sub in ("ada", "bob"))
        self.clerk = {"Authorization": f"Bearer {token(sub='clerk', agency='hall', teams=['desk'])}"}

    def ask(self, method: str, path: str, who: dict[str, str], body: Any = None, status: int = 200) -> Any:
        """The answer's JSON; its status is what was expected."""
        found = self.client.open(f"{V1}{path}", method=method, headers=who, json=body)
        assert found.status_code == status, found.get_data(as_text=True)
        return found.json


@pytest.fixture
def desk(fresh_database: Database, tmp_path: Path) -> Iterator[Desk]:
    one = Desk(fresh_database, tmp_path)
    yield one
    one.portal.engine.dispose()


def test_looked_at_asked_for_done_by_the_workers_and_undone(desk: Desk) -> None:
    found = everywhere(desk.old)
    body = {"from": "1", "mapping": RENAMED}
    looked = desk.ask("POST", "/journeys/long/moves", desk.ada, body | {"dry_run": True})
    assert (looked["cases"], looked["looked_at"], looked["moved"], looked["dates"], looked["stays"]) == (4, 4, 4, 0, [])
    assert {"from": "tell", "to": "inform", "how": "kept"} in [step for line in looked["items"] for step in line["steps"]]
    assert all(line["reference"] and line["dates"][0]["was"] == line["dates"][0]["due"] for line in looked["items"])
    begun = desk.ask("POST", "/journeys/long/moves", desk.ada | {"Idempotency-Key": "once"}, body, 201)
    assert (begun["status"], begun["waiting"], begun["asked_by"]) == ("running", 4, f"{ISSUER}|ada")
    assert desk.ask("POST", "/journeys/long/moves", desk.ada | {"Idempotency-Key": "once"}, body, 201) == begun
    assert sweep(desk.portal) >= 4
    done = desk.ask("GET", f"/moves/{begun['id']}", desk.bob)
    assert (done["status"], done["moved"], done["waiting"], done["first"]) == ("done", 4, 0, [])
    assert stands(desk.portal, found["tell"]) == ["inform"]
    desk.ask("POST", f"/moves/{begun['id']}/undo", desk.bob)
    sweep(desk.portal)
    back = desk.ask("GET", f"/moves/{begun['id']}", desk.ada)
    assert (back["status"], back["undone"], back["undone_by"]) == ("undone", 4, f"{ISSUER}|bob")
    assert stands(desk.portal, found["tell"]) == ["tell"]
    desk.ask("POST", f"/moves/{begun['id']}/undo", desk.bob, status=409)


def test_many_cases_wait_for_somebody_else_to_confirm(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(move_orders, "ALONE", 2)
    case_ids = [send(desk.old) for _ in range(3)]
    begun = desk.ask("POST", "/journeys/long/moves", desk.ada, {}, 201)
    assert begun["status"] == "proposed"
    sweep(desk.portal)
    assert not told(desk.portal, case_ids[0], "CaseMoved")
    refused = desk.ask("POST", f"/moves/{begun['id']}/confirm", desk.ada, status=403)
    assert refused["detail"] == "You asked for this move: somebody else confirms it."
    assert desk.ask("POST", f"/moves/{begun['id']}/confirm", desk.bob)["status"] == "running"
    desk.ask("POST", f"/moves/{begun['id']}/confirm", desk.bob, status=409)
    sweep(desk.portal)
    assert desk.ask("GET", f"/moves/{begun['id']}", desk.ada)["moved"] == 3
    assert desk.ask("POST", "/journeys/long/moves", desk.ada, {"limit": 2, "from": "2", "to": "1"}, 201)["status"] == "running"


def test_cases_that_stay_are_named_with_the_reason(desk: Desk) -> None:
    everywhere(desk.old)
    begun = desk.ask("POST", "/journeys/long/moves", desk.ada, {"mapping": "steps:\n  both: all\n  tell: inform\n"}, 201)
    sweep(desk.portal)
    done = desk.ask("GET", f"/moves/{begun['id']}", desk.ada)
    why = "it stands at `judge`, which the newer version does not have: say in the mapping where that goes"
    assert (done["status"], done["moved"], done["waiting"], done["stays"]) == ("done", 2, 2, [{"why": why, "cases": 2}])
    assert [one["why"] for one in done["first"]] == [why, why]


def test_only_administrators_and_only_what_can_be_done(desk: Desk) -> None:
    for path in ("/journeys/long/moves", f"/moves/{uuid4()}/undo", f"/moves/{uuid4()}/confirm"):
        desk.ask("POST", path, desk.clerk, {}, 403)
        desk.ask("POST", path, {}, {}, 401)
    desk.ask("GET", f"/moves/{uuid4()}", desk.ada, status=404)
    desk.ask("POST", f"/moves/{uuid4()}/undo", desk.ada, status=404)
    desk.ask("POST", "/journeys/nowhere/moves", desk.ada, {}, 404)
    desk.ask("POST", "/journeys/long/moves", desk.ada, {"from": "7"}, 404)
    refused = desk.ask("POST", "/journeys/long/moves", desk.ada, {"mapping": "steps:\n  jugde: weigh\n"}, 422)
    fault = "mapping:2:3: the version the cases are on has no step `jugde`: did you mean `judge`?"
    assert refused["errors"] == [{"pointer": "/mapping", "detail": fault}]
    desk.ask("POST", "/journeys/long/moves", desk.ada, {"limit": 0}, 422)


def test_the_page_shows_each_version_with_its_cases_to_those_who_may_see_them(desk: Desk) -> None:
    everywhere(desk.old)
    staff = desk.client.get("/docs/journeys/long?version=1", headers=desk.clerk)
    assert "4: judge 2, look 1, tell 1" in staff.text
    assert "Judge (2 now) → end" in staff.text.partition("<desc")[2].partition("</desc>")[0]
    assert '<li id="judge"><strong>Judge</strong> (2 now)' in staff.text
    nobody = desk.client.get("/docs/journeys/long")
    assert "version=2" not in nobody.text.partition("</svg>")[0]
    assert nobody.text.count("?version=") == 2
    assert " now)" not in nobody.text
    assert desk.client.get("/docs/journeys/long?version=3").status_code == 404
    assert desk.client.get("/docs/journeys/long?version=%00").status_code < 500


class Terminal:
    """`portal move` on that database."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(command, list(arguments))
        assert done.exit_code == code, done.output
        return done


@pytest.fixture
def terminal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """The command builds its portal from the installed content: here from the town's."""
    monkeypatch.setattr("portal.app.build_portal", lambda: desk.portal)
    yield Terminal(desk)
    settings.cache_clear()


def test_the_terminal_looks_moves_and_undoes(desk: Desk, terminal: Terminal, tmp_path: Path) -> None:
    found = everywhere(desk.old)
    file = tmp_path / "map.yaml"
    file.write_text("steps:\n  judge: weigh\n  both: all\nstart_now: [weighed]\nservice: present\n")
    looked = terminal("long", "--from", "1", "--mapping", str(file), "--dry-run")
    assert "cases: 4\nwould move: 3\ndates that change: 2\n" in looked.output
    assert "  judge -> weigh (kept): 2\n  look -> look (kept): 1\n" in looked.output
    assert "stay, 1: it stands at `tell`, which the newer version does not have" in looked.output
    assert looked.output.count("weighed: - -> 20") == 2
    *lines, totals = (json.loads(line) for line in terminal("long", "--mapping", str(file), "--dry-run", "--json").stdout.splitlines())
    assert (len(lines), totals["moved"], totals["dates"]) == (4, 3, 2)
    done = terminal("long", "--mapping", str(file))
    assert "moved: 3" in done.output
    id = done.stderr.split()[1]
    assert stands(desk.portal, found["judge"]) == ["weigh"]
    assert "moved: 0" in terminal("--continue", id).output
    assert "brought back: 3" in terminal("--undo", id).output
    assert stands(desk.portal, found["judge"]) == ["judge"]
    file.write_text("steps:\n  jugde: weigh\n")
    assert f"{file}:2:3: the version the cases are on has no step `jugde`" in terminal("long", "--mapping", str(file), code=1).output
    assert "name a journey" in terminal(code=2).output


def test_a_command_that_was_stopped_is_gone_on_with_by_the_workers(desk: Desk, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    send(desk.old)
    asked = move_orders.prepare(desk.portal, "long", asked_by="operator|eve")
    from portal.cli.move import MINE

    id = move_orders.begin(desk.portal, asked, mine=MINE)
    assert sweep(desk.portal) == 0
    with desk.portal.work(READER) as work:
        later = work.now + 2 * MINE
    from portal.workflow import moving

    assert moving.go_on(desk.portal, at=later) == 1
    assert move_orders.one(desk.portal, id).moved == 1
