"""flask-smorest, bent where it does not do what we promise: the gate before schemas, problem+json, `x-authz`, header parameters."""

from __future__ import annotations

import http
from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, request
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from flask_smorest.utils import prepare_response  # type: ignore[import-untyped]
from marshmallow import Schema, ValidationError, validate

from portal.api.gate import read_json
from portal.api.refusals import WrongContentType
from portal.api.schemas import Problem, faults
from portal.errors import Invalid

View = TypeVar("View", bound=Callable[..., Any])

PROBLEM = "application/problem+json"
#: Header parameters a route may name in `allowed(headers=...)`.
PARAMETERS = {
    "Idempotency-Key": "Makes a write safe to repeat: the same key and body get the first answer again, another body 422. "
    "Without a token it counts from 32 characters on, which are to be random.",
    "If-Match": "ETag the change is made against; 412 where the resource has changed since.",
    "If-None-Match": "ETag you have; 304 where it still holds.",
}
#: What such a header may hold: visible ASCII, as portal/api/repeats.py and versions.py read it.
HEADER_FORMS = {"Idempotency-Key": "^[!-~]{1,255}$", "If-Match": r'^(\*|(W/)?"[0-9]{1,18}")$', "If-None-Match": "^[!-~][ -~]{0,999}$"}
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "RFC 9068", "description": "Access token of the sign-in."},
    "standardWebhooks": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks 1.0.0, HMAC-SHA256 with the agency's secret.",
    },
    "caseSecret": {"type": "apiKey", "in": "header", "name": "Case-Secret", "description": "The secret given with the reference when the request was made."},
}


#: Methods with which something may be changed.
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


class Resource(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A resource: a file of views below one prefix. Bodies and queries pass the gate, then the schema; then the view gets them as first arguments."""

    def __init__(self, name: str, module: str, *, description: str, url_prefix: str = "/api/v1") -> None:
        super().__init__(name, module, url_prefix=url_prefix, description=description)
        self._prepare_doc_cbks.append(self._prepare_headers_doc)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Where the view is found; `allowed` stands right below. A view that changes something and declares no body gets none."""
        found: Callable[[View], View] = super().route(rule, **options)
        if not CHANGES & {method.upper() for method in options.get("methods") or ()}:
            return found

        def bodiless(view: View) -> View:
            return found(view if _takes_body(view) else _without_body(view))

        return bodiless

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Callable[[View], View]:
        """What the view gives, put through the schema: members the schema does not have stay inside."""
        found: Callable[[View], View] = super().response(status_code, schema, **options)
        return found

    def alt_response(self, status_code: int, response: str | None = None, **options: Any) -> Callable[[View], View]:
        """Another answer it may give, by name of its status or by schema; documentation only."""
        found: Callable[[View], View] = super().alt_response(status_code, response, **options)
        return found

    def doc(self, **described: Any) -> Callable[[View], View]:
        """Further members of the operation, as OpenAPI has them; documentation only."""
        found: Callable[[View], View] = super().doc(**described)
        return found

    def answer(self, status_code: int, schema: Any, **options: Any) -> Callable[[View], View]:
        """What a view gives that makes its Response itself, as bytes that can be kept: documentation only, nothing runs at a request."""
        documented = super().response(status_code, schema, **options)

        def decorate(view: View) -> View:
            view.__dict__["_apidoc"] = documented(view)._apidoc
            return view

        return decorate

    def arguments(self, schema: Schema | type[Schema], *, location: str = "json", description: str | None = None, **_: Any) -> Callable[[View], View]:
        """Reads the body (`json`) or the `query` by a schema; Invalid lists what cannot be taken."""
        taken = schema() if isinstance(schema, type) else schema
        read = {"json": _body, "query": request_query}[location]
        documented = {"in": location, "required": True, "schema": taken, **({"description": description} if description else {})}

        def decorate(view: View) -> View:
            @wraps(view)
            def reading(*positional: Any, **named: Any) -> Any:
                try:
                    values = taken.load(read())
                except ValidationError as error:
                    raise Invalid(errors=faults(error.messages, location=location)) from error
                return view(*positional, values, **named)

            marks = reading.__dict__
            marks["_apidoc"] = deepcopy(marks.get("_apidoc", {}))
            arguments = marks["_apidoc"].setdefault("arguments", {})
            arguments.setdefault("parameters", []).append(documented)
            arguments.setdefault("responses", {})[422] = http.HTTPStatus.UNPROCESSABLE_ENTITY.name
            return reading  # type: ignore[return-value]

        return decorate

    @staticmethod
    def _prepare_headers_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
        named = doc_info.get("takes_headers", ())
        if named:
            doc.setdefault("parameters", []).extend(named)
        return doc


class ProblemApi(Api):  # type: ignore[misc]
    """The specification. Errors are documented as what they are: problem+json; the handlers of portal/api/problems.py answer, not smorest's."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            self._problem(status.name, status.phrase)
        self._problem("DEFAULT_ERROR", "What went wrong (RFC 9457); the types are listed under /docs/problems.")

    def _problem(self, name: str, phrase: str) -> None:
        response = {"description": phrase, "schema": Problem}
        prepare_response(response, self.spec, PROBLEM)
        self.spec.components.response(name, response, lazy=True)


def _takes_body(view: View) -> bool:
    """Whether it declares one, or reads what comes by itself: a file, for example, which then has its own limit."""
    documented: dict[str, Any] = view.__dict__.get("_apidoc", {})
    declared = any(one["in"] not in ("query", "path", "header") for one in documented.get("arguments", {}).get("parameters", ()))
    return declared or "requestBody" in documented.get("manual_doc", {})


def _without_body(view: View) -> View:
    @wraps(view)
    def bodiless(*positional: Any, **named: Any) -> Any:
        demand_no_body()
        return view(*positional, **named)

    return bodiless  # type: ignore[return-value]


def build(app: Flask, resources: list[Resource]) -> ProblemApi:
    """The specification of an app, its resources registered."""
    app.config |= {"API_TITLE": "onedoor", "API_VERSION": "v1", "OPENAPI_VERSION": "3.1.0"}
    api = ProblemApi(app)
    api.ma_plugin.converter.add_attribute_function(_pattern)
    for name, scheme in SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    for name, says in PARAMETERS.items():
        api.spec.components.parameter(name, "header", {"description": says, "schema": {"type": "string", "pattern": HEADER_FORMS[name]}})
    for resource in resources:
        api.register_blueprint(resource)
    return api


_END = r"\Z"


def _pattern(_: Any, field: Any, **__: Any) -> dict[str, str]:
    """A pattern as JSON Schema writes it (ECMA-262): Python's begins at the start by itself, and says another sign for the end."""
    found = next((str(one.regex.pattern) for one in field.validators if isinstance(one, validate.Regexp)), None)
    if found is None:
        return {}
    return {"pattern": f"^({found.removesuffix(_END)})$" if found.endswith(_END) else f"^({found})"}


def request_query() -> dict[str, str]:
    """The query in hand; the guard has seen to it that each parameter comes once."""
    return request.args.to_dict()


def demand_no_body() -> None:
    """For an address that takes none: an empty one or `{}` passes. Whatever else somebody sends is refused as it would be where one is taken: clearly."""
    if request.get_data() and _body():
        raise Invalid("This address takes no body.", errors=[{"pointer": "", "detail": "Send none, or an empty object."}])


def _body() -> Any:
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise WrongContentType
    value = read_json(request.get_data())
    if not isinstance(value, dict):
        raise Invalid("The body is to be one JSON object.", errors=[{"pointer": "", "detail": "Send an object."}])
    return value
