"""The content the project ships: it loads, says enough, and shows what the language can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.definitions import Catalogue, Journey, Step
from portal.catalogue.inside import closure
from portal.catalogue.languages import REQUIRED
from portal.catalogue.load import load
from portal.catalogue.publish import canonical, from_stored
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(directories=[ROOT], resolve_calendar=resolve, checks=CHECKS)


def test_there_is_enough_of_it(catalogue: Catalogue) -> None:
    assert len(catalogue.agencies) >= 5
    assert len([service for service in catalogue.services.values() if not service.triage]) >= 12
    assert len(catalogue.journeys) >= 3
    assert {"front-office", "civil-registry", "city-council", "water-utility", "social-services", "roads"} <= catalogue.agencies.keys()


def test_every_file_is_in_the_catalogue(catalogue: Catalogue) -> None:
    files = [*ROOT.glob("services/*/*.yaml"), *ROOT.glob("services/*/letters/*.yaml"), *ROOT.glob("journeys/*.yaml")]
    assert len([file for file in files if file.name != "replay.yaml"]) == sum(
        map(len, (catalogue.agencies, catalogue.services, catalogue.journeys, catalogue.letters))
    )


def test_every_journey_is_used(catalogue: Catalogue) -> None:
    begun = {one.id for service in catalogue.services.values() for one in closure(catalogue.journeys[service.journey], catalogue.journeys)}
    assert catalogue.journeys.keys() == begun


def test_every_stored_row_comes_back_equal(catalogue: Catalogue) -> None:
    kinds = {"agency": catalogue.agencies, "service": catalogue.services, "journey": catalogue.journeys, "calendar": catalogue.calendars}
    kinds |= {"letter": catalogue.letters}  # type: ignore[dict-item]
    assert len(catalogue.stored) == sum(map(len, kinds.values()))
    for row in catalogue.stored:
        assert from_stored(row.kind, row.body) == kinds[row.kind][row.id]
        assert catalogue.hashes[row.kind, row.id] == row.hash
        assert canonical(row.body)


def test_people_can_find_every_service_in_each_language(catalogue: Catalogue) -> None:
    for service in catalogue.services.values():
        assert service.triage or all(service.synonyms.get(language) for language in REQUIRED), service.id


def test_every_service_promises_something_on_a_calendar_there_is(catalogue: Catalogue) -> None:
    for service in catalogue.services.values():
        assert {standard.kind for standard in service.standards} & {"law", "promise"}, service.id
        for standard in service.standards:
            own = standard.calendar or catalogue.agencies[service.agency].calendars[0].id
            assert (own if "/" in own else f"{service.agency}/{own}") in catalogue.calendars


def test_no_working_day_promise_where_there_is_danger(catalogue: Catalogue) -> None:
    dangers = [service for service in catalogue.services.values() if service.danger]
    assert dangers
    assert not [standard for service in dangers for standard in service.standards if "business" in standard.within]


def test_the_variety_the_language_allows_is_shown(catalogue: Catalogue) -> None:
    standards = [standard for service in catalogue.services.values() for standard in service.standards]
    assert {standard.kind for standard in standards} == {"law", "promise", "agreement"}
    assert {standard.profile for standard in standards} == {"same-time", "opening-hours", "eu-1182-71"}
    assert {standard.starts for standard in standards} == {"receipt", "competent"}
    assert len({standard.within.split()[1] for standard in standards}) == 6
    steps = [step for journey in catalogue.journeys.values() for step in journey.steps]
    assert {step.next.how for step in steps} == {"all", "first", "outcome"}


def test_moving_home_is_four_services_of_four_agencies(catalogue: Catalogue) -> None:
    parts = [catalogue.services[step.service] for step in catalogue.journeys["moving-home"].steps if step.service]
    assert len({part.agency for part in parts}) == len(parts) == 4
    assert catalogue.services["moving-home"].life_event


def test_moving_home_asks_each_question_once(catalogue: Catalogue) -> None:
    asked = [field.id for field in catalogue.services["moving-home"].fields]
    parts = [catalogue.services[step.service] for step in catalogue.journeys["moving-home"].steps if step.service]
    assert len(asked) == len(set(asked)) < sum(len(part.fields) for part in parts)
    assert {field.id for part in parts for field in part.fields} <= set(asked)


def test_the_main_job_is_work_and_a_delivery_at_once_then_a_decision(catalogue: Catalogue) -> None:
    journey = catalogue.journeys["staff-and-agency"]
    work, send = _parallel(journey)
    assert (work.kind, send.kind) == ("work", "send")
    assert send.agency is not None
    assert catalogue.agencies[send.agency].adapter == "rest"
    (join,) = (step for step in journey.steps if step.kind == "join" and step.needs is None)
    assert journey.step(join.next.arms[0].to).kind == "decide"


def _parallel(journey: Journey) -> list[Step]:
    (split,) = (step for step in journey.steps if step.next.how == "all" and len(step.next.arms) > 1)
    steps = [journey.step(arm.to) for arm in split.next.arms]
    (join,) = {arm.to for step in steps for arm in step.next.arms}
    assert journey.step(join).kind == "join"
    assert journey.ways_in[join] == len(steps)
    return steps
