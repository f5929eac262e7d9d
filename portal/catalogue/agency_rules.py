"""What must hold in one agency's definition."""

from __future__ import annotations

from collections.abc import Iterable

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, DutyPerson, Person, WorkingHours
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.known import PROVIDERS
from portal.catalogue.languages import is_language
from portal.catalogue.reach_rules import check_reach


def check_agency(document: Document[Agency]) -> None:
    """Note every fault of an agency that its own file shows."""
    agency = document.value
    if agency is None:
        return
    say(document, ("id",), agency.id and (syntax.bad_id(agency.id) or _elsewhere(agency.id, document.source.folder)))
    say(document, ("currency",), agency.currency and syntax.bad_currency(agency.currency))
    say(document, ("jurisdiction",), agency.jurisdiction and syntax.bad_word(agency.jurisdiction))
    once(document, "calendars", [calendar.id for calendar in agency.calendars])
    for index, calendar in enumerate(agency.calendars):
        _calendar(document, ("calendars", index), calendar)
    once(document, "queues", [queue.id for queue in agency.queues])
    for index, queue in enumerate(agency.queues):
        say(document, ("queues", index, "team"), queue.team and syntax.bad_word(queue.team))
    check_reach(document, agency)
    _people(document, agency)
    words_by_language(document, "danger_words", agency.danger_words)
    _money(document, agency)


def _people(document: Document[Agency], agency: Agency) -> None:
    lists: tuple[tuple[str, tuple[DutyPerson | Person, ...]], ...] = (("duty", agency.duty), ("people", agency.people))
    for name, people in lists:
        for index, person in enumerate(people):
            if person.email and "@" not in person.email.strip("@"):
                document.note((name, index, "email"), f"`{person.email}` is no e-mail address: write `name@domain`")
    roles = [person.role for person in agency.people]
    for index, role in enumerate(roles):
        say(document, ("people", index, "role"), role and syntax.bad_word(role))
        if role and role in roles[:index]:
            document.note(("people", index, "role"), f"there is already a person with the role `{role}`: a promise is put before one, choose another word")


def _money(document: Document[Agency], agency: Agency) -> None:
    if agency.card and agency.card.endpoint:
        say(document, ("card", "endpoint"), syntax.bad_address(agency.card.endpoint))
        if agency.card.provider and agency.card.provider not in PROVIDERS:
            document.note(("card", "provider"), f"unknown provider `{agency.card.provider}`: {instead(agency.card.provider, PROVIDERS)}")
        say(document, ("card", "account"), agency.card.account and syntax.bad_id(agency.card.account))
    if not 0 <= agency.letters_back_days <= 366:
        document.note(("letters_back_days",), "write how many days back letters are written down without a second person: 0 to 366")
    if agency.second_person_above is not None and agency.second_person_above < 0:
        document.note(("second_person_above",), "an amount cannot be negative: write minor units of the currency, 0 or more")


def say(document: Document[Agency], path: Path, message: str | None) -> None:
    """Note the message, if there is one."""
    if message:
        document.note(path, message)


def once(document: Document[Agency], name: str, ids: Iterable[str]) -> None:
    """Ids in a list: well formed, and each once."""
    seen: set[str] = set()
    for index, id in enumerate(ids):
        say(document, (name, index, "id"), id and syntax.bad_id(id))
        if id and id in seen:
            document.note((name, index, "id"), f"`{id}` stands in `{name}` twice: choose another id")
        seen.add(id)


def words_by_language(document: Document[Agency], name: str, words: dict[str, tuple[str, ...]]) -> None:
    """Language -> words: the languages are codes, the lists are filled."""
    for language, list in words.items():
        if not is_language(language):
            document.note((name, language), f"`{language}` is not a language code: write two or three small letters, such as `en`", key=True)
        if not list:
            document.note((name, language), f"`{name}.{language}` is empty: write words, or leave the line out")


def _elsewhere(id: str, folder: str) -> str | None:
    return None if id == folder else f"the id is `{id}`, but the folder is `{folder}`: give both the same name"


def _calendar(document: Document[Agency], path: Path, calendar: WorkingHours) -> None:
    say(document, (*path, "zone"), calendar.zone and syntax.bad_zone(calendar.zone))
    say(document, (*path, "country"), calendar.country and syntax.bad_country(calendar.country))
    if calendar.subdivision and not calendar.country:
        document.note((*path, "subdivision"), "a subdivision needs its country: write `country: ..`")
    _hours(document, path, calendar)
    say(document, (*path, "half_days"), calendar.half_days and syntax.bad_window(calendar.half_days))
    say(document, (*path, "holidays_file"), calendar.holidays_file and _bad_file(calendar.holidays_file, document.source.beside))
    for name, dates in (("closed", calendar.closed), ("worked", calendar.worked)):
        for index, text in enumerate(dates):
            say(document, (*path, name, index), text and syntax.bad_date(text))


def _hours(document: Document[Agency], path: Path, calendar: WorkingHours) -> None:
    for name, bad, hours in (("weekly", syntax.bad_day, calendar.weekly), ("special", syntax.bad_date, calendar.special)):
        for day, windows in hours.items():
            if message := bad(day):
                document.note((*path, name, day), message, key=True)
            _windows(document, (*path, name, day), windows)
    if not calendar.weekly and not calendar.always:
        document.note(path, "`weekly` is missing: write the hours of each day, such as `mon: [08:30-17:00]`, or `always: true` for day and night")
    elif calendar.weekly and not any(calendar.weekly.values()):
        document.note((*path, "weekly"), "this calendar never opens: write windows for at least one day, such as `mon: [08:30-17:00]`")


def _bad_file(name: str, beside: frozenset[str]) -> str | None:
    if not name.endswith(".ics"):
        return f"`{name[:80]}` is no iCalendar file: write a name that ends in `.ics`"
    near = instead(name, {one for one in beside if one.endswith(".ics")})
    return None if name in beside else f"there is no `{name[:80]}` beside this file: {near}"


def _windows(document: Document[Agency], path: Path, windows: tuple[str, ...]) -> None:
    for index, window in enumerate(windows):
        say(document, (*path, index), window and syntax.bad_window(window))
    say(document, path, syntax.bad_order(windows))
