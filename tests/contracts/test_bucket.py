"""Files in a bucket of an S3-compatible server of its own process (moto's; skipped where that is not installed), and what it looks like when it is away."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import SecretStr

from portal.documents.stores import store_of
from portal.local.addresses import free_port
from portal.local.processes import spawn
from portal.settings import Settings
from portal.wire.store import StoreAway
from tests.stories.machine import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Where an S3-compatible server answers, with a bucket `files`."""
    if find_spec("moto") is None:
        pytest.skip("no S3-compatible server: .venv/bin/pip install 'moto[s3,server]'")
    port = free_port()
    process: subprocess.Popen[bytes] = spawn(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], log=tmp_path / "moto.log", environment=dict(os.environ)
    )
    address = f"127.0.0.1:{port}"

    def made() -> bool:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{address}/files", method="PUT"), timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    eventually(made, "a bucket")
    yield address
    process.terminate()
    process.wait(20)


def settings(address: str, key: str = "access:secret") -> Settings:
    return Settings(PORTAL_MODE="test", documents=address, documents_key=SecretStr(key))


def test_files_are_kept_read_listed_and_forgotten(server: str) -> None:
    store = store_of(settings(f"s3+http://{server}/files/portal"))
    names = [store.keep(content) for content in (b"one", b"two" * 500_000)]
    assert store.read(names[0]) == b"one"
    assert store.read(names[1]) == b"two" * 500_000
    assert sorted(store.names(older_than=-5)) == sorted(names)
    assert list(store.names(older_than=3600)) == []
    store.forget(names[0])
    with pytest.raises(FileNotFoundError):
        store.read(names[0])


def test_a_bucket_that_is_not_there_refuses(server: str) -> None:
    with pytest.raises(StoreAway, match="NoSuchBucket"):
        store_of(settings(f"s3+http://{server}/nowhere")).keep(b"x")


def test_a_store_that_is_away_is_told_as_such() -> None:
    store = store_of(settings(f"s3+http://127.0.0.1:{free_port()}/files"))
    with pytest.raises(StoreAway, match="does not answer"):
        store.keep(b"x")


@pytest.mark.parametrize(("address", "key"), [("s3://host", "a:b"), ("s3:///bucket", "a:b"), ("s3://host/bucket", ""), ("s3://host/bucket", "a")])
def test_what_is_no_store_says_what_to_write(address: str, key: str) -> None:
    with pytest.raises(ValueError, match="s3://HOST/BUCKET"):
        store_of(settings(address, key))
