"""Which rates a request is counted against, and in which lane it is worked: one table. Rates are settings; `portal settings` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from portal.limits.places import Lane
from portal.limits.rates import Rate, read
from portal.settings import Settings

By = Literal["address", "channel", "principal"]

#: Rate -> what one of its counts is of, and how many where the operator says nothing; its setting is `limit_` and this name.
RATES: dict[str, tuple[By, str]] = {
    "read": ("address", "600/minute"),
    "write": ("address", "120/minute"),
    "intake": ("address", "30/minute"),
    "channel": ("channel", "1200/minute"),
    "prove": ("address", "20/minute"),
    "principal": ("principal", "900/minute"),
    "callback": ("address", "3000/minute"),
    "mail": ("address", "600/minute"),
}

#: On one machine with sample people everybody has the same address, and tools ask quickly.
LOCAL = 1000


@dataclass(frozen=True)
class RouteClass:
    """How a kind of request is held: its rates, and its lane (None: it asks nothing of the database)."""

    rates: tuple[str, ...]
    lane: str | None


CLASSES: dict[str, RouteClass] = {
    "document": RouteClass(("read",), None),
    "read": RouteClass(("read",), "public"),
    "write": RouteClass(("write",), "public"),
    "intake": RouteClass(("intake", "channel"), "public"),
    "prove": RouteClass(("prove",), "public"),
    "callback": RouteClass(("callback",), "callbacks"),
    "probe": RouteClass((), "probes"),
    # Whoever has shown to be staff, whatever is asked: an office of hundreds has one address.
    "staff": RouteClass(("principal",), "staff"),
}

#: Actions that are a class of their own; any other is `read` or `write` by its method.
BY_ACTION = {
    "documents.read": "document",
    "health.read": "probe",
    "metrics.read": "probe",
    "agency.report": "callback",
    "payment.report": "callback",
    "text.receive": "callback",
    "text.report": "callback",
}


def class_of(action: str | None, method: str, declared: str | None = None) -> str:
    """Class of a request: what its view declares, else what its action is, else by its method. An address nobody serves is read like a document."""
    if declared and method not in ("GET", "HEAD"):
        return declared
    if action is None:
        return "document"
    return BY_ACTION.get(action) or ("read" if method in ("GET", "HEAD", "OPTIONS") else "write")


def rates_of(settings: Settings) -> dict[str, Rate | None]:
    """Every rate as it is set; None: not limited. ValueError, naming the setting, for one that cannot be read.

    Where nothing is set: as the table says; LOCAL times that in the local mode; none in tests, which set their own.
    """
    found: dict[str, Rate | None] = {}
    for name, (_, usual) in RATES.items():
        given = getattr(settings, f"limit_{name}")
        try:
            rate = read(given or usual)
        except ValueError as wrong:
            raise ValueError(f"LIMIT_{name.upper()}: {wrong}") from None
        if not given and rate is not None:
            rate = None if settings.mode == "test" else rate.times(LOCAL) if settings.mode == "local" else rate
        found[name] = rate
    return found


def lanes(*, places: int, waiting: int) -> Mapping[str, Lane]:
    """The lanes of one web process with so many places each."""
    return {
        "public": Lane("public", places, waiting),
        "staff": Lane("staff", places, 4 * places),
        "callbacks": Lane("callbacks", places, 4 * places),
        "probes": Lane("probes", 1, 4),
    }


def threads(*, places: int, waiting: int) -> int:
    """Threads of one web process: all that may hold or wait for a place, and some that are always free to say no."""
    return sum(lane.threads for lane in lanes(places=places, waiting=waiting).values()) + 4
