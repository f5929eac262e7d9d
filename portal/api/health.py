"""`/health`: whether the portal lives, and whether it can do its work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis
from flask import Flask, current_app
from marshmallow import fields

from portal.api.allowed import allowed
from portal.api.asking import the_portal
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import Unavailable
from portal.unit_of_work import RELAY, Work, heartbeats
from portal.views.backlog import backlog

resource = Resource("health", __name__, description="Whether the portal is up.")

#: In a checkout `migrations/` stands beside `portal/`; the wheel ships it inside.
_PORTAL = Path(__file__).resolve().parents[1]
_PLACES = (_PORTAL.parent / "migrations" / "versions", _PORTAL / "_migrations" / "versions")
#: Revision applied, and seconds the oldest row waits that should have been worked: deliveries and notices, timers.
_REVISION = "SELECT max(version_num) FROM alembic_version"
_PUBLISHED = "SELECT count(*) FROM definitions WHERE hash = ANY(%s)"
#: Seconds after which a row nobody worked on is a reason to look.
OVERDUE = 60.0


class Live(Schema):
    """The process answers."""

    status = fields.String(required=True, metadata={"enum": ["live"]})


class Ready(Schema):
    """What the portal needs. `redis` carries wake-ups only: without it work is found by the sweeper, so it does not count."""

    status = fields.String(required=True, metadata={"enum": ["ready", "degraded"], "description": "Degraded: it works, and somebody should look."})
    database = fields.String(required=True, metadata={"enum": ["up", "away", "not migrated"]})
    definitions = fields.String(required=True, metadata={"enum": ["published", "not published", "unknown"]})
    sweeper_silence_seconds = fields.Float(required=True, allow_none=True, metadata={"description": "Since a sweeper last looked; null: never."})
    redis = fields.String(required=True, metadata={"enum": ["up", "away"]})
    oldest_overdue_seconds = fields.Float(
        required=True, allow_none=True, metadata={"description": "Age of the oldest row that should have been worked; null: none."}
    )


@resource.route("/health/live")
@allowed("health.read")
@resource.response(200, Live)
def live() -> dict[str, str]:
    """Whether this process answers"""
    return {"status": "live"}


@resource.route("/health/ready")
@allowed("health.read")
@resource.response(200, Ready)
@resource.alt_response(503, "SERVICE_UNAVAILABLE")
def ready() -> dict[str, Any]:
    """Whether the portal can do its work; 503 names what is missing"""
    found: dict[str, Any] = {
        "database": "away",
        "definitions": "unknown",
        "redis": "up" if _redis_answers() else "away",
        "oldest_overdue_seconds": None,
        "sweeper_silence_seconds": None,
    }
    if current_app.extensions.get("onedoor.draining", bool)():
        raise Unavailable("This process is about to stop: send requests to another one.", **found)
    try:
        with the_portal().work(RELAY) as work:
            if work.sql(_REVISION)[0][0] != migrated_to():
                found["database"] = "not migrated"
                raise Unavailable("The database is not at the revision this version of the portal needs: run `portal migrate`.", **found)
            found["database"] = "up"
            _look(work, found)
    except Unavailable as refused:
        if found["database"] != "away":
            raise
        raise Unavailable("The database does not answer.", **found) from refused
    if found["definitions"] != "published":
        raise Unavailable("Definitions of this version of the portal are not stored: run `portal publish`.", **found)
    return {"status": "degraded" if _degraded(found) else "ready", **found}


def _look(work: Work, found: dict[str, Any]) -> None:
    silence = heartbeats.age(work)
    found |= {
        "oldest_overdue_seconds": backlog(work).oldest.total_seconds() or None,
        "sweeper_silence_seconds": silence.total_seconds() if silence is not None else None,
        "definitions": "published" if _published(work) else "not published",
    }


def _published(work: Work) -> bool:
    """What is stored never changes, so a yes holds as long as this process."""
    known = current_app.extensions
    if not known.get("onedoor.published"):
        hashes = sorted({one.hash for one in work.catalogue.stored})
        known["onedoor.published"] = work.sql(_PUBLISHED, (hashes,))[0][0] == len(hashes)
    return bool(known["onedoor.published"])


def _degraded(found: dict[str, Any]) -> bool:
    silence, oldest = found["sweeper_silence_seconds"], found["oldest_overdue_seconds"] or 0.0
    return found["redis"] != "up" or silence is None or silence > heartbeats.SILENCE.total_seconds() or oldest > OVERDUE


def outside(app: Flask) -> None:
    """The same two at `/health/...`, for those who probe and do not read the API."""
    app.add_url_rule("/health/live", "live", live)
    app.add_url_rule("/health/ready", "ready", ready)


def migrated_to() -> str:
    """The newest revision this version of the portal knows: migrations are numbered with four digits and have one head."""
    return max(file.name[:4] for place in _PLACES for file in place.glob("[0-9][0-9][0-9][0-9]_*.py"))


def _redis_answers() -> bool:
    client: redis.Redis | None = current_app.extensions.get("onedoor.redis")
    if client is None:
        client = current_app.extensions["onedoor.redis"] = redis.Redis.from_url(
            the_portal().settings.redis_url, socket_timeout=0.25, socket_connect_timeout=0.25
        )
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
