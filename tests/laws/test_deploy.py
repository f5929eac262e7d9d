"""What `deploy/` starts are commands there are, with options they take; its example of settings is the program's own."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click
import pytest
import yaml

from portal.cli import main
from portal.cli.settings_list import NEEDED, as_file, listed
from portal.documents.kinds import LARGEST
from portal.jobs.wake import queue_names
from portal.settings import Settings
from tests.laws.rooms import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "containers" / "compose.yaml").read_text("utf-8"))


def takes(arguments: list[str]) -> None:
    """click itself reads them; nothing runs."""
    command = main.get_command(click.Context(main), arguments[0])
    assert command is not None, arguments
    command.make_context(arguments[0], arguments[1:])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_start_what_there_is(unit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere")
    line = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    path, *arguments = shlex.split(line.removeprefix("ExecStart=").replace("%i", "portal-1"))
    assert path.endswith("/bin/portal")
    takes(arguments)


def test_containers_start_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere")
    ours = {name: part for name, part in COMPOSE["services"].items() if part.get("image") == "onedoor:local" and "command" in part}
    assert len(ours) == 4
    for part in ours.values():
        takes(part["command"])
    for part in COMPOSE["services"].values():
        assert set(part.get("depends_on", {})) <= set(COMPOSE["services"])
        assert set(part.get("networks", [])) <= set(COMPOSE["networks"])


def test_every_queue_is_worked() -> None:
    wanted = set(queue_names(Settings.model_fields["rq_workers"].default))
    target = (DEPLOY / "systemd" / "onedoor.target").read_text()
    assert {name for name in wanted if f"onedoor-work@{name}.service" in target} == wanted
    assert {part["command"][2] for name, part in COMPOSE["services"].items() if name.startswith("work-")} == wanted


def names(text: str, form: str) -> set[str]:
    return set(re.findall(form, text, re.MULTILINE))


def test_the_example_names_settings_there_are_and_leaves_open_what_production_needs() -> None:
    """`portal settings --example` makes the whole file anew; the one that lies here may lack a setting added since."""
    example, known = (DEPLOY / ".env.example").read_text("utf-8"), {row["name"] for row in listed()}
    assert names(example, r"^#?([A-Z_]+)=") <= known
    assert names(example, r"^([A-Z_]+)=") == set(NEEDED) <= known
    assert names(as_file(listed()), r"^#?([A-Z_]+)=") == known


def test_both_proxies_are_the_same() -> None:
    one, other = ((DEPLOY / place).read_text().splitlines() for place in ("nginx.conf", "containers/nginx.conf"))
    assert [line.split()[0] for line, there in zip(one, other, strict=True) if line != there] == ["server"]


def test_the_proxy_lets_through_the_largest_file_the_portal_takes() -> None:
    (most,) = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text("utf-8"))
    assert int(most) * 1024 * 1024 > LARGEST + 64 * 1024
