"""From files to one checked catalogue, or to the list of all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from portal.catalogue.agency_rules import check_agency
from portal.catalogue.area_rules import check_agency_area, check_service_area
from portal.catalogue.condition_rules import check_conditions
from portal.catalogue.definitions import Agency, Catalogue, Journey, Letter, Service, Table, WorkingHours
from portal.catalogue.desk_rules import check_desk
from portal.catalogue.documents import Document, Positions, T, open_document
from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.inside import asked_once
from portal.catalogue.journey_rules import check_journey
from portal.catalogue.known import CHANNELS, Known
from portal.catalogue.letter_rules import check_letter
from portal.catalogue.publish import stored
from portal.catalogue.referral_rules import check_referrals
from portal.catalogue.ruling_rules import check_agency_ruling, check_rulings, check_step_rulings
from portal.catalogue.service_rules import check_service
from portal.catalogue.sources import Found, find, installed
from portal.catalogue.table_rules import check_tables

#: Turns working hours as written into the body that is stored (portal/standards); asked with `beside=` where a file belongs to them. ValueError
#: says what is wrong; its `path`, if any, where; its `name` and `lines`, if any, in which file beside the definition and on which lines.
Resolve = Callable[..., dict[str, Any]]
#: A rule of a room above this one, for example that terms can be counted.
Check = Callable[[Catalogue, Positions], Iterable[Fault]]
#: Faults of one file that are told; further ones are only counted.
MOST = 50


def load(
    packages: Iterable[str] | None = None,
    *,
    directories: Iterable[Path] = (),
    resolve_calendar: Resolve | None = None,
    checks: Sequence[Check] = (),
    channels: tuple[str, ...] = CHANNELS,
) -> Catalogue:
    """All definitions of the packages (None: those installed, unless directories are given) and directories, checked.

    Directories without a place for journeys, or with nothing but one agency's own folder, are completed from the installed content; what they
    define themselves goes before it. Without `resolve_calendar` the catalogue has no calendars. Raises CatalogueFaults with every fault of every
    file, NotADirectoryError or ValueError for a directory that is not there or holds nothing.
    """
    directories = list(directories)
    names = list(packages) if packages is not None else [] if directories else list(installed())
    given = find(names, directories)
    known = Known(channels=channels)
    rules = _take(given, known, given=True)
    if directories and packages is None:
        _take(_completing(given), known, given=False)
    for rule in rules:
        rule()
    calendars, faults, unresolved = _calendars(known, resolve_calendar)
    faults += given.faults + _triage(known) + [fault for document in known.documents if document.given for fault in document.faults]
    catalogue = _catalogue(known, calendars, {fault.file for fault in faults} | unresolved)
    positions = Positions(known.documents)
    faults += [fault for check in (check_conditions, check_tables, *checks) for fault in check(catalogue, positions)]
    if faults:
        raise CatalogueFaults(_told(faults))
    return catalogue


def _completing(given: Found) -> Found:
    """What of the installed content the given directories have no place for; an agency they hold is theirs with all its services."""
    if given.journeys and given.agencies:
        return Found()
    own = {source.folder for source in given.sources if source.kind == "agency"}
    more = find(installed())
    more.sources = [source for source in more.sources if not (given.journeys if source.kind == "journey" else given.agencies or source.folder in own)]
    return more


def _take(found: Found, known: Known, *, given: bool) -> list[Callable[[], None]]:
    """Read each file; the rules to be asked of it once all are known."""
    rules: list[Callable[[], None]] = []
    for source in found.sources:
        match source.kind:
            case "agency":
                agency = known.register(open_document(Agency, source, given=given), known.agencies)
                rules += [
                    partial(check_agency, agency),
                    partial(check_agency_ruling, agency, known),
                    partial(check_referrals, agency, known),
                    partial(check_desk, agency, known),
                    partial(check_agency_area, agency, known),
                ]
            case "service":
                service = known.register(open_document(Service, source, given=given), known.services)
                rules += [partial(check_service, service, known), partial(check_rulings, service, known), partial(check_service_area, service, known)]
            case "journey":
                journey = known.register(open_document(Journey, source, given=given), known.journeys)
                rules += [partial(check_journey, journey, known), partial(check_step_rulings, journey, known)]
            case "table":
                known.register(open_document(Table, source, given=given), known.tables)
            case "letter":
                rules.append(partial(check_letter, known.register(open_document(Letter, source, given=given), known.letters)))
    return rules


def _triage(known: Known) -> list[Fault]:
    """Exactly one service of a catalogue takes what fits no other."""
    takers = [document for document in known.services.values() if document.value and document.value.triage]
    services = [document for document in known.documents if document.source.kind == "service"]
    if takers or not services or any(document.value is None for document in services):
        first = takers[0].source.file if takers else ""
        message = f"there is already a service that takes what fits no other ({first}): leave `triage` out here"
        return [document.fault(("triage",), message, key=True) for document in takers[1:]]
    return [Fault(services[0].source.file, 1, 1, "no service takes what fits no other: write `triage: true` in exactly one, the front door's own")]


def _calendars(known: Known, resolve: Resolve | None) -> tuple[dict[str, dict[str, Any]], list[Fault], set[str]]:
    """Bodies by `agency/calendar`, faults, and the definitions that have any: a fault may lie in a file beside its definition."""
    bodies: dict[str, dict[str, Any]] = {}
    faults: list[Fault] = []
    unresolved: set[str] = set()
    for document in known.agencies.values() if resolve else ():
        if document.value is None or document.faults or resolve is None:
            continue
        for index, calendar in enumerate(document.value.calendars):
            id = f"{document.value.id}/{calendar.id}"
            try:
                # With its id inside, equal hours of two agencies are still two rows with two hashes.
                bodies[id] = (resolve(calendar, beside=document.source.read) if calendar.holidays_file else resolve(calendar)) | {"id": id}
            except (ValueError, OSError) as error:
                unresolved.add(document.source.file)
                faults += _unresolved(document, index, calendar, error)
    return bodies, faults, unresolved


def _unresolved(document: Document[Agency], index: int, calendar: WorkingHours, error: Exception) -> list[Fault]:
    name, lines = getattr(error, "name", None), getattr(error, "lines", ())
    if name and lines:
        return [Fault(document.source.shown(name), line, 1, f"{message} (calendar `{calendar.id}`)") for line, message in lines]
    return [document.fault(("calendars", index, *getattr(error, "path", ())), f"calendar `{calendar.id}`: {error}")]


def _catalogue(known: Known, calendars: dict[str, dict[str, Any]], faulty: set[str]) -> Catalogue:
    """What is free of faults and refers to nothing that is not: a whole for the checks from outside even where other files are wrong."""
    agencies = {id: value for id, value in _sound(known.agencies, faulty) if isinstance(value, Agency)}
    journeys = {id: value for id, value in _sound(known.journeys, faulty) if {step.agency for step in value.steps} - {None} <= agencies.keys()}
    tables = {id: value for id, value in _sound(known.tables, faulty) if isinstance(value, Table)}
    services = {id: _with_tables(value, tables) for id, value in _sound(known.services, faulty) if _whole(value, agencies, journeys, tables)}
    journeys, services = _complete(journeys, services)
    services = {id: replace(one, fields=asked_once(one, journeys, services)) if one.life_event else one for id, one in services.items()}
    letters = {id: value for id, value in _sound(known.letters, faulty) if isinstance(value, Letter)}
    rows = stored(agencies.values(), services.values(), journeys.values(), calendars, letters.values())
    return Catalogue(agencies, services, journeys, calendars, {(row.kind, row.id): row.hash for row in rows}, rows, tables, letters, dict(known.areas))


def _whole(service: Service, agencies: Collection[str], journeys: Collection[str], tables: Collection[str]) -> bool:
    return service.agency in agencies and service.journey in journeys and set(service.shared_tables) <= set(tables)


def _with_tables(service: Service, tables: Mapping[str, Table]) -> Service:
    """The service with the tables it shares written into it: what a case pins is whole."""
    return replace(service, tables=(*service.tables, *(tables[id] for id in service.shared_tables)))


def _complete(journeys: dict[str, Journey], services: dict[str, Service]) -> tuple[dict[str, Journey], dict[str, Service]]:
    """Without those that begin what is not there, and without what begins those."""
    while True:
        kept = {
            id: one
            for id, one in journeys.items()
            if all((step.journey is None or step.journey in journeys) and (step.service is None or step.service in services) for step in one.steps)
        }
        running = {id: one for id, one in services.items() if one.journey in kept}
        if len(kept) == len(journeys) and len(running) == len(services):
            return kept, running
        journeys, services = kept, running


def _sound(documents: dict[str, Document[T]], faulty: set[str]) -> Iterator[tuple[str, T]]:
    for id, document in sorted(documents.items()):
        if document.value is not None and not document.faults and document.source.file not in faulty:
            yield id, document.value


def _told(faults: Iterable[Fault]) -> list[Fault]:
    """The first faults of each file and how many more there are: a hostile file has no end of them."""
    told: list[Fault] = []
    for file, group in groupby(sorted(set(faults)), key=lambda fault: fault.file):
        of_file = list(group)
        told += of_file[:MOST]
        if len(of_file) > MOST:
            last = of_file[MOST]
            told.append(Fault(file, last.line, last.column, f"and {len(of_file) - MOST} more faults in this file"))
    return told
