"""`/services`: what government offers. The pattern of every resource."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, current_app

from portal.api.allowed import allowed
from portal.api.asking import the_portal
from portal.api.paging import after, page
from portal.api.service_schemas import InLanguage, Search, Services, Whole
from portal.api.spec import Resource
from portal.catalogue import find
from portal.catalogue.definitions import Catalogue, Fee, Field, Service, Standard, Text
from portal.catalogue.pricing import bounds
from portal.catalogue.tabled import table_of
from portal.errors import NotFound
from portal.kpi import finding

#: The same for everybody, and seldom new.
PUBLIC = {"Cache-Control": "public, max-age=60"}
_WHOLE = Whole()

resource = Resource("services", __name__, description="What government offers, and what it promises.")


@resource.route("/services")
@allowed("catalogue.read")
@resource.arguments(Search, location="query")
@resource.response(200, Services)
def list_services(query: dict[str, Any]) -> Any:
    """The catalogue, or what fits a text"""
    catalogue = the_portal().catalogue
    language = query["language"] or the_portal().settings.default_language
    if query["text"] is not None:
        finding.fresh(the_portal())
        ranked = find.rank(catalogue, query["text"], language)
        best = [
            {**summary(catalogue.services[one.service_id], language), "score": round(one.score, 4), "why": list(one.why)} for one in ranked[: query["limit"]]
        ]
        return {"items": best, "next": None, "advice": find.advice(ranked)}
    key = after(query["after"], str)
    found = [service for id, service in sorted(catalogue.services.items()) if key is None or id > key[0]]
    part = page(found[: query["limit"] + 1], query["limit"], lambda service: (service.id,))
    return {"items": [{**summary(service, language), "score": None, "why": []} for service in part["items"]], "next": part["next"], "advice": None}, 200, PUBLIC


@resource.route("/services/<service>")
@allowed("catalogue.read")
@resource.arguments(InLanguage, location="query")
@resource.answer(200, Whole)
def one_service(query: dict[str, Any], service: str) -> Response:
    """One service: its questions, its promises, its law and its fee"""
    portal = the_portal()
    found = portal.catalogue.services.get(service)
    if found is None:
        raise NotFound("There is no service of that name. GET /api/v1/services lists them.")
    language = spoken(found.title, query["language"] or portal.settings.default_language)
    body = _kept(service, language) or _keep(service, language, _WHOLE.dump(whole(portal.catalogue, found, language)))
    return Response(body, headers=PUBLIC, content_type="application/json")


def summary(service: Service, language: str) -> dict[str, Any]:
    """A service in a list, texts in the language or the nearest there is."""
    return {
        "id": service.id,
        "title": say(service.title, language),
        "summary": say(service.summary, language),
        "agency": service.agency,
        "channels": list(service.channels),
        "life_event": service.life_event,
        "danger": service.danger,
        "language": spoken(service.title, language),
    }


def whole(catalogue: Catalogue, service: Service, language: str) -> dict[str, Any]:
    """All a citizen may know of a service before asking for it."""
    agency, fee = catalogue.agencies[service.agency], service.fee
    return {
        **summary(service, language),
        "agency": {"id": agency.id, "title": say(agency.title, language)},
        "version": service.version,
        "fields": [_question(field, language) for field in service.fields],
        "standards": [_promise(standard, language) for standard in service.standards],
        "law": _law(service.law, language),
        "fee": fee and _fee(service, fee, language),
        "lately": None,
    }


def _fee(service: Service, fee: Fee, language: str) -> dict[str, Any]:
    least, most = bounds(service) or (None, None)
    steps = [] if fee.table is None else [one.id for one in table_of(service, fee.table).inputs]
    return {
        "amount": fee.amount,
        "currency": fee.currency,
        "title": fee.title and say(fee.title, language),
        "least": least,
        "most": most,
        "depends_on": steps,
        "law": fee.law and _law(fee.law, language),
        "refund_on": list(fee.refund_on),
    }


def _kept(service: str, language: str) -> bytes | None:
    """The answer as it was made before: definitions do not change while a process runs."""
    kept: bytes | None = _answers().get((service, language))
    return kept


def _keep(service: str, language: str, members: Any) -> bytes:
    body = _answers()[service, language] = orjson.dumps(members)
    return body


def _answers() -> dict[tuple[str, str], bytes]:
    answers: dict[tuple[str, str], bytes] = current_app.extensions.setdefault("onedoor.services", {})
    return answers


def spoken(text: Text, language: str) -> str:
    """The language a text can be given in: the one asked for, its primary subtag, English, or the first there is."""
    return next((one for one in (language, language.partition("-")[0], "en") if one in text), next(iter(text)))


def say(text: Text, language: str) -> str:
    """A text in that language."""
    return text[spoken(text, language)]


def _question(field: Field, language: str) -> dict[str, Any]:
    return {
        "id": field.id,
        "type": field.type,
        "title": say(field.title, language),
        "hint": field.hint and say(field.hint, language),
        "required": field.required,
        "options": [{"id": option.id, "title": say(option.title, language)} for option in field.options],
        "max_length": field.max_length,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "when": field.when,
    }


def _promise(standard: Standard, language: str) -> dict[str, Any]:
    return {
        "id": standard.id,
        "title": say(standard.title, language),
        "kind": standard.kind,
        "within": standard.within,
        "covers": standard.covers,
        "profile": standard.profile,
        "starts": standard.starts,
        "law": standard.law and _law(standard.law, language),
    }


def _law(law: Any, language: str) -> dict[str, Any]:
    return {"title": say(law.title, language), "article": law.article, "url": law.url}
