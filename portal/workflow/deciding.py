"""A decision before and as it is taken: what it says in law, and the letter as it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.cases import registry
from portal.cases.decisions import Paper
from portal.catalogue import letters, rulings
from portal.catalogue.definitions import Field, Law, Letter, Remedy, Service, Step, Text
from portal.catalogue.languages import day_in_words, say
from portal.catalogue.letters import Filled
from portal.catalogue.publish import plain
from portal.catalogue.rulings import Ruled
from portal.errors import Invalid
from portal.parties import register
from portal.unit_of_work import Row, Work
from portal.vault import items
from portal.workflow import remedies

#: Characters of reasons, and of one condition; how many conditions.
WORDS_LIMIT, CONDITION_LIMIT, CONDITIONS_LIMIT = 10_000, 2_000, 50
_YES = {"en": ("yes", "no"), "fr": ("oui", "non"), "es": ("sí", "no"), "ar": ("نعم", "لا")}


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What an official means to decide."""

    outcome: str
    reasons: str | None = None
    conditions: tuple[str, ...] = ()
    #: Agency that decides, and where in it the official works.
    agency: str
    queue: str
    function: Text
    #: In place of the step's own, for a decision that takes the place of one that was objected to.
    authority: Text | None = None
    mandate: Text | None = None
    remedy: Remedy | None = None
    #: In place of what is said of the outcome, for one that is not the step's own.
    law: Law | None = None
    title: Text | None = None
    gives: str | None = None


@dataclass(frozen=True)
class Draft:
    """A decision nobody has taken yet. Without a letter, `ruled.no_letter` says why."""

    sought: Sought
    ruled: Ruled
    terms: dict[str, Any]
    letter: Filled | None
    #: Hash of the template, the values it was filled with, and the language the party reads.
    template: str | None
    values: dict[str, str]
    asked: str

    @property
    def fell_back(self) -> bool:
        """True where the letter is not in the language the party reads."""
        return self.letter is not None and self.letter.language.partition("-")[0] != self.asked.partition("-")[0]


def draft(work: Work, case: Row, service: Service, step: Step, sought: Sought) -> Draft:
    """The decision as it would be taken now; nothing is written. Invalid for reasons that lack, or conditions of a refusal."""
    ruled = rulings.ruled(sought.outcome, rulings.said(service, step, work.catalogue.agencies), service.law)
    ruled = replace(ruled, law=sought.law or ruled.law, title=sought.title or ruled.title, gives=sought.gives or ruled.gives)
    _demand(ruled, sought)
    remedy = sought.remedy or ruled.remedy
    terms = {
        "step": step.id,
        "queue": sought.queue,
        "gives": ruled.gives,
        "title": ruled.title,
        "service": service.title,
        "authority": sought.authority or ruled.authority,
        "mandate": sought.mandate or ruled.mandate,
        "function": sought.function,
        "law": plain(ruled.law),
        "remedy": plain(remedy) if remedy else None,
    }
    party = next((row for row in register.of_case(work, case["case_id"]) if row["role"] == "applicant"), None)
    asked = party["language"] if party else case["language"]
    if ruled.letter is None or ruled.letter not in work.catalogue.letters:
        return Draft(sought, ruled, terms, None, None, {}, asked)
    template = work.catalogue.letters[ruled.letter]
    language = letters.spoken(template, asked, work.portal.settings.default_language)
    values = _values(work, case, service, sought, ruled, terms, remedy, party, language)
    filled = letters.fill(template, language, values, asked=asked)
    return Draft(sought, ruled, terms, filled, work.catalogue.hashes["letter", template.id], values, asked)


def decide(work: Work, case: Row, drafted: Draft, *, supersedes: UUID | None = None, part: UUID | None = None) -> UUID:
    """Takes the decision: reasons, conditions and the letter as it goes into the vault, the rest beside it. `part`: see `registry.decide`. Its id."""
    case_id, sought = case["case_id"], drafted.sought
    reasons, commitment = items.put(work, case_id, "reasons", sought.reasons) if sought.reasons else (None, None)
    conditions = items.put(work, case_id, "reasons", list(sought.conditions))[0] if sought.conditions else None
    letter, sealed = items.put(work, case_id, "letter", kept(drafted)) if drafted.letter else (None, None)
    paper = Paper(
        gives=drafted.ruled.gives,
        remedy=(drafted.terms["remedy"] or {}).get("kind"),
        template=drafted.template,
        letter=letter,
        letter_commitment=sealed,
        conditions=conditions,
        count=len(sought.conditions),
        terms=drafted.terms,
    )
    law = drafted.ruled.law.article
    official = str(work.principal.subject)
    said: dict[str, Any] = {"law": law, "reasons": reasons, "commitment": commitment, "paper": paper, "supersedes": supersedes, "part": part}
    return registry.decide(work, case_id, outcome=sought.outcome, official=official, agency=sought.agency, **said)


def kept(drafted: Draft) -> dict[str, Any]:
    """What the vault keeps of a letter: as it went, and all that it takes to write it again."""
    assert drafted.letter is not None
    return {
        "language": drafted.letter.language,
        "asked": drafted.asked,
        "subject": drafted.letter.subject,
        "paragraphs": list(drafted.letter.paragraphs),
        "values": drafted.values,
    }


def as_sent(item: Mapping[str, Any]) -> Filled:
    """The letter as it went."""
    return Filled(item["language"], item["subject"], tuple(item["paragraphs"]))


def again(work: Work, template: str, item: Mapping[str, Any]) -> Filled:
    """The letter written anew, from the template the decision pinned and what the vault holds. KeyError for a template that was never published."""
    letter: Letter = work.portal.pinned(work, template)
    return letters.fill(letter, item["language"], item["values"], asked=item["asked"])


def _demand(ruled: Ruled, sought: Sought) -> None:
    errors = []
    if ruled.reasoned and not (sought.reasons or "").strip():
        why = "A refusal, in whole or in part, needs reasons" if ruled.gives != "all" else "This outcome needs reasons"
        errors.append({"pointer": "/reasons", "detail": f"{why}: say why, in words the party understands."})
    elif sought.reasons is not None and not sought.reasons.strip():
        errors.append({"pointer": "/reasons", "detail": "Say it in words; blanks are none."})
    if len(sought.reasons or "") > WORDS_LIMIT:
        errors.append({"pointer": "/reasons", "detail": f"This is longer than {WORDS_LIMIT} characters; please shorten it."})
    if sought.conditions and ruled.gives == "nothing":
        errors.append({"pointer": "/conditions", "detail": "Conditions belong to a grant; a refusal has none."})
    for place, condition in enumerate(sought.conditions):
        if not condition.strip():
            errors.append({"pointer": f"/conditions/{place}", "detail": "Say it in words; blanks are none."})
    if errors:
        raise Invalid(errors=errors)


def _values(
    work: Work, case: Row, service: Service, sought: Sought, ruled: Ruled, terms: Mapping[str, Any], remedy: Remedy | None, party: Row | None, language: str
) -> dict[str, str]:
    """What stands in each place of a letter, in its language."""
    zone, agency = ZoneInfo(case["zone"]), work.catalogue.agencies[sought.agency]
    contact: Any = (items.get(work, case["case_id"], party["contact"]) if party and party["contact"] else None) or {}
    ends = remedies.until(work, remedy, agency=sought.agency, served_at=work.now) if remedy else None
    today = remedies.last_day(work, ends, sought.agency) if ends else None
    texts = {name: say(terms[name], language) if terms[name] else "" for name in ("authority", "mandate", "function")}
    return {
        "reference": case["reference"],
        "service": say(service.title, language),
        "outcome": say(ruled.title, language),
        "reasons": sought.reasons or "",
        "conditions": "\n".join(f"{number}. {words}" for number, words in enumerate(sought.conditions, start=1)),
        "law": remedies.law_in_words(ruled.law, language),
        "official": work.principal.name or "",
        "agency": say(agency.title, language),
        "contact": say(agency.contact, language) if agency.contact else "",
        "received_on": day_in_words(case["received_at"].astimezone(zone).date(), language),
        "decided_on": day_in_words(work.now.astimezone(zone).date(), language),
        "remedy": remedies.sentence(remedy, language, today=today) if remedy else "",
        "name": str(contact.get("name") or ""),
        "address": str(contact.get("address") or ""),
        **texts,
        **_answers(work, case, service, language),
    }


def _answers(work: Work, case: Row, service: Service, language: str) -> dict[str, str]:
    given: dict[str, Any] = {}
    for some in items.of_kind(work, case["case_id"], "answers"):
        given |= some
    return {letters.ANSWERS + field.id: _answer(field, given[field.id], language) for field in service.fields if field.id in given}


def _answer(field: Field, value: Any, language: str) -> str:
    """An answer as people say it: options by their titles, dates in words."""
    if isinstance(value, bool):
        return _YES.get(language, _YES["en"])[not value]
    titles = {option.id: say(option.title, language) for option in field.options}
    if isinstance(value, list):
        return ", ".join(titles.get(str(one), str(one)) for one in value)
    return titles.get(str(value), str(value))


def official_of(work: Work, task: Mapping[str, Any]) -> Text:
    """Where in its agency whoever holds a task works: the queue's title and the agency's."""
    agency = work.catalogue.agencies[task["agency"]]
    queue = next((one for one in agency.queues if one.id == task["queue"]), None)
    if queue is None:
        return agency.title
    return {language: f"{say(queue.title, language)}, {say(agency.title, language)}" for language in {**queue.title, **agency.title}}


def sought(work: Work, task: Row, *, outcome: str, reasons: str | None, conditions: Sequence[str]) -> Sought:
    """What the holder of a task means to decide."""
    return Sought(outcome=outcome, reasons=reasons, conditions=tuple(conditions), agency=task["agency"], queue=task["queue"], function=official_of(work, task))
