"""The web application around a portal: its doors."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider

from portal import api, pages
from portal.api import metrics
from portal.api.allowed import demand_actions
from portal.api.gate import BODY, read_json
from portal.app import headers, limiting, requests_told
from portal.app.building import build_portal
from portal.jobs import queues_of
from portal.ports import callbacks, card, mounted
from portal.telemetry import log
from portal.unit_of_work import Portal
from portal.views.figures import Recent


class _Json(JSONProvider):
    """JSON by orjson; what comes in goes through the gate, whoever asks for it."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return read_json(s.encode() if isinstance(s, str) else s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), content_type="application/json")


def create_app(portal: Portal | None = None) -> Flask:
    """The web application. LookupError where a route does not declare who may call it."""
    app = Flask("portal", static_folder=None, template_folder=None)
    app.json = _Json(app)
    app.config |= {"MAX_CONTENT_LENGTH": BODY, "MAX_FORM_MEMORY_SIZE": BODY, "MAX_FORM_PARTS": 100}
    portal = portal or build_portal()
    log.configure(portal.settings.log_form)
    app.extensions["onedoor.figures"] = Recent()
    requests_told.install(app)
    headers.install(app, secure=portal.settings.public_url.startswith("https:"))
    limiting.install(app, portal)
    api.install(app, portal, beside={callbacks.PATH: callbacks.OPERATION, card.PATH: card.OPERATION}, page=pages.error_page, elsewhere=mounted.roots())
    pages.install(app, portal)
    app.register_blueprint(callbacks.callbacks(portal))
    app.register_blueprint(card.callbacks(portal))
    for blueprint in mounted.mounted(portal):
        app.register_blueprint(blueprint)
    metrics.serve(app, portal, queues_of(portal.settings))
    demand_actions(app)
    return app
