"""What must hold in a standard's conditions: its pauses, its extension, whom a breach reaches, and what the law makes of one."""

from __future__ import annotations

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, Consequence, Journey, Law, Service, Standard, WorkingHours
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead


def check_conditions(document: Document[Service], path: Path, standard: Standard, agency: Agency | None, journey: Journey | None) -> None:
    """Note every fault of the standard at `path` of its service."""
    _pauses(document, path, standard, journey)
    if standard.extend:
        _extension(document, (*path, "extend"), standard)
    for index, escalation in enumerate(standard.escalate):
        _term(document, (*path, "escalate", index, "after"), escalation.after)
        _role(document, (*path, "escalate", index, "to"), escalation.to, agency)
    for index, role in enumerate(standard.tell):
        _role(document, (*path, "tell", index), role, agency)
    if standard.consequence:
        _consequence(document, (*path, "consequence"), standard.consequence, agency, journey)
    if standard.starts_on and standard.covers not in ("case", "first-answer"):
        document.note((*path, "starts_on"), "a promise on a step starts with its step: leave `starts_on` out, or let it cover `case`", key=True)
    for name in ("stops_on", "cancels_on", "resets_on"):
        if standard.starts_on and standard.starts_on in getattr(standard, name):
            document.note((*path, name), f"`{standard.starts_on}` starts this promise: it cannot be in `{name}` too", key=True)


def check_cutoff(document: Document[Service], path: Path, standard: Standard, hours: WorkingHours | None) -> None:
    """Note what is wrong with the cut-off of the standard at `path`; `hours` is the calendar it runs on, where that is known."""
    if standard.cutoff is None:
        return
    here = (*path, "cutoff")
    if message := syntax.bad_time(standard.cutoff) or (syntax.bad_cutoff(standard.cutoff, hours.id, hours.weekly) if hours else None):
        document.note(here, message)
    elif standard.begins == "just-count":
        document.note(here, "a cut-off moves a start to the next opening, and `begins: just-count` counts it as it stands: leave one of them out", key=True)
    elif standard.profile == "same-time" and standard.within.endswith("calendar_months"):
        says = "a month counted to the same time of day may end sooner when it starts a day later (on the 29th and the 30th of January, for example)"
        document.note(here, f"{says}, so it can have no cut-off: write `profile: eu-1182-71`, or calendar_weeks", key=True)


def _pauses(document: Document[Service], path: Path, standard: Standard, journey: Journey | None) -> None:
    for index, rule in enumerate(standard.pauses):
        here: Path = (*path, "pauses", index)
        _article(document, (*here, "law"), rule.law, "stops a promise")
        if rule.awaits == "agency" and rule.within is None:
            document.note(here, "a pause for an agency needs its longest time: write `within: 10 business_days`, since nothing may stand still without an end")
        if rule.awaits == "answer" and rule.within is not None:
            document.note((*here, "within"), "an answer has a date of its own, given when the party is asked: leave `within` out", key=True)
        if rule.within:
            _term(document, (*here, "within"), rule.within)
        if rule.awaits == "answer" and rule.steps:
            document.note((*here, "steps"), "`steps` are for a pause that awaits an agency: leave it out", key=True)
        steps = [step.id for step in journey.steps if step.id] if journey else []
        for place, step in enumerate(rule.steps):
            if journey and step and step not in steps:
                document.note((*here, "steps", place), f"journey `{journey.id}` has no step `{step}`: {instead(step, steps)}")
        if rule.awaits in [other.awaits for other in standard.pauses[:index]]:
            document.note((*here, "awaits"), f"there is already a pause for `{rule.awaits}`: keep one")


def _extension(document: Document[Service], path: Path, standard: Standard) -> None:
    extend = standard.extend
    assert extend is not None
    _article(document, (*path, "law"), extend.law, "extends a promise")
    _term(document, (*path, "within"), extend.within)
    if standard.profile == "eu-1182-71" and extend.within.endswith("business_hours"):
        document.note((*path, "within"), "the profile eu-1182-71 knows no business_hours: write business_days")
    if standard.profile == "opening-hours" and not extend.within.endswith(("business_days", "business_hours")):
        document.note((*path, "within"), "the profile opening-hours counts open time: write business_days or business_hours")


def _consequence(document: Document[Service], path: Path, consequence: Consequence, agency: Agency | None, journey: Journey | None) -> None:
    _article(document, (*path, "law"), consequence.law, "makes something of a missed promise")
    _term(document, (*path, "undo_within"), consequence.undo_within)
    known = sorted({name for queue in agency.queues for name in (queue.id, queue.team)}) if agency else []
    if agency and consequence.official and consequence.official not in known:
        document.note((*path, "official"), f"agency `{agency.id}` has no queue or team `{consequence.official}`: {instead(consequence.official, known)}")
    if consequence.unattended and not consequence.signed:
        document.note((*path, "unattended"), "nothing takes effect by itself unless the agency has signed the article: write `signed: true`, or leave it out")
    if consequence.revoke:
        _article(document, (*path, "revoke", "law"), consequence.revoke.law, "takes a tacit approval back")
        _term(document, (*path, "revoke", "within"), consequence.revoke.within)
        if consequence.kind != "tacit-approval":
            document.note((*path, "revoke"), f"`revoke` is for a tacit approval, not for `{consequence.kind}`: leave it out", key=True)
        elif journey and not any(step.kind == "decide" for step in journey.steps):
            document.note((*path, "revoke"), f"journey `{journey.id}` decides nothing, so nothing could be decided anew: add a step of kind `decide`", key=True)
    elif consequence.unattended and consequence.kind == "tacit-approval":
        says = "what takes effect by itself needs a way back"
        document.note((*path, "unattended"), f"{says}: write `revoke: {{within: 6 calendar_weeks, law: ..}}` beside it")
    outcomes = sorted({outcome for step in journey.steps for outcome in step.outcomes}) if journey else []
    if consequence.kind == "tacit-approval" and consequence.outcome is None:
        document.note(path, "a tacit approval needs the outcome that counts as decided: write `outcome: granted`")
    elif consequence.outcome and consequence.kind != "tacit-approval":
        document.note((*path, "outcome"), f"`outcome` is for a tacit approval, not for `{consequence.kind}`: leave it out", key=True)
    elif consequence.outcome and outcomes and consequence.outcome not in outcomes:
        document.note((*path, "outcome"), f"`{consequence.outcome}` is no outcome of the journey: {instead(consequence.outcome, outcomes)}")


def _article(document: Document[Service], path: Path, law: Law | None, does: str) -> None:
    """`law` is None where it could not be read: that was told already."""
    if law is not None and not law.article:
        document.note(path, f"name the article that {does}: write `article: ...` below `law`")


def _role(document: Document[Service], path: Path, role: str, agency: Agency | None) -> None:
    known = [person.role for person in agency.people] if agency else []
    if role and (message := syntax.bad_word(role)):
        document.note(path, message)
    elif role and agency and role not in known:
        says = f"agency `{agency.id}` names nobody as `{role}` in its `people`: {instead(role, known)}"
        document.note(path, f"{says}; or write `{{role: {role}, name: .., email: ..}}` there")


def _term(document: Document[Service], path: Path, term: str) -> None:
    if term and (message := syntax.bad_term(term)):
        document.note(path, message)
