"""Bodies as gunicorn reads them from a socket: cut off or malformed ones are refused as the client's doing, and never taken for whole."""

from __future__ import annotations

import pytest
from flask import Flask
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http import RequestParser  # type: ignore[import-untyped]
from gunicorn.http.wsgi import default_environ  # type: ignore[import-untyped]
from werkzeug.test import TestResponse

from portal.cli.web import Server
from tests.contracts.conftest import is_problem

CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
BODY = b'{"any":"x"}'
PIECES = [
    b"+b\r\n" + BODY,
    b"0xb\r\n" + BODY,
    b"b\n" + BODY,
    b"2\r\n" + BODY,
    b"\r\n" + BODY,
    b"b\r\n" + BODY + b"0\r\n\r\n",
    b"-1\r\n" + BODY,
    b"b\r\n" + BODY[:4],
]


@pytest.fixture
def served(app: Flask) -> Flask:
    """The application as the web server has it, with errors answered."""
    app.testing = False
    return Server(app, "127.0.0.1:0", 1, 1).load()


def sent(app: Flask, rest: bytes, path: str = "/api/v1/probes/echo", kind: str = "application/json") -> TestResponse:
    """What comes of those bytes after the first headers, and nothing more."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n".encode()
    config = Config()
    asked = next(RequestParser(config, iter([head + rest]), ("127.0.0.1", 1)))
    environ = default_environ(asked, None, config)
    environ |= {
        f"HTTP_{name.replace('-', '_')}" if name != "CONTENT-LENGTH" else "CONTENT_LENGTH": value for name, value in asked.headers if name != "CONTENT-TYPE"
    }
    return app.test_client().open(path, method="POST", content_type=kind, environ_overrides=environ | {"CONTENT_TYPE": kind})


def test_whole_ones_are_taken(served: Flask) -> None:
    assert sent(served, CHUNKED + b"4\r\n" + BODY[:4] + b"\r\n7\r\n" + BODY[4:] + b"\r\n0\r\n\r\n").get_json() == {"any": "x"}
    assert sent(served, b"Content-Length: 11\r\n\r\n" + BODY).get_json() == {"any": "x"}


@pytest.mark.parametrize("pieces", PIECES)
def test_malformed_chunks(served: Flask, pieces: bytes) -> None:
    is_problem(sent(served, CHUNKED + pieces + b"\r\n0\r\n\r\n" if not pieces.endswith(BODY[:4]) else CHUNKED + pieces), 400, "refused")


@pytest.mark.parametrize("path", ["/find", "/cases"])
def test_malformed_chunks_on_a_page(served: Flask, path: str) -> None:
    found = sent(served, CHUNKED + b"+5\r\na=bcd\r\n0\r\n\r\n", path, "application/x-www-form-urlencoded")
    assert (found.status_code, found.mimetype) == (400, "text/html")


def test_a_body_that_ends_before_its_length(served: Flask) -> None:
    is_problem(sent(served, b"Content-Length: 100\r\n\r\n" + BODY), 400, "refused")
    assert sent(served, b"Content-Length: 100\r\n\r\nreference=x&text=half", "/find", "application/x-www-form-urlencoded").status_code == 400
