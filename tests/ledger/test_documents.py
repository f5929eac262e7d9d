"""Files on a case: sent, looked through by a real scanner's protocol, opened by who may, replaced, kept; and what becomes of bad ones."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.dispatch.deliver import drain
from portal.documents.stores import store_of
from portal.intake import documents
from portal.local.scanner import EICAR, Scanner
from portal.settings import Settings
from portal.unit_of_work import ENGINE, RELAY
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import needed
from tests.servers import Database

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"


@pytest.fixture
def scanner() -> Iterator[str]:
    """A simulated clamd; its address."""
    server = Scanner("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path, scanner: str) -> Iterator[Door]:
    issuer = Issuer(tmp_path / "keys.json")
    one = Door(fresh_database.url, issuer, data=str(tmp_path / "var"), scanner=scanner)
    one.roads = one._bearer(issuer, sub="roads", agency="roads", teams=["desk"])
    yield one
    one.portal.engine.dispose()


def opened(door: Door) -> tuple[str, dict[str, str]]:
    told = door.ask("POST", "/cases", {}, {"service": "pothole", "answers": {"place": "Rue Haute 1"}, "contact": {"email": "ann@example.org"}}, status=201)
    return told["reference"], {"Case-Secret": told["secret"]}


def send(door: Door, reference: str, who: dict[str, str], content: bytes = PDF, name: str = "pass port.pdf", status: int = 201, **beside: str) -> Any:
    found = door.client.post(f"/api/v1/cases/{reference}/documents", headers=who, data={"file": (io.BytesIO(content), name), **beside})
    assert found.status_code == status, found.get_data(as_text=True)
    return found.json


def kept(door: Door) -> list[Path]:
    return [one for one in Path(door.portal.settings.data, "documents").rglob("*") if one.is_file()]


def test_a_file_is_opened_by_party_and_staff_once_it_was_looked_through(door: Door) -> None:
    reference, mine = opened(door)
    sent = send(door, reference, mine)
    assert (sent["name"], sent["media_type"], sent["size"], sent["status"], sent["number"]) == ("pass port.pdf", "application/pdf", len(PDF), "pending", 1)
    content = f"/cases/{reference}/documents/{sent['id']}/content"
    assert door.ask("GET", content, mine, status=409)["type"].endswith("/not-scanned-yet")
    assert drain(door.portal, kinds=["scan"]) == 1
    for who in (mine, door.roads):
        (listed,) = door.ask("GET", f"/cases/{reference}/documents", who)["items"]
        assert (listed["status"], listed["sha256"], listed["current"]) == ("clean", sent["sha256"], True)
        got = door.client.get(f"/api/v1{content}", headers=who)
        assert (got.status_code, got.data, got.content_type) == (200, PDF, "application/pdf")
        assert got.headers["Content-Disposition"] == "attachment; filename=\"pass port.pdf\"; filename*=UTF-8''pass%20port.pdf"
        assert got.headers["Content-Security-Policy"].startswith("sandbox")
        assert got.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_else_learns_of_it(door: Door) -> None:
    reference, mine = opened(door)
    other, others = opened(door)
    sent = send(door, reference, mine)
    drain(door.portal, kinds=["scan"])
    for path in ("", f"/{sent['id']}", f"/{sent['id']}/content", f"/{sent['id']}/receipt"):
        assert door.ask("GET", f"/cases/{reference}/documents{path}", {}, status=401)
        assert door.ask("GET", f"/cases/{reference}/documents{path}", others, status=404)
        assert door.ask("GET", f"/cases/{reference}/documents{path}", door.worker, status=404), "another agency"
        assert door.ask("GET", f"/cases/{reference}/documents{path}", door.champion, status=403), "champions open no files"
    assert door.ask("GET", f"/cases/{other}/documents/{sent['id']}/content", others, status=404), "a file of one case under the name of another"
    send(door, reference, door.worker, status=404)
    assert len(kept(door)) == 1, "what was refused is not kept"


def test_files_travel_with_a_referral_and_the_door_that_sent_it_away_keeps_its_own(door: Door) -> None:
    clerk = door._bearer(door.issuer, sub="clerk", agency="city-council", teams=["desk", "inspectors", "safety"])
    answers = needed(door.portal, "noise-complaint")
    told = door.ask("POST", "/cases", {}, {"service": "noise-complaint", "answers": answers, "contact": {"email": "ann@example.org"}}, status=201)
    reference, mine = told["reference"], {"Case-Secret": told["secret"]}
    sent = send(door, reference, mine)
    drain(door.portal, kinds=["scan"])
    task = next(one for one in door.ask("GET", "/tasks", clerk)["items"] if one["reference"] == reference)
    offered = door.ask("POST", f"/tasks/{task['id']}/refer", clerk, {"service": "pothole", "words": "It is the road."})["referral"]
    content = f"/cases/{reference}/documents/{sent['id']}/content"
    door.ask("GET", content, door.roads, status=404)
    door.ask("POST", f"/referrals/{offered['id']}/accept", door.roads, {})
    got = door.client.get(f"/api/v1{content}", headers=door.roads)
    assert (got.status_code, got.data) == (200, PDF)
    (listed,) = door.ask("GET", f"/cases/{reference}/documents", door.roads)["items"]
    assert (listed["id"], listed["sha256"], listed["status"], listed["current"]) == (sent["id"], sent["sha256"], "clean", True)
    case = door.ask("GET", f"/cases/{reference}", door.roads)
    assert (case["service"], case["given"]["answers"]) == ("pothole", answers)
    assert door.ask("GET", f"/cases/{reference}", mine)["asked"] == []
    assert door.client.get(f"/api/v1{content}", headers=mine).data == PDF


def test_what_is_dangerous_stays_closed_and_its_party_is_told(door: Door) -> None:
    reference, mine = opened(door)
    sent = send(door, reference, mine, content=b"%PDF-1.4 " + EICAR)
    drain(door.portal, kinds=["scan"])
    assert door.ask("GET", f"/cases/{reference}/documents/{sent['id']}", mine)["status"] == "infected"
    assert door.ask("GET", f"/cases/{reference}/documents/{sent['id']}/content", door.roads, status=409)["type"].endswith("/not-safe")
    with door.portal.work(RELAY) as work:
        assert work.sql("SELECT count(*) FROM outbox WHERE kind = 'notice' AND body ->> 'template' = 'document-unusable'") == [(1,)]


def test_while_the_scanner_is_away_files_are_taken_and_wait(door: Door, scanner: str) -> None:
    reference, mine = opened(door)
    door.portal.settings = door.portal.settings.model_copy(update={"scanner": "127.0.0.1:1"})
    sent = send(door, reference, mine)
    assert drain(door.portal, kinds=["scan"]) == 1
    assert door.ask("GET", f"/cases/{reference}/documents/{sent['id']}", mine)["status"] == "pending"


def test_a_file_replaces_another_and_both_are_kept(door: Door) -> None:
    reference, mine = opened(door)
    first = send(door, reference, mine)
    second = send(door, reference, mine, content=PDF + b"better", replaces=first["id"])
    assert (second["number"], second["lineage"]) == (2, first["lineage"])
    drain(door.portal, kinds=["scan"])
    drain(door.portal, kinds=["scan"])
    told = door.ask("GET", f"/cases/{reference}/documents", mine)["items"]
    assert [(one["number"], one["current"], one["status"]) for one in told] == [(1, False, "clean"), (2, True, "clean")]
    send(door, reference, mine, replaces=str(UUID(int=7)), status=404)
    assert len(kept(door)) == 2


def test_the_same_request_keeps_one_file(door: Door) -> None:
    reference, mine = opened(door)
    mine |= {"Idempotency-Key": "k" * 32}
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF + b"\r\n--b--\r\n"
    answers = [
        door.client.post(f"/api/v1/cases/{reference}/documents", headers=mine, data=body, content_type="multipart/form-data; boundary=b") for _ in range(3)
    ]
    assert [one.status_code for one in answers] == [201, 201, 201]
    assert len({one.data for one in answers}) == 1
    assert len(kept(door)) == 1


def test_a_receipt_is_stamped_by_the_chain(door: Door) -> None:
    reference, mine = opened(door)
    sent = send(door, reference, mine, original="true")
    told = door.ask("GET", f"/cases/{reference}/documents/{sent['id']}/receipt", mine)
    assert (told["reference"], told["sha256"], told["original"]) == (reference, sent["sha256"], True)
    with door.portal.work(ENGINE) as work:
        case_id = work.sql("SELECT case_id FROM case_references WHERE reference = %s", (reference,))[0][0]
        work.narrow([case_id])
        ((row,),) = work.sql("SELECT to_jsonb(e) FROM events e WHERE case_id = %s AND seq = %s", (case_id, told["event"]["number"]))
    assert row["type"] == "DocumentReceived"
    assert row["hash"] == "\\x" + told["event"]["hash"]
    assert sent["sha256"] not in str(row), "the event carries a commitment, not what anybody could look a file up by"


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [(b"MZ\x90", "setup.exe", "not taken"), (b"<html><script>", "page.pdf", "not taken"), (b"", "empty.pdf", "empty")],
)
def test_a_file_that_is_not_taken_says_what_to_send(door: Door, content: bytes, name: str, says: str) -> None:
    reference, mine = opened(door)
    told = send(door, reference, mine, content=content, name=name, status=422)
    assert says in told["errors"][0]["detail"]
    assert told["errors"][0]["pointer"] == "/file"
    assert kept(door) == []


def test_bodies_that_are_no_file_are_refused(door: Door) -> None:
    reference, mine = opened(door)
    path = f"/api/v1/cases/{reference}/documents"
    assert door.client.post(path, headers=mine, json={"file": "x"}).status_code == 415
    assert door.client.post(path, headers=mine, data={"file": "just text"}, content_type="multipart/form-data").status_code == 422
    two = {"file": [(io.BytesIO(PDF), "a.pdf"), (io.BytesIO(PDF), "b.pdf")]}
    assert door.client.post(path, headers=mine, data=two).status_code == 422
    assert door.client.post(path, headers=mine, data={"file": (io.BytesIO(PDF), "a.pdf"), "status": "clean"}).status_code == 422
    assert door.client.post(path, headers=mine, data=b"broken", content_type="multipart/form-data; boundary=b").status_code == 422
    assert kept(door) == []


def test_a_case_holds_so_many_files_and_no_more(door: Door) -> None:
    reference, mine = opened(door)
    for _ in range(50):
        send(door, reference, mine)
    told = send(door, reference, mine, status=409)
    assert told["type"].endswith("/too-many-files")


def test_files_no_row_names_go_and_no_others(door: Door) -> None:
    reference, mine = opened(door)
    send(door, reference, mine)
    store_of(door.portal.settings).keep(b"its request died on the way")
    assert len(kept(door)) == 2
    assert documents.tidy(door.portal) == 0, "it may still be on its way"
    assert documents.tidy(door.portal, older_than=-1) == 1
    assert documents.tidy(door.portal, older_than=-1) == 0
    assert [one.read_bytes() for one in kept(door)] == [PDF]


def test_the_store_is_private_and_gives_nothing_but_what_it_named(tmp_path: Path) -> None:
    store = store_of(Settings(PORTAL_MODE="test", data=str(tmp_path)))
    name = store.keep(b"secret")
    assert store.read(name) == b"secret"
    (place,) = tmp_path.rglob(name)
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0
    for bad in ("../../etc/passwd", "", name[:-1], name.upper(), "/etc/passwd"):
        with pytest.raises(FileNotFoundError):
            store.read(bad)
    assert list(store.names(older_than=3600)) == []
    assert list(store.names(older_than=-1)) == [name]
    store.forget(name)
    store.forget(name)
    with pytest.raises(FileNotFoundError):
        store.read(name)
