"""`/docs`, `/docs/try`: the API for reading and for trying, and every problem type; all from our own files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, g, render_template, request
from markupsafe import Markup

from portal.api import reference, refusals
from portal.api.allowed import allowed
from portal.api.asking import the_portal
from portal.api.problems import PASSING, Problem
from portal.api.spec import ProblemApi
from portal.catalogue.definitions import Journey
from portal.catalogue.languages import is_language
from portal.errors import NotFound, Unavailable
from portal.views.diagram import RIGHT_TO_LEFT, diagram, is_wide
from portal.views.journey import lines, text, words
from portal.views.versions import Version, definition, of, published

pages = Blueprint("docs", __name__, template_folder="templates", static_folder="static", static_url_path="/docs/static")


@pages.route("/docs")
@allowed("documents.read")
def docs() -> str:
    """The API for reading: every operation and schema, without scripts"""
    page: str | None = current_app.extensions.get("onedoor.docs")
    if page is None:
        described = orjson.loads(current_app.extensions["onedoor.describe"]())
        sections = reference.sections(described)
        number = sum(len(one["operations"]) for one in sections)
        beside = reference.channels(current_app.url_map.iter_rules(), current_app.view_functions)
        page = render_template("docs.html", sections=sections, schemas=reference.schemas(described), number=number, channels=beside)
        current_app.extensions["onedoor.docs"] = page
    return page


@pages.route("/docs/try")
@allowed("documents.read")
def try_out() -> str:
    """The API for trying, rendered by Swagger UI"""
    return render_template("try.html")


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


@pages.route("/docs/journeys")
@allowed("documents.read")
def journeys() -> str:
    """All journeys"""
    catalogue, language = the_portal().catalogue, _language()
    rows = [
        {"id": one.id, "title": text(one.title, language), "steps": len(one.steps), "services": _users(one, language)} for one in catalogue.journeys.values()
    ]
    return render_template("journeys.html", journeys=rows)


@pages.route("/docs/journeys/<id>")
@allowed("documents.read")
def journey(id: str) -> str:
    """One journey, in its present version or `?version=`: the picture, and the same as a list; with counts for those who may see cases"""
    catalogue, language, asked = the_portal().catalogue, _language(), request.args.get("version")
    counted = g.principal.scope in ("staff", "champion")
    known, shown, found = _versions(id, asked, counted)
    if found is None:
        raise NotFound("There is no journey of that name.")
    steps, title = lines(catalogue, found, language, shown.steps if shown and counted else None), text(found.title, language)
    picture = diagram(found, steps, title, language=language)
    return render_template(
        "journey.html",
        id=id,
        language=language,
        title=title,
        services=_users(found, language),
        picture=Markup(picture),
        wide=is_wide(picture),
        steps=steps,
        titles={step.id: step.title for step in steps},
        said=words(language),
        mirrored=language in RIGHT_TO_LEFT,
        versions=known,
        shown=shown,
        counted=counted,
    )


def _versions(id: str, asked: str | None, counted: bool) -> tuple[list[Version], Version | None, Journey | None]:
    """The versions published, the one to be shown and its definition. Without a database the present one is shown all the same, uncounted."""
    present = the_portal().catalogue.journeys.get(id)
    if present is None and asked is None:
        return [], None, None
    try:
        with the_portal().work(g.principal) as work:
            known = published(work, id, counted=counted)
            if asked is not None:
                shown = of(known, asked)[-1]
                return known, shown, definition(work, shown)
    except Unavailable:
        if asked is not None or counted:
            raise
        known = []
    return known, next((one for one in known if one.present), None), present


def _language() -> str:
    """Of `?language=`, where it looks like one."""
    asked = request.args.get("language", "en")
    return asked if is_language(asked) else "en"


def _users(found: Journey, language: str) -> list[str]:
    return [text(service.title, language) for service in the_portal().catalogue.services.values() if service.journey == found.id]


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

    @cache
    def describe() -> bytes:
        return orjson.dumps(_whole(api, beside))

    app.extensions["onedoor.describe"] = describe

    @app.route("/api/openapi.json")
    @allowed("documents.read")
    def openapi() -> Response:
        return Response(describe(), content_type="application/json")


def _whole(api: ProblemApi, beside: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = api.spec.to_dict()
    return {**described, "paths": {**described["paths"], **{path: {"post": operation} for path, operation in beside.items()}}}
