"""Nobody is told twice and nobody promised is not told: random days of a case, with crashes, doubled reports and wishes in the middle, judged by a checker."""

from __future__ import annotations

import random  # noqa: TID251  # seeded
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.cases import registry
from portal.catalogue.languages import SPOKEN
from portal.db import connect, new_id
from portal.dispatch import daily, notify
from portal.dispatch.words import _templates
from portal.events import log
from portal.intake import reaching
from portal.intake.receive import Submission, receive
from portal.outbox import claims, kinds, notices, texts
from portal.outbox.claims import Claim
from portal.plugins import discovery
from portal.plugins.agency import Refusal
from portal.reactions import REACTIONS, acts
from portal.settings import Settings
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal
from tests import told
from tests.ledger.conftest import SECRET, catalogue
from tests.servers import Database

#: Seeds of the random days.
SEEDS = range(25)
TEMPLATES = ("routed", "asked", "message", "new-date", "fee-paid", "closed", "fee-waived")
BAD = ("smtp-550", "bad-address", "http-400", "no-carrier", "stopped", "not-prepared")


@pytest.fixture(scope="module")
def portal(servers: Any) -> Iterator[tuple[Portal, Database]]:
    database = servers.database()
    engine = connect(database.url)
    settings = Settings(mode="test", secret_key=SECRET, sms_endpoint="http://127.0.0.1:9", sms_account="AC1", sms_sender="+3225550199")  # type: ignore[arg-type]
    yield Portal(engine, catalogue(), REACTIONS, settings), database
    engine.dispose()
    servers.drop(database.name)


@dataclass
class Day:
    """One case, and a clock of its own."""

    portal: Portal
    database: Database
    chance: random.Random
    case_id: UUID
    at: datetime

    def later(self) -> None:
        self.at += timedelta(minutes=self.chance.choice((1, 30, 300, 900)))

    def wish(self) -> None:
        """Somebody changes their mind, or their address."""
        known = ["email", "sms", "post"]
        channels = self.chance.sample(known, self.chance.randrange(1, 4))
        needs = dict.fromkeys(self.chance.sample(["one-a-day", "only-needed", "no-letters-home", "large-print", "easy-words"], self.chance.randrange(3)))
        fresh = {"email": f"a{self.chance.randrange(99)}@example.org", "phone": f"+3247012{self.chance.randrange(1000, 9999)}", "address": "Rue Haute 1"}
        with self.portal.work(ENGINE, at=self.at) as work:
            work.narrow([self.case_id])
            said = reaching.wish(channels, needs, fresh if self.chance.random() < 0.5 else {}, [name for name in known if self.chance.random() < 0.2])
            party, held = reaching.party_of(work, self.case_id), reaching.contact_now(work, reaching.party_of(work, self.case_id))
            if all({**held, **said.contact}.get(discovery.reaching()[name].reaches) for name in channels):
                reaching.choose(work, party, said, by="party")

    def tell(self) -> None:
        with self.portal.work(ENGINE, at=self.at) as work:
            work.narrow([self.case_id])
            acts.tell(work, registry.case_of(work, self.case_id), self.chance.choice(TEMPLATES), due_at="2027-01-01T10:00:00+00:00", amount=1, currency="EUR")

    def gather(self) -> None:
        daily.gather(self.portal, at=self.at)

    def leave(self, *, well: bool = False) -> int:
        """Rows are claimed and come to some end; some claims are never heard of again."""
        some = claims.claim(self.portal, 20, ["notice"], at=self.at)
        for one in some:
            if not well and self.chance.random() < 0.15:
                self.look("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE id = %s", one.id)
                continue
            self.end(one, well=well)
        return len(some)

    def end(self, one: Claim, *, well: bool) -> None:
        with self.portal.work(ENGINE, at=self.at) as work:
            work.narrow([one.case_id])
            ready = notify.prepared(work, one)
        with self.portal.work(ENGINE, at=self.at) as work:
            work.narrow([one.case_id])
            if isinstance(ready, notify.Later):
                claims.put_off(work, one, ready.until)
            elif isinstance(ready, Refusal):
                claims.park(work, one, reason=ready.reason, code=ready.code)
            elif well or self.chance.random() < 0.55:
                claims.complete(work, one)
            elif self.chance.random() < 0.5:
                claims.retry(work, one, reason="not now", code="smtp-451")
            else:
                claims.park(work, one, reason="no", code=self.chance.choice(BAD))

    def report(self) -> None:
        """Somebody out there says, once or thrice, that something did not arrive, or did."""
        rows = self.look("SELECT id, target FROM outbox WHERE case_id = %s AND kind = 'notice' AND done_at IS NOT NULL ORDER BY id", self.case_id)
        if not rows:
            return
        id, target = self.chance.choice(rows)
        how = self.chance.randrange(4)
        for _ in range(self.chance.choice((1, 3))):
            with self.portal.work(ENGINE, at=self.at) as work:
                work.narrow([self.case_id])
                if target == "sms":
                    status = ("delivered", "failed", "failed", "sent")[how]
                    texts.reported(work, self.case_id, id, status=status, code="30003" if how == 1 else "30006", passing=how == 1, stopped=False)
                elif target == "email" and how:
                    row = notices.one(work, self.case_id, id)
                    if row is not None:
                        notices.returned(work, row, code="dsn-4.4.7" if how == 1 else "dsn-5.1.1", passing=how == 1)

    def look(self, sql: str, *parameters: Any) -> list[Any]:
        with psycopg.connect(self.database.superuser_url) as connection:
            cursor = connection.execute(sql, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def quiet(self) -> None:
        """All that waits leaves, well from here on."""
        for _ in range(300):
            self.at += timedelta(hours=5)
            self.gather()
            self.leave(well=True)
            open_ones = "SELECT 1 FROM outbox WHERE case_id = %s AND kind IN ('notice', 'daily') AND done_at IS NULL AND parked_at IS NULL"
            if not self.look(open_ones, self.case_id):
                return
        raise AssertionError("something waits for ever")

    def events(self) -> list[dict[str, Any]]:
        with self.portal.work(ENGINE) as work:
            work.narrow([self.case_id])
            return work.run(log.history(self.case_id, limit=2000).execution_options(visible=True))


def begun(portal: tuple[Portal, Database], seed: int) -> Day:
    one, database = portal
    case_id, at = new_id(), datetime(2026, 11, 30, 9, tzinfo=UTC)
    contact = {"email": "a@example.org", "phone": "+32470123456", "address": "Rue Haute 1"}
    with one.work(ANONYMOUS, new_cases=[case_id], at=at) as work:
        receive(work, Submission(service="pothole", answers={"place": "Rue Haute 1"}, contact=contact), case_id=case_id)
    return Day(one, database, random.Random(seed), case_id, at)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_everybody_is_told_once_or_people_see_to_it(seed: int, portal: tuple[Portal, Database]) -> None:
    day = begun(portal, seed)
    acts_of = (day.tell, day.tell, day.leave, day.leave, day.leave, day.report, day.report, day.wish, day.gather, day.later, day.later)
    for _ in range(60):
        day.chance.choice(acts_of)()
    day.quiet()
    events = day.events()
    assert told.wrong(events) == [], [(one["type"], one["data"]) for one in events if "otice" in one["type"] or "Reach" in one["type"]]
    assert sum(one["type"] == "NoticePromised" for one in events) >= 3


def test_the_checker_sees_what_it_is_there_for() -> None:
    def event(type: str, **data: Any) -> dict[str, Any]:
        return {"type": type, "data": data}

    promised, second = event("NoticePromised", notice="1", template="asked"), event("NoticePromised", notice="2", template="asked", root="1", instead="1")
    said, again = event("PartyNotified", notice="1"), event("PartyNotified", notice="2")
    parked = event("NoticeParked", notice="1", refusal="smtp-550")
    assert told.wrong([promised, said]) == []
    assert "no end" in told.wrong([promised])[0]
    assert told.wrong([promised, said, said])
    assert "2 times" in told.wrong([promised, second, said, again])[0]
    assert told.wrong([promised, parked, second, again]) == []
    assert "nobody sees to it" in told.wrong([promised, parked])[0]
    task, over = event("TaskQueued", kind="unreached", task="t"), event("TaskCancelled", task="t")
    assert told.wrong([promised, parked, task]) == told.wrong([task, promised, parked]) == told.wrong([promised, parked, task, over]) == []
    assert "nobody sees to it" in told.wrong([task, over, promised, parked])[0], "that was for another"


def test_every_template_says_what_hangs_on_it_in_every_language() -> None:
    found = {name.rsplit(".", 2)[0] for name in _templates().list_templates() if not name.endswith(".easy.txt")}
    assert found == kinds.NOTICES.keys(), "a template without a row of portal/outbox/kinds.py, or a row without a template"
    for name in found:
        assert all(f"{name}.{language}.txt" in _templates().list_templates() for language in SPOKEN), name
    easy = {name.split(".")[0] for name in _templates().list_templates() if name.endswith(".easy.txt")}
    assert easy and all(f"{name}.{language}.easy.txt" in _templates().list_templates() for name in easy for language in SPOKEN)
