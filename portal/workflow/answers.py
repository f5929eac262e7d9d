"""The answers of a case so far, and which questions they leave to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Service
from portal.clock import local_date
from portal.unit_of_work import Row, Work
from portal.vault import items


def facts(work: Work, case: Row) -> dict[str, Any]:
    """What conditions and tables are judged on: the answers so far, later ones over earlier ones, where the request came from, and the local date."""
    answers: dict[str, Any] = {}
    for given in items.of_kind(work, case["case_id"], "answers"):
        answers |= given
    return {"answers": answers, "channel": case["channel"], "area": case["area"], "language": case["language"], "today": local_date(work.now, case["zone"])}


def never_asked(service: Service, names: Iterable[str], facts: Mapping[str, Any]) -> dict[str, str]:
    """Of these fields, those whose condition is false on the answers so far -> the condition: an answer to them would be refused."""
    whens = {field.id: field.when for field in service.fields}
    known = typed(service.fields)
    return {name: when for name in names if (when := whens.get(name)) is not None and not applies(when, known, facts)}
