"""Where definitions are found: entry points, folders of several shapes, and what completes what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.catalogue import shapes
from portal.catalogue.definitions import Agency, Journey, Service
from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.load import load
from portal.cli.check import check
from tests.definitions.small_city import FILES, plant, write


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small city as an installed package of a third party, found by its entry point alone."""
    site = tmp_path / "site"
    write(site / "smallville_content")
    (site / "smallville_content" / "__init__.py").touch()
    # A distribution earlier on the path hides one of the same name: the second hides this project's own content, where it is installed.
    for name, entry_points in (("smallville", "[portal.content]\nsmallville = smallville_content\n"), ("onedoor", "")):
        about = site / f"{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(entry_points)
    monkeypatch.syspath_prepend(str(site))
    return site


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(check, [str(argument) for argument in arguments])


def test_content_is_found_by_its_entry_point(installed: Path) -> None:
    assert load().services.keys() == {"front-door", "tree"}
    assert load([]).services == {}


def test_nothing_is_imported_by_name_where_no_entry_point_says_so() -> None:
    """`portal` never imports `services`, `journeys`, `channels`: with no installed content there is none."""
    script = "import sys, importlib.metadata as metadata; metadata.distributions = lambda **names: iter(())\n"
    script += "import portal.catalogue.load as l; assert l.load().agencies == {}; assert 'services' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_check_of_a_whole_set(tmp_path: Path) -> None:
    write(tmp_path)
    result = run(tmp_path)
    assert (result.exit_code, result.output) == (0, "1 agencies, 2 services, 2 journeys, 1 calendars: no faults\n")
    assert run(tmp_path / "services", tmp_path / "journeys").exit_code == 0


def test_check_of_the_installed_content(installed: Path) -> None:
    assert (run().exit_code, run().output.endswith("no faults\n")) == (0, True)


def test_check_prints_each_fault_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, {"journeys/simple.yaml": plant("journeys/simple.yaml", "next: judge", "next: juge")})
    result = run(tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}/journeys/simple.yaml:10:11: there is no step `juge`: did you mean `judge`?" in result.output.splitlines()


@pytest.mark.parametrize("name", ["absent", "services/hall/tree.yaml", "nothing"])
def test_a_folder_that_cannot_be_used_is_said_plainly(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    (tmp_path / "nothing").mkdir()
    result = run(tmp_path / name)
    assert result.exit_code == 2
    assert str(tmp_path / name) in result.output
    assert "Traceback" not in result.output


def test_one_agency_alone_is_completed_from_what_is_installed(installed: Path, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    (zoo / "agency.yaml").write_text(plant("services/hall/agency.yaml", "id: hall", "id: zoo"))
    visit = plant("services/hall/tree.yaml", "agency: hall", "agency: zoo").replace("id: tree", "id: visit")
    (zoo / "visit.yaml").write_text(visit)
    assert load(directories=[zoo]).services.keys() == {"front-door", "tree", "visit"}
    (zoo / "visit.yaml").write_text(visit.replace("journey: long", "journey: lost"))
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[zoo])
    assert [(fault.file, fault.line) for fault in trouble.value.faults] == [(str(zoo / "visit.yaml"), 6)]


def test_a_working_copy_of_an_installed_agency_goes_before_it(installed: Path, tmp_path: Path) -> None:
    hall = tmp_path / "hall"
    (hall / "letters").mkdir(parents=True)
    for name in ("agency", "front-door", "letters/told"):
        (hall / f"{name}.yaml").write_text(FILES[f"services/hall/{name}.yaml"].replace("Any request", "Anything"))
    catalogue = load(directories=[hall])
    assert catalogue.services.keys() == {"front-door"}
    assert catalogue.services["front-door"].title["en"] == "Anything"


def test_a_whole_set_is_not_completed(installed: Path, tmp_path: Path) -> None:
    write(tmp_path / "set")
    (tmp_path / "set" / "journeys" / "long.yaml").unlink()
    with pytest.raises(CatalogueFaults, match="there is no journey `long`"):
        load(directories=[tmp_path / "set"])


def test_calendars_are_resolved_by_the_function_given_and_its_faults_have_a_place(tmp_path: Path) -> None:
    write(tmp_path)
    assert load(directories=[tmp_path]).calendars == {}
    assert load(directories=[tmp_path], resolve_calendar=lambda hours: {"zone": hours.zone}).calendars == {
        "hall/office": {"id": "hall/office", "zone": "Europe/Brussels"}
    }

    def refuse(hours: object) -> dict[str, object]:
        raise ValueError("never on a Monday")

    with pytest.raises(CatalogueFaults, match=r"agency\.yaml:6:5: calendar `office`: never on a Monday"):
        load(directories=[tmp_path], resolve_calendar=refuse)


def test_checks_from_outside_see_only_what_is_sound(tmp_path: Path) -> None:
    write(tmp_path, {"journeys/long.yaml": "id: ["})
    seen: list[set[str]] = []
    with pytest.raises(CatalogueFaults):
        load(directories=[tmp_path], checks=[lambda catalogue, positions: seen.append({*catalogue.services}) or []])
    assert seen == [{"front-door"}]


def test_the_dataclasses_hold_only_shapes_that_can_be_read() -> None:
    for cls in (Agency, Service, Journey):
        assert shapes.slots(cls)
    with pytest.raises(TypeError):
        shapes.shape(list[str])
