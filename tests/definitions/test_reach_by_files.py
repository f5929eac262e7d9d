"""How an agency that works by files is written down: what is right is taken as it is, each fault is found at its place; and an Open311 server can be named."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.catalogue.publish import from_stored, plain
from tests.definitions.small_city import marked, plant, write

AGENCY = "services/hall/agency.yaml"
RIGHT = """currency: EUR
adapter: batch
promise: queryable
endpoint: sftp://files.hall.example/exchange
batch:
  runs: ["06:00", "18:00"]
  name: orders-{number}
  taken: taken
  columns: {REF: key, TYPE: action, GIRTH: answers.girth, FROM: "'PORTAL'"}
  answers: {key: REF, status: STATE, reason: WHY}
  statuses: {OK: done, NO: refused}
  user: onedoor
  host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL0000000000000000000000000000000000000000000
  login_key: HALL_KEY"""


def test_what_is_right_is_read_and_stored_as_it_stands(tmp_path: Path) -> None:
    write(tmp_path, {AGENCY: plant(AGENCY, "currency: EUR", RIGHT)})
    agency = load(directories=[tmp_path]).agencies["hall"]
    assert agency.batch is not None
    assert agency.batch.columns == {"REF": "key", "TYPE": "action", "GIRTH": "answers.girth", "FROM": "'PORTAL'"}
    assert (agency.batch.runs, agency.batch.delimiter, agency.batch.most) == (("06:00", "18:00"), ",", 500)
    assert from_stored("agency", plain(agency)) == agency


def test_an_open311_server_is_read_and_stored_as_it_stands(tmp_path: Path) -> None:
    section = 'open311: {codes: {tree: "001"}, attributes: {girth: "attribute[G]"}, statuses: {archived: done}}'
    text = f"currency: EUR\nadapter: open311\npromise: blind\nendpoint: https://311.example/v2\nasks: {{after_minutes: 60}}\n{section}"
    write(tmp_path, {AGENCY: plant(AGENCY, "currency: EUR", text)})
    agency = load(directories=[tmp_path]).agencies["hall"]
    assert agency.open311 is not None
    assert (agency.open311.codes, agency.open311.statuses) == ({"tree": "001"}, {"archived": "done"})
    assert from_stored("agency", plain(agency)) == agency


@pytest.mark.parametrize(
    ("was", "wrong", "says"),
    [
        ("TYPE: action", "TYPE: §acton", "did you mean `action`?"),
        ("GIRTH: answers.girth", "GIRTH: §answers.Girth!", "nothing of a handover"),
        ("columns: {REF: key, TYPE", "columns: §{TYPE", "no column holds the `key`"),
        ("status: STATE", "§stauts: STATE, status: S", "did you mean `status`?"),
        ("answers: {key: REF, status: STATE, reason: WHY}", "answers: §{key: REF, reason: WHY}", "which column holds the status"),
        ("reason: WHY", "reason: REF", "cannot mean two things"),
        ("NO: refused", "NO: §refusd", "did you mean `refused`?"),
        ('"18:00"', '§"24:00"', "no time of day"),
        ("taken: taken", "taken: §../etc", "no folder below"),
        ("taken: taken", "taken: to-agency", "different folders"),
        ("  taken: taken\n", "", "write `taken: FOLDER`"),
        ("name: orders-{number}", "name: §orders", "`{number}` in it once"),
        ("name: orders-{number}", "name: §a/{number}", "`{number}` in it once"),
        ("user: onedoor", "user: onedoor\n  most: §0", "from 1 to 5000"),
        ("user: onedoor", "user: onedoor\n  sum: §AMOUNT", "there is no column `AMOUNT`"),
        ("ssh-ed25519 AAAA", "sha256:AAAA", "known by its key"),
        ("  user: onedoor\n", "", "who signs in"),
        ("  login_key: HALL_KEY", "", "one of them"),
        ("login_key: HALL_KEY", "login_key: HALL_KEY\n  password: P", "one of them"),
        ("endpoint: sftp:", "endpoint: §https:", "files are exchanged over"),
        ("user: onedoor", "user: onedoor\n  format: xml\n  delimitr: x", "delimitr"),
        ("TYPE: action", "§2TYPE: action}\n  format: xml\n  answers_: {x: y", "XML element"),
    ],
)
def test_each_fault_is_found_at_its_place(was: str, wrong: str, says: str, tmp_path: Path) -> None:
    assert RIGHT.count(was) >= 1
    text = plant(AGENCY, "currency: EUR", RIGHT.replace(was, wrong, 1))
    write(tmp_path, {AGENCY: text.replace("§", "")})
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[tmp_path])
    found: list[Fault] = [one for one in trouble.value.faults if says in one.message]
    assert found, str(trouble.value)
    if "§" in wrong:
        assert (found[0].line, found[0].column) == marked(text)
