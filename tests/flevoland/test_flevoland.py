"""The general administrative procedure and the felling permit of Flevoland as journeys: the same paths as the BPMN, the same decisions as the DMN, all of it
lived through the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from portal.catalogue import tabled
from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.catalogue.sources import installed
from portal.db import connect, new_id
from portal.errors import Invalid
from portal.intake.receive import Submission, receive
from portal.queues import worklist
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import ANONYMOUS, Portal
from portal.workflow.checks import CHECKS
from portal.workflow.explore import explore
from tests.flevoland import drive as driving
from tests.flevoland.drive import Driven, Plan, drive, under_way, waiting
from tests.flevoland.paths import mapped, traced, walks
from tests.ledger.conftest import SECRET
from tests.ledger.versions_of_town import case
from tests.omg import Node, converted, tree
from tests.servers import Database

HERE = Path(__file__).parent
DUES = ("paid", "waived", "lapsed", None)
CHAIN = ("done", "refused", "failed", None)
REVIEWS = ("confirm", "reject", "change-to-reject", "change-to-permit-with-tree", "change-to-permit-without-tree")

#: Task of the BPMN -> our step. What is not a step of ours, and why:
#: `..._Completeness`, `..._AssessPermit`, `..._AssessReplacement` are decision tables that conditions look at; `..._ArchivesDMN` is what the official who
#: archives does by the table in the guidance (a condition sees answers, not the decision); `Sub_ApplyReview` with its way back is the
#: refusal of an outcome that is none (below).
PROCEDURE = {
    "Task_Phase1_Identity": "identify",
    "Task_Phase2_Receipt": "acknowledge",
    "Task_RequestMissingInfo": "supplement",
    "Task_RefuseToProcess": "refuse-to-process",
    "Task_Phase45_Process": "process",
    "Task_Phase6_Notify": "inform",
    "Task_Phase7_Payment": "pay",
    "Task_Phase8_Forward": "forward",
    "Task_ArchiveRecord": "archive",
}
REVIEWED = {"Sub_CaseReview": "review", "Sub_SetGranted": "grant", "Sub_SetRejected": "reject"}
JUDGED = {"Sub_SetGranted": "permit", "Sub_SetRejected": "refuse"}
PERMIT = {"PermitGranted": "permit", "PermitRejected": "refuse", "InformApplication": "inform-applicant"}
#: A permit with a tree to plant is a decision of its own with us; in the BPMN it is one with a variable.
ALIKE = {"grant-with-tree": "grant", "permit-with-tree": "permit", "forward-by-hand": ""}
JOURNEYS = ("awb-procedure", "felling-reviewed", "felling-judged", "felling-permit")


@cache
def catalogue() -> Catalogue:
    """What ships, and Flevoland beside it."""
    return load(installed(), directories=[HERE / "content"], resolve_calendar=resolve, checks=CHECKS)


@pytest.fixture
def province(fresh_database: Database) -> Iterator[Portal]:
    engine = connect(fresh_database.url)
    yield Portal(engine, catalogue(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    engine.dispose()


@pytest.fixture(scope="module")
def models(shared_data: Path) -> dict[str, Node]:
    """Each model by the name of its file."""
    return {file.name: tree(file.read_bytes()) for file in (shared_data / "models" / "flevoland").glob("*mn")}


def applied(diameter: int | None, *, protected: bool = False, pays: bool = False, chain: bool = False) -> dict[str, Any]:
    """Answers of an applicant."""
    given = {} if diameter is None else {"tree_diameter": diameter}
    return given | {"protected_area": protected, "payment_required": pays, "chain_process_required": chain}


@pytest.mark.parametrize("journey", JOURNEYS)
def test_each_is_sound_and_every_step_of_it_is_reached(journey: str) -> None:
    found = explore(catalogue().journeys[journey])
    assert (found.whole, found.findings) == (True, [])


def steps_of(journey: str, *, without: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Its paths as rows of the steps the BPMN knows."""
    names = {step.id: ALIKE.get(step.id, step.id) for step in catalogue().journeys[journey].steps if ALIKE.get(step.id) != "" and step.id not in without}
    return {mapped(path, names) for path in walks(catalogue().journeys[journey])}


def tasks_of(model: Node, table: dict[str, str]) -> set[tuple[str, ...]]:
    """Its paths by the names of our steps."""
    (process,) = model.all("process")
    return {tuple(table[task] for task in path if task in table) for path in traced(process)}


def test_the_procedure_has_the_paths_of_the_bpmn(models: dict[str, Node]) -> None:
    """Paid, waived and lapsed are one payment there; where nothing is due the fee ends at once, which the BPMN passes by."""
    theirs = tasks_of(models["awb-process.bpmn"], PROCEDURE)
    unpaid = {tuple(step for step in path if step != "pay") for path in theirs}
    assert len(theirs) == 12
    assert {path for path in theirs if "pay" in path} == steps_of("awb-procedure")
    assert unpaid == steps_of("awb-procedure", without=("pay",))


def test_the_permit_and_what_it_calls_have_the_paths_of_the_bpmn(models: dict[str, Node]) -> None:
    assert tasks_of(models["tree-felling-subprocess.bpmn"], JUDGED) == steps_of("felling-judged") == {("permit",), ("refuse",)}
    ours = {(*inner, *outer) for inner in steps_of("felling-judged") for outer in steps_of("felling-permit", without=("assess-permit",))}
    assert tasks_of(models["tree-felling-permit.bpmn"], PERMIT) == ours
    theirs = tasks_of(models["tree-felling-subprocess-enhanced.bpmn"], REVIEWED)
    again = {path for path in theirs if path.count("review") > 1}
    assert {path[-2:] for path in again} == {("review", "grant"), ("review", "reject")}, "a review that is not valid comes back; with us it is not taken"
    assert theirs - again == steps_of("felling-reviewed") == {("review", "grant"), ("review", "reject"), ("reject",)}


def test_every_task_of_the_bpmn_has_its_place(models: dict[str, Node]) -> None:
    told = {"Task_Phase3_Completeness", "Sub_AssessPermit", "Sub_AssessReplacement", "Sub_ApplyReview", "AssessPermit", "AssessReplacement", "Task_ArchivesDMN"}
    for name, model in models.items():
        for process in model.all("process"):
            tasks = {one.attributes["id"] for one in process.inside if one.name.endswith(("Task", "Activity"))}
            assert tasks <= told | PROCEDURE.keys() | REVIEWED.keys() | PERMIT.keys(), name


def plans() -> Iterator[Plan]:
    """Every way to come to a decision, with every way to pay and to hand on."""
    receipts: list[tuple[int | None, bool, dict[str, Any]]] = [(45, False, {}), (None, False, {"supplement": {"tree_diameter": 20}}), (None, False, {})]
    for at, ((diameter, protected, ends), pays, chain) in enumerate(product(receipts, DUES, CHAIN)):
        answers = applied(diameter, protected=protected, pays=pays is not None, chain=chain is not None)
        archived = "destroy-after-10-years" if diameter or ends else "destroy-after-5-years"
        yield Plan("fell-a-tree", answers, ends | {"review": REVIEWS[at % len(REVIEWS)], "pay": pays, "forward": chain, "archive": archived})
    for diameter, kept in ((61, "keep-for-good"), (61, "destroy-after-5-years")):
        yield Plan("fell-a-tree", applied(diameter), {"archive": kept})


def test_every_path_of_the_procedure_and_its_review_is_lived_to_its_end(province: Portal) -> None:
    """Each path the runner can take. Whatever is decided, and however it is filed, the way is the same: those outcomes are all tried, not multiplied."""
    lived: dict[str, set[Any]] = {"awb-procedure": set(), "felling-reviewed": set()}
    for plan in plans():
        found = drive(province, plan)
        for journey, path in found.paths.items():
            lived[journey].add(path)
        assert case(province, found.case_id)["status"] == "closed"
        assert case(province, found.case_id)["outcome"] == decided(found), plan
    procedure, review = (walks(catalogue().journeys[name]) for name in lived)
    assert lived["felling-reviewed"] == review
    assert lived["awb-procedure"] <= procedure
    assert {alike(path) for path in lived["awb-procedure"]} == {alike(path) for path in procedure}
    assert len({alike(path) for path in procedure}) == 3 * len(DUES) * len(CHAIN)
    for step in FREE:
        assert ends(lived["awb-procedure"], step) == ends(procedure, step)


#: Steps all outcomes of which lead the same way.
FREE = ("process", "archive")


def alike(path: Any) -> Any:
    """A path without what was decided, and the class the file is kept by."""
    return tuple((type, step, None if step in FREE else outcome, to) for type, step, outcome, to in path)


def ends(paths: set[Any], step: str) -> set[str]:
    """How that step ended on them."""
    return {outcome for path in paths for type, at, outcome, _ in path if (type, at) == ("StepEnded", step)}


def decided(found: Driven) -> str | None:
    """What a case was decided by: the review, or that it was left aside."""
    inner = found.paths.get("felling-reviewed")
    outcome: str | None = inner[-1][2] if inner else "not-processed"
    return outcome


GRID = list(product((1, 30, 31, 60, 61, 200), (True, False)))


def test_every_path_of_the_permit_is_lived_and_it_decides_as_the_dmn(province: Portal, models: dict[str, Node]) -> None:
    felling, replacement = (converted(models[f"{name}.dmn"]) for name in ("tree-felling-decision", "replacement-tree-decision"))
    lived: set[Any] = set()
    for diameter, protected in GRID:
        facts = {"answers": {"tree_diameter": diameter, "protected_area": protected}}
        permitted = tabled.judged(*felling, facts).told["decision"] == "Permit"
        planted = tabled.judged(*replacement, facts).told["replacement_required"]
        path = drive(province, Plan("permit-to-fell", {"tree_diameter": diameter, "protected_area": protected})).paths["felling-judged"]
        assert path[-1] == ("JourneyEnded", None, ("granted-with-tree" if planted else "granted") if permitted else "rejected", None), (diameter, protected)
        lived.add(path)
    assert lived == walks(catalogue().journeys["felling-judged"])


def test_our_tables_say_what_the_dmn_says(models: dict[str, Node]) -> None:
    """Every whole number about the bounds; a diameter that is missing is one of nothing."""
    service = catalogue().services["fell-a-tree"]
    pairs = [
        ("felling", "decision", "tree-felling-decision", "decision"),
        ("replacement", "required", "replacement-tree-decision", "replacement_required"),
        ("completeness", "complete", "awb-completeness-check", "is_complete"),
    ]
    tables = {table.id: table for table in (*service.tables, *(catalogue().tables[id] for id in service.shared_tables))}
    for (ours, output, theirs, told), diameter, protected in product(pairs, (None, 1, *range(28, 33), *range(58, 63), 500), (True, False)):
        model, fields = converted(models[f"{theirs}.dmn"])
        found = tabled.judged(tables[ours], service.fields, {"answers": applied(diameter, protected=protected)}).told[output]
        asked = {"tree_diameter": diameter or 0, "protected_area": protected, "product_type": "TreeFellingPermit"}
        assert found == tabled.judged(model, fields, {"answers": asked}).told[told], (ours, diameter, protected)


def test_the_classes_of_the_archive_are_those_of_the_dmn(models: dict[str, Node]) -> None:
    table, fields = converted(models["archives-act-retention.dmn"])
    years = {type: tabled.judged(table, fields, {"answers": {"product_type": "TreeFellingPermit", "decision_type": type}}).told["retention_years"]
             for type in ("Granted", "Rejected", "Refused")}  # fmt: skip
    assert years == {"Granted": 10, "Rejected": 10, "Refused": 5}
    archive = catalogue().journeys["awb-procedure"].step("archive")
    assert {f"destroy-after-{number}-years" for number in years.values()} < set(archive.outcomes)


def test_a_review_that_is_not_valid_is_not_taken_and_loses_nothing(province: Portal) -> None:
    """`change` without saying to what, as the form's policy has it: the caseworker still holds the task, and does it right."""
    case_id = new_id()
    with province.work(ANONYMOUS, new_cases=[case_id]) as work:
        receive(work, Submission(service="fell-a-tree", answers=applied(45), contact={"email": "ann@example.org"}), case_id=case_id)
    driving.do(province, case_id, "identify", None)
    with province.work(driving.CLERK) as work:
        worklist.claim(work, waiting(work, case_id, "review"), holder="tests|clerk", version=None)
    for invalid in (None, "change", "change-to-permit"):
        with pytest.raises(Invalid) as refused:
            driving.finish(province, case_id, "review", invalid)
        assert refused.value.errors == [{"pointer": "/outcome", "detail": f"Send one of {', '.join(REVIEWS)}."}]
    driving.finish(province, case_id, "review", "change-to-permit-with-tree")
    after = under_way(province, case_id)
    assert after is not None
    assert after["step"] == "grant-with-tree"
