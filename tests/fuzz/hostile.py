"""Hostile requests to every address: bodies, forms, queries, parts of addresses and headers no honest client sends. `make long` sends 1,000 to each."""

from __future__ import annotations

import json
import random  # noqa: TID251  # seeded: SEED and the address
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.fuzz.texts import json_text, text
from tests.ledger.conftest import SECRET, catalogue
from tests.servers import Database, chosen_binaries, running_servers

SEED = 20261130
#: Requests to each address in `make long`, and seconds an answer may take there.
MANY, SECONDS = 1_000, 1.0
#: Says so with 503 when it is not ready, or when a provider of sign-ins is away: neither runs beside the tests.
MAY_BE_AWAY = ("/health/ready", "/api/v1/health/ready", "/sign-in/")
HEADERS = ("Idempotency-Key", "If-Match", "If-None-Match", "Case-Secret", "Authorization", "Accept-Language", "Cookie", "X-Request-Id", "traceparent")
OTHERS = ("Origin", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Range", "Accept", "Content-Encoding", "Expect", "webhook-id", "webhook-timestamp")
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "",
)
#: A script people wrote, as it must never stand in a page.
_SCRIPT = re.compile(rb"<script>alert|<img src=x onerror|<svg/onload|<iframe", re.IGNORECASE)


@dataclass
class Town:
    """The portal with a case, and who may ask."""

    app: Flask
    client: FlaskClient
    reference: str
    who: list[dict[str, str]]
    ids: list[str]


@dataclass
class Told:
    """What came of it."""

    sent: int = 0
    wrong: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")


@contextmanager
def town(database: Database, place: Path) -> Iterator[Town]:
    """On a database of its own. What the application raises becomes an answer, as on a server."""
    issuer = Issuer(place / "keys.json")
    settings: dict[str, Any] = {"token_issuer": ISSUER, "token_audience": AUDIENCE, "token_keys": str(issuer.place), "secret_key": SecretStr(SECRET)}
    engine = connect(database.url)
    app = create_app(Portal(engine, catalogue(), REACTIONS, Settings(PORTAL_MODE="test", **settings)))
    client = app.test_client()
    answers = {"number_plate": "1-ABC-234", "home": "Rue Haute 1", "vehicle": "own"}
    opened = client.post("/api/v1/cases", json={"service": "resident-parking-permit", "answers": answers, "contact": {"email": "a@b.example"}}).get_json()
    roles: list[dict[str, Any]] = [
        {"roles": ["caseworker"], "agency": "city-council", "teams": ["desk"]},
        {"roles": ["champion"], "agency": None},
        {"roles": ["administrator"], "agency": None},
        {"roles": ["citizen"], "agency": None},
    ]
    tokens = [{"Authorization": f"Bearer {issuer.token(exp=4_000_000_000, **role)}"} for role in roles]
    tasks = client.get("/api/v1/tasks", headers=tokens[0]).get_json()["items"]
    yield Town(app, client, opened["reference"], [{}, {"Case-Secret": opened["secret"]}, *tokens], [one["id"] for one in tasks])
    engine.dispose()


def routes(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of every address."""
    return sorted(
        (method, str(rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.endswith("static")
    )


def attack(town: Town, method: str, rule: str, many: int) -> Told:
    """So many hostile requests to one address."""
    chance, told = random.Random(f"{SEED} {method} {rule}"), Told()
    for _ in range(many):
        request = _request(town, chance, method, rule)
        begun = time.monotonic()
        try:
            with town.client.open(**request) as answer:
                fault, seconds = judge(answer, request["path"]), time.monotonic() - begun
        except (UnicodeError, ValueError) as error:
            if "portal/" in repr(error.__traceback__ and error.__traceback__.tb_frame.f_code.co_filename):
                told.wrong.append(f"{method} {rule}: {error!r}")
            continue  # werkzeug's client cannot send it; over a socket nginx and gunicorn refuse it
        told.sent += 1
        told.slowest = max(told.slowest, (seconds, f"{method} {rule}"))
        if fault:
            told.wrong.append(f"{method} {rule}: {fault}: {str({**request, 'path': request['path'][:200]})[:700]}")
    return told


def judge(answer: TestResponse, path: str) -> str | None:
    """What is wrong with an answer; None where nothing is."""
    status, body = answer.status_code, answer.get_data()
    if status >= 500 and not path.startswith(MAY_BE_AWAY):
        return f"{status}"
    if b"Traceback" in body or b"psycopg" in body or b"sqlalchemy" in body:
        return "it tells of the inside"
    if any("\n" in value or "\r" in value for _, value in answer.headers):
        return "a header holds the end of a line"
    if any("stolen" in value for value in answer.headers.getlist("Set-Cookie")):
        return "a cookie of somebody else's"
    if status >= 400 and path.startswith("/api/"):
        found = json.loads(body) if answer.mimetype == "application/problem+json" else None
        if not found or not {"type", "title", "status", "detail", "instance"} <= found.keys() or found["status"] != status:
            return f"{status} is no problem document"
    if answer.mimetype == "text/html" and (_SCRIPT.search(body) or (status >= 400 and b"<h1" not in body)):
        return "a page with somebody's script, or without a heading"
    return None


def _request(town: Town, chance: random.Random, method: str, rule: str) -> dict[str, Any]:
    headers = dict(chance.choice(town.who))
    for name in chance.sample((*HEADERS, *OTHERS), chance.choice((0, 0, 1, 3))):
        if name not in headers or chance.random() < 0.1:
            headers[name] = text(chance)[:5_000].encode("utf-8", "replace").decode("latin-1").replace("\n", "").replace("\r", "").replace("\0", "")
    request: dict[str, Any] = {"path": _path(town, chance, rule), "method": method, "headers": headers, **_query(chance)}
    if method != "GET":
        request |= _body(chance)
    return request


def _path(town: Town, chance: random.Random, rule: str) -> str:
    def part(found: re.Match[str]) -> str:
        if chance.random() < 0.3:
            return quote(text(chance)[:500].encode("utf-8", "replace"), safe=chance.choice(("", "/.%")))
        known = {"reference": [town.reference], "service": ["pothole", "resident-parking-permit"], "agency": ["city-council"], "id": [*town.ids, "requests"]}
        return chance.choice(known.get(found[1], ["nothing"]))

    return re.sub(r"<(?:\w+:)?(\w+)>", part, rule)


def _query(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.5:
        return {}
    names = (
        "limit",
        "after",
        "text",
        "language",
        "from",
        "to",
        "by",
        "as_of",
        "origin",
        "queue",
        "sort",
        "agency",
        "next",
        "done",
        "status",
        "q",
        text(chance)[:50],
    )
    pairs = [(chance.choice(names), text(chance)[:3_000]) for _ in range(chance.choice((1, 1, 2, 60)))]
    return {"query_string": "&".join(f"{quote(name.encode('utf-8', 'replace'))}={quote(value.encode('utf-8', 'replace'))}" for name, value in pairs)}


def _body(chance: random.Random) -> dict[str, Any]:
    kind = chance.randrange(10)
    if kind < 3:
        return {"data": json_text(chance), "content_type": "application/json"}
    if kind < 6:
        return {"data": json.dumps(_members(chance)).encode("utf-8", "replace"), "content_type": "application/json"}
    if kind < 8:
        fields = [(chance.choice(FIELDS), text(chance)) for _ in range(chance.choice((1, 5, 30, 300)))]
        return {"data": {name: [value.encode("utf-8", "replace")] for name, value in fields}}
    if kind == 8:
        return {"data": _multipart(chance), "content_type": f"multipart/form-data; boundary={chance.choice(('x', 'x', '', 'y' * 300, 'é'))}"}
    return {"data": text(chance).encode("utf-8", "replace"), "content_type": chance.choice(TYPES)}


FIELDS = (
    "words",
    "text",
    "reference",
    "secret",
    "once",
    "score",
    "email",
    "name",
    "phone",
    "address",
    "form-token",
    "place",
    "outcome",
    "reasons",
    "next",
    "_method",
)
MEMBERS = (
    "words",
    "text",
    "service",
    "answers",
    "contact",
    "location",
    "channel",
    "language",
    "outcome",
    "reasons",
    "score",
    "amount",
    "currency",
    "at",
    "event",
)


def _members(chance: random.Random) -> dict[str, Any]:
    return {chance.choice(MEMBERS): _value(chance, 3) for _ in range(chance.choice((1, 2, 4)))}


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(9 if depth else 6)
    if kind < 3:
        return text(chance)
    if kind < 6:
        return chance.choice((None, True, False, 0, -1, 2**31, 2**63, 10**60, 1e308, -1e-320, 0.1, "", [], {}))
    if kind == 6:
        return [_value(chance, depth - 1) for _ in range(chance.choice((1, 3, 300)))]
    return {text(chance)[:60]: _value(chance, depth - 1) for _ in range(chance.choice((1, 3)))}


def _multipart(chance: random.Random) -> bytes:
    parts = chance.choice((1, 3, 150, 2_000))
    name = text(chance)[:200].encode("utf-8", "replace")
    head = chance.choice(
        (b'Content-Disposition: form-data; name="words"', b'Content-Disposition: form-data; name="f"; filename="%s"' % name, b"X: " + name, b"")
    )
    whole = b"".join(b"--x\r\n" + head + b"\r\n\r\n" + text(chance)[:100].encode("utf-8", "replace") + b"\r\n" for _ in range(parts)) + b"--x--\r\n"
    return whole if chance.random() < 0.7 else whole[: chance.randrange(len(whole))]


def all_of_them(town: Town, many: int) -> Told:
    """Every address."""
    whole = Told()
    for method, rule in routes(town.app):
        told = attack(town, method, rule, many)
        whole.sent, whole.wrong, whole.slowest = whole.sent + told.sent, whole.wrong + told.wrong, max(whole.slowest, told.slowest)
    return whole


def exhaustive() -> tuple[int, int]:
    """MANY to each address; an answer that takes longer than SECONDS is wrong as well."""
    import tempfile

    with running_servers(chosen_binaries()) as servers, tempfile.TemporaryDirectory() as place, town(servers.database(), Path(place)) as one:
        told = all_of_them(one, MANY)
    print(f"slowest answer {told.slowest[0]:.2f} s: {told.slowest[1]}", *told.wrong[:20], sep="\n")
    return told.sent, len(told.wrong) + (told.slowest[0] > SECONDS)
