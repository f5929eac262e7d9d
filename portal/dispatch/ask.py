"""Asks agencies what became of handovers they have not spoken of: whole groups in one call, each agency beside the others, no transaction open meanwhile."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from portal.dispatch import handover
from portal.dispatch.calls import Calls
from portal.dispatch.deliver import guard_of
from portal.dispatch.reach import NoKey, reach
from portal.outbox import asking, breakers
from portal.outbox.asking import Open
from portal.plugins import discovery
from portal.plugins.agency import Asked, Asks, News, Refusal
from portal.unit_of_work import ENGINE, RELAY, Portal
from portal.wire.http import Guard

log = logging.getLogger(__name__)

Heard = dict[str, News | str]


def ask(portal: Portal, *, at: datetime | None = None, calls: Calls | None = None) -> int:
    """One turn: every agency that is due is asked once; how many handovers are asked for. In `calls` of the process those that do not answer
    are left behind; without, all have ended when it returns.
    """
    due = asking.due(portal, at=at)
    if due and calls is None:
        with Calls("ask") as own:
            _begun(portal, own, due, at)
    elif due and calls is not None:
        _begun(portal, calls, due, at)
    while calls is not None and calls.one_ended(portal, patient=False):
        pass
    return sum(map(len, due.values()))


def _begun(portal: Portal, calls: Calls, due: Mapping[str, Sequence[Open]], at: datetime | None) -> None:
    guard = guard_of(portal)
    for target, some in due.items():
        calls.begin(portal, target, partial(_agency, portal, guard, target, some, at))


def _agency(portal: Portal, guard: Guard, target: str, some: Sequence[Open], at: datetime | None) -> None:
    try:
        heard, failed = _heard(portal, guard, target, some)
    except Exception as fault:
        place = traceback.extract_tb(fault.__traceback__)[-1]
        log.error("%s cannot be asked: %s at %s:%s", target, type(fault).__name__, place.filename, place.lineno)
        heard, failed = {one.key: "not-asked" for one in some}, None
    for one in some:
        news = heard.get(one.key, "nothing")
        with portal.work(ENGINE, at=at) as work:
            work.narrow([one.case_id])
            if isinstance(news, str):
                asking.heard(work, one, status=None, says=news)
            else:
                says = "unknown" if news.status == "unknown" else "nothing"
                asking.heard(work, one, status=news.status, remote_id=news.remote_id, outcome=news.outcome, says=says)
    if failed is not None:
        with portal.work(RELAY, at=at) as work:
            (breakers.failed if failed else breakers.worked)(work, target)


def _heard(portal: Portal, guard: Guard, target: str, some: Sequence[Open]) -> tuple[Heard, bool | None]:
    """What was said, by key, the code of a failure in the place of news; and whether the far side failed, None where nobody was called."""
    agency = portal.catalogue.agencies[target]
    adapter = discovery.adapter(agency.adapter, agency.id)
    if not isinstance(adapter, Asks):
        return {}, None
    asked = {one.key: Asked(one.key, one.remote_id, one.since) for one in some}
    try:
        way = reach(agency, portal.settings)
    except (NoKey, OSError):
        return dict.fromkeys(asked, "no-keys"), None
    heard: Heard = {}
    failed: bool | None = None
    for question in adapter.ask(way, list(asked.values())):
        got = handover.http(agency, question.call, guard, portal.settings, f"ask-{question.keys[0]}")
        told = got if isinstance(got, Refusal) else adapter.told(way, [asked[key] for key in question.keys], got)
        if isinstance(told, Refusal):
            heard |= dict.fromkeys(question.keys, told.code)
            failed = told.retry
            if failed:
                break
        else:
            heard |= {key: news for key, news in told.items() if key in question.keys}
            failed = False
    return heard, failed
