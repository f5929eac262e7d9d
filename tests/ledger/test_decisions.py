"""Decisions over HTTP: the letter before and after, its service, and the remedy that runs from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.cases import registry
from portal.cases.tables import decisions
from portal.outbox import notices
from portal.outbox.tables import outbox
from portal.reactions import sweep
from portal.unit_of_work import ENGINE
from portal.vault.tables import vault_items
from portal.workflow import deciding
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import V1, Door
from tests.ledger.test_main_job import needed
from tests.servers import Database

ANSWERS = {"monthly_income": 900, "self_employed": False}


class Desk(Door):
    """The doors, with somebody who decides on benefits, and those who handle objections."""

    def __init__(self, url: str, issuer: Issuer) -> None:
        super().__init__(url, issuer)
        self.worker = self._bearer(issuer, sub="worker", name="Wanda Worker", agency="social-services", teams=["benefits"])
        self.objections = self._bearer(issuer, sub="second-look", name="Otto Second", agency="front-office", teams=["objections"])
        #: The same person as `worker`, who has meanwhile moved to the office that handles objections.
        self.moved = self._bearer(issuer, sub="worker", agency="front-office", teams=["objections"])

    def request(self, **more: Any) -> tuple[str, dict[str, str]]:
        """A request for housing benefit: its reference, and the header of its party."""
        answers = needed(self.portal, "housing-benefit") | ANSWERS
        told = self.ask("POST", "/cases", {}, {"service": "housing-benefit", "answers": answers, **more}, status=201)
        return told["reference"], {"Case-Secret": told["secret"]}

    def waiting(self, reference: str, who: dict[str, str] | None = None) -> dict[str, Any]:
        """What waits for somebody on that case."""
        found: dict[str, Any] = next(one for one in self.ask("GET", "/tasks", who or self.worker)["items"] if one["reference"] == reference)
        return found

    def do(self, reference: str, who: dict[str, str] | None = None, **how: Any) -> dict[str, Any]:
        """Claims and completes what waits."""
        id = self.waiting(reference, who)["id"]
        self.ask("POST", f"/tasks/{id}/claim", who or self.worker)
        done: dict[str, Any] = self.ask("POST", f"/tasks/{id}/complete", who or self.worker, how)
        return done

    def decided(self, outcome: str = "refused", reasons: str | None = "Your income is too high.", **more: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
        """A request that was decided: reference, its party's header, the decision."""
        reference, mine = self.request(**more)
        self.do(reference)
        self.do(reference, outcome=outcome, **({"reasons": reasons} if reasons else {}))
        return reference, mine, self.decision(reference, mine)

    def decision(self, reference: str, who: dict[str, str], at: int = -1) -> dict[str, Any]:
        """One decision of a case."""
        found: dict[str, Any] = self.ask("GET", f"/cases/{reference}/decisions", who)["items"][at]
        return found

    def letter(self, reference: str, who: dict[str, str], id: str, *, form: str = "text/plain") -> str:
        """The letter that went."""
        found = self.client.get(f"{V1}/cases/{reference}/decisions/{id}/letter", headers=who | {"Accept": form})
        assert found.status_code == 200
        assert found.content_type == f"{form}; charset=utf-8"
        return found.get_data(as_text=True)

    def id_of(self, reference: str) -> UUID:
        """The case behind a reference."""
        with self.portal.work(ENGINE) as work:
            return registry.find(work, reference)[0]


@pytest.fixture
def desk(fresh_database: Database, tmp_path: Path) -> Iterator[Desk]:
    """Open for one test."""
    one = Desk(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_a_refusal_says_why_by_which_law_who_and_what_can_be_done(desk: Desk) -> None:
    reference, mine, told = desk.decided()
    assert (told["outcome"], told["title"], told["gives"], told["reasons"]) == ("refused", "Refused", "nothing", "Your income is too high.")
    assert told["law"] == {"title": "Regional Decree on Housing Allowances", "article": "17", "url": None}
    assert told["official"] == {"name": "Wanda Worker", "function": "Benefits, Rivermouth Social Services"}
    assert told["authority"] == "the Council for Social Welfare"
    assert (told["standing"], told["served_at"], told["remedy"]["last_day"]) == ("made", None, None)
    assert "has not begun" in told["remedy"]["says"]
    assert desk.decision(reference, mine | {"Accept-Language": "fr"})["authority"] == "le conseil de l'action sociale"
    assert desk.decision(reference, desk.worker)["official"]["subject"].endswith("|worker")


def test_a_refusal_needs_reasons_and_has_no_conditions(desk: Desk) -> None:
    reference, _ = desk.request()
    desk.do(reference)
    id = desk.waiting(reference)["id"]
    desk.ask("POST", f"/tasks/{id}/claim", desk.worker)
    for body, pointer in (
        ({"outcome": "refused"}, "/reasons"),
        ({"outcome": "refused", "reasons": " \n "}, "/reasons"),
        ({"outcome": "granted-in-part"}, "/reasons"),
        ({"outcome": "refused", "reasons": "No.", "conditions": ["Ask again."]}, "/conditions"),
        ({"outcome": "granted", "conditions": [" "]}, "/conditions/0"),
        ({"outcome": "granted", "instead": {"outcome": "granted"}}, "/instead"),
    ):
        for verb in ("complete", "letter") if "instead" not in body else ("complete",):
            found = desk.ask("POST", f"/tasks/{id}/{verb}", desk.worker, body, status=422)
            assert [one["pointer"] for one in found["errors"]] == [pointer], (verb, body)
    assert desk.waiting(reference)["status"] == "claimed"


def test_a_letter_is_seen_before_it_goes_and_nothing_is_written(desk: Desk) -> None:
    reference, mine = desk.request(contact={"name": "Ada <b>Okoro</b>"}, language="fr")
    desk.do(reference)
    task = desk.waiting(reference)
    before = desk.ask("GET", f"/cases/{reference}/events?limit=200", desk.worker)["items"]
    seen = desk.ask("POST", f"/tasks/{task['id']}/letter", desk.worker, {"outcome": "refused", "reasons": "Revenu trop élevé."})
    assert (seen["language"], seen["fell_back"], seen["remedy"], seen["gives"]) == ("fr", False, "objection", "nothing")
    assert "Revenu trop élevé." in seen["text"]
    assert '<html lang="fr" dir="ltr">' in seen["html"]
    assert "<b>" not in seen["html"].replace("<body>", "")
    assert datetime.fromisoformat(seen["last_day"]).date() >= (datetime.now(UTC) + timedelta(weeks=6)).date() - timedelta(days=1)
    assert desk.ask("GET", f"/cases/{reference}/events?limit=200", desk.worker)["items"] == before
    assert desk.waiting(reference) == task
    desk.do(reference, outcome="refused", reasons="Revenu trop élevé.")
    assert desk.letter(reference, mine, desk.decision(reference, mine)["id"]) == seen["text"]


def test_a_language_without_letters_falls_back_and_says_so(desk: Desk) -> None:
    reference, _ = desk.request(language="nl")
    desk.do(reference)
    seen = desk.ask("POST", f"/tasks/{desk.waiting(reference)['id']}/letter", desk.worker, {"outcome": "granted"})
    assert (seen["language"], seen["fell_back"]) == ("en", True)
    assert "We have no letter in the language you chose (nl)" in seen["text"]


def test_the_letter_can_be_written_again_byte_for_byte(desk: Desk) -> None:
    reference, mine, told = desk.decided(contact={"name": "Ada"})
    sent = desk.letter(reference, mine, told["id"])
    with desk.portal.work(ENGINE) as work:
        work.narrow([desk.id_of(reference)])
        row = work.rows(decisions, desk.id_of(reference))[0]
        item = next(one for one in work.rows(vault_items, row["case_id"]) if one["id"] == row["letter"])["value"]
        again = deciding.again(work, row["template"], item)
    assert again.text.encode() == sent.encode()
    assert again.html == desk.letter(reference, mine, told["id"], form="text/html")
    event = next(one for one in desk.ask("GET", f"/cases/{reference}/events?limit=200", desk.worker)["items"] if one["type"] == "CaseDecided")["data"]
    assert (event["template"], event["gives"], len(event["letter_commitment"])) == (row["template"], "nothing", 64)
    desk.ask("GET", f"/cases/{reference}/decisions/{told['id']}/letter", desk.champion, status=404)
    desk.ask("GET", f"/cases/{reference}/decisions/{told['id']}/letter", desk.roads, status=404)


def test_until_it_is_served_no_term_runs_and_a_person_posts_it(desk: Desk) -> None:
    reference, mine, told = desk.decided()
    task = desk.waiting(reference)
    assert (task["kind"], task["step"]) == ("letter", told["id"])
    sweep(desk.portal, at=datetime.now(UTC) + timedelta(days=400))
    assert desk.decision(reference, mine)["final_at"] is None
    desk.ask("POST", f"/tasks/{task['id']}/claim", desk.worker)
    assert "/service" in desk.ask("POST", f"/tasks/{task['id']}/complete", desk.worker, {}, status=409)["detail"]
    now = datetime.now(UTC)
    for body, pointer in (
        ({"means": "email"}, "/means"),
        ({"means": "post", "at": (now + timedelta(hours=1)).isoformat()}, "/at"),
        ({"means": "post", "at": (now - timedelta(days=1)).isoformat()}, "/at"),
        ({"means": "post", "at": "2026-11-22T10:00:00"}, "/at"),
    ):
        assert [one["pointer"] for one in desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, body, status=422)["errors"]] == [pointer]
    desk.ask("POST", f"/decisions/{told['id']}/service", desk.roads, {"means": "post"}, status=404)
    desk.ask("POST", f"/decisions/{told['id']}/service", mine, {"means": "post"}, status=401)
    served = desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, {"means": "counter"})
    after = desk.decision(reference, mine)
    assert (after["standing"], after["served_by"], after["remedy"]["last_day"]) == ("served", "counter", served["last_day"])
    assert "You can object until the end of" in after["remedy"]["says"]
    assert not [one for one in desk.ask("GET", "/tasks", desk.worker)["items"] if one["reference"] == reference]
    desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, {"means": "post"}, status=409)


def test_a_service_is_written_down_within_five_working_days_and_the_log_says_it_was_late(desk: Desk) -> None:
    reference, mine, told = desk.decided()
    now = datetime.now(UTC)
    with desk.portal.work(ENGINE) as work:
        work.narrow([desk.id_of(reference)])
        work.change(work.rows(decisions, desk.id_of(reference))[0], decided_at=now - timedelta(days=60))
    long_ago = {"means": "post", "at": (now - timedelta(days=30)).isoformat()}
    found = desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, long_ago, status=422)
    assert "more than five working days" in found["errors"][0]["detail"]
    at = now - timedelta(days=2)
    desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, {"means": "post", "at": at.isoformat()})
    assert datetime.fromisoformat(desk.decision(reference, mine)["served_at"]) == at
    event = next(one for one in desk.ask("GET", f"/cases/{reference}/events?limit=200", desk.worker)["items"] if one["type"] == "DecisionServed")
    assert (event["data"]["backdated"], event["data"]["means"], event["data"]["official"].endswith("|worker")) == (True, "post", True)


def test_when_the_last_day_has_passed_it_is_final(desk: Desk) -> None:
    reference, mine, told = desk.decided()
    desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, {"means": "post"})
    with desk.portal.work(ENGINE) as work:
        work.narrow([desk.id_of(reference)])
        until = work.rows(decisions, desk.id_of(reference))[0]["remedy_until"]
    sweep(desk.portal, at=until - timedelta(microseconds=1))
    assert desk.decision(reference, mine)["standing"] == "served"
    sweep(desk.portal, at=until)
    after = desk.decision(reference, mine)
    assert (after["standing"], datetime.fromisoformat(after["final_at"])) == ("final", until)
    assert "RemedyLapsed" in [one["type"] for one in desk.ask("GET", f"/cases/{reference}/events?limit=200", mine)["items"]]


def test_the_mail_that_tells_of_it_serves_it_and_one_that_fails_goes_by_post(desk: Desk) -> None:
    for fails in (False, True):
        reference, mine, told = desk.decided(contact={"email": "ada@example.org"})
        id = desk.id_of(reference)
        assert not [one for one in desk.ask("GET", "/tasks", desk.worker)["items"] if one["reference"] == reference]
        with desk.portal.work(ENGINE) as work:
            work.narrow([id])
            row = next(row for row in work.rows(outbox, id) if row["body"].get("template") == "decided")
            assert row["body"]["refs"] == {"decision": told["id"]}
            if fails:
                notices.parked(work, row, reason="no such mailbox", code="smtp-550")
            else:
                notices.told(work, row)
        after = desk.decision(reference, mine)
        if fails:
            assert (after["served_at"], desk.waiting(reference)["kind"]) == (None, "letter")
        else:
            assert (after["served_by"], after["remedy"]["last_day"] is not None) == ("email", True)


def test_a_grant_may_carry_conditions(desk: Desk) -> None:
    reference, mine = desk.request()
    desk.do(reference)
    desk.do(reference, outcome="granted", conditions=["Tell us when you move.", "Tell us when you earn more."])
    told = desk.decision(reference, mine)
    assert (told["gives"], told["reasons"], told["conditions"]) == ("all", None, ["Tell us when you move.", "Tell us when you earn more."])
    text = desk.letter(reference, mine, told["id"])
    assert "1. Tell us when you move.\n2. Tell us when you earn more." in text
    assert "Why:" not in text


HOSTILE = "{{7*7}} {{ name }} {% for x in y %} {# c #} ${7*7} <script>alert(1)</script> &amp; \u202eesrever\u202c \u2028"


def test_hostile_words_are_words(desk: Desk) -> None:
    reasons = (HOSTILE + "x" * 10_000)[:10_000]
    reference, mine, told = desk.decided(reasons=reasons, contact={"name": "{{ reasons }}<i>"})
    text, html = desk.letter(reference, mine, told["id"]), desk.letter(reference, mine, told["id"], form="text/html")
    assert "{{7*7}} {{ name }} {% for x in y %} {# c #} ${7*7} <script>" in text
    assert "Dear {{ reasons }}<i>," in text
    told_of = desk.ask("POST", "/tasks/00000000-0000-7000-8000-000000000000/complete", desk.worker, {"outcome": "refused", "reasons": "\x1b[31m"}, status=422)
    assert told_of["errors"][0]["pointer"] == "/reasons", "what cannot be printed is refused at the door"
    assert "49" not in text.partition("Why:")[2].partition("xxxx")[0]
    assert not set(text) & set("\u202e\u202c\x1b\u2028\x00")
    assert "<script" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;" in html
    assert told["reasons"] == reasons
    found = desk.client.get(f"{V1}/cases/{reference}/decisions/{told['id']}/letter", headers=mine | {"Accept": "text/html"})
    assert "default-src 'none'" in found.headers["Content-Security-Policy"] or "script-src" in found.headers["Content-Security-Policy"]
