"""Contacts: kept with channel, direction and reason, put right by people, counted as value or avoidable, the same when made again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.kpi import fold
from portal.kpi.rebuild import rebuild
from tests.contracts.issuer import Issuer
from tests.ledger.test_roles import WORKER, Town


@pytest.fixture(scope="module")
def town(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    one = Town(database.url, Issuer(tmp_path_factory.mktemp("keys") / "keys.json"))
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def figure(town: Town, service: str = "housing-benefit") -> float:
    """The avoidable share of a service, folded up to now."""
    fold.fold_all(town.portal)
    told = town.ask("GET", "/indicators/avoidable-contact?by=service", {})
    (value,) = [one["value"] for one in told["items"] if one["slice"].get("service") == service]
    return float(value)


def test_contacts_are_kept_put_right_and_counted(town: Town) -> None:
    reference, mine = town.request()
    town.ask("POST", f"/cases/{reference}/messages", mine, {"words": "Here is my payslip."}, status=201)
    assert figure(town) == 0
    kept = town.ask("POST", f"/cases/{reference}/contacts", town.worker, {"channel": "phone", "reason": "progress-chasing"}, status=201)
    assert kept == {"reason": "progress-chasing", "demand": "avoidable"}
    town.ask("POST", f"/cases/{reference}/contacts", town.worker, {"channel": "phone", "direction": "out", "reason": "progress-chasing"}, status=201)
    listed = town.ask("GET", f"/cases/{reference}/contacts", town.worker)["items"]
    assert [(one["channel"], one["direction"], one["reason"], one["proposed"]) for one in listed if one["direction"] == "in"] == [
        ("web", "in", "new-request", True), ("web", "in", "further-information", True), ("phone", "in", "progress-chasing", False),
    ]  # fmt: skip
    assert figure(town) == pytest.approx(100 / 3), "one of three: what we said ourselves is no demand"
    number = listed[1]["number"]
    town.ask("POST", f"/cases/{reference}/contacts/{number}/reason", town.worker, {"reason": "repeat-information"})
    assert figure(town) == pytest.approx(200 / 3)
    town.ask("POST", f"/cases/{reference}/contacts/{number}/reason", town.worker, {"reason": "clarification"})
    assert figure(town) == pytest.approx(200 / 3), "one avoidable reason for another changes no count"
    town.ask("POST", f"/cases/{reference}/contacts/{number}/reason", town.worker, {"reason": "complaint"})
    assert figure(town) == pytest.approx(100 / 3)
    assert not rebuild(town.portal, replace=False).differences


def test_who_may_keep_and_see(town: Town) -> None:
    reference, mine = town.request()
    for who, read, write in (
        (mine, 403, 403),
        (town.moved, 404, 404),
        (town.champion_of("housing-benefit"), 200, 403),
        (town.champion_of("pothole"), 404, 403),
    ):
        town.ask("GET", f"/cases/{reference}/contacts", who, status=read)
        town.ask("POST", f"/cases/{reference}/contacts", who, {"channel": "phone", "reason": "complaint"}, status=write)
    town.seal(reference, town.worker, WORKER)
    town.ask("GET", f"/cases/{reference}/contacts", town.colleague, status=404)
    town.ask("POST", f"/cases/{reference}/contacts/1/reason", town.colleague, {"reason": "complaint"}, status=404)


def test_what_is_no_contact_is_not_judged(town: Town) -> None:
    reference, _ = town.request()
    town.ask("POST", f"/cases/{reference}/contacts/2/reason", town.worker, {"reason": "complaint"}, status=404)
    town.ask("POST", f"/cases/{reference}/contacts/999/reason", town.worker, {"reason": "complaint"}, status=404)
    town.ask("POST", f"/cases/{reference}/contacts/1/reason", town.worker, {"reason": "boredom"}, status=422)
    town.ask("POST", f"/cases/{reference}/contacts", town.worker, {"channel": "pigeon", "reason": "complaint"}, status=422)
