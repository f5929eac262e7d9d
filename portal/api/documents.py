"""`/cases/{reference}/documents`: files on a case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import ValidationError, fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.refusals import WrongContentType
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, faults
from portal.api.spec import Resource
from portal.documents import ledger
from portal.documents.kinds import LARGEST, TAKEN
from portal.errors import Invalid
from portal.intake import documents as intake
from portal.views import documents as views
from portal.views import entry

resource = Resource("documents", __name__, description="Files on a case: sent, looked through, replaced, opened; and receipts for them.")

#: A file and what is said beside it.
_BODY = LARGEST + 64 * 1024


class Beside(Schema):
    """What is said beside a file."""

    original = fields.Boolean(load_default=False, truthy={"true", "1", True}, falsy={"false", "0", "", False})
    replaces = fields.UUID(load_default=None, allow_none=True)
    letter = fields.Boolean(load_default=False, truthy={"true", "1", True}, falsy={"false", "0", "", False})


class Document(Schema):
    """A file."""

    id = fields.UUID(required=True)
    lineage = fields.UUID(required=True, metadata={"description": "The first of the files that replace one another."})
    number = fields.Integer(required=True, metadata={"description": "Which of them it is, from 1."})
    current = fields.Boolean(required=True, metadata={"description": "Nothing has replaced it."})
    name = fields.String(required=True, allow_none=True)
    media_type = fields.String(required=True, metadata={"description": "By its content."})
    size = fields.Integer(required=True, metadata={"description": "Bytes."})
    sha256 = fields.String(required=True, allow_none=True)
    original = fields.Boolean(required=True)
    sender = fields.String(required=True, validate=validate.OneOf(("party", "staff", "agency")))
    channel = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("pending", "clean", "infected", "unreadable")))
    received_at = fields.AwareDateTime(required=True)


class Documents(Schema):
    """Files of a case, oldest first."""

    items = fields.List(fields.Nested(Document), required=True)


class Event(Schema):
    """An event of the case's chain."""

    number = fields.Integer(required=True)
    hash = fields.String(required=True, metadata={"description": "SHA-256 by which the next event holds on to it, hex."})


class Receipt(Schema):
    """A stamped receipt: this file came in, then. `portal verify` and the event say that it was not written afterwards."""

    reference = fields.String(required=True)
    id = fields.UUID(required=True)
    name = fields.String(required=True, allow_none=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True, allow_none=True)
    original = fields.Boolean(required=True)
    received_at = fields.String(required=True)
    event = fields.Nested(Event, required=True)


_SHOWN = Document()
_FORM = {
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": f"At most {LARGEST // 1024 // 1024} MB. Taken are {TAKEN}."},
                    "original": {"type": "boolean", "description": "It is deposited as an original, and kept as it came."},
                    "letter": {"type": "boolean", "description": "Of staff: it is the scan of a letter of the party."},
                    "replaces": {"type": "string", "format": "uuid", "description": "The file in whose place it comes; both are kept."},
                },
            }
        }
    },
    "required": True,
}


@resource.route("/cases/<reference>/documents", methods=["POST"])
@allowed("document.add", headers=("Idempotency-Key",), body=_BODY)
@resource.doc(requestBody=_FORM)
@resource.answer(201, Document)
@resource.alt_response(422, "UNPROCESSABLE_ENTITY")
def send_document(reference: str) -> Response:
    """Send a file. Nobody can open it before it was looked through for viruses"""
    who, portal = principal(), the_portal()
    if request.mimetype != "multipart/form-data":
        raise WrongContentType("Send the file as multipart/form-data, in a part named `file`.")
    same = repeatable(who, "document.add")
    file, beside = _sent()
    upload = intake.keep(portal, file.read(), file.filename)
    kept = False
    try:
        with portal.work(who, repeatable=same) as work:
            if work.answer:
                return respond(work.answer, replayed=True)
            case_id = entry.find(work, reference)
            work.narrow([case_id])
            how = {"channel": "post", "sender": "party"} if beside["letter"] and who.scope == "staff" else {}
            row = intake.take(work, case_id, upload, original=beside["original"], replaces=beside["replaces"], **how)
            work.settle()
            told = {**row, "current": True, "name": upload.name, "sha256": upload.digest}
            given = answer(201, _SHOWN.dump(told))
            work.keep(given)
        kept = True
    finally:
        if not kept:
            intake.drop(portal, upload)
    return respond(given)


@resource.route("/cases/<reference>/documents")
@allowed("document.read")
@resource.response(200, Documents)
def list_documents(reference: str) -> dict[str, Any]:
    """Files of the case"""
    with the_portal().work(principal()) as work:
        return {"items": views.of_case(work, entry.find(work, reference))}


@resource.route("/cases/<reference>/documents/<uuid:id>")
@allowed("document.read")
@resource.response(200, Document)
def show_document(reference: str, id: UUID) -> dict[str, Any]:
    """One of them"""
    with the_portal().work(principal()) as work:
        return views.one(work, entry.find(work, reference), id)[0]


@resource.route("/cases/<reference>/documents/<uuid:id>/content")
@allowed("document.read")
@resource.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
@resource.alt_response(409, "CONFLICT")
def open_document(reference: str, id: UUID) -> Response:
    """The file itself, once it was found to be safe"""
    portal = the_portal()
    with portal.work(principal()) as work:
        told, row = views.one(work, entry.find(work, reference), id)
    ledger.demand_open(row)
    return Response(views.content(portal, row["kept_as"]), 200, views.headers(told), content_type=told["media_type"])


@resource.route("/cases/<reference>/documents/<uuid:id>/receipt")
@allowed("document.read")
@resource.response(200, Receipt)
def receipt(reference: str, id: UUID) -> dict[str, Any]:
    """That it came in, and when"""
    with the_portal().work(principal()) as work:
        return views.receipt(work, entry.find(work, reference), id, reference)


def _sent() -> tuple[Any, dict[str, Any]]:
    files = request.files.getlist("file")
    if len(files) != 1 or set(request.files) != {"file"}:
        detail = "Send one file, in a part named `file` with a file name."
        raise Invalid(detail, errors=[{"pointer": "/file", "detail": detail}])
    try:
        return files[0], Beside().load(request.form.to_dict())
    except ValidationError as error:
        raise Invalid(errors=faults(error.messages, location="json")) from error
