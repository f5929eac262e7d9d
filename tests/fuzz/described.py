"""schemathesis with all its checks against a portal that runs: as a caseworker, a champion, an administrator and a party. `make long` runs it whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from portal.catalogue.load import load
from portal.local.addresses import free_port
from portal.local.own_files import agency_secrets
from portal.local.people import OFFICE, Person
from portal.local.signin import AUDIENCE, ISSUER, issue, keys
from tests.bench.machine import PORTAL, machine
from tests.servers import ROOT

SEED = 20261130
#: Examples of each operation in `make long`.
EXAMPLES = 200


@dataclass(frozen=True)
class Running:
    """A portal to be asked: who asks -> how schemathesis signs in; what is there, by the part of an address that names it."""

    url: str
    who: dict[str, str]
    known: dict[str, list[str]]
    log: Path

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """JSON of an answer; HTTPError for a refusal."""
        sent = Request(f"{self.url}/api/v1{path}", None if body is None else json.dumps(body).encode(), {**(headers or {})}, method=method)
        if body is not None:
            sent.add_header("Content-Type", "application/json")
        with urlopen(sent, timeout=30) as answer:
            return json.loads(answer.read())


@contextmanager
def running() -> Iterator[Running]:
    """A portal on servers of its own, with a few cases and people of every kind."""
    with machine() as one:
        one.environment |= {
            "TOKEN_ISSUER": ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_KEYS": str(keys(one.data)),
            "AGENCY_SECRETS": str(agency_secrets(one.data, sorted(load().agencies))),
        }
        port = free_port()
        one.serve("web", port, PORTAL, "web", "--port", str(port), "--workers", "2")
        people = {"caseworker": Person("desk", "Desk", ("caseworker",), "city-council", ("desk",)), "champion": OFFICE[0], "administrator": OFFICE[1]}
        tokens = {name: issue(person, one.data) for name, person in people.items()}
        signed_in = {name: f'\n[auth.openapi.bearer]\nbearer = "{token}"\n' for name, token in tokens.items()}
        found = Running(f"http://127.0.0.1:{port}", signed_in, {}, one.data / "web.log")
        _fill(found, {"Authorization": f"Bearer {tokens['caseworker']}"})
        yield found


def _fill(one: Running, desk: dict[str, str]) -> None:
    cases = []
    for number in range(4):
        answers = {"number_plate": "1-ABC-234", "home": f"Rue Haute {number}", "vehicle": "own"}
        cases.append(one.ask("POST", "/cases", {"service": "resident-parking-permit", "answers": answers, "contact": {"email": "ann@example.org"}}))
    one.who["party"] = f'\n[auth.openapi.caseSecret]\napi_key = "{cases[0]["secret"]}"\n'
    tasks = one.ask("GET", "/tasks", headers=desk)["items"]
    one.known.update(
        reference=[case["reference"] for case in cases],
        id=[task["id"] for task in tasks] + ["on-time-of-due", "requests"],
        service=["pothole", "resident-parking-permit"],
        agency=["city-council", "roads"],
    )


def fuzz(one: Running, who: str, *, examples: int, phases: str = "examples,coverage,fuzzing,stateful", paths: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """Runs all checks as somebody, on every operation or those of some paths. Cases sent, and what was found wrong, each as schemathesis tells it."""
    known = one.known if who != "party" else {**one.known, "reference": one.known["reference"][:1]}
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        config = Path(place) / "schemathesis.toml"
        config.write_text((ROOT / "tests" / "fuzz" / "schemathesis.toml").read_text() + one.who[who])
        command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run"]
        command += [f"{one.url}/api/openapi.json", "--checks", "all", "-n", str(examples), "--seed", str(SEED), "--phases", phases, "--no-color"]
        command += ["--continue-on-failure", "--suppress-health-check", "all", "--report", "json", "--report-json-path", str(report)]
        command += [part for path in paths for part in ("--include-path", path)]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "FUZZ_KNOWN": json.dumps(known), "FUZZ_SEED": str(SEED), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    cases = re.search(r"(\d+) generated", done.stdout)
    if not cases or done.returncode not in (0, 1):
        return 0, [f"schemathesis ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"]
    return int(cases[1]), _told(done.stdout) if done.returncode else []


def _told(said: str) -> list[str]:
    """One text for each operation and failure."""
    found = re.split(r"^_{3,} (.*?) _{3,}$", said, flags=re.MULTILINE)[1:]
    parts = list(zip(found[::2], found[1::2], strict=False))
    return [f"{operation}: {text.strip()[:1500]}" for operation, text in parts if "ST" in text] or [said[-3000:]]


def exhaustive() -> tuple[int, int]:
    """As everybody, with EXAMPLES of each operation."""
    sent = failed = 0
    with running() as one:
        for who in ("caseworker", "champion", "administrator", "party"):
            cases, wrong = fuzz(one, who, examples=EXAMPLES)
            print(f"{who}: {cases:,} cases", *wrong, sep="\n", flush=True)
            sent, failed = sent + cases, failed + len(wrong)
    return sent, failed
