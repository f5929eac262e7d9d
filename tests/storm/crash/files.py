"""Crash lists of files: one that comes in, and one that is looked through."""

from __future__ import annotations

import io
from datetime import timedelta

from portal.dispatch.deliver import drain
from tests.storm.crash.doors import opened
from tests.storm.crash.pages import proved
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World

_PDF = b"%PDF-1.7\n%%EOF\n"


def send(world: World, subject: Subject) -> None:
    """An `act`: the party sends a file; who heard nothing sends it again with the same key."""
    boundary = f'--{subject.key}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'.encode()
    body = io.BytesIO(boundary + _PDF + f"\r\n--{subject.key}--\r\n".encode())
    headers = subject.mine | {"Idempotency-Key": subject.key}
    found = world.client.post(
        f"/api/v1/cases/{subject.reference}/documents", headers=headers, input_stream=body, content_type=f"multipart/form-data; boundary={subject.key}"
    )
    assert found.status_code == 201, found.get_data(as_text=True)[:300]


def waiting(world: World, subject: Subject) -> None:
    """A `prepare`: a file came in and waits for the scanner."""
    opened("noise-complaint")(world, subject)
    send(world, subject)
    world.alone(subject)
    ((subject.at,),) = world.look("SELECT greatest(now(), max(next_at)) FROM outbox WHERE kind = 'scan' AND case_id = ANY(%s)", world.cases(subject))


def look(world: World, subject: Subject) -> None:
    """An `act`: whoever drains next asks the scanner."""
    drain(world.portal, kinds=["scan"], at=subject.at)


def later(world: World, subject: Subject) -> None:
    """A `recover`: leases end, and the row is taken up again."""
    assert subject.at is not None
    for minutes in (0, 20, 40):
        world.leases_end()
        world.drained("scan", at=subject.at + timedelta(minutes=minutes))


def send_by_page(world: World, subject: Subject) -> None:
    """An `act`: the same on the page of the case, in a browser that has proved the secret."""
    file = (io.BytesIO(_PDF), "a.pdf")
    found = world.client.post(f"/cases/{subject.reference}/documents", data={"once": subject.key, "file": file})
    assert found.status_code == 303, found.get_data(as_text=True)[:300]


FILES = (
    UseCase("document", ("route documents.send_document",), opened("noise-complaint"), send),
    UseCase("document-by-page", ("route document_pages.send",), proved(opened("noise-complaint")), send_by_page),
    UseCase("scan", ("outbox scan", "job drain"), waiting, look, later, again=False),
)
