"""Once only: what was answered in one matter is offered in another, goes there by a consent that is an object, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.unit_of_work import READER
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_roles import Town, soon

HOME = "Rue Haute 1"
MOVED = {"moving_date": "2026-05-04", "old_address": "Quay 1", "home": HOME, "people_moving": 2}
CAR = {"number_plate": "1-ABC-234", "vehicle": "own"}


@pytest.fixture(scope="module")
def town(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Open for this file."""
    database = servers.database()
    one = Town(database.url, Issuer(tmp_path_factory.mktemp("keys") / "keys.json"))
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def moved(town: Town, who: dict[str, str], **answers: Any) -> tuple[str, dict[str, str]]:
    """A residence was registered."""
    told = town.ask("POST", "/cases", who, {"service": "residence-registration", "answers": MOVED | answers}, status=201)
    return told["reference"], {"Case-Secret": told["secret"]}


def park(town: Town, who: dict[str, str], *, status: int = 201, **more: Any) -> Any:
    """A parking permit is asked for."""
    return town.ask("POST", "/cases", who, {"service": "resident-parking-permit", "answers": CAR, **more}, status=status)


def data_of(town: Town, reference: str, type: str) -> list[dict[str, Any]]:
    """Data of events of that type."""
    with town.portal.work(READER) as work:
        return [data for (data,) in work.sql("SELECT data FROM events WHERE case_id = %s AND type = %s ORDER BY seq", (town.id_of(reference), type))]


def test_what_is_known_is_offered_and_goes_by_consent(town: Town) -> None:
    who = town.citizen("nora")
    source, _ = moved(town, who)
    (offer,) = town.ask("GET", "/known?service=resident-parking-permit", who)["items"]
    assert (offer["field"], offer["fact"], offer["value"], offer["reference"], offer["agency"]) == ("home", "home-address", HOME, source, "civil-registry")
    told = park(town, who, reuse=[{"reference": source, "fields": ["home"]}])
    desk = town._bearer(town.issuer, sub="desk", agency="city-council", teams=["desk"])
    assert town.ask("GET", f"/cases/{told['reference']}", desk)["given"]["answers"]["home"] == HOME
    (consent,) = town.ask("GET", f"/cases/{told['reference']}/consents", who)["items"]
    assert (consent["kind"], consent["state"], consent["from_agency"], consent["to_agency"]) == ("reuse", "given", "civil-registry", "city-council")
    assert consent["values"] == {"home": HOME} and consent["facts"] == ["home-address"] and consent["from_reference"] == source
    (given,) = data_of(town, told["reference"], "ConsentGiven")
    assert given["consent"] == consent["id"] and given["fields"] == ["home"] and HOME not in str(given)
    assert data_of(town, source, "AnswersShared") == [{"consent": consent["id"], "facts": ["home-address"]}]
    assert town.ask("GET", "/consents", who)["items"] == [consent]
    # The office it came from sees that values left, and not where to: that is another office's matter.
    registry = town._bearer(town.issuer, sub="reg", agency="civil-registry", teams=["desk"])
    town.ask("GET", f"/cases/{told['reference']}", registry, status=404)
    assert told["reference"] not in str(town.ask("GET", f"/cases/{source}/events", registry))


def test_nothing_goes_without_it_and_nobody_else_takes_it(town: Town) -> None:
    who, other = town.citizen("omar"), town.citizen("petra")
    source, mine = moved(town, who)
    assert "home" in str(park(town, who, status=422)), "left out, it is asked"
    for asker, told in ((other, {"reference": source}), ({}, {"reference": source}), (who, {"reference": "not-one"}), (town.worker, {"reference": source})):
        refused = park(town, asker, status=422, reuse=[told | {"fields": ["home"]}])
        assert refused["errors"][0]["pointer"] == "/reuse/0/reference"
    assert town.ask("GET", "/known?service=resident-parking-permit", other)["items"] == []
    town.ask("GET", f"/cases/{source}/known?service=resident-parking-permit", other, status=404)
    for more, pointer in (
        ({"reuse": [{"reference": source, "fields": ["number_plate"]}]}, "/answers/number_plate"),
        ({"reuse": [{"reference": source, "fields": ["vehicle_class"]}]}, "/reuse/0/fields/0"),
        ({"reuse": [{"reference": source, "fields": ["home", "home"]}]}, "/reuse/0/fields/1"),
        ({"reuse": [{"reference": source, "fields": ["home"], "until": "2020-01-01T00:00:00Z"}]}, "/reuse/0/until"),
        ({"reuse": [{"reference": source, "fields": ["home"], "until": "2050-01-01T00:00:00Z"}]}, "/reuse/0/until"),
    ):
        assert park(town, who, status=422, **more)["errors"][0]["pointer"] == pointer
    refused = town.ask("POST", "/cases", who, {"text": "I want to park", "reuse": [{"reference": source, "fields": ["home"]}]}, status=422)
    assert refused["errors"][0]["pointer"] == "/reuse"
    assert data_of(town, source, "AnswersShared") == [], "what was refused has left nothing"
    assert park(town, {}, reuse=[{"reference": source, "secret": mine["Case-Secret"], "fields": ["home"]}])["reference"], "its secret is proof"


def test_who_stands_on_it_for_somebody_else_takes_nothing(town: Town) -> None:
    source, mine = moved(town, {})
    given = town.ask("POST", f"/cases/{source}/mandates", mine, {"scope": "all", "until": soon()}, status=201)
    helper = town.citizen("helen")
    town.ask("POST", "/mandates", helper, {"reference": source, "code": given["code"]})
    assert town.ask("GET", "/known?service=resident-parking-permit", helper)["items"] == []
    park(town, helper, status=422, reuse=[{"reference": source, "fields": ["home"]}])


def test_the_newest_answer_is_offered_where_it_fits(town: Town) -> None:
    who = town.citizen("quentin")
    moved(town, who)
    later, _ = moved(town, who, home="Mill Lane 4")
    (offer,) = town.ask("GET", "/known?service=dog-registration", who)["items"]
    assert (offer["value"], offer["reference"]) == ("Mill Lane 4", later)
    moved(town, who, home="x" * 1999)
    assert [one["value"] for one in town.ask("GET", "/known?service=dog-registration", who)["items"]] == ["x" * 1999]
    assert town.ask("GET", "/known?service=pothole", who)["items"] == [], "what says no fact is nobody's business"
    town.ask("GET", "/known?service=nothing", who, status=404)
    town.ask("GET", "/known?service=dog-registration", town.worker, status=403)
    town.ask("GET", "/known?service=dog-registration", {}, status=401)


def test_what_is_sealed_is_not_offered(town: Town) -> None:
    who = town.citizen("rosa")
    source, _ = moved(town, who)
    desk = town._bearer(town.issuer, sub="reg", agency="civil-registry", teams=["desk"])
    town.seal(source, desk, f"{ISSUER}|reg")
    assert town.ask("GET", "/known?service=resident-parking-permit", who)["items"] == []
    park(town, who, status=422, reuse=[{"reference": source, "fields": ["home"]}])


def test_it_is_taken_back_by_either_secret_and_by_nobody_else(town: Town) -> None:
    source, mine = moved(town, {})
    told = park(town, {}, reuse=[{"reference": source, "secret": mine["Case-Secret"], "fields": ["home"], "until": soon(10)}])
    here = {"Case-Secret": told["secret"]}
    (seen,) = town.ask("GET", f"/cases/{source}/consents", mine)["items"]
    assert seen["reference"] is None and seen["from_reference"] == source, "the secret of one request does not open the other"
    place = f"/consents/{seen['id']}/withdrawal"
    town.ask("POST", f"/cases/{told['reference']}{place}", town.citizen("bob"), status=404)
    town.ask("POST", f"/cases/{told['reference']}{place}", town.worker, status=403)
    strange, theirs = moved(town, {})
    town.ask("POST", f"/cases/{strange}{place}", theirs, status=404)
    assert town.ask("POST", f"/cases/{source}{place}", mine)["state"] == "withdrawn"
    again = town.ask("POST", f"/cases/{told['reference']}{place}", here)
    assert again["state"] == "withdrawn" and again["withdrawn_at"]
    assert [one["kind"] for one in data_of(town, told["reference"], "ConsentWithdrawn")] == ["reuse"], "once"


def test_sent_again_with_the_same_key_it_is_one_request_and_one_consent(town: Town) -> None:
    who = town.citizen("sven")
    source, _ = moved(town, who)
    keyed = who | {"Idempotency-Key": "3f1f0a52-9f0e-4f2a-9d9b-6f0f3f1f7a11"}
    first, second = (park(town, keyed, reuse=[{"reference": source, "fields": ["home"]}]) for _ in range(2))
    assert first == second
    assert len(data_of(town, source, "AnswersShared")) == 1
