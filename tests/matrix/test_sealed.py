"""A sealed case leaves no trace in what others of the staff may ask: every list, count and board is as if it had never been, by each layer alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.issuer import ISSUER, Issuer
from tests.matrix.cells import NOTHING, Cell, ask
from tests.matrix.operations import Operation
from tests.matrix.switches import LAYERS, only
from tests.matrix.test_matrix import offered
from tests.matrix.world import World

#: Instants, ids that are made anew, tokens of forms: what differs from call to call.
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.+Z-]+|form-token\" value=\"\w+|nonce-[\w+/=-]+|nonce=\"[\w+/=-]+|\d+\.\d+|[0-9a-f]{8}-[0-9a-f-]{27}|after=[\w-]+"
    r"|<span class=\"(?:od-late)?\">[^<]*</span>"
)
#: Figures count what is sealed too, and say nothing of which (portal/README.md); health and sessions tell of the portal and of oneself.
_ALL = re.compile(r"^/(api/v1/(indicators$|indicators/\{id\}$|health)|api/v1/sessions|account|performance|open311|health)")


@pytest.fixture(scope="module")
def world(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything there is to ask for."""
    database = servers.database()
    one = World(database, Issuer(tmp_path_factory.mktemp("sealed") / "keys.json"))
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def lists(world: World) -> list[Operation]:
    """What can be asked without naming an object."""
    return [one for one in offered(world) if one.method == "GET" and not one.kinds and not _ALL.search(one.path)]


def seen(world: World, subject: str) -> dict[str, str]:
    """Every list as somebody sees it now."""
    told = {one.name: _PASSING.sub("*", ask(world, Cell(one, subject, NOTHING)).body) for one in lists(world)}
    # Of colleagues, how much each holds: who has worked here meanwhile is another question.
    return told | {name: str(sum(map(int, re.findall(r'"holds": ?(\d+)', body)))) for name, body in told.items() if name.endswith("/colleagues")}


@pytest.mark.parametrize("layer", LAYERS)
def test_lists_counts_and_boards_are_as_if_it_had_never_been(world: World, layer: str) -> None:
    named = world._bearer(world.issuer, sub="named", agency="social-services", teams=["benefits"])
    world.ask("GET", "/tasks", named)
    world.ask("POST", f"/tasks/{world.waiting(world.request()[0])['id']}/claim", named)
    before = {}
    subjects = ("staff-same-team", "staff-other-team", "staff-other-agency", "champion-assigned", "admin")
    for subject in subjects:
        seen(world, subject)  # whoever has looked once is a colleague from then on
    for subject in subjects:
        with only(world, layer):
            before[subject] = seen(world, subject)
    reference, _ = world.request(text="sealed-canary", contact={"name": "sealed-canary"})
    task = world.waiting(reference)["id"]
    world.ask("POST", f"/tasks/{task}/claim", world.worker)
    world.seal(reference, world.worker, f"{ISSUER}|named")
    world.ask("POST", f"/tasks/{task}/claim", named)
    for subject, was in before.items():
        with only(world, layer):
            now = seen(world, subject)
        assert [name for name in was if was[name] != now[name]] == [], subject
    world.ask("GET", f"/cases/{reference}", named)


@pytest.mark.parametrize("layer", LAYERS)
def test_nobody_is_given_or_told_of_its_task(world: World, layer: str) -> None:
    reference, _ = world.request()
    task = world.waiting(reference)["id"]
    world.seal(reference, world.worker, f"{ISSUER}|named")
    nowhere = "01999999-0000-7000-8000-000000000001"
    colleague = world._bearer(world.issuer, sub="colleague-of-many", agency="social-services", teams=["benefits"])
    with only(world, layer):
        found = world.client.post("/api/v1/tasks/bulk", headers=colleague, json={"act": "claim", "ids": [task, nowhere]})
        sealed, none = found.get_json()["items"]
        for one in (sealed, none):
            assert one.pop("id") in (task, nowhere)
            one["problem"].pop("instance", None)
        assert sealed == none
        for _ in range(30):
            got = world.client.post("/api/v1/tasks/claim-next", headers=colleague, json={})
            if got.status_code != 200 or not got.get_json():
                break
            assert task not in got.get_data(as_text=True)
            assert reference not in got.get_data(as_text=True)
