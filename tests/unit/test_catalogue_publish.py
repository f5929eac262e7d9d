"""Stored definitions: one canonical text, one hash, and what was stored once loads for ever."""

from __future__ import annotations

import json
from pathlib import Path

from portal.catalogue.definitions import Agency, Journey, Letter, Service
from portal.catalogue.load import load
from portal.catalogue.publish import canonical, from_stored, plain, stored
from tests.definitions.small_city import FILES, plant, write


def test_canonical_json_is_one_text() -> None:
    assert canonical({"b": [1, 0.5, True], "a": "é"}) == '{"a":"é","b":[1,0.5,true]}'.encode()


def test_order_of_keys_and_comments_change_no_hash(tmp_path: Path) -> None:
    write(tmp_path / "one")
    lines = FILES["services/hall/tree.yaml"].splitlines(keepends=True)
    write(tmp_path / "two", {"services/hall/tree.yaml": "# a comment\n" + "".join(lines[1:7] + lines[:1] + lines[7:])})
    assert load(directories=[tmp_path / "one"]).hashes == load(directories=[tmp_path / "two"]).hashes


def test_any_change_of_meaning_changes_the_hash(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two", {"services/hall/tree.yaml": plant("services/hall/tree.yaml", "  tell: 10", "  tell: 11")})
    one, two = load(directories=[tmp_path / "one"]), load(directories=[tmp_path / "two"])
    assert {key for key in one.hashes if one.hashes[key] != two.hashes[key]} == {("service", "tree")}


def test_what_came_through_the_database_is_equal(tmp_path: Path) -> None:
    write(tmp_path)
    catalogue = load(directories=[tmp_path])
    for row in catalogue.stored:
        again = from_stored(row.kind, json.loads(canonical(row.body)))
        assert isinstance(again, Agency | Service | Journey | Letter)
        kinds = {"agency": catalogue.agencies, "service": catalogue.services, "journey": catalogue.journeys, "letter": catalogue.letters}
        assert again == kinds[row.kind][row.id]
        assert plain(again) == row.body


def test_versions_say_what_the_author_wrote_or_the_hash(tmp_path: Path) -> None:
    write(tmp_path)
    catalogue = load(directories=[tmp_path], resolve_calendar=lambda hours: {"zone": hours.zone})
    versions = {(row.kind, row.id): row.version for row in catalogue.stored}
    assert versions["service", "tree"] == "2"
    assert versions["calendar", "hall/office"] == catalogue.hashes["calendar", "hall/office"][:12]


def test_a_body_of_an_older_release_still_loads() -> None:
    """Written down on the first day: fields added since take their defaults, keys that are gone are passed over. Never edit these bodies."""
    journey = from_stored(
        "journey",
        {
            "id": "old",
            "start": "a",
            "steps": [
                {
                    "id": "a",
                    "kind": "decide",
                    "next": {"arms": [{"outcome": "ok", "to": "end"}], "how": "outcome"},
                    "outcomes": ["ok"],
                    "title": {"en": "A", "fr": "A"},
                }
            ],
            "title": {"en": "Old", "fr": "Vieux"},
            "version": 1,
            "gone": {"x": 1},
        },
    )
    assert journey.step("a").next.arms[0].outcome == "ok"
    assert journey.outcome == "done"
    service = from_stored(
        "service",
        {
            "agency": "hall",
            "channels": ["web"],
            "costs": {"a": 5},
            "id": "old",
            "journey": "old",
            "law": {"title": {"en": "L", "fr": "L"}},
            "standards": [{"id": "s", "kind": "law", "title": {"en": "S", "fr": "S"}, "warn_at": [0.5], "within": "1 business_days"}],
            "summary": {"en": "S", "fr": "S"},
            "title": {"en": "T", "fr": "T"},
            "version": 3,
        },
    )
    assert (service.standards[0].profile, service.standards[0].warn_at, service.triage) == ("same-time", (0.5,), False)
    assert [row.hash for row in stored([], [service], [journey], {})] == [
        "529360b1503e8fc9e6e47ad687415bf2655ec32f19c74c45d090e4c2c6f57f21",
        "27d7e9cd2fccf7982f5903c8b27a5c132bb1378c7fe724e9fe0b3d44aaeef73d",
    ]
