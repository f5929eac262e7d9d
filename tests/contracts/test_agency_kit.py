"""The contract kit: each rule catches the adapter that breaks it, and the shipped ones keep them all, on paper and against a stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from click.testing import CliRunner

from portal.cli.check import check
from portal.local.agency_trial import WAYS, tried
from portal.plugins import discovery
from portal.plugins.agency import Answer, Asked, Delivery, File, HttpCall, Mail, News, Promise, Question, Reach, Receipt, Refusal, Said, usual
from portal.plugins.proofs import RULES, Trial, faults, sample
from portal.plugins.testing import AgencyRules

YES = Answer(200, {"content-type": "text/plain"}, b"OK 17")


class Works:
    """The first of the demo trio: a far side that answers `OK NUMBER`."""

    promise: Promise = "idempotent"

    def prepare(self, delivery: Delivery) -> Any:
        return HttpCall("POST", f"{delivery.endpoint}", {"Idempotency-Key": delivery.key}, json.dumps(dict(delivery.answers), sort_keys=True).encode())

    def read(self, answer: Answer) -> Any:
        refused = usual(answer)
        if refused:
            return refused
        name, _, number = answer.body.decode("utf-8", "replace").partition(" ")
        return Receipt(number) if name == "OK" and len(number) == 2 else Refusal("not understood", retry=False)


class Polite(Works):
    """The second: it refuses whatever comes."""

    def read(self, answer: Answer) -> Any:
        return usual(answer) or Refusal("we are closed", retry=False)


class Raises(Works):
    """The third: it fails."""

    def read(self, answer: Answer) -> Any:
        raise KeyError("id")


class TestWorks(AgencyRules):
    adapter = Works()
    receipts = (YES,)


def altered(**how: Callable[..., Any]) -> Works:
    return type("Altered", (Works,), how)()


def ask(self: Any, reach: Reach, asked: Sequence[Asked]) -> list[Question]:
    return [Question(HttpCall("DELETE", "https://x.example"), (asked[0].key,))]


def told(self: Any, reach: Reach, asked: Sequence[Asked], answer: Answer) -> Mapping[str, News]:
    return {asked[0].key: News("done")}


def empties(self: Any, delivery: Delivery) -> HttpCall:
    delivery.answers.clear()  # type: ignore[attr-defined]
    return HttpCall("GET", f"https://x.example/{delivery.key}")


def given_up(self: Any, answer: Answer) -> Any:
    return Refusal("no", retry=False)


BAD: dict[str, Any] = {
    "shape": type("Maybe", (Works,), {"promise": "maybe"})(),
    "describes": altered(prepare=empties),
    "same-again": altered(prepare=lambda self, delivery: HttpCall("GET", f"https://x.example/{delivery.key}/{delivery.attempt}")),
    "carries-key": altered(prepare=lambda self, delivery: HttpCall("GET", "https://x.example/")),
    "keeps-secrets": altered(prepare=lambda self, delivery: HttpCall("GET", f"https://x.example/{delivery.key}?name={delivery.answers.get('place')}")),
    "one-line": altered(prepare=lambda self, delivery: Mail("a@b.example", f"About {delivery.answers.get('place')}", "")),
    "believes-nothing": altered(read=lambda self, answer: Receipt()),
    "tells-passing": altered(read=given_up),
    "takes-receipts": Polite(),
    "can-be-asked": type("Asked", (Works,), {"promise": "queryable", "ask": ask, "told": told})(),
    "adds-up": altered(
        collect=lambda self, reach, deliveries, number: [File(f"{number}.csv", b"no keys")],
        answers=lambda self, reach, names: [],
        understand_file=lambda self, reach, files: [],
    ),
    "believes-no-mail": altered(understand=lambda self, subject, text: Said("done") if "done" in text.lower() else None),
}


def test_there_is_a_bad_adapter_for_every_rule() -> None:
    assert BAD.keys() == RULES.keys()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_catches_what_breaks_it(rule: str) -> None:
    assert faults(rule, Trial(BAD[rule], sample("parks"), (YES,)))
    assert faults(rule, Trial(Works(), sample("parks"), (YES,))) == []


def test_an_exception_is_a_fault() -> None:
    assert faults("believes-nothing", Trial(Raises(), sample("parks"))) == ["it fails with KeyError: 'id'"]
    assert faults("can-be-asked", Trial(type("Q", (Works,), {"promise": "queryable"})(), sample("parks")))


@pytest.mark.parametrize("name", ["rest", "open311"])
def test_a_shipped_adapter_stands_every_way_of_the_stand_in(name: str) -> None:
    options = {"codes": {}, "attributes": {"place": "address_string"}, "format": "json"} if name == "open311" else {}
    found = tried("parks", name, discovery.adapter(name, "parks"), Reach(options=options))
    assert found == dict.fromkeys(WAYS)


def test_a_bad_adapter_does_not_stand_them() -> None:
    """One that promises what its far side does not keep doubles the effect; one that believes everything believes the page of HTML."""
    open311 = discovery.adapter("open311", "parks")
    bold = type("Bold", (type(open311),), {"promise": "idempotent"})()
    options = {"codes": {}, "attributes": {}, "format": "json"}
    assert "3 effects" in (tried("parks", "open311", bold, Reach(options=options))["repeats"] or "")
    rest = discovery.adapter("rest", "parks")
    believer = type("Believer", (type(rest),), {"read": lambda self, answer: Receipt()})()
    found = tried("parks", "rest", believer, Reach())
    assert {way for way, fault in found.items() if fault} == {"rejects", "breaks", "busy", "lies", "truncates", "redirects"}
    quitter = type("Quitter", (type(rest),), {"read": given_up})()
    assert {"works", "breaks", "busy"} <= {way for way, fault in tried("parks", "rest", quitter, Reach()).items() if fault}


def test_the_command_prints_what_was_proved() -> None:
    one = CliRunner().invoke(check, ["--agencies", "roads"])
    assert one.exit_code == 0, one.output
    assert "roads: adapter rest, promise idempotent" in one.output
    assert all(f"stand-in {way}" in one.output for way in WAYS) and all(rule in one.output for rule in RULES)
    assert "0 faults" in one.output
    unknown = CliRunner().invoke(check, ["--agencies", "rods"])
    assert unknown.exit_code == 1 and "roads" in unknown.output
