"""Courtesy notices of one person of one day as one message, for who wishes so: gathered when their hour comes, whichever requests they are about."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.cases.registry import case_of
from portal.dispatch.words import facts, written
from portal.outbox import notices
from portal.parties import register, ways
from portal.plugins import discovery
from portal.unit_of_work import RELAY, Portal, Row, Work
from portal.vault import items

TEMPLATE = "daily"
#: Notices gathered at once; who has more of one day gets a second message.
MOST = 500


def gather(portal: Portal, *, at: datetime | None = None) -> int:
    """Puts those whose hour has come into the outbox, one message a person; of how many notices. Two gatherers wait for each other."""
    with portal.work(RELAY, at=at) as work:
        if not work.sql("SELECT 1 FROM outbox WHERE kind = %s AND done_at IS NULL AND parked_at IS NULL AND next_at <= %s LIMIT 1", (notices.DAILY, work.now)):
            return 0
        work.sql("SELECT pg_advisory_xact_lock(hashtextextended('daily notices', 0))")
        due = "SELECT case_id, id FROM outbox WHERE kind = %s AND done_at IS NULL AND parked_at IS NULL AND next_at <= %s ORDER BY next_at, id LIMIT %s"
        found = work.sql(due, (notices.DAILY, work.now, MOST))
        work.narrow({case_id for case_id, _ in found})
        rows = [row for case_id, id in found if (row := notices.waits_for_its_day(work, case_id, id)) is not None]
        together: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in rows:
            together[_whose(work, row)].append(row)
        for (channel, _, language), some in together.items():
            _join(work, some, channel, language)
    return len(rows)


def _whose(work: Work, row: Row) -> tuple[str, str, str]:
    """Channel, address and language: who gets them is one person, as far as we know. Somebody without an address is nobody else."""
    case_id, body = row["case_id"], row["body"]
    party = next((one for one in (*register.of_case(work, case_id), *register.followers(work, case_id)) if str(one["party_id"]) == body["party"]), None)
    if party is None:
        return row["target"], body["party"], body["language"]
    contact: Any = items.get(work, case_id, party["contact"]) if party["contact"] else {}
    contact = contact if isinstance(contact, dict) else {}
    open_now = ways.open_ways(ways.of(work, case_id, party["party_id"]), contact)
    channel = row["target"] if row["target"] in open_now or not open_now else open_now[0]
    form = discovery.reaching().get(channel)
    address = contact.get(form.reaches) if form else None
    return channel, str(address).casefold() if address else body["party"], body["language"]


def _join(work: Work, some: list[Row], channel: str, language: str) -> None:
    if len(some) == 1:
        notices.let_go(work, some[0], channel)
        return
    first = some[0]
    lines = [_line(work, row, language) for row in some]
    refs = {"joined": json.dumps(lines, ensure_ascii=False)}
    carrier = notices.promise(work, first["case_id"], party_id=UUID(first["body"]["party"]), channel=channel, template=TEMPLATE, language=language, refs=refs)
    if carrier is not None:
        for row in some:
            notices.join(work, row, carrier)


def _line(work: Work, row: Row, language: str) -> list[str]:
    """What a notice says in a line, and the request it is about."""
    default = work.portal.settings.default_language
    _, subject, _ = written(row["body"]["template"], language, facts(work, row["case_id"], row["body"]["refs"], language), default=default)
    return [subject, case_of(work, row["case_id"])["reference"]]
