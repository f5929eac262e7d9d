"""A code proves an e-mail address: it lives shortly, is tried a few times, and tells nobody whose address is known."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import psycopg
import pytest

from portal.access import proofs
from portal.app import create_app
from portal.db import new_id
from portal.dispatch import proving as sending
from portal.dispatch.deliver import drain
from portal.dispatch.mail import Letter
from portal.dispatch.texts import Text
from portal.intake import proving
from portal.outbox import claims
from portal.unit_of_work import ENGINE, Portal
from tests.servers import Database
from tests.sign_in.conftest import Browser, Foreign

ADDRESS = "ada.canary@example.org"


class Desk:
    """Looks into the database past everything."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def rows(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(text, values)
        return cursor.fetchall() if cursor.description else []

    def codes(self) -> list[str]:
        """Codes that wait to leave, the newest last."""
        return [row[0]["code"] for row in self.rows("SELECT value FROM vault_items WHERE kind = 'proof' AND value IS NOT NULL ORDER BY recorded_at, id")]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def desk(fresh_database: Database) -> Iterator[Desk]:
    one = Desk(fresh_database.superuser_url)
    yield one
    one.close()


def ask(browser: Browser, address: str = ADDRESS) -> str:
    """Asks for a code; the page that is shown."""
    browser.get("/sign-in/code")
    return browser.post("/sign-in/code", email=address)


def test_a_code_signs_in_as_whoever_reads_the_mail(browser: Browser, desk: Desk, portal: Portal) -> None:
    ask(browser)
    assert browser.title == "Enter the code"
    (code,) = desk.codes()
    assert len(code) == 6 and code.isdigit()
    browser.post("/sign-in/code/enter", code=f" {code[:3]} {code[3:]} ")
    assert browser.place == "/my" and browser.title == "My requests" and browser.token
    ((subject, scope),) = desk.rows("SELECT subject, scope FROM sessions")
    assert scope == "party" and subject.startswith(f"{proofs.ISSUER}|email-")
    first = subject
    browser.get("/account")
    browser.post("/sign-out")
    ask(browser, "  Ada.Canary@EXAMPLE.org ")
    browser.post("/sign-in/code/enter", code=desk.codes()[-1])
    assert desk.rows("SELECT subject FROM sessions") == [(first,)], "the same, however it is written"


def test_the_address_stands_in_the_vault_alone_and_goes_when_the_mail_has_left(browser: Browser, desk: Desk, portal: Portal) -> None:
    ask(browser)
    (code,) = desk.codes()
    tables = [name for (name,) in desk.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'vault_items'")]
    for table in tables:
        said = str(desk.rows(f"SELECT t::text FROM {table} AS t"))
        assert "canary" not in said.casefold(), table
        assert code not in said or table in ("definitions",), table
    (claim,) = claims.claim(portal, 10, ["code"])
    with portal.work(ENGINE) as work:
        work.narrow([claim.case_id])
        letter = sending.prepared(work, claim)
    assert isinstance(letter, Letter) and letter.to == ADDRESS
    assert code in letter.message["Subject"] and code in letter.message.get_content()
    assert letter.message["Auto-Submitted"] == "auto-generated"
    with portal.work(ENGINE) as work:
        work.narrow([claim.case_id])
        assert claims.complete(work, claim)
        sending.settled(work, claim)
    assert desk.rows("SELECT value, salt FROM vault_items WHERE kind = 'proof'") == [(None, None)]
    browser.post("/sign-in/code/enter", code=code)
    assert browser.token, "it is good all the same"


def test_a_mail_that_cannot_leave_is_given_up_and_nothing_is_kept(browser: Browser, desk: Desk, portal: Portal) -> None:
    ask(browser)
    assert drain(portal, kinds=["code"]) >= 1
    with portal.work(ENGINE) as work:
        late = work.now + timedelta(minutes=11)
    desk.rows("UPDATE outbox SET next_at = now(), lease_until = NULL")
    desk.rows("UPDATE vault_items SET value = jsonb_set(value, '{until}', to_jsonb((now() - interval '1 second')::text)) WHERE kind = 'proof'")
    desk.rows("UPDATE breakers SET failures = 0, open_until = NULL")
    assert drain(portal, kinds=["code"]) == 1
    assert desk.rows("SELECT count(done_at), count(parked_at) FROM outbox WHERE kind = 'code'") == [(1, 0)], "nobody has to look at it"
    assert desk.codes() == [] and late


def test_a_code_is_tried_five_times_and_no_more(browser: Browser, desk: Desk) -> None:
    ask(browser)
    (code,) = desk.codes()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(proofs.TRIES - 1):
        browser.post("/sign-in/code/enter", code=wrong)
        assert browser.status == 422 and "That is not the code" in browser.html
    browser.post("/sign-in/code/enter", code=wrong)
    assert "no good any more" in browser.html
    browser.post("/sign-in/code/enter", code=code)
    assert browser.status == 422 and "no good any more" in browser.html and not browser.token


def test_many_at_once_get_no_more_tries(app: Any, browser: Browser, provider: Foreign, desk: Desk) -> None:
    ask(browser)
    (code,) = desk.codes()
    cookie = browser.client.get_cookie("proof", domain="127.0.0.1")
    assert cookie

    def guess(number: int) -> str:
        other = Browser(app, provider)
        other.client.set_cookie("proof", cookie.value, domain="127.0.0.1")
        other.post("/sign-in/code/enter", code=f"{(int(code) + number) % 10**6:06}")
        return other.token

    with ThreadPoolExecutor(6) as pool:
        assert not any(pool.map(guess, range(1, 13)))
    assert desk.rows("SELECT tries FROM proofs") == [(proofs.TRIES,)]


def test_a_code_is_good_once_and_for_ten_minutes_and_in_its_browser(app: Any, browser: Browser, provider: Foreign, desk: Desk, portal: Portal) -> None:
    ask(browser)
    (code,) = desk.codes()
    other = Browser(app, provider)
    ask(other, "somebody@else.example")
    other.post("/sign-in/code/enter", code=code)
    assert other.status == 422 and not other.token
    with portal.work(ENGINE) as work:
        now = work.now
    cookie = browser.client.get_cookie("proof", domain="127.0.0.1")
    assert cookie
    with portal.work(ENGINE, at=now + proofs.LIFE) as work:
        assert proving.prove(work, cookie.value, code) is None
    browser.post("/sign-in/code/enter", code=code)
    assert browser.token
    with portal.work(ENGINE) as work:
        assert proving.prove(work, cookie.value, code) is None


def test_a_new_code_makes_the_old_one_useless(browser: Browser, desk: Desk) -> None:
    ask(browser)
    ask(browser)
    first, second = desk.codes()
    if first != second:
        browser.post("/sign-in/code/enter", code=first)
        assert not browser.token
    browser.post("/sign-in/code/enter", code=second)
    assert browser.token


def test_an_address_gets_few_mails_an_hour_and_the_answer_is_the_same(browser: Browser, desk: Desk, app: Any, provider: Foreign) -> None:
    pages = set()
    for _ in range(proofs.MOST + 3):
        other = Browser(app, provider)
        pages.add(ask(other))
    assert len(pages) == 1
    assert len(desk.codes()) == proofs.MOST
    other.post("/sign-in/code/enter", code="000000")
    assert other.status == 422 and "That is not the code" in other.html


@pytest.mark.parametrize(
    "typed", ["", "ada", "ada@", "a@b@c.example", "ada@example.org\r\nBcc: x@example.org", "x" * 300 + "@example.org", "ada\x00@example.org"]
)
def test_what_is_no_address_is_told_at_once(browser: Browser, desk: Desk, typed: str) -> None:
    ask(browser, typed)
    assert browser.status == 422 and "name@example.org" in browser.html
    assert desk.rows("SELECT count(*) FROM proofs") == [(0,)]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "\u00b2" * 6, "%s%s%s", "\u0660" * 6, "x" * 5000, "\x00"])
def test_odd_codes_are_wrong_ones(browser: Browser, desk: Desk, typed: str) -> None:
    ask(browser)
    if desk.codes() != ["000000"]:
        browser.post("/sign-in/code/enter", code=typed)
        assert browser.status == 422 and not browser.token


def test_digits_of_any_script_are_digits(portal: Portal, browser: Browser, desk: Desk) -> None:
    ask(browser)
    (code,) = desk.codes()
    browser.post("/sign-in/code/enter", code=code.translate({48 + one: 0x0660 + one for one in range(10)}))
    assert browser.token


def test_a_message_in_every_language(portal: Portal, desk: Desk) -> None:
    for language in ("en", "fr", "es", "ar"):
        id = new_id()
        with portal.work(ENGINE, new_cases=[id]) as work:
            proving.ask(work, id, kind="email", address=f"{language}@example.org", browser=f"b{language}", language=language)
        claim = next(one for one in claims.claim(portal, 10, ["code"]) if one.case_id == id)
        with portal.work(ENGINE) as work:
            work.narrow([id])
            letter = sending.prepared(work, claim)
        assert isinstance(letter, Letter) and letter.message["Content-Language"] == language
    assert orjson.dumps(desk.codes())


def test_signing_in_by_code_ends_the_session_before(browser: Browser, desk: Desk) -> None:
    browser.sign_in("alice")
    browser.get("/account")
    ask(browser)
    browser.post("/sign-in/code/enter", code=desk.codes()[-1])
    assert browser.token and len(desk.rows("SELECT 1 FROM sessions")) == 1


def test_a_telephone_number_is_proved_where_texts_leave(make: Any, provider: Foreign, desk: Desk) -> None:
    portal = make(sign_in=str(provider.file), sms_endpoint="http://127.0.0.1:9", sms_account="AC1", sms_sender="+3225550000")
    browser = Browser(create_app(portal), provider)
    browser.get("/sign-in/code")
    browser.post("/sign-in/code", phone="+32 470 12 34 56")
    assert browser.title == "Enter the code"
    (code,) = desk.codes()
    (claim,) = claims.claim(portal, 10, ["code"])
    with portal.work(ENGINE) as work:
        work.narrow([claim.case_id])
        text = sending.prepared(work, claim)
    assert isinstance(text, Text) and code.encode() in (text.call.body or b"") and b"%5B%5D" not in (text.call.body or b"")
    browser.post("/sign-in/code/enter", code=code)
    ((subject,),) = desk.rows("SELECT subject FROM sessions")
    assert subject.startswith(f"{proofs.ISSUER}|sms-")
