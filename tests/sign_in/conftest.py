"""A portal of the test's own with a provider beside it, and a browser that walks between the two."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.db import connect
from portal.local.addresses import free_port, listening
from portal.local.people import CITIZENS, OFFICE, Person
from portal.local.processes import spawn
from portal.local.provider import Provider, client_of
from portal.local.provider_server import serve
from portal.local.signin import described
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.ledger.conftest import SECRET, catalogue
from tests.ledger.waiting import until
from tests.servers import ROOT, Database

#: Where the portal would be reached; nobody listens there, the browser below brings answers itself.
PUBLIC = "http://127.0.0.1:9"
FOREIGN = Path(__file__).parent / "foreign"
STAFF = (
    Person("desk", "Dana Osei", ("caseworker",), "city-council", ("desk",)),
    Person("desk-2", "Deniz Aydin", ("caseworker",), "city-council", ("desk",)),
)
EVERYBODY = (*CITIZENS, *OFFICE, *STAFF)


class Foreign(Protocol):
    """A provider somebody can sign in with in these tests."""

    #: The file SIGN_IN names.
    file: Path
    id: str
    issuer: str

    def choose(self, address: str, person: str, *, weak: bool) -> str:
        """The person signs in on the provider's own pages: where it sends the browser back to."""


class Browser:
    """Keeps the portal's cookies, and shows nothing it should not: a page without scripts."""

    def __init__(self, app: Flask, provider: Foreign) -> None:
        self.app, self.provider = app, provider
        self.client = app.test_client()
        self.html, self.status, self.place = "", 0, "/"
        self.location = ""

    def seen(self, found: TestResponse) -> str:
        self.status, self.html, self.place = found.status_code, found.get_data(as_text=True), found.request.path
        self.location = found.headers.get("Location", "")
        return self.html

    def ask(self, address: str, method: str = "GET", **options: Any) -> str:
        """One answer, redirects not followed."""
        path = address.removeprefix(PUBLIC)
        return self.seen(self.client.open(path, method=method, base_url=PUBLIC, **options))

    def get(self, address: str) -> str:
        """A page; redirects inside the portal are followed."""
        self.ask(address)
        while self.status in (301, 302, 303) and self.location.startswith(("/", PUBLIC)):
            self.ask(self.location)
        return self.html

    def post(self, address: str, *, token: bool = True, headers: dict[str, str] | None = None, **fields: Any) -> str:
        """Sends a form of the page in hand, with its token."""
        found = re.search(r'name="form-token" value="([0-9a-f]+)"', self.html)
        if token and found:
            fields["form-token"] = found[1]
        self.ask(address, "POST", data=fields, headers={"Sec-Fetch-Site": "same-origin", **(headers or {})})
        while self.status in (301, 302, 303) and self.location.startswith(("/", PUBLIC)):
            self.ask(self.location)
        return self.html

    def away(self, going: str = "") -> str:
        """Leaves for the provider: its address."""
        self.ask(f"/sign-in/{self.provider.id}" + (f"?next={going}" if going else ""))
        assert self.status == 303, self.html
        return self.location

    def sign_in(self, person: str, going: str = "", *, weak: bool = False) -> str:
        """The whole way there and back."""
        back = self.provider.choose(self.away(going), person, weak=weak)
        self.ask(back)
        return self.html

    @property
    def title(self) -> str:
        """Heading of the page."""
        found = re.findall(r"<h1[^>]*>(.*?)</h1>", self.html, re.DOTALL)
        assert len(found) == 1, (self.place, self.html)
        return unescape(re.sub(r"<[^>]+>", "", found[0])).strip()

    @property
    def token(self) -> str:
        """What the session cookie holds; empty for none."""
        found = self.client.get_cookie("session", domain="127.0.0.1")
        return found.value if found else ""


@dataclass
class Development:
    """The development provider, listening."""

    file: Path
    id: str
    issuer: str
    provider: Provider

    def choose(self, address: str, person: str, *, weak: bool) -> str:
        with requests.Session() as session:
            page = session.get(address, timeout=10)
            assert page.status_code == 200, page.text
            fields = {"cancel": "yes"} if not person else {"person": person, **({"weak": "yes"} if weak else {})}
            answer = session.post(address, data=fields, allow_redirects=False, timeout=10)
            assert answer.status_code == 302, answer.text
            return answer.headers["Location"]


@pytest.fixture(scope="session")
def signing_key() -> RSAKey:
    """One key for all providers of this process: making one takes a moment."""
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


@pytest.fixture(scope="session")
def development(tmp_path_factory: pytest.TempPathFactory, signing_key: RSAKey) -> Iterator[Development]:
    """The development provider."""
    data = tmp_path_factory.mktemp("development")
    (data / "sign-in").mkdir()
    (data / "sign-in" / "client-secret").write_text("a secret of the tests")
    provider = Provider(EVERYBODY, signing_key, client_of("a secret of the tests", PUBLIC))
    server = serve(provider, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Development(described(data, provider.address), "development", "urn:onedoor:development-sign-in", provider)
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Npm:
    """npm's oidc-provider, a process of its own."""

    file: Path
    id: str
    issuer: str

    def choose(self, address: str, person: str, *, weak: bool) -> str:
        with requests.Session() as session:
            page = session.get(address, timeout=10)
            assert page.text == "who?", page.text
            found = session.get(page.url, params={"person": person or "nobody", "weak": "yes" if weak else "no"}, allow_redirects=False, timeout=10)
            for _ in range(6):
                place = urljoin(found.url, found.headers["Location"])
                if place.startswith(PUBLIC):
                    return place
                found = session.get(place, allow_redirects=False, timeout=10)
            raise AssertionError(found.text)


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Npm]:
    """Installed by npm into build/ the first time; skipped, saying so, where that cannot be."""
    folder = ROOT / "build" / "foreign-provider"
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no foreign provider: node and npm are not installed here")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (FOREIGN / "package.json").read_text()
        if not (folder / "installed.json").exists() or (folder / "installed.json").read_text() != wanted:
            (folder / "package.json").write_text(wanted)
            command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
            if done.returncode != 0:
                pytest.skip(f"no foreign provider: npm cannot install it here: {done.stderr.strip()[-200:]}")
            (folder / "installed.json").write_text(wanted)
    port, place = free_port(), tmp_path_factory.mktemp("npm")
    ways = [f"{PUBLIC}/sign-in/npm/return", f"{PUBLIC}/sign-out", f"{PUBLIC}/sign-in/npm/ended"]
    process = spawn(["node", str(FOREIGN / "provider.js"), str(port), *ways], log=place / "log", environment={**os.environ}, directory=str(folder))
    until(lambda: listening(port) or process.poll() is not None, 60)
    issuer = f"http://127.0.0.1:{port}"
    file = place / "providers.toml"
    file.write_text(
        f'[[provider]]\nid = "npm"\ntitle = {{ en = "Elsewhere" }}\nserves = "all"\nissuer = "{issuer}"\nclient_id = "portal"\n'
        'client_secret = "a secret of the tests"\nacr = ["high"]\n[provider.claims]\nroles = "roles"\nagency = "agency"\n'
    )
    yield Npm(file, "npm", issuer)
    process.terminate()
    process.wait(20)


@pytest.fixture
def provider(development: Development) -> Foreign:
    """Who vouches in this test."""
    return development


@pytest.fixture
def make(fresh_database: Database) -> Iterator[Callable[..., Portal]]:
    """Makes portals on the test's database: one a web process."""
    made: list[Portal] = []

    def portal(**chosen: Any) -> Portal:
        settings = Settings(PORTAL_MODE="test", secret_key=SECRET, public_url=PUBLIC, **chosen)  # type: ignore[arg-type]
        made.append(Portal(connect(fresh_database.url), catalogue(), REACTIONS, settings))
        return made[-1]

    yield portal
    for one in made:
        one.engine.dispose()


@pytest.fixture
def portal(make: Callable[..., Portal], provider: Foreign) -> Portal:
    """The portal."""
    return make(sign_in=str(provider.file))


@pytest.fixture
def app(portal: Portal) -> Flask:
    """Its web application."""
    return create_app(portal)


@pytest.fixture
def browser(app: Flask, provider: Foreign) -> Browser:
    """Somebody's browser."""
    return Browser(app, provider)
