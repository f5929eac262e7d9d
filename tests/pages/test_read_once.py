"""A page of a case asks the database nothing twice, however many parts of the page tell of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from portal.access import once
from portal.cases import registry, secret
from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal
from tests.pages.conftest import Browser
from tests.pages.people import DESK, sign_in
from tests.pages.test_desk import NOISE, open_first

Asked = Callable[[], Counter[tuple[str, str]]]


@pytest.fixture
def asked(city: Portal) -> Iterator[Asked]:
    """Statements and their values since it was called before."""
    found: Counter[tuple[str, str]] = Counter()

    def told(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found[statement, str(parameters)] += 1

    def since() -> Counter[tuple[str, str]]:
        past = found.copy()
        found.clear()
        return past

    event.listen(city.engine, "before_cursor_execute", told)
    yield since
    event.remove(city.engine, "before_cursor_execute", told)


def test_no_statement_of_a_page_of_a_case_is_asked_twice(city: Portal, app: Flask, browser: Browser, asked: Asked) -> None:
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        given = Submission(service="noise-complaint", answers=NOISE, contact={"email": "ann@example.org", "name": "Ann Lee"})
        reference = receive(work, given, case_id=id).case["reference"]
    desk = sign_in(Browser(app), city, DESK)
    task = open_first(desk)
    browser.post("/cases", reference=reference, secret=secret.derive(city.settings.secret_key.get_secret_value(), id))
    for reader, address in ((desk, task), (desk, f"/desk/cases/{reference}"), (browser, f"/cases/{reference}")):
        asked()
        reader.get(address)
        told = asked()
        assert reader.status == 200 and reference in reader.html
        assert len(told) > 10
        assert [statement for (statement, _), times in told.items() if times > 1] == [], address


def test_what_is_read_once_is_read_anew_with_other_eyes(city: Portal) -> None:
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        receive(work, Submission(service="noise-complaint", answers=NOISE, contact={}), case_id=id)
    with city.work(DESK) as work:
        mine = once.rows(work, registry.one, id)
        mine[0]["status"] = "of this reader alone"
        assert once.rows(work, registry.one, id)[0]["status"] != mine[0]["status"]
        work.become(ANONYMOUS)
        assert once.rows(work, registry.one, id) == []


def test_what_was_read_is_read_anew_after_a_change(city: Portal) -> None:
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        receive(work, Submission(service="noise-complaint", answers=NOISE, contact={}), case_id=id)
    with city.work(ENGINE) as work:
        work.narrow([id])
        once.rows(work, registry.one, id)
        assert work.seen
        work.change(registry.case_of(work, id), danger=False)
        assert not work.seen
