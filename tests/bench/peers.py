"""The web peers, on the very server line of the portal: `python -m tests.bench.peers echo PORT`, or `naive PORT URL REFERENCE`."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from flask import Flask, Response, request

from portal.cli.web import Server
from portal.settings import settings


def echo() -> Flask:
    """A bare Flask application that answers the JSON it was sent."""
    app = Flask("echo")
    app.extensions["onedoor"] = SimpleNamespace(engine=SimpleNamespace(dispose=lambda close: None), settings=settings())

    @app.post("/")
    def same() -> Response:
        return app.json.response(request.get_json())

    return app


def main() -> None:
    """Serves one of them until told to stop."""
    kind, port, *more = sys.argv[1:]
    if kind == "echo":
        app = echo()
    else:
        from tests.bench.naive import naive

        app = naive(*more)
    Server(app, f"127.0.0.1:{port}", settings().web_workers, settings().web_threads).run()


if __name__ == "__main__":
    main()
