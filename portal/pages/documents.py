"""Files on the page of a case: sent by its party, opened by who may."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from portal.documents import ledger
from portal.documents.kinds import LARGEST
from portal.errors import Invalid, Refusal
from portal.intake import documents as intake
from portal.pages import speech
from portal.pages.cases import case_page, to_case, written_once
from portal.pages.opening import page, principal, the_portal
from portal.unit_of_work import Answer
from portal.views import documents as views
from portal.views import entry

pages = Blueprint("document_pages", __name__)


@pages.route("/cases/<reference>/documents", methods=["POST"])
@page("document.add", body=LARGEST + 64 * 1024)
def send(reference: str) -> Response:
    """A file, taken once"""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _again(reference, speech.words("Choose a file first."))
    try:
        upload = intake.keep(the_portal(), file.read(), file.filename)
    except Invalid:
        advice = speech.words("This kind of file cannot be taken. Send a PDF, a picture, plain text, or a document of an office program without macros.")
        return _again(reference, advice)
    kept = False
    try:
        with the_portal().work(principal(), repeatable=written_once(reference, "document.add", upload.digest)) as work:
            if work.answer is None:
                case_id = entry.find(work, reference)
                work.narrow([case_id])
                intake.take(work, case_id, upload)
                work.settle()
                work.keep(Answer(303, b"{}"))
                kept = True
    except Refusal as refused:
        if refused.slug != ledger.TooManyFiles.slug:
            raise
        return _again(reference, speech.words("This request holds as many files as it may. Write a message, and we will find another way."))
    finally:
        if not kept:
            intake.drop(the_portal(), upload)
    return to_case(reference, "document")


@pages.route("/cases/<reference>/documents/<uuid:id>")
@page("document.read")
def fetch(reference: str, id: UUID) -> Response:
    """The file itself, to be saved"""
    with the_portal().work(principal()) as work:
        told, row = views.one(work, entry.find(work, reference), id)
    ledger.demand_open(row)
    return Response(views.content(the_portal(), row["kept_as"]), 200, views.headers(told), content_type=told["media_type"])


def _again(reference: str, fault: str) -> Response:
    return case_page(reference, status=422, faults={"file": fault})
