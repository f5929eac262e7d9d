"""`portal web`: the web server of the pages and the API."""

from __future__ import annotations

import json
import logging
import mmap
import os
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from time import monotonic
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from portal.catalogue.faults import CatalogueFaults
from portal.cli.telling import trace
from portal.cli.web_body import whole
from portal.cli.web_worker import Worker
from portal.errors import Unsafe
from portal.settings import Settings, settings
from portal.telemetry import counters, log

#: Seconds requests may take to end when the server is told to stop, and a worker to show that it lives.
GRACE, PATIENCE = 30, 60


@click.command()
@click.option("--bind", metavar="HOST:PORT", help="Where to listen; absent: the loopback address and --port.")
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port, where --bind is not given.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; absent: WEB_WORKERS.")
@click.option("--threads", type=click.IntRange(1, 64), help="Requests each works on at once; absent: WEB_THREADS.")
@click.option("--drain", envvar="DRAIN_SECONDS", default=0.0, show_default=True, type=click.FloatRange(0, 300), help="Seconds between not ready and the end.")
def web(bind: str | None, port: int, workers: int | None, threads: int | None, drain: float) -> None:
    """Serve the pages and the API. SIGTERM: not ready any more, then running requests end; a socket systemd passes is used instead of --bind."""
    chosen = settings()
    where = bind or f"127.0.0.1:{port}"
    _demand_safe(chosen, where)
    if chosen.mode == "production":
        _demand_durable(chosen)
    folder = chosen.metrics_dir or tempfile.mkdtemp(prefix="onedoor-metrics-")
    counters.share(folder)
    log.configure_process(chosen.log_form)
    try:
        counts = {"web_workers": workers or chosen.web_workers, "web_threads": threads or chosen.web_threads}
        _serve(chosen.model_copy(update=counts), where, drain)
    finally:
        if not chosen.metrics_dir:
            shutil.rmtree(folder, ignore_errors=True)


def _serve(chosen: Settings, where: str, drain: float) -> None:
    from portal.app import build_portal, create_app
    from portal.limits.classes import threads

    try:
        app = create_app(build_portal(chosen))
    except CatalogueFaults as error:
        raise click.ClickException(f"the definitions have faults:\n{error}") from None
    Server(app, where, chosen.web_workers, threads(places=chosen.web_threads, waiting=chosen.web_waiting), drain=drain).run()


def _demand_safe(chosen: Settings, where: str) -> None:
    """The local mode takes sample people for real ones, so only this machine may reach it; production needs a secret."""
    if chosen.mode == "local" and not loopback(where):
        raise click.UsageError(f"the local mode listens on the loopback address only, not on {where}: everybody could sign in as anybody there")
    if chosen.mode == "local" and "LISTEN_FDS" in os.environ:
        raise click.UsageError("the local mode takes no socket from elsewhere: nobody knows who can reach it")
    from portal.app.own_secrets import demand_safe

    try:
        demand_safe(chosen)
    except Unsafe as unsafe:
        raise click.UsageError(str(unsafe)) from None


def _demand_durable(chosen: Settings) -> None:
    """Production does not begin on a PostgreSQL that forgets; one that is away is waited for."""
    import psycopg

    from portal.cli.doctor import durability

    with suppress(psycopg.OperationalError):
        for finding in durability(chosen):
            # Checksums are added with the server stopped: their want is told by `portal doctor` and does not keep citizens out.
            if not finding.well and not finding.says.startswith("data_checksums"):
                raise click.ClickException(f"{finding.says}: {finding.do}")


def loopback(where: str) -> bool:
    """Whether only this machine reaches `HOST:PORT`."""
    host = where.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return where.startswith("unix:")


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with threads, set here and not by files or arguments of its own."""

    def __init__(self, app: Flask, where: str, workers: int, threads: int, *, drain: float = 0.0) -> None:
        self._app = app
        #: One byte all processes share: 1 when this server is about to stop.
        self._leaving = mmap.mmap(-1, 1)
        self._drain = drain
        app.wsgi_app = whole(app.wsgi_app)  # type: ignore[assignment,method-assign]
        app.extensions["onedoor.draining"] = lambda: self._leaving[0] == 1
        self._options = {
            "bind": where,
            "worker_class": Worker,
            "workers": workers,
            "threads": threads,
            "graceful_timeout": GRACE,
            "timeout": PATIENCE,
            "keepalive": 5,
            "control_socket_disable": True,
            "accesslog": None,
            "errorlog": "-",
            "logger_class": ServerLog,
            "limit_request_line": 8190,
            # Nobody tells the server another path, scheme or sender by a header: what proxies say is read by portal/limits/addresses.py alone.
            "forwarder_headers": "",
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "pre_request": self._last,
            "post_worker_init": _begin_anew,
            "child_exit": _ended,
            "proc_name": "portal web",
        }
        super().__init__()

    def load_config(self) -> None:
        """gunicorn asks for the settings."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Until told to stop."""
        Leaving(self, self._leaving, self._drain).run()

    def _last(self, worker: Any, request: Any) -> None:
        if self._leaving[0]:
            # So that no further request comes on a connection that is about to be closed.
            request.force_close()

    def load(self) -> Flask:
        """gunicorn asks for the application; it was built once, before the workers were forked."""
        return self._app


class Leaving(Arbiter):  # type: ignore[misc]
    """A server that says first that it will go, and goes when whoever spreads the requests has had time to hear it."""

    def __init__(self, server: BaseApplication, leaving: mmap.mmap, drain: float) -> None:
        self._leaving, self._drain = leaving, drain
        self._at: float | None = None
        super().__init__(server)

    def handle_term(self) -> None:
        """SIGTERM: not ready from now on; the end comes after the time to drain, at once when asked a second time."""
        if self._at is not None or not self._drain:
            self._leaving[0] = 1
            raise StopIteration
        self._leaving[0] = 1
        self._at = monotonic() + self._drain

    def manage_workers(self) -> None:
        """Called at least once a second."""
        if self._at is not None and monotonic() >= self._at:
            raise StopIteration
        super().manage_workers()


def _ended(server: Any, worker: Any) -> None:
    counters.gone([worker.pid])


def _begin_anew(worker: Any) -> None:
    """A connection must not be shared by two processes: each worker opens its own; and a thread that sends traces does not survive a fork."""
    portal = worker.wsgi.extensions["onedoor"]
    portal.engine.dispose(close=False)
    trace(portal.settings, "web")


class ServerLog(Logger):  # type: ignore[misc]
    """The server's own log as JSON lines, like the application's."""

    def setup(self, cfg: Any) -> None:
        """gunicorn sets its handlers, then we say how they write."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(_JsonLine())


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """What a request brought (its address, its sender) is left out: only the pattern of such a line is written."""
        about_request = record.exc_info is not None or "request" in str(record.msg).lower()
        line = {
            "event": str(record.msg) if about_request else record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": "portal.web",
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__qualname__
        return json.dumps(line)
