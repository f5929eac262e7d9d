"""Open311 GeoReport v2: applications list services, send requests and ask for the status by themselves; nothing is sent to them.

https://wiki.open311.org/GeoReport_v2. Only services marked `public: true` are there; of a request, what a caseworker approved. Beyond the
specification, and only where it is asked for: `page` and `page_size`, `extensions=true`, a form in parts, and the request updates of mySociety.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from portal.plugins.channel import (
    Endpoint,
    Front,
    Limits,
    Listed,
    Message,
    Notice,
    Offer,
    Question,
    Raw,
    Refused,
    Request,
    Response,
    Submission,
    Update,
    Wanted,
)
from portal.plugins.georeport import FORMATS, written

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
ROOT, V2 = "/open311", "/open311/v2"
#: Characters of a description, days of a span, requests of an answer.
LONGEST, SPAN, MOST = 4000, timedelta(days=90), 1000
#: Type of a question -> datatype, and what it means in words.
DATATYPES = {
    "text": ("string", "Text"),
    "email": ("string", "An e-mail address"),
    "phone": ("string", "A telephone number with its country"),
    "long-text": ("text", "Text of several lines"),
    "address": ("text", "An address"),
    "integer": ("number", "A whole number"),
    "decimal": ("number", "A number"),
    "date": ("datetime", "A date as 2026-11-22"),
    "boolean": ("singlevaluelist", "One of the values"),
    "choice": ("singlevaluelist", "One of the values"),
    "choices": ("multivaluelist", "Any of the values"),
}
STATUSES = frozenset(
    [
        "OPEN",
        "FIXED",
        "IN_PROGRESS",
        "ACTION_SCHEDULED",
        "INVESTIGATING",
        "DUPLICATE",
        "NOT_COUNCILS_RESPONSIBILITY",
        "NO_FURTHER_ACTION",
        "INTERNAL_REFERRAL",
        "FOR_TRIAGE",
        "CLOSED",
        "CANCELLED",
        "REOPEN",
    ]
)
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,100})\](\[\d*\])?")
#: Names other systems give their own id of a request by; the header Idempotency-Key goes first.
OWN_IDS = ("external_id", "fixmystreet_id")
#: An offset whose `+` a client did not encode.
_PLUS = re.compile(r" (\d\d:?\d\d)$")


class Values:
    """Parameters of a query or a form: one sent empty is one not sent."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._found: dict[str, str] = {}
        self.attributes: dict[str, list[str]] = {}
        for name, value in pairs:
            if code := _ATTRIBUTE.fullmatch(name):
                if value.strip():
                    self.attributes.setdefault(code[1], []).append(value)
            elif value.strip() and self._found.setdefault(name, value) != value:
                raise Refused(400, [(name, "was sent twice with different values.")])

    def get(self, name: str) -> str | None:
        """The value, without blanks around it."""
        value = self._found.get(name)
        return value.strip() if value is not None else None

    def words(self, name: str) -> str | None:
        """The value exactly as it came."""
        return self._found.get(name)

    def several(self, name: str) -> tuple[str, ...]:
        """A comma list."""
        return tuple(part.strip() for part in (self._found.get(name) or "").split(",") if part.strip())


class Open311:
    """The whole of GeoReport v2 below `/open311`."""

    name = "open311"
    root = ROOT

    def render(self, notice: Notice) -> Message:
        """The status note: applications ask for it."""
        return Message(notice.subject)

    def receive(self, raw: Raw) -> Submission:
        """A request as form parameters say it. ValueError (Refused) where it cannot be one."""
        values = Values([*raw.values.items()])
        faults = _location_faults(values) + _word_faults(values)
        if faults:
            raise ValueError("; ".join(f"{name}: {says}" for name, says in faults))
        name = " ".join(part for part in (values.get("first_name"), values.get("last_name")) if part)
        lat, long = values.get("lat"), values.get("long")
        place: dict[str, Any] = {"lat": float(lat), "long": float(long)} if lat and long else {}
        for here, there in (("address", "address_string"), ("address_id", "address_id")):
            if values.get(there):
                place[here] = values.get(there)
        contact = {"name": name, "email": values.get("email"), "phone": values.get("phone")}
        return Submission(
            service=values.get("service_code"),
            text=values.words("description"),
            contact={key: value for key, value in contact.items() if value},
            location=place,
            media_url=values.get("media_url"),
        )

    def refuse(self, request: Request, status: int, errors: Sequence[tuple[str, str]]) -> Response:
        """Every error is a document, whatever went wrong; what is not there and who may not are told apart from the rest."""
        form = request.path.get("format") or request.url.partition("?")[0].rpartition(".")[2]
        status = status if status in (403, 404, 405, 413, 429) or status >= 500 else 400
        told = [{"code": str(status) if form == "xml" else status, "description": f"{name}: {says}" if name else says} for name, says in errors]
        form = form if form in FORMATS else "xml"
        return _answer(status, "errors", told, form)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Every method of the specification, and the request updates."""
        read, write = partial(Endpoint, "GET", action="requests.read"), Limits(body=6 * 1024 * 1024, parts=400)
        return (
            read(path=f"{ROOT}/discovery.<format>", handle=_told(discovery)),
            read(path=f"{V2}/discovery.<format>", handle=_told(discovery)),
            read(path=f"{V2}/services.<format>", handle=_told(services)),
            read(path=f"{V2}/services/<code>.<format>", handle=_told(definition)),
            read(path=f"{V2}/requests.<format>", handle=_told(requests)),
            read(path=f"{V2}/requests/<id>.<format>", handle=_told(one_request)),
            read(path=f"{V2}/pictures/<id>", handle=picture),
            read(path=f"{V2}/tokens/<token>.<format>", handle=_told(token)),
            read(path=f"{V2}/servicerequestupdates.<format>", handle=_told(updates)),
            Endpoint("POST", f"{V2}/requests.<format>", "case.open", _told(self._create, "create"), write),
            Endpoint("POST", f"{V2}/servicerequestupdates.<format>", "requests.update", _told(update), Limits(body=64 * 1024)),
        )

    def _create(self, request: Request, front: Front) -> Response:
        """POST requests: takes a request; the same of the same application is taken once for ever."""
        values = Values([*request.form, *request.query])
        source = _key(values, front, "create_request")
        offers = {offer.id: offer for offer in _offers(values, front)}
        faults = [*_location_faults(values), *_word_faults(values)]
        code = values.get("service_code")
        if code is None:
            faults.insert(0, ("service_code", "was not provided."))
        elif code not in offers:
            raise Refused(404, [("service_code", f"{code} was not found.")])
        if faults:
            raise Refused(400, faults)
        given = self.receive(Raw({name: value for name in _NAMES if (value := values.words(name))}))
        answers = _answers(offers[code or ""], values, given.location)
        own = request.headers.get("idempotency-key") or next((value for name in OWN_IDS if (value := values.get(name))), None)
        taken = front.submit(
            Submission(
                service=code,
                text=given.text,
                answers=answers,
                contact=given.contact,
                location=given.location,
                media_url=given.media_url,
                files=tuple(request.files.values()),
                language=values.get("language"),
                source=source if own else None,
                external_id=own,
            )
        )
        notes = [taken.emergency, taken.says, *taken.notes]
        later = "respond-async" in request.headers.get("prefer", "")
        told = {
            **({"token": taken.token} if later else {"service_request_id": taken.reference}),
            "service_notice": " ".join(note for note in notes if note) or None,
            "account_id": None,
        }
        # What proves that it is theirs goes beside the document: documents are shown to others.
        return _answer(200, "service_requests", [told], request.path["format"], {"Case-Secret": taken.secret, "Cache-Control": "no-store"})


#: Parameters of POST requests that are not attributes.
_NAMES = (
    "service_code", "lat", "long", "address_string", "address_id", "email", "first_name", "last_name", "phone", "description", "media_url"
)  # fmt: skip


def discovery(request: Request, front: Front) -> Response:
    """GET discovery."""
    at = _instant(front.version())
    base = f"{urlsplit(request.url).scheme}://{urlsplit(request.url).netloc}"
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{base}{V2}",
        "changeset": at,
        "type": "production" if front.production else "test",
        "formats": ["text/xml", "application/json"],
    }
    told = {"changeset": at, "contact": front.contact, "key_service": f"Ask for a key: {front.contact}", "endpoints": [endpoint]}
    return _answer(200, "discovery", told, request.path["format"])


def services(request: Request, front: Front) -> Response:
    """GET services."""
    told = [
        {
            "service_code": offer.id,
            "service_name": offer.title,
            "description": offer.summary,
            "metadata": bool(offer.questions),
            "type": "realtime",
            "keywords": ",".join(word.replace(",", " ") for word in offer.keywords),
            "group": offer.agency,
        }
        for offer in _offers(Values(request.query), front)
    ]
    return _answer(200, "services", told, request.path["format"])


def definition(request: Request, front: Front) -> Response:
    """GET services/CODE: its questions as attributes."""
    offer = next((one for one in _offers(Values(request.query), front) if one.id == request.path["code"]), None)
    if offer is None:
        raise Refused(404, [("service_code", f"{request.path['code']} was not found.")])
    place = _place(offer)
    told = [_attribute(question, number, place) for number, question in enumerate(offer.questions, start=1)]
    return _answer(200, "service_definition", {"service_code": offer.id, "attributes": told}, request.path["format"])


def requests(request: Request, front: Front) -> Response:
    """GET requests: the last 90 days or the newest 1,000, whichever is fewer, unless something else is asked for."""
    values = Values(request.query)
    offers = [offer.id for offer in _offers(values, front)]
    if wanted := values.several("service_request_id"):
        found = front.list(Wanted(references=wanted[:MOST]))
    else:
        since, until = _span(values, front.now)
        size = min(_count(values, "page_size", MOST), MOST)
        page = _count(values, "page", 1)
        codes = values.several("service_code")
        asked = tuple(code for code in codes if code in offers) if codes else tuple(offers)
        found = front.list(Wanted(services=asked, since=since, until=until, open=_open(values), limit=size, offset=(page - 1) * size)) if asked else []
    more = (values.get("extensions") or "").lower() == "true"
    return _answer(200, "service_requests", [_request(one, request, extensions=more) for one in found if one.service in offers], request.path["format"])


def one_request(request: Request, front: Front) -> Response:
    """GET requests/ID: a list of one."""
    values = Values(request.query)
    offers = [offer.id for offer in _offers(values, front)]
    found = front.find(request.path["id"])
    if found is None or found.service not in offers:
        raise Refused(404, [("service_request_id", f"{request.path['id']} was not found.")])
    more = (values.get("extensions") or "").lower() == "true"
    return _answer(200, "service_requests", [_request(found, request, extensions=more)], request.path["format"])


def picture(request: Request, front: Front) -> Response:
    """GET pictures/ID: the picture of a request, where somebody approved it; nothing that was written beside it leaves with it."""
    found = front.picture(request.path["id"])
    if found is None:
        raise Refused(404, [("service_request_id", f"{request.path['id']} has no picture.")])
    return Response(
        200,
        *found,
        {
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        },
    )


def token(request: Request, front: Front) -> Response:
    """GET tokens/TOKEN."""
    _offers(Values(request.query), front)
    reference = front.resolve(request.path["token"])
    if reference is None:
        raise Refused(404, [("token", f"{request.path['token']} was not found.")])
    return _answer(200, "service_requests", [{"service_request_id": reference, "token": request.path["token"]}], request.path["format"])


def updates(request: Request, front: Front) -> Response:
    """GET servicerequestupdates (mySociety): changes of status."""
    values = Values(request.query)
    _offers(values, front)
    since, until = _span(values, front.now)
    return _answer(200, "service_request_updates", [_update(one) for one in front.status(since, until)], request.path["format"])


def update(request: Request, front: Front) -> Response:
    """POST servicerequestupdates (mySociety): what another system hears of a request; people read it, and it changes nothing by itself."""
    values = Values([*request.form, *request.query])
    source = _key(values, front, "post_request_update")
    _offers(values, front)
    faults = [(name, "was not provided.") for name in ("service_request_id", "update_id", "status", "updated_datetime") if not values.get(name)]
    status = (values.get("status") or "").upper()
    if status and status not in STATUSES:
        faults.append(("status", f"send one of {', '.join(sorted(STATUSES))}."))
    if values.get("updated_datetime"):
        _moment(values, "updated_datetime")
    if len(values.words("description") or "") > LONGEST:
        faults.append(("description", f"is longer than {LONGEST} characters."))
    if faults:
        raise Refused(400, faults)
    parts = [f"{status} ({values.get('updated_datetime')})", values.words("description"), values.get("media_url")]
    id = front.write(values.get("service_request_id") or "", "\n".join(part for part in parts if part), source=source, external_id=values.get("update_id"))
    return _answer(200, "service_request_updates", [{"update_id": id}], request.path["format"])


# ---------------------------------------------------------------------- what comes in


def _told(handle: Callable[[Request, Front], Response], name: str | None = None) -> Callable[[Request, Front], Response]:
    """Answers in the form the address ends with; another is not there."""

    def told(request: Request, front: Front) -> Response:
        if request.path["format"] not in FORMATS:
            raise Refused(404, [("", "Ask for .xml or .json.")])
        return handle(request, front)

    told.__name__, told.__doc__ = name or handle.__name__, handle.__doc__
    return told


def _offers(values: Values, front: Front) -> list[Offer]:
    """Services of the jurisdiction asked for; it has to be named only where there are several."""
    offers, wanted = front.services(), values.get("jurisdiction_id")
    known = {offer.jurisdiction for offer in offers}
    if wanted is None and len(known) > 1:
        raise Refused(400, [("jurisdiction_id", "was not provided.")])
    if wanted is not None and wanted not in known:
        raise Refused(404, [("jurisdiction_id", f"{wanted} was not found.")])
    return [offer for offer in offers if wanted in (None, offer.jurisdiction)]


def _key(values: Values, front: Front, what: str) -> str:
    source = front.key(values.get("api_key") or "")
    if source is None:
        raise Refused(403, [("", f"Invalid api_key received -- can't proceed with {what}.")])
    return source


def _location_faults(values: Values) -> list[tuple[str, str]]:
    lat, long = values.get("lat"), values.get("long")
    faults = [
        (name, f"send degrees from -{most} to {most} (WGS 84).")
        for name, value, most in (("lat", lat, 90), ("long", long, 180))
        if value is not None and not _within(value, most)
    ]
    if (lat is None) != (long is None):
        faults.append(("long" if long is None else "lat", "lat and long have to be sent together."))
    if lat is None and long is None and not values.get("address_string") and not values.get("address_id"):
        faults.append(("", "A location is needed: lat and long, address_string, or address_id."))
    return faults + [(name, "is longer than 500 characters.") for name in ("address_string", "address_id") if len(values.get(name) or "") > 500]


def _within(value: str, most: int) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and abs(number) <= most


def _word_faults(values: Values) -> list[tuple[str, str]]:
    faults = []
    if len(values.words("description") or "") > LONGEST:
        faults.append(("description", f"is longer than {LONGEST} characters."))
    media = values.get("media_url")
    if media is not None and (len(media) > 2000 or urlsplit(media).scheme not in ("http", "https") or not urlsplit(media).netloc or not media.isprintable()):
        faults.append(("media_url", "send an address that begins with https:// or http://, of at most 2000 characters."))
    return faults


def _place(offer: Offer) -> str | None:
    """The one question for an address: the location answers it."""
    asked = [question.id for question in offer.questions if question.type == "address"]
    return asked[0] if len(asked) == 1 else None


def _answers(offer: Offer, values: Values, place: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {question.id: question for question in offer.questions}
    given: dict[str, Any] = {}
    for code, said in values.attributes.items():
        if code in OWN_IDS and code not in kinds:
            continue
        several = code in kinds and kinds[code].type == "choices"
        given[code] = said if several or len(said) > 1 else said[0]
        if code in kinds and kinds[code].type == "boolean" and given[code] in ("true", "false"):
            given[code] = given[code] == "true"
    asked = _place(offer)
    if asked is not None and asked not in given:
        point = f"{place['lat']:.6f}, {place['long']:.6f}" if "lat" in place else None
        given[asked] = place.get("address") or point or place.get("address_id")
    return given


def _moment(values: Values, name: str) -> datetime | None:
    value = values.get(name)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(_PLUS.sub(r"+\1", value))
    except ValueError:
        raise Refused(400, [(name, "send a date and time as 2026-11-22T09:00:00Z.")]) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _span(values: Values, now: datetime) -> tuple[datetime, datetime]:
    """Ninety days at most, the last ones where nothing is said."""
    start, end = _moment(values, "start_date"), _moment(values, "end_date")
    try:
        until = end or (min(now, start + SPAN) if start and start < now else now)
        since = start or until - SPAN
        span = until - since
    except OverflowError:
        raise Refused(400, [("start_date", "lies beyond all calendars.")]) from None
    if span > SPAN:
        raise Refused(400, [("end_date", "lies more than 90 days after start_date.")])
    if end is not None and since > until:
        raise Refused(400, [("end_date", "lies before start_date.")])
    return since, until


def _open(values: Values) -> bool | None:
    wanted = {one.lower() for one in values.several("status")}
    if wanted - {"open", "closed"}:
        raise Refused(400, [("status", "send open, closed, or both with a comma between them.")])
    return None if len(wanted) != 1 else "open" in wanted


def _count(values: Values, name: str, otherwise: int) -> int:
    value = values.get(name)
    if value is None:
        return otherwise
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= 1_000_000:
        raise Refused(400, [(name, "send a whole number from 1.")])
    return int(value)


# ---------------------------------------------------------------------- what goes out


def _attribute(question: Question, order: int, place: str | None) -> dict[str, Any]:
    datatype, says = DATATYPES.get(question.type, ("string", "Text"))
    taken = question.id == place
    return {
        "variable": True,
        "code": question.id,
        "datatype": datatype,
        "required": question.required and not question.conditional and not taken,
        "datatype_description": "Taken from the location where it is not sent" if taken else question.hint or says,
        "order": order,
        "description": question.title,
        "values": [{"key": key, "name": name} for key, name in question.options.items()],
    }


def _request(one: Listed, asked: Request, *, extensions: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "service_request_id": one.reference,
        "status": "open" if one.open else "closed",
        "status_notes": one.says,
        "service_name": one.service_title,
        "service_code": one.service,
        "description": one.description,
        "agency_responsible": one.agency,
        "service_notice": one.promise,
        "requested_datetime": _instant(one.requested_at),
        "updated_datetime": _instant(one.updated_at),
        "expected_datetime": _instant(one.expected_at) if one.expected_at else None,
        "address": one.address,
        "address_id": None,
        "zipcode": None,
        "lat": one.lat,
        "long": one.long,
        "media_url": one.media_url or (f"{asked.url.partition(V2)[0]}{V2}/pictures/{one.reference}" if one.picture else None),
    }
    if extensions:
        notes = [{"datetime": told["requested_datetime"], "summary": "Request opened", "type": "opened"}]
        if one.closed_at:
            notes.append({"datetime": _instant(one.closed_at), "summary": "Request closed", "description": one.says, "type": "closed"})
        told |= {"attributes": [], "extended_attributes": {"status": one.status}, "notes": notes}
    return told


def _update(one: Update) -> dict[str, Any]:
    return {
        "update_id": one.id,
        "service_request_id": one.reference,
        "status": one.status,
        "updated_datetime": _instant(one.at),
        "description": one.says,
        "media_url": None,
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _answer(status: int, root: str, value: Any, form: str, headers: Mapping[str, str] | None = None) -> Response:
    """Open data: any page may read it."""
    return Response(status, written(root, value, form), FORMATS[form], {"Access-Control-Allow-Origin": "*", **(headers or {})})


CHANNEL = Open311()
