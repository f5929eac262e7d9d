"""`/docs`: the API for reading and trying, and every problem type; all from our own files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template

from portal.api import refusals
from portal.api.allowed import allowed
from portal.api.problems import PASSING, Problem
from portal.api.spec import ProblemApi
from portal.errors import NotFound

pages = Blueprint("docs", __name__, template_folder="templates", static_folder="static", static_url_path="/docs/static")


@pages.route("/")
@allowed("documents.read")
def home() -> str:
    """What this is"""
    return render_template("home.html")


@pages.route("/docs")
@allowed("documents.read")
def docs() -> str:
    """The API, rendered by Swagger UI"""
    return render_template("docs.html")


@pages.route("/docs/problems")
@allowed("documents.read")
def problem_types() -> str:
    """All problem types"""
    return render_template("problems.html", types=list(_types().values()))


@pages.route("/docs/problems/<slug>")
@allowed("documents.read")
def problem_type(slug: str) -> str:
    """One problem type"""
    if slug not in _types():
        raise NotFound("There is no problem type of that name.")
    return render_template("problem.html", type=_types()[slug])


@cache
def _types() -> dict[str, dict[str, Any]]:
    return {
        slug: {"slug": slug, "title": refusals.title(slug), "status": one.status, "says": (one.__doc__ or "").strip(), "retryable": issubclass(one, PASSING)}
        for slug, one in refusals.known().items()
    }


def error_page(problem: Problem) -> Response:
    """A refusal for a person; the pages of citizens and staff may bring their own."""
    refusal = problem.refusal
    body = render_template("refused.html", title=refusals.title(refusal.slug), says=refusal.detail, instance=problem.instance, slug=refusal.slug)
    return Response(body, refusal.status, problem.headers, mimetype="text/html")


def serve_specification(app: Flask, api: ProblemApi, beside: Mapping[str, Any]) -> None:
    """`GET /api/openapi.json`; `beside` as in `portal.api.install`."""

    @app.route("/api/openapi.json")
    @allowed("documents.read")
    def openapi() -> Response:
        text: bytes | None = current_app.extensions.get("onedoor.openapi")
        if text is None:
            text = current_app.extensions["onedoor.openapi"] = orjson.dumps(_whole(api, beside))
        return Response(text, content_type="application/json")


def _whole(api: ProblemApi, beside: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = api.spec.to_dict()
    return {**described, "paths": {**described["paths"], **{path: {"post": operation} for path, operation in beside.items()}}}
