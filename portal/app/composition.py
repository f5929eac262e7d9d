"""The composition root of every process: one Portal, and the web application around it."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider

from portal import api
from portal.api.allowed import demand_actions
from portal.api.gate import BODY, read_json
from portal.app import headers, log
from portal.catalogue.load import load
from portal.db import connect
from portal.jobs import waker
from portal.ports import callbacks
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.settings import settings as read_settings
from portal.standards.resolve import resolve
from portal.unit_of_work import Portal
from portal.workflow.checks import CHECKS

#: Connections of a process at most; made when needed. A draining worker records from sixteen threads at once.
POOL = 20


class _Json(JSONProvider):
    """JSON by orjson; what comes in goes through the gate, whoever asks for it."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return read_json(s.encode() if isinstance(s, str) else s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), content_type="application/json")


def build_portal(settings: Settings | None = None) -> Portal:
    """The portal of a process. CatalogueFaults, and no start, where a definition is wrong; the database is not asked for anything yet."""
    settings = settings or read_settings()
    return Portal(
        engine=connect(settings.database_url, pool=POOL),
        catalogue=load(resolve_calendar=resolve, checks=CHECKS),
        reactions=REACTIONS,
        settings=settings,
        wake=waker(settings),
    )


def create_app(portal: Portal | None = None) -> Flask:
    """The web application. LookupError where a route does not declare who may call it."""
    log.configure()
    app = Flask("portal", static_folder=None, template_folder=None)
    app.json = _Json(app)
    app.config |= {"MAX_CONTENT_LENGTH": BODY, "MAX_FORM_MEMORY_SIZE": BODY, "MAX_FORM_PARTS": 100}
    portal = portal or build_portal()
    headers.install(app, secure=portal.settings.public_url.startswith("https:"))
    api.install(app, portal, beside={callbacks.PATH: callbacks.OPERATION})
    app.register_blueprint(callbacks.callbacks(portal))
    demand_actions(app)
    return app
