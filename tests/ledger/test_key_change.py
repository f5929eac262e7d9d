"""SECRET_KEY is changed: what outlives it under a digest is still found."""

from __future__ import annotations

import json
from dataclasses import replace

from pydantic import SecretStr

from portal.db import new_id
from portal.intake import once
from portal.intake.receive import Submission
from portal.outbox import reply_addresses
from portal.parties import silence
from portal.ports.front import _case_of, _token
from portal.unit_of_work import ENGINE, Portal
from tests.ledger.conftest import SECRET

NEW = "another key of the tests, and long enough too"


def changed(city: Portal) -> Portal:
    update = {"secret_key": SecretStr(NEW), "secret_key_fallbacks": SecretStr(json.dumps([SECRET]))}
    return replace(city, settings=city.settings.model_copy(update=update))


def test_silence_is_kept(city: Portal) -> None:
    with city.work(ENGINE) as work:
        silence.ask(work, "sms", "+3221234567")
    with changed(city).work(ENGINE) as work:
        assert silence.wanted(work, "sms", "+3221234567") and not silence.wanted(work, "sms", "+3221234568")
        assert silence.end(work, "sms", "+3221234567")
        assert not silence.wanted(work, "sms", "+3221234567")


def test_what_came_once_for_ever_does_not_come_again(city: Portal) -> None:
    given = Submission(service="pothole", answers={"place": "Rue Haute 1"}, channel="open311", source="open311", external_id="their-7")
    first, _ = once.open_once(city, given)
    again, received = once.open_once(changed(city), given)
    assert received is None and again["case_id"] == first["case_id"]


def test_addresses_and_tokens_given_out_still_lead_to_the_case(city: Portal) -> None:
    case_id, keys = new_id(), changed(city).settings.secret_keys
    address = reply_addresses.made(SECRET, case_id, "ann@example.org") + "@portal.example"
    assert reply_addresses.read(keys, [address], "ann@example.org") == reply_addresses.Answered(case_id, True)
    assert reply_addresses.read(keys, [address], "eve@example.org") == reply_addresses.Answered(case_id, False)
    assert reply_addresses.read([NEW], [address], "ann@example.org") is None
    assert _case_of(keys, _token(SECRET, case_id)) == case_id
    assert _case_of([NEW], _token(SECRET, case_id)) is None
