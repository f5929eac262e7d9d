"""What a citizen says of a service."""

from __future__ import annotations

from uuid import UUID

from portal.db import new_id
from portal.feedback.tables import feedback
from portal.unit_of_work import Row, Work


def give(work: Work, case_id: UUID, *, score: int, words: UUID | None, commitment: str | None) -> Row:
    """Score 1 (very dissatisfied) to 5 (very satisfied), and words kept in the vault. `FeedbackGiven`."""
    row = work.add(feedback, case_id=case_id, id=new_id(), score=score, words=words, given_at=work.now)
    work.record(case_id, "FeedbackGiven", feedback=str(row["id"]), score=score, words=str(words) if words else None, commitment=commitment)
    return row
