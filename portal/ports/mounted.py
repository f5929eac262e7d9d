"""Mounts the endpoints of channels: read within their limits, handed to the channel, and whatever goes wrong told in the channel's own form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, request
from flask import Response as Answer
from werkzeug.datastructures import FileStorage

from portal.access.permissions import PERMISSIONS, demand
from portal.errors import Refusal, TooLarge
from portal.plugins import discovery
from portal.plugins.channel import Endpoint, File, Refused, Request, Response, Serves
from portal.ports.front import Front
from portal.unit_of_work import ANONYMOUS, Portal

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
#: Parameters of a query.
MOST = 100


class BadForm(Refusal):
    """The form cannot be read: send it as application/x-www-form-urlencoded or multipart/form-data, in UTF-8."""

    slug = "bad-form"


def mounted(portal: Portal) -> list[Blueprint]:
    """A blueprint for each channel with addresses of its own. LookupError for an action the permission table does not have, or an address outside its root."""
    return [_blueprint(portal, name, one) for name, one in discovery.channels().items() if isinstance(one, Serves)]


def roots() -> dict[str, Callable[[int, str], Answer]]:
    """Root -> how a refusal of the doors is told below it: an address there is not, a body that is too large, a fault of ours."""
    return {one.root: _teller(one) for one in discovery.channels().values() if isinstance(one, Serves)}


def _teller(channel: Serves) -> Callable[[int, str], Answer]:
    return lambda status, detail: _answer(channel.refuse(_bare(), status, [("", detail)]))


def _blueprint(portal: Portal, name: str, channel: Serves) -> Blueprint:
    blueprint = Blueprint(f"channel_{name}", __name__)
    names: set[str] = set()
    for number, endpoint in enumerate(channel.endpoints):
        if endpoint.action not in PERMISSIONS:
            raise LookupError(f"{endpoint.path}: write an action of portal/access/permissions.py; it has {endpoint.action!r}")
        if not endpoint.path.startswith(channel.root):
            raise LookupError(f"{endpoint.path}: addresses of `{name}` begin with {channel.root}")
        says = getattr(endpoint.handle, "__name__", "handle")
        says = f"{says}_{number}" if says in names else says
        names.add(says)
        blueprint.add_url_rule(endpoint.path, says, _view(portal, name, channel, endpoint), methods=[endpoint.method])
    return blueprint


def _view(portal: Portal, name: str, channel: Serves, endpoint: Endpoint) -> Callable[..., Answer]:
    def view(**path: str) -> Answer:
        given = _bare(path)
        try:
            demand(ANONYMOUS, endpoint.action)
            given = _read(portal, endpoint, path)
            return _answer(endpoint.handle(given, Front(portal, name)))
        except Refused as refused:
            return _answer(channel.refuse(given, refused.status, refused.errors))
        except Refusal as refusal:
            errors = [(one["pointer"].rpartition("/")[2], one["detail"]) for one in refusal.errors]
            return _answer(channel.refuse(given, refusal.status, errors or [("", refusal.detail)]), retry=refusal.extra.get("retry_after"))

    view.__doc__ = endpoint.handle.__doc__
    view.__dict__.update(action=endpoint.action, body=endpoint.limits.body, channel=name)
    return view


def _bare(path: dict[str, Any] | None = None) -> Request:
    return Request(request.method, request.path, {name: str(value) for name, value in (path or request.view_args or {}).items()})


def _read(portal: Portal, endpoint: Endpoint, path: dict[str, str]) -> Request:
    body = request.get_data(cache=True) if request.method == "POST" and request.mimetype != PARTS else b""
    if len(body) > endpoint.limits.body:
        raise TooLarge
    form, files = _form(body, endpoint)
    query = request.query_string.decode("latin-1")
    return Request(
        method=request.method,
        url=f"{portal.settings.channel_url or portal.settings.public_url}{request.path}" + (f"?{query}" if query else ""),
        path=path,
        query=_pairs(request.query_string, MOST),
        form=form,
        files=files,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


def _form(body: bytes, endpoint: Endpoint) -> tuple[list[tuple[str, str]], dict[str, File]]:
    if request.method != "POST":
        return [], {}
    if request.mimetype == PARTS:
        request.max_form_memory_size, request.max_form_parts = endpoint.limits.body, endpoint.limits.parts
        pairs = [(name, value) for name, values in request.form.lists() for value in values]
        if any("\ufffd" in one for pair in pairs for one in pair):
            raise BadForm
        return [_sound(pair) for pair in pairs], {name: _file(one) for name, one in request.files.items()}
    if request.mimetype in (FORM, "") or not body:
        return _pairs(body, endpoint.limits.parts), {}
    raise BadForm


def _pairs(raw: bytes, most: int) -> list[tuple[str, str]]:
    try:
        found = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=most)
    except ValueError:
        raise BadForm from None
    return [_sound(pair) for pair in found]


def _sound(pair: tuple[str, str]) -> tuple[str, str]:
    """BadForm for what no text can hold: NUL, half of a surrogate pair."""
    if any("\0" in one or any("\ud800" <= letter <= "\udfff" for letter in one) for one in pair):
        raise BadForm
    return pair


def _file(one: FileStorage) -> File:
    return File((one.filename or "")[:255], one.mimetype[:100], one.read())


def _answer(response: Response, *, retry: Any = None) -> Answer:
    headers = dict(response.headers) | ({"Retry-After": str(retry)} if retry is not None else {})
    return Answer(response.body, response.status, headers, content_type=response.content_type)
