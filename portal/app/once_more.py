"""A request whose database went away before anything was stored is done once more, from its beginning (promises: a restart of PostgreSQL)."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import psycopg
from flask import Flask
from sqlalchemy.exc import DBAPIError

from portal.unit_of_work.portal import committed

#: Seconds a restarting PostgreSQL is given before the second try.
PAUSE: Final = 0.5


def install(app: Flask) -> None:
    """Puts it around every view; their marks stay."""
    app.view_functions = {endpoint: _twice(view) for endpoint, view in app.view_functions.items()}


def lost(error: BaseException) -> bool:
    """True where the connection itself is gone, and the server with it rolled back what was under way."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.errors.AdminShutdown | psycopg.errors.CrashShutdown | psycopg.errors.CannotConnectNow | psycopg.InterfaceError):
        return True
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None


def _twice(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def once_or_twice(*arguments: Any, **named: Any) -> Any:
        before = committed()
        try:
            return view(*arguments, **named)
        except Exception as error:
            if not lost(error) or committed() != before:
                raise
        # What was read of the body is kept by the request, so the second try sees the same.
        time.sleep(PAUSE)
        return view(*arguments, **named)

    return once_or_twice
