"""The JSON Schemas editors use: what is kept is what the command prints, all content fits, and what a loader refuses by shape the schema refuses too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from portal.catalogue.definitions import Agency, Journey, Letter, Service
from portal.catalogue.shapes import slots
from portal.catalogue.sources import Source, find
from portal.catalogue.tree import Mapping, Node, Scalar, Sequence, parse
from portal.cli import main
from portal.cli.schema import FILES
from tests.definitions.small_city import FILES as CITY

ROOT = Path(__file__).parents[2]
CONTENT = find(directories=[ROOT]).sources


def plain(node: Node | None) -> Any:
    """The tree as JSON values."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.values.items()}
    return [plain(item) for item in node.items] if isinstance(node, Sequence) else node.value if isinstance(node, Scalar) else None


def validator(kind: str) -> jsonschema_rs.Validator:
    schema = json.loads((ROOT / FILES[kind]).read_text("utf-8"))
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.validator_for(schema)


KNOWS = {kind: validator(kind) for kind in FILES}


def city(kind: str) -> Any:
    """A faultless definition."""
    name = {
        "journey": "journeys/long.yaml",
        "service": "services/hall/tree.yaml",
        "agency": "services/hall/agency.yaml",
        "letter": "services/hall/letters/told.yaml",
    }[kind]
    return plain(parse(name, CITY[name].encode())[0])


@pytest.mark.parametrize("kind", FILES)
def test_what_is_kept_is_what_the_command_prints(kind: str) -> None:
    printed = CliRunner().invoke(main, ["schema", "--kind", kind])
    assert printed.exit_code == 0
    kept = (ROOT / FILES[kind]).read_text("utf-8")
    assert printed.output == kept, "the language has changed: run `portal schema --write .`"


@pytest.mark.parametrize("source", CONTENT, ids=lambda source: str(Path(source.file).relative_to(ROOT)))
def test_all_content_fits_and_names_its_schema(source: Source) -> None:
    root, faults = parse(source.file, source.raw)
    assert not faults
    assert [f"{'/'.join(map(str, wrong.instance_path))}: {wrong.message}" for wrong in KNOWS[source.kind].iter_errors(plain(root))] == []
    first = source.raw.decode().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (Path(source.file).parent / first.partition("=")[2]).resolve() == (ROOT / FILES[source.kind]).resolve()


@pytest.mark.parametrize(("kind", "cls"), [("journey", Journey), ("service", Service), ("agency", Agency), ("letter", Letter)])
def test_it_knows_every_key_and_no_other(kind: str, cls: type) -> None:
    schema = json.loads((ROOT / FILES[kind]).read_text("utf-8"))
    assert list(schema["properties"]) == list(slots(cls))
    assert not schema["additionalProperties"]


def changed(kind: str, path: tuple[str | int, ...], value: Any) -> Any:
    whole = part = city(kind)
    for step in path[:-1]:
        part = part[step]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return whole


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("journey", ("start",), None),
        ("journey", ("steps",), []),
        ("journey", ("strange",), 1),
        ("journey", ("version",), "1"),
        ("journey", ("version",), 0),
        ("journey", ("id",), "Long"),
        ("journey", ("title",), {"en": "Long"}),
        ("journey", ("title",), {"en": "Long", "fr": "Long", "French": "Long"}),
        ("journey", ("steps", 0, "kind"), "wrok"),
        ("journey", ("steps", 0, "next"), ["judge", {"to": "end"}]),
        ("journey", ("steps", 0, "next"), [{"when": "true"}]),
        ("journey", ("steps", 0, "next"), {}),
        ("journey", ("steps", 4, "outcomes"), ["Yes"]),
        ("service", ("standards", 0, "within"), "5 days"),
        ("service", ("standards", 0, "profile"), "eu"),
        ("service", ("costs", "look"), "100"),
        ("service", ("fields", 0, "type"), "number"),
        ("service", ("fee", "amount"), -1),
        ("letter", ("subject",), "Hello"),
        ("letter", ("paragraphs",), []),
        ("agency", ("decision", "remedy", "within"), "6 weeks"),
        ("agency", ("decision", "remedy", "kind"), "petition"),
        ("agency", ("currency",), "euro"),
        ("agency", ("calendars", 0, "weekly", "mon"), "09:00-12:00"),
    ],
)
def test_it_refuses_what_the_loader_refuses(kind: str, path: tuple[str | int, ...], value: Any) -> None:
    assert KNOWS[kind].is_valid(city(kind))
    assert not KNOWS[kind].is_valid(changed(kind, path, value))
