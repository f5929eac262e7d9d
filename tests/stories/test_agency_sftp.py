"""Files over SFTP, against a real server in a process of its own: its key and no other, within time, whole or not at all."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from portal.wire import sftp
from portal.wire.exchange import Unfit, Unreached
from portal.wire.pinned import Forbidden
from portal.wire.sftp import Login
from tests.servers import ROOT, Database
from tests.sftp_server import PASSWORD, USER
from tests.stories.test_agency_files import Office


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, str]]:
    """Port and key of a server that serves `folder`/root; gone at the end."""
    (folder / "root").mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "tests.sftp_server", str(folder)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True, env={**os.environ})
    try:
        assert process.stdout is not None
        port, key = process.stdout.readline().split(" ", 1)
        yield int(port), " ".join(key.split()[:2])
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, str]]:
    folder = tmp_path_factory.mktemp("sftp")
    own = asyncssh.generate_private_key("ssh-ed25519")
    own.write_private_key(folder / "login")
    own.write_public_key(folder / "login.pub")
    with serving(folder) as (port, key):
        yield folder, port, key


def at(there: tuple[Path, int, str], **changed: Any) -> Any:
    folder, port, key = there
    login = Login(**{"user": USER, "host_key": key, "key_file": str(folder / "login"), **changed})
    return sftp.server(f"sftp://127.0.0.1:{port}/exchange", login, loopback=True)


def test_files_are_put_read_and_moved(there: tuple[Path, int, str]) -> None:
    root = there[0] / "root" / "exchange"
    with at(there) as place:
        assert place.names("nowhere") == []
        place.put("out", "a.csv", b"one")
        place.put("out", "a.csv", b"one")
        assert (place.names("out"), place.read("out", "a.csv")) == (["a.csv"], b"one")
        with pytest.raises(Unfit, match="other content"):
            place.put("out", "a.csv", b"two")
        place.move("out", "a.csv", "read/done")
        assert (place.names("out"), place.names("read/done")) == ([], ["a.csv"])
        place.move("out", "a.csv", "read/done")
        with pytest.raises(Unfit):
            place.read("out", "a.csv")
    assert (root / "read" / "done" / "a.csv").read_bytes() == b"one"
    assert [one.name for one in (root / "out").iterdir()] == [], "nothing is left of how it came there"


def test_a_password_is_as_good_as_a_key(there: tuple[Path, int, str]) -> None:
    with at(there, key_file=None, password=PASSWORD) as place:
        assert place.names("out") == []
    with pytest.raises(Unreached, match="refuses our sign-in"), at(there, key_file=None, password="wrong"):
        pass


def test_another_server_is_told_nothing(there: tuple[Path, int, str], tmp_path: Path) -> None:
    with serving(tmp_path) as (_, key), pytest.raises(Unreached, match="nothing was sent"), at(there, host_key=key):
        pass


def test_what_is_too_large_is_not_swallowed(there: tuple[Path, int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = there[0] / "root" / "exchange" / "big"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.csv").write_bytes(b"x" * 10_000)
    (folder / "link.csv").symlink_to("/etc/passwd")
    (folder / "half.csv.part").write_bytes(b"")
    monkeypatch.setattr(sftp, "LARGEST", 1_000)
    monkeypatch.setattr(sftp, "CHUNK", 400)
    with at(there) as place:
        assert place.names("big") == ["a.csv"]
        with pytest.raises(Unfit, match="more than"):
            place.read("big", "a.csv")


@pytest.mark.parametrize("address", ["sftp://10.0.0.1/x", "sftp://169.254.169.254/x", "sftp://[::ffff:10.0.0.1]/x", "sftp://192.168.1.1:22/x"])
def test_addresses_that_calls_may_not_reach_are_not_called(address: str, there: tuple[Path, int, str]) -> None:
    with pytest.raises(Forbidden), sftp.server(address, Login(USER, there[2], PASSWORD), loopback=True):
        pass
    with pytest.raises(Forbidden), sftp.server("sftp://127.0.0.1:22/x", Login(USER, there[2], PASSWORD), loopback=False):
        pass


def test_a_name_that_leads_inside_at_the_second_look_is_asked_once(there: tuple[Path, int, str]) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with sftp.server(f"sftp://files.example:{there[1]}/exchange", Login(USER, there[2], PASSWORD), loopback=True, resolve=resolve) as place:
        place.names("out")
    assert asked == ["files.example"]


@pytest.mark.parametrize("says", [b"", b"SSH-2.0-odd\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000])
def test_who_takes_the_line_and_never_answers_is_not_waited_for(says: bytes, there: tuple[Path, int, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang() -> None:
            connection, _ = listener.accept()
            connection.sendall(says)
            done.wait(30)
            connection.close()

        done = threading.Event()
        thread = threading.Thread(target=hang)
        thread.start()
        with (
            pytest.raises(Unreached) as raised,
            sftp.server(f"sftp://127.0.0.1:{listener.getsockname()[1]}/x", Login(USER, there[2], PASSWORD), loopback=True, total=1.0),
        ):
            pass
        assert not raised.value.sent
        done.set()
        thread.join()


def test_handovers_go_and_answers_come_over_sftp(fresh_database: Database, tmp_path: Path, there: tuple[Path, int, str]) -> None:
    folder, port, key = there
    office = Office(fresh_database, tmp_path, user=USER, host_key=key, password="TREASURY_PASSWORD", endpoint=f"sftp://127.0.0.1:{port}/exchanges/treasury")
    keys = tmp_path / "keys"
    keys.write_text(f"TREASURY_PASSWORD: {PASSWORD}\n")
    office.portal.settings = office.portal.settings.model_copy(update={"agency_keys": str(keys)})
    office.clerk.place = folder / "root" / "exchanges" / "treasury"
    cases = [office.ask(owner=f"Owner {number}") for number in range(3)]
    assert office.run() == 3
    assert office.clerk.turn() == 1
    office.look()
    assert [[one["data"]["outcome"] for one in office.history(case, "StepEnded")] for case in cases] == [["done"]] * 3
    assert {one["times"] for one in office.ledger.effects()} == {1}
    office.portal.engine.dispose()
    office.ledger.close()


def test_a_server_that_dies_in_the_middle_leaves_doubt_and_no_double(fresh_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path / "one") as (port, key):
        office = Office(fresh_database, tmp_path, user=USER, host_key=key, password="P", endpoint=f"sftp://127.0.0.1:{port}/x")
        keys = tmp_path / "keys"
        keys.write_text(f"P: {PASSWORD}\n")
        office.portal.settings = office.portal.settings.model_copy(update={"agency_keys": str(keys)})
        case = office.ask()

        async def dies(self: Any, path: str, to: str) -> None:
            await self._sftp.posix_rename(path, to)
            raise asyncssh.ConnectionLost("gone")

        with monkeypatch.context() as patch:
            patch.setattr(sftp._Server, "_renamed", dies)
            office.run()
        assert not office.history(case, "DeliverySent")
        office.run(20)
        assert len(office.history(case, "DeliverySent")) == 1
        names = sorted(one.name for one in (tmp_path / "one" / "root" / "x" / "to-agency").iterdir())
        assert names == ["orders-000001.csv", "orders-000001.csv.control"]
    office.portal.engine.dispose()
    office.ledger.close()
