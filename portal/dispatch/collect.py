"""Looks into the folders of agencies that work by files: reads what came back, has it taken, and puts it away; each agency beside the others."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256

from portal.catalogue.definitions import Agency
from portal.dispatch import parcel
from portal.dispatch.calls import Calls
from portal.dispatch.reach import NoKey, reach
from portal.outbox import parcels
from portal.plugins import discovery
from portal.plugins.agency import File, Files, Reach, Refusal, Written
from portal.unit_of_work import RELAY, Portal
from portal.wire.exchange import Place, Unfit, Unreached
from portal.wire.pinned import Forbidden

log = logging.getLogger(__name__)

#: Answer files of one agency in one look.
MOST = 20

#: Has an answer file taken (agency, name, digest, what it says or why not): `done` where it can be put away, `more` where lines are left,
#: `wait` where the next look decides.
Take = Callable[[str, str, str, Sequence[Written] | Refusal], str]


def collect(portal: Portal, take: Take, *, at: datetime | None = None, calls: Calls | None = None) -> int:
    """One turn: every folder that is due is looked into once; how many. In `calls` of the process those that do not answer are left behind."""
    due = parcels.due(portal, at=at)
    if due and calls is None:
        with Calls("collect") as own:
            _begun(portal, own, take, due, at)
    elif due and calls is not None:
        _begun(portal, calls, take, due, at)
    while calls is not None and calls.one_ended(portal, patient=False):
        pass
    return len(due)


def _begun(portal: Portal, calls: Calls, take: Take, due: Mapping[str, int], at: datetime | None) -> None:
    for target, failures in due.items():
        calls.begin(portal, target, partial(_agency, portal, take, target, failures, at))


def put_back(portal: Portal, agency: Agency, decided: Callable[[str], bool]) -> int:
    """After a restore: answers that were read and put away, and of which the database knows nothing, lie in the folder again; how many."""
    adapter, way, batch = discovery.adapter(agency.adapter, agency.id), reach(agency, portal.settings), agency.batch
    assert isinstance(adapter, Files)
    assert batch is not None
    with parcel.opened(agency, way, portal.settings) as place:
        lost = [group for group in adapter.answers(way, place.names(batch.read)) if not decided(_digest(_read(place, batch.read, group)))]
        for group in lost:
            for name in group:
                place.move(batch.read, name, batch.back)
    return len(lost)


def _agency(portal: Portal, take: Take, target: str, failures: int, at: datetime | None) -> None:
    agency = portal.catalogue.agencies.get(target)
    if agency is None or agency.batch is None:
        return
    more, failed = False, 0
    try:
        more = _looked(portal, take, agency)
    except (Forbidden, Unreached, NoKey, OSError) as trouble:
        failed = failures + 1
        log.warning("the folder of %s cannot be looked into: %s", target, trouble if isinstance(trouble, Unreached) else type(trouble).__name__)
    except Exception as fault:
        failed = failures + 1
        place = traceback.extract_tb(fault.__traceback__)[-1]
        log.error("the folder of %s cannot be looked into: %s at %s:%s", target, type(fault).__name__, place.filename, place.lineno)
    with portal.work(RELAY, at=at) as work:
        parcels.looked(work, agency, failures=failed, more=more)


def _looked(portal: Portal, take: Take, agency: Agency) -> bool:
    """True where more lies there than one look takes."""
    adapter, way = discovery.adapter(agency.adapter, agency.id), reach(agency, portal.settings)
    assert isinstance(adapter, Files)
    batch = agency.batch
    assert batch is not None
    # Read while it is open, taken when it is shut again: nobody's server waits for our database.
    with parcel.opened(agency, way, portal.settings) as place:
        groups = list(adapter.answers(way, place.names(batch.back)))
        came = [(group, _read(place, batch.back, group)) for group in groups[:MOST]]
    became = [(group, take(agency.id, group[0], _digest(files), _understood(adapter, way, files))) for group, files in came]
    done = [group for group, how in became if how == "done"]
    if done:
        with parcel.opened(agency, way, portal.settings) as place:
            for group in done:
                for name in group:
                    place.move(batch.back, name, batch.read)
    return (len(groups) > MOST and bool(done)) or any(how == "more" for _, how in became)


def _read(place: Place, folder: str, group: Sequence[str]) -> list[File] | Refusal:
    try:
        return [File(name, place.read(folder, name)) for name in group]
    except Unfit as odd:
        return Refusal(str(odd), retry=False, code="file-unfit")


def _understood(adapter: Files, way: Reach, files: list[File] | Refusal) -> Sequence[Written] | Refusal:
    if isinstance(files, Refusal):
        return files
    try:
        return adapter.understand_file(way, files)
    except Exception as fault:
        return Refusal(f"the adapter failed ({type(fault).__name__})", retry=False, code="adapter-failed")


def _digest(files: list[File] | Refusal) -> str:
    """Of all that belongs together, so that a right control file beside the same wrong one is another thing."""
    whole = sha256()
    for file in files if not isinstance(files, Refusal) else ():
        whole.update(sha256(file.content).digest())
    return whole.hexdigest() if not isinstance(files, Refusal) else sha256(files.reason.encode()).hexdigest()
