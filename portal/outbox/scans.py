"""Files that wait for the scanner. The rows hold the document's id; the file is read when it leaves."""

from __future__ import annotations

from uuid import UUID

from portal.outbox.rows import placed
from portal.unit_of_work import Row, Work

KIND = "scan"
TARGET = "scanner"


def place(work: Work, case_id: UUID, document: UUID) -> Row:
    """The scanner looks at it as soon as it can; a file of a case that may not reach the outside too, for the scanner is ours."""
    return placed(work, case_id, kind=KIND, target=TARGET, subject=document, body={})
