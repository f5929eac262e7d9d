"""An agency that works by files: one file a run with control totals, no line lost or doubled, and nothing believed that does not add up."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.catalogue.definitions import Agency, Catalogue
from portal.db import connect, new_id
from portal.dispatch.collect import collect
from portal.dispatch.deliver import drain
from portal.events import log
from portal.intake import files, reports
from portal.intake.party import answer
from portal.intake.receive import Submission, receive
from portal.local.agency_files import Clerk
from portal.local.agency_ledger import Ledger
from portal.outbox.inbox import PATIENCE
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import ANONYMOUS, ENGINE, RELAY, Portal
from tests.servers import Database
from tests.stories.town import CATALOGUE

DOG = {"owner": "Ann Élan", "home": "Rue Haute 1", "chip": "=cmd|'/C calc'!A1", "dogs": 2}


Offices = Callable[..., "Office"]


class Office:
    """The portal and the treasury beside it; time is told, nobody waits for it."""

    def __init__(self, database: Database, place: Path, **batch: Any) -> None:
        agency = CATALOGUE.agencies["treasury"]
        assert agency.batch is not None
        changed = {name: batch.pop(name) for name in ("promise", "on_doubt", "endpoint") if name in batch}
        self.agency: Agency = replace(agency, batch=replace(agency.batch, **batch), **changed)
        catalogue: Catalogue = replace(CATALOGUE, agencies=CATALOGUE.agencies | {"treasury": self.agency})
        self.exchanges = place / "exchanges"
        self.exchanges.mkdir(parents=True)
        settings = Settings(PORTAL_MODE="test", secret_key="a secret of the tests, long enough to be one", data=str(place), exchanges=str(self.exchanges))  # type: ignore[arg-type]
        self.portal = Portal(connect(database.url), catalogue, REACTIONS, settings)
        self.ledger = Ledger(place / "ledger.sqlite")
        self.behaves: dict[str, str] = {}
        self.root = self.exchanges / "treasury"
        self.clerk = Clerk(self.agency, self.root, self.ledger, self.behaves)
        self.now = datetime.now(UTC)

    def ask(self, **answers: Any) -> UUID:
        case_id = new_id()
        with self.portal.work(ANONYMOUS, new_cases=[case_id]) as work:
            receive(work, Submission(service="dog-registration", answers=DOG | answers), case_id=case_id)
        return case_id

    def run(self, minutes: int = 2) -> int:
        """Time passes to the next file, and what is due leaves."""
        self.now += timedelta(minutes=minutes)
        return drain(self.portal, kinds=["delivery"], at=self.now)

    def look(self) -> None:
        """Time passes, and the folder is looked into."""
        self.now += timedelta(minutes=2)
        collect(self.portal, partial(files.take, self.portal, at=self.now), at=self.now)

    def history(self, case_id: UUID, *types: str) -> list[dict[str, Any]]:
        with self.portal.work(ENGINE) as work:
            work.narrow([case_id])
            rows = work.run(log.history(case_id, limit=1000).execution_options(visible=True))
        return [row for row in rows if row["type"] in types]

    def out(self) -> list[str]:
        return sorted(one.name for one in (self.root / "to-agency").glob("*"))

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO((self.root / "to-agency" / name).read_text("iso-8859-15"), newline=""), delimiter=";"))

    def key(self, case_id: UUID) -> str:
        return str(self.history(case_id, "DeliveryPlaced")[0]["data"]["key"])

    def strays(self) -> list[dict[str, Any]]:
        with self.portal.work(RELAY) as work:
            ids = [id for (id,) in work.sql("SELECT case_id FROM case_heads")]
        with self.portal.work(ENGINE) as work:
            work.narrow(ids)
            return [known for (known,) in work.sql("SELECT known FROM strays ORDER BY found_at")]

    def parked(self, case_id: UUID) -> list[str]:
        return [one["data"]["refusal"] for one in self.history(case_id, "DeliveryParked")]

    def lease_ends(self) -> None:
        with self.portal.work(RELAY) as work:
            work.sql("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")


@pytest.fixture
def offices(fresh_database: Database, tmp_path: Path) -> Iterator[Offices]:
    """Makes one whose definition differs from the sample in these words."""
    made: list[Office] = []

    def make(**batch: Any) -> Office:
        made.append(Office(fresh_database, tmp_path, **batch))
        return made[-1]

    yield make
    for one in made:
        one.portal.engine.dispose()
        one.ledger.close()


@pytest.fixture
def office(offices: Offices) -> Office:
    return offices()


def put(office: Office, name: str, rows: list[list[str]], *, total: int | None = None, lines: int | None = None, encoding: str = "iso-8859-15") -> None:
    """An answer of the treasury, with the control file a right one would have."""
    table = [["KEY", "STATE", "FILE_NO", "WHY"], *rows]
    content = "".join(";".join(row) + "\r\n" for row in table).encode(encoding)
    total = sum(int(row[0][:8], 16) for row in rows) if total is None else total
    back = office.root / "from-agency"
    back.mkdir(parents=True, exist_ok=True)
    (back / name).write_bytes(content)
    said = f"file;rows;total;sha256\r\n{name};{len(rows) if lines is None else lines};{total};{sha256(content).hexdigest()}\r\n"
    (back / f"{name}.control").write_text(said)


def test_handovers_of_a_run_leave_in_one_file_and_come_back_done(office: Office) -> None:
    cases = [office.ask(owner=f"Owner {number}") for number in range(5)]
    assert drain(office.portal, kinds=["delivery"]) == 0, "not before the run"
    assert office.run() == 5
    assert office.out() == ["orders-000001.csv", "orders-000001.csv.control"]
    rows = office.rows("orders-000001.csv")
    assert [row["KEY"] for row in rows] == [office.key(case) for case in cases], "the oldest first"
    assert (rows[0]["OWNER"], rows[0]["DOGS"], rows[0]["SOURCE"], rows[0]["SERVICE"]) == ("Owner 0", "2", "PORTAL", "dog-registration")
    assert rows[0]["CHIP"] == "'=cmd|'/C calc'!A1", "no spreadsheet reckons with what a citizen wrote"
    ((control,),) = [list(csv.DictReader(io.StringIO((office.root / "to-agency" / office.out()[1]).read_text()), delimiter=";"))]
    assert (control["rows"], control["total"]) == ("5", str(sum(int(row["KEY"][:8], 16) for row in rows)))
    assert control["sha256"] == sha256((office.root / "to-agency" / "orders-000001.csv").read_bytes()).hexdigest()
    assert [len(office.history(case, "DeliverySent")) for case in cases] == [1] * 5
    assert office.clerk.turn() == 1
    office.look()
    assert [[one["data"]["status"] for one in office.history(case, "AgencyReported")] for case in cases] == [["accepted", "done"]] * 5
    assert [len(office.history(case, "CaseClosed")) for case in cases] == [1] * 5
    assert sorted(one.name for one in (office.root / "from-agency").glob("*.csv")) == [], "what was read is put away"
    assert {one["times"] for one in office.ledger.effects()} == {1}


def test_a_file_leaves_at_once_when_enough_wait_and_numbers_have_no_gap(offices: Offices) -> None:
    office = offices(most=3)
    for _ in range(7):
        office.ask()
    assert drain(office.portal, kinds=["delivery"]) == 6
    assert office.run() == 1
    assert [name for name in office.out() if name.endswith(".csv")] == ["orders-000001.csv", "orders-000002.csv", "orders-000003.csv"]
    assert [len(office.rows(f"orders-00000{number}.csv")) for number in (1, 2, 3)] == [3, 3, 1]


def test_what_cannot_be_reached_leaves_later_under_the_same_number(office: Office) -> None:
    case = office.ask()
    office.root.parent.rmdir()
    office.root.parent.write_text("a file where a folder should be")
    assert office.run() == 1
    assert not office.history(case, "DeliverySent") and not office.parked(case)
    office.root.parent.unlink()
    office.root.mkdir(parents=True)
    later = office.ask()
    office.run(10)
    assert office.out()[0] == "orders-000001.csv" and len(office.rows("orders-000001.csv")) == 2
    assert office.history(case, "DeliverySent") and office.history(later, "DeliverySent")


def died_in(office: Office, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    """The process that puts the file there dies right after a file of that ending got its name."""
    original = Path.rename

    def rename(self: Path, target: Any) -> Path:
        done = original(self, target)
        if str(target).endswith(after):
            raise SystemExit
        return done

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        with pytest.raises(SystemExit):
            office.run()
    office.lease_ends()


@pytest.mark.parametrize("after", [".csv", ".control"])
def test_whoever_dies_with_the_file_in_hand_doubles_no_line(office: Office, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    first = office.ask()
    died_in(office, monkeypatch, after)
    before = (office.root / "to-agency" / "orders-000001.csv").read_bytes()
    second = office.ask()
    assert office.run() == 2
    assert (office.root / "to-agency" / "orders-000001.csv").read_bytes() == before, "the same file first, with the same lines"
    assert [row["KEY"] for row in office.rows("orders-000002.csv")] == [office.key(second)]
    assert len(office.history(first, "DeliverySent")) == 1
    office.clerk.turn()
    assert [one["times"] for one in office.ledger.effects()] == [1, 1]


def test_whoever_dies_and_the_agency_took_it_meanwhile_asks_the_folder(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = office.ask()
    died_in(office, monkeypatch, ".control")
    assert office.clerk.turn() == 1
    assert office.run() == 1
    assert office.out() == [], "it is with what the agency took: it is not put there again"
    assert len(office.history(case, "DeliverySent")) == 1
    assert [one["times"] for one in office.ledger.effects()] == [1]


def test_a_blind_agency_is_not_sent_the_file_twice(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    office = offices(promise="blind", taken=None)
    case = office.ask()
    died_in(office, monkeypatch, ".csv")
    office.run()
    assert office.parked(case) == ["in-doubt"]
    office.ask()
    office.run()
    assert "orders-000002.csv" in office.out(), "the number of a file that may have arrived is not given again"


def test_a_file_reads_the_same_whenever_it_is_made_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = office.ask()
    died_in(office, monkeypatch, ".csv")
    before = (office.root / "to-agency" / "orders-000001.csv").read_bytes()
    (office.root / "to-agency" / "orders-000001.csv").unlink()
    with office.portal.work(ENGINE, at=office.now + timedelta(minutes=1)) as work:
        work.narrow([case])
        answer(work, case, {"owner": "Somebody else"})
    office.run()
    assert (office.root / "to-agency" / "orders-000001.csv").read_bytes() == before


def test_a_request_withdrawn_before_its_file_is_not_in_it(office: Office) -> None:
    gone, stays = office.ask(), office.ask()
    from portal.intake.party import take_back

    with office.portal.work(ENGINE) as work:
        work.narrow([gone])
        take_back(work, gone, None)
    office.run()
    assert [row["KEY"] for row in office.rows("orders-000001.csv")] == [office.key(stays)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"total": 1}, "total"),
        ({"lines": 3}, "its control says 3"),
        ({"encoding": "utf-16"}, "no column"),
    ],
)
def test_a_file_that_does_not_add_up_is_not_applied_at_all_and_people_are_told(office: Office, wrong: dict[str, Any], says: str) -> None:
    first, second = office.ask(), office.ask()
    office.run()
    put(office, "results-1.csv", [[office.key(one), "B", "F1", ""] for one in (first, second)], **wrong)
    office.look()
    assert office.strays() == [], "it may still be written"
    office.look()
    office.look()
    (stray,) = office.strays()
    assert stray["file"] == "results-1.csv" and says in stray["reason"]
    assert not office.history(first, "AgencyReported") and not office.history(second, "AgencyReported")
    put(office, "results-1.csv", [[office.key(one), "B", "F1", ""] for one in (first, second)])
    office.look()
    assert [one["data"]["status"] for one in office.history(first, "AgencyReported")] == ["done"], "a right one is taken, whatever its name"


@pytest.mark.parametrize(
    "row",
    [["KEY", "B", "F1"], ["KEY", "?", "F1", ""], ["no key!", "B", "F1", ""], ["KEY", "B", "bad number", ""], ['"KEY', "B", "F1", ""]],
    ids=["too-few-cells", "status", "key", "number", "quote"],
)
def test_one_line_that_is_not_understood_stops_the_whole_file(office: Office, row: list[str]) -> None:
    first, second = office.ask(), office.ask()
    office.run()
    put(office, "results-1.csv", [[office.key(first), "B", "F1", ""], [cell.replace("KEY", office.key(second)) for cell in row]], total=0)
    office.look()
    office.look()
    assert len(office.strays()) == 1
    assert not office.history(first, "AgencyReported")


def test_a_file_half_there_is_left_alone_until_its_control_comes(office: Office) -> None:
    case = office.ask()
    office.run()
    put(office, "results-1.csv", [[office.key(case), "B", "F1", ""]])
    control = office.root / "from-agency" / "results-1.csv.control"
    said = control.read_bytes()
    control.unlink()
    (office.root / "from-agency" / "results-2.csv.part").write_bytes(b"half")
    office.look()
    office.look()
    assert not office.history(case, "AgencyReported") and office.strays() == []
    control.write_bytes(said)
    office.look()
    assert office.history(case, "AgencyReported")


def test_a_file_that_comes_again_changes_nothing_under_whatever_name(office: Office) -> None:
    case = office.ask()
    office.run()
    for name in ("results-1.csv", "results-1.csv", "results-again.csv"):
        put(office, name, [[office.key(case), "B", "F1", ""]])
        office.look()
    assert len(office.history(case, "AgencyReported")) == len(office.history(case, "CaseClosed")) == 1
    assert office.strays() == []


def test_lines_nobody_knows_wait_and_then_go_to_people_and_the_others_are_taken(office: Office) -> None:
    case = office.ask()
    pothole = new_id()
    with office.portal.work(ANONYMOUS, new_cases=[pothole]) as work:
        receive(work, Submission(service="pothole", answers={"place": "Rue Haute 1"}), case_id=pothole)
    others = office.key(pothole)
    office.run()
    put(office, "results-1.csv", [["0" * 32, "B", "F1", ""], [others, "B", "F2", ""], [office.key(case), "X", "F3", "Chip number is taken"]])
    office.look()
    assert [one["data"]["status"] for one in office.history(case, "AgencyReported")] == ["refused"]
    assert [one["data"]["kind"] for one in office.history(case, "AgencyWrote")] == ["refusal"], "the reason is kept, in the vault"
    assert not office.history(pothole, "AgencyReported"), "a handover of another agency is as unknown as none"
    reports.match(office.portal, at=datetime.now(UTC) + PATIENCE + timedelta(days=1))
    assert sorted(one["reference"] for one in office.strays()) == sorted(["0" * 32, others])


def test_a_file_too_large_is_not_swallowed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = office.ask()
    office.run()
    put(office, "results-1.csv", [[office.key(case), "B", "F1", "x" * 200]])
    monkeypatch.setattr("portal.wire.exchange.LARGEST", 100)
    office.look()
    office.look()
    (stray,) = office.strays()
    assert "more than 100 bytes" in stray["reason"]
    assert not office.history(case, "AgencyReported")


def test_links_and_odd_names_are_not_followed(office: Office, tmp_path: Path) -> None:
    case = office.ask()
    office.run()
    back = office.root / "from-agency"
    back.mkdir(parents=True)
    put(office, "aside.csv", [[office.key(case), "B", "F1", ""]])
    secret = tmp_path / "secret.csv"
    (back / "aside.csv").rename(secret)
    (back / "results-1.csv").symlink_to(secret)
    (back / "results-1.csv.control").write_bytes((back / "aside.csv.control").read_bytes().replace(b"aside.csv", b"results-1.csv"))
    (back / "results-..;rm -rf.csv").write_bytes(b"")
    office.look()
    assert not office.history(case, "AgencyReported")
    office.root.rename(tmp_path / "elsewhere")
    office.root.symlink_to(tmp_path)
    office.ask()
    office.run()
    assert not (tmp_path / "to-agency").exists(), "a link out of the exchange is not followed"


@pytest.mark.parametrize("way", ["works", "refuses", "repeats", "disorders", "forgets"])
@pytest.mark.parametrize(
    ("format", "control", "encoding"), [("csv", "line", "utf-8"), ("xml", "file", "utf-8"), ("xml", "line", "utf-16"), ("csv", "file", "utf-8-sig")]
)
def test_every_way_of_the_office_ends_as_it_must(offices: Offices, way: str, format: Any, control: Any, encoding: Any) -> None:
    office = offices(format=format, control=control, encoding=encoding)
    office.behaves["treasury"] = way
    cases = [office.ask(owner='Zoë <&> "Ünal"\n= 2'), office.ask(owner="كلب")]
    office.run()
    office.clerk.turn()
    office.look()
    office.look()
    ends = {"works": "done", "refuses": "refused", "repeats": "done", "disorders": "done", "forgets": None}[way]
    for case in cases:
        assert [one["data"]["outcome"] for one in office.history(case, "StepEnded")] == ([ends] if ends else [])
    assert office.strays() == []
    assert [one["times"] for one in office.ledger.effects()] == [1, 1]


@pytest.mark.parametrize("way", ["lies", "truncates"])
@pytest.mark.parametrize(("format", "control"), [("csv", "line"), ("xml", "line"), ("xml", "file"), ("csv", "file")])
def test_what_the_office_gets_wrong_is_believed_in_no_form(offices: Offices, way: str, format: Any, control: Any) -> None:
    office = offices(format=format, control=control)
    office.behaves["treasury"] = way
    case = office.ask()
    office.run()
    office.clerk.turn()
    office.look()
    office.look()
    assert not office.history(case, "AgencyReported")
    assert len(office.strays()) == 1


def test_two_that_drain_at_once_make_one_file(office: Office) -> None:
    cases = [office.ask() for _ in range(20)]
    office.now += timedelta(minutes=2)
    threads = [threading.Thread(target=drain, args=(office.portal,), kwargs={"kinds": ["delivery"], "at": office.now}) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    while drain(office.portal, kinds=["delivery"], at=office.now):
        pass
    rows = [row["KEY"] for name in office.out() if name.endswith(".csv") for row in office.rows(name)]
    assert sorted(rows) == sorted(office.key(case) for case in cases)
