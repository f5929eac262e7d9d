"""What decision tables told of a case: recorded by table, rows and outputs, never by what was looked at."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from portal.catalogue.tabled import Found
from portal.unit_of_work import Work

#: What a table was asked for.
Use = Literal["condition", "eligibility", "fee"]


def told(work: Work, case_id: UUID, found: Found, use: Use, *, agency: str | None = None) -> None:
    """A table was asked and told something. `TableDecided`."""
    work.record(case_id, "TableDecided", agency=agency, table=found.table, rows=list(found.rules), told=dict(found.told), law=found.law, use=use)
