"""The explanation is enough: whoever has its JSON alone comes to the same date, in any history, zone and way of counting."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.standards.why import explain
from portal.views.why import shown
from portal.views.why_sentences import Teller
from tests.unit.clock_desk import CALENDARS, Desk
from tests.unit.clock_histories import History
from tests.unit.why_sums import at, date_of


class Anyhow(History):
    """On any calendar, with any convention."""

    calendars = tuple(CALENDARS)

    def more(self, within: str, profile: str) -> dict[str, Any]:
        if within.endswith("calendar_months") and profile == "same-time":
            return {}
        return self.chance.choice(({}, {"cutoff": "11:45"}, {"begins": "just-count"}))


def told(desk: Desk, language: str = "en") -> list[dict[str, Any]]:
    """What is said of each clock, as it goes over the wire."""
    found = explain(desk.events, CALENDARS.__getitem__, now=desk.now)
    some = [
        shown(why, [event for event in desk.events if event.data.get("clock") == id], Teller(language, "Europe/Brussels", {}))  # type: ignore[misc]
        for id, why in found.items()
    ]
    return json.loads(json.dumps(some))  # type: ignore[no-any-return]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_the_date_is_repeated_from_the_json_alone(seed: int) -> None:
    history = Anyhow(seed)
    history.desk.record(history.desk.case, "CaseOpened", agency="hall", zone="Europe/Brussels")
    for said in told(history.run(8)):
        assert date_of(said) == at(said["due_at"]), said
        assert all(one["to"] == after["from"] for one, after in pairwise(said["intervals"]))
        counted = [one for one in said["intervals"] if one["state"] == "counted"]
        assert sum(said["held"].values()) == sum(one["microseconds"] for one in counted if one["held_by"])
        assert all(one["instead"] and one["instead"] != "closed" for one in said["intervals"] if one["state"] == "paused")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**9), st.sampled_from(["en", "fr"]))
def test_every_sentence_is_whole(seed: int, language: str) -> None:
    history = Anyhow(seed)
    history.desk.record(history.desk.case, "CaseOpened", agency="hall", zone="Europe/Brussels")
    for said in told(history.run(8), language):
        for sentence in said["sentences"]:
            assert sentence[0].isupper() or sentence[0].isdigit(), sentence
            assert sentence.endswith("."), sentence
            assert not {"{", "}", "None", "  "} & {part for part in ("{", "}", "None", "  ") if part in sentence}, sentence
            assert "00:00" not in sentence or language == "fr" or "began" in sentence or "next opening" in sentence or "counted from" in sentence, sentence
