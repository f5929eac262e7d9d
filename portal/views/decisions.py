"""Decisions as their readers see them: what was decided, why, by whom, when it was served, and what can be done against it until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import once
from portal.access.scoping import visible
from portal.cases import decisions, links, registry
from portal.catalogue.definitions import Law
from portal.catalogue.languages import say
from portal.catalogue.letters import Filled
from portal.catalogue.publish import rebuilt
from portal.errors import NotFound
from portal.unit_of_work import Work
from portal.vault import items
from portal.workflow import deciding, remedies, serving
from portal.workflow.deciding import Draft


def of_case(work: Work, case_id: UUID, *, language: str) -> list[dict[str, Any]]:
    """All decisions of a case, oldest first, as the reader may see them. Words come from the vault: who may not read there gets none."""
    rows = once.rows(work, decisions.of_case_for_reader, case_id)
    words = {item["id"]: item["value"] for item in once.rows(work, items.kept, case_id)}
    linked = once.rows(work, links.statement, case_id)
    replaced = {row["supersedes"]: row["id"] for row in rows if row["supersedes"]}
    return [_told(work, row, words, [one for one in linked if one["decision_id"] == row["id"] and one["kind"] == links.BY], replaced, language) for row in rows]


def belongings(work: Work, case_id: UUID) -> list[dict[str, Any]]:
    """What belongs to a case; `reference` where the reader may see that other case too."""
    rows = once.rows(work, links.statement, case_id)
    known = {row["case_id"]: row["reference"] for row in work.run(visible(work, registry.references_of({row["other_id"] for row in rows})))} if rows else {}
    return [
        {**{name: row[name] for name in ("kind", "decision_id", "late", "since", "ended", "ended_at")}, "reference": known.get(row["other_id"])} for row in rows
    ]


def letter(work: Work, case_id: UUID, id: UUID) -> Filled:
    """The letter of a decision as it went; NotFound where none did, or the reader may not see it."""
    row = next((row for row in once.rows(work, decisions.of_case_for_reader, case_id) if row["id"] == id), None)
    item = row and next((item for item in once.rows(work, items.kept, case_id) if item["id"] == row["letter"]), None)
    if not item:
        raise NotFound("No letter went out with a decision of that id, or you may not read it. GET /api/v1/cases/{reference}/decisions lists decisions.")
    return deciding.as_sent(item["value"])


def previewed(work: Work, drafted: Draft) -> dict[str, Any]:
    """A decision nobody has taken yet."""
    filled, sought = drafted.letter, drafted.sought
    row = {"terms": drafted.terms}
    remedy = serving.remedy_of(row)
    ends = remedies.until(work, remedy, agency=sought.agency, served_at=work.now) if remedy else None
    language = filled.language if filled else drafted.asked
    return {
        "outcome": sought.outcome,
        "title": say(drafted.ruled.title, language),
        "gives": drafted.ruled.gives,
        "language": filled and filled.language,
        "fell_back": drafted.fell_back,
        "subject": filled and filled.subject,
        "text": filled and filled.text,
        "html": filled and filled.html,
        "remedy": remedy and remedy.kind,
        "last_day": remedies.last_day(work, ends, sought.agency) if ends else None,
        "no_letter": say(drafted.ruled.no_letter, language) if drafted.ruled.no_letter and not filled else None,
    }


def _told(
    work: Work, row: Mapping[str, Any], words: Mapping[UUID, Any], objections: list[dict[str, Any]], replaced: Mapping[UUID, UUID], language: str
) -> dict[str, Any]:
    terms = row["terms"] or {}
    day = remedies.last_day(work, row["remedy_until"], row["agency"]) if row["remedy_until"] else None
    signed = (words.get(row["letter"]) or {}).get("values", {}).get("official")
    official = {"name": signed or None, "function": _say(terms.get("function"), language)}
    if work.principal.scope != "party":
        official["subject"] = row["official"]
    law = rebuilt(Law, terms["law"]) if terms.get("law") else None
    return {
        **{name: row[name] for name in ("id", "outcome", "agency", "decided_at", "served_at", "served_by", "final_at", "supersedes")},
        "title": _say(terms.get("title"), language) or row["outcome"],
        "gives": terms.get("gives"),
        "reasons": words.get(row["reasons"]),
        "conditions": words.get(row["conditions"]) or [],
        "law": {"title": say(law.title, language), "article": law.article, "url": law.url} if law else {"title": None, "article": row["law"], "url": None},
        "official": official,
        "authority": _say(terms.get("authority"), language),
        "mandate": _say(terms.get("mandate"), language),
        "remedy": _remedy(row, language, work.now, day),
        "effective_on": terms.get("effective_on"),
        "letter": row["letter"] is not None,
        "superseded_by": replaced.get(row["id"]),
        "objections": [{name: one[name] for name in ("late", "since", "ended", "ended_at")} for one in objections],
        "standing": _standing(row, objections, replaced),
    }


def _remedy(row: Mapping[str, Any], language: str, now: datetime, day: Any) -> dict[str, Any] | None:
    remedy = serving.remedy_of(row)
    if remedy is None:
        return None
    return {
        "kind": remedy.kind,
        "within": remedy.within,
        "last_day": day,
        "law": remedies.law_in_words(remedy.law, language) if remedy.law else None,
        "turn_to": _say(remedy.turn_to, language),
        "says": remedies.standing(row, language, now=now, day=day),
    }


def _standing(row: Mapping[str, Any], objections: list[dict[str, Any]], replaced: Mapping[UUID, UUID]) -> str:
    """`made`, `served`, `objected`, `upheld-on-objection`, `final`, `superseded`."""
    if row["id"] in replaced:
        return "superseded"
    ends = [one["ended"] for one in objections]
    if None in ends:
        return "objected"
    if "dismissed" in ends:
        return "upheld-on-objection"
    if row["final_at"] is not None:
        return "final"
    return "served" if row["served_at"] is not None else "made"


def _say(text: Any, language: str) -> str | None:
    return say(text, language) if text else None
