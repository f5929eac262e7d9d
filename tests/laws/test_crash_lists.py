"""Whoever adds a route that writes, a timer, a kind of row that leaves or a job says where it may die, and is tried there."""

from __future__ import annotations

from portal.app import create_app
from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.ledger.conftest import SECRET, catalogue
from tests.storm.crash.use_cases import ELSEWHERE, READ_ONLY, USE_CASES, covered, demanded


def writing_routes() -> set[str]:
    """Endpoints that take more than GET; no server is asked."""
    portal = Portal(connect("postgresql:///nowhere"), catalogue(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    rules = create_app(portal).url_map.iter_rules()
    return {rule.endpoint for rule in rules if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}}


def test_every_use_case_has_a_crash_list() -> None:
    missing = demanded(writing_routes()) - covered()
    assert not missing, f"write a UseCase with covers=(...) in tests/storm/crash (doors.py or background.py) for: {sorted(missing)}"


def test_no_crash_list_is_for_something_that_is_gone() -> None:
    routes = writing_routes()
    assert not {*READ_ONLY, *ELSEWHERE} - routes
    assert not {one for one in covered() if one.startswith("route ")} - {f"route {name}" for name in routes}
    assert len({case.name for case in USE_CASES}) == len(USE_CASES)
