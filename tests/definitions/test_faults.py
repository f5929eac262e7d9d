"""Each kind of fault is found at its exact place, with what to write instead; many faults are all found in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import HERE, marked, plant, write

AGENCY, TREE, DOOR = "services/hall/agency.yaml", "services/hall/tree.yaml", "services/hall/front-door.yaml"
SIMPLE, LONG, LETTER = "journeys/simple.yaml", "journeys/long.yaml", "services/hall/letters/told.yaml"
_SUBJECT = 'en: "Your request {{ reference }}"'

#: File, what stands there, what is planted (§ where the fault must be reported), part of the message.
PLANTED = [
    # the file itself
    (AGENCY, "currency: EUR", "currency: EUR\nfoo: [1, 2\nbar§: 3", "not YAML"),
    (AGENCY, "currency: EUR", "currency: EUR\n§currency: EUR", "twice (first in line 4)"),
    (AGENCY, "currency: EUR", "currency: §&money EUR", "anchors"),
    (AGENCY, "currency: EUR", "currency: §*money", "anchors"),
    (AGENCY, "currency: EUR", "currency: §!!str EUR", "tags"),
    (AGENCY, "id: hall", "id: hall§\x07", "U+0007"),
    # keys and types
    (TREE, "version: 2", "version: 2\n§versoin: 2", "did you mean `version`?"),
    (TREE, "    minimum: 1", "    §minimun: 1", "did you mean `minimum`?"),
    (TREE, "version: 2", "version: §two", "must be a whole number"),
    (TREE, "version: 2", "version: §true", "must be a whole number"),
    (TREE, "version: 2", "version: §0", "whole number from 1"),
    (TREE, 'article: "1"', "article: §1", 'put it in quotes, `"1"`'),
    (TREE, "required: true", "required: §yes", "`true` or `false`"),
    (TREE, "channels: [web, counter]", "channels: §web", "must be a list"),
    (TREE, "channels: [web, counter]", "channels: §[]", "write at least one"),
    (TREE, "journey: long", "§journey:", "is empty"),
    (TREE, "journey: long", "journey: §'  '", "empty text"),
    (TREE, "    type: integer", "    type: §intger", "did you mean `integer`?"),
    (TREE, "kind: law", "kind: §lay", "did you mean `law`?"),
    (TREE, "  amount: 500\n  currency: EUR", "  §currency: EUR", "`amount` is missing"),
    (TREE, "title: {en: Tree permit, fr: Permis d'arbre}", "title: §{en: Tree permit}", "no text in `fr`"),
    (TREE, "title: {en: Tree permit, fr: Permis d'arbre}", "title: {en: Tree permit, fr: §''}", "empty text"),
    (TREE, "title: {en: Tree permit, fr: Permis d'arbre}", "title: {en: A, fr: B, §French: C}", "not a language code"),
    (TREE, "title: {en: Tree permit, fr: Permis d'arbre}", "title: §Tree permit", "a text in each language"),
    (TREE, "id: tree", "id: §Tree", "is no id"),
    (TREE, "id: tree", "id: §shrub", "the file is `tree.yaml`"),
    (TREE, "agency: hall", "agency: §halll", "did you mean `hall`?"),
    (TREE, "    minimum: 1", "    minimum: 1\n    fact: §household-sise", "there is no fact `household-sise`: did you mean `household-size`?"),
    (TREE, "    minimum: 1", '    minimum: 1\n    script: {en: §"  "}', "a script is read aloud: write one to three sentences, at most 600 characters"),
    (TREE, "    minimum: 1", "    minimum: 1\n    fact: §date-of-birth", "`date-of-birth` is no integer: give the field the type `date`"),
    # letters, and how things are decided
    (LETTER, _SUBJECT, 'en: "Your request §{{ refrence }}"', "did you mean `reference`?"),
    (LETTER, _SUBJECT, 'en: "Your request §{{ 7*7 }}"', "`{{` stands for nothing here"),
    (LETTER, _SUBJECT, 'en: "Your §{% if x %}"', "`{%` stands for nothing here"),
    (LETTER, "id: told", "id: §tolled", "the file is `told.yaml`"),
    (LETTER, "version: 1", "version: §0", "whole number from 1"),
    (LETTER, "paragraphs:", "§paragrafs:", "did you mean `paragraphs`?"),
    (AGENCY, "letter: told", "letter: §tald", "there is no letter `tald`: did you mean `told`?"),
    (AGENCY, "within: 6 calendar_weeks", "within: §6 weeks", "is no term"),
    (AGENCY, "within: 6 calendar_weeks", "within: §6 calendar_hours", "in days, weeks or months"),
    (AGENCY, "    within: 6 calendar_weeks", "    within: 6 calendar_weeks\n    profile: §eu", "unknown profile `eu`"),
    (AGENCY, "    within: 6 calendar_weeks", "    within: 6 calendar_weeks\n    profile: §opening-hours", "count business days only"),
    (AGENCY, "    kind: appeal\n    within: 6 calendar_weeks", "    §kind: appeal", "an appeal has a term"),
    (AGENCY, "    kind: appeal\n    within: 6 calendar_weeks", "    §kind: none", "why nothing can be done"),
    (AGENCY, "decision:\n  letter: told", "objections: §objection\ndecision:\n  letter: told", "there is no service `objection`"),
    (TREE, "journey: long", "journey: long\ndecisions:\n  §juge: {letter: told}", "did you mean `judge`?"),
    (TREE, "journey: long", "journey: long\ndecisions:\n  judge: {outcomes: {§grunted: {letter: told}}}", "did you mean `granted`?"),
    (TREE, "journey: long", "journey: long\ndecisions:\n  judge: §{remedy: {kind: objection, within: 6 calendar_weeks}}", "nobody takes objections"),
    (SIMPLE, "    queue: desk\n", "    queue: desk\n    §decision: {letter: told}\n", "for steps of kind `decide`"),
    # references
    (TREE, "journey: long", "journey: §lonk", "there is no journey `lonk`: did you mean `long`?"),
    (TREE, "channels: [web, counter]", "channels: [web, §conter]", "did you mean `counter`?"),
    (TREE, "channels: [web, counter]", "channels: [web, §web]", "twice"),
    (TREE, "calendar: office", "calendar: §offise", "did you mean `office`?"),
    (TREE, "calendar: office", "calendar: §hal/office", "there is no agency `hal`"),
    (TREE, "    within: 1 calendar_months", "    within: 1 calendar_months\n    covers: §loook", "did you mean `look`?"),
    (LONG, "agency: hall", "agency: §hill", "did you mean `hall`?"),
    (LONG, "queue: desk", "queue: §desc", "did you mean `desk`?"),
    (SIMPLE, "next: judge", "next: §juge", "did you mean `judge`?"),
    (LONG, "next: [tell, both]", "next: [tell, §booth]", "did you mean `both`?"),
    (LONG, "        to: split", "        to: §spilt", "did you mean `split`?"),
    (LONG, "      granted: end", "      granted: §ende", "did you mean `end`?"),
    (LONG, "start: look", "start: §lok", "did you mean `look`?"),
    # terms, hours, dates
    (TREE, "within: 1 calendar_months", "within: §P1D", "write a whole number from 1 and a unit"),
    (TREE, "within: 1 calendar_months", "within: §5 days", "5 business_days"),
    (TREE, "within: 1 calendar_months", "within: §0 business_days", "is no term"),
    (TREE, "within: 1 calendar_months", "within: §-3 business_days", "is no term"),
    (TREE, "within: 1 calendar_months", "within: §5 business_hours", "cannot be counted by eu-1182-71"),
    (TREE, "profile: eu-1182-71", "profile: §eu", "unknown profile"),
    (TREE, "warn_at: [0.5, 0.8]", "warn_at: [0.5, §1.5]", "between 0 and 1"),
    (TREE, "warn_at: [0.5, 0.8]", "warn_at: [§0, 0.8]", "between 0 and 1"),
    (TREE, "warn_at: [0.5, 0.8]", "warn_at: §[0.8, 0.5]", "must rise"),
    (AGENCY, "tue: [09:00-17:00]", "tue: [§17:00-09:00]", "HH:MM-HH:MM"),
    (AGENCY, "tue: [09:00-17:00]", "§tues: [09:00-17:00]", "did you mean `tue`?"),
    (AGENCY, "mon: [09:00-12:00, 13:00-17:00]", "mon: §[09:00-14:00, 13:00-17:00]", "without overlap"),
    (AGENCY, "zone: Europe/Brussels", "zone: §Europe/Brusels", "IANA"),
    (AGENCY, "country: BE", "country: §Belgium", "two capital letters"),
    (AGENCY, "country: BE", "country: §QQ", "QQ"),
    (AGENCY, "2026-12-24: [09:00-12:00]", "§2026-02-30: [09:00-12:00]", "is no date"),
    (AGENCY, "closed: [2026-11-02]", "closed: [§02.11.2026]", "is no date"),
    # the agency
    (AGENCY, "currency: EUR", "currency: §euro", "three capital letters"),
    (AGENCY, "currency: EUR", "currency: EUR\nadapter: §resst", "did you mean `rest`?"),
    (AGENCY, "currency: EUR", "currency: EUR\nadapter: §rest", "needs an address"),
    (AGENCY, "currency: EUR", "currency: EUR\nadapter: §adapter.py", "no `adapter.py` beside"),
    (AGENCY, "currency: EUR", "currency: EUR\nadapter: rest\nendpoint: §roads", "is no address"),
    (AGENCY, "currency: EUR", "currency: EUR\nendpoint: https://x.example\npromise: blind\nadapter: §open311", "does not call back"),
    (AGENCY, "currency: EUR", "currency: EUR\nendpoint: https://x.example\nasks: {}\nadapter: §open311", "cannot promise `idempotent`: write `promise: blind`"),
    (AGENCY, "currency: EUR", "currency: EUR\npromise: queryable\nadapter: §staff", "cannot promise `queryable`"),
    (AGENCY, "currency: EUR", "currency: EUR\nadapter: §email", "write `endpoint: mailto:name@domain`"),
    (AGENCY, "currency: EUR", "currency: EUR\nadapter: staff\nopen311: §{codes: {a: b}}", "is for the adapter `open311`"),
    (AGENCY, "currency: EUR", "currency: EUR\nasks: {after_minutes: §0}", "from 1 to 40320"),
    (AGENCY, "currency: EUR", "currency: EUR\nat_once: §65", "from 1 to 64"),
    (AGENCY, "currency: EUR", "currency: EUR\noauth: {token_endpoint: §x, client_id: a, client_secret: B}", "is no address"),
    (AGENCY, "email: ann@hall.example", "email: §ann", "no e-mail address"),
    (AGENCY, 'emergency: "112"', "emergency: §112", "put it in quotes"),
    (AGENCY, "id: hall", "id: §hal", "the folder is `hall`"),
    # fields, costs, fees
    (TREE, "  - id: why", "  - id: §girth", "twice"),
    (TREE, "  - id: girth", "  - id: §girth.cm", "is no field id"),
    (TREE, "  - id: girth", "  - id: §in", "reserved word"),
    (TREE, "  - id: girth", "  - id: §done", "a word of the form itself"),
    (TREE, "  - id: girth", "  - id: §check", "a word of the form itself"),
    (TREE, "  - id: girth", "  - id: §form-token", "such as `form_token_answer`"),
    (TREE, "      - id: light", "      - id: §sick", "twice"),
    (TREE, "    type: choice", "    type: text", "`options` are for"),
    (TREE, "    maximum: 900", "    maximum: §0", "below the minimum"),
    (TREE, "  tell: 10\n", "", "no cost for step `tell`"),
    (TREE, "  tell: 10", "  tell: §-1", "cannot be negative"),
    (TREE, "  tell: 10", "  tell: 10\n  §tel: 10", "did you mean `tell`?"),
    (TREE, "  amount: 500", "  amount: §-5", "cannot be negative"),
    # the one triage service, danger
    (TREE, "journey: long", "journey: long\n§triage: true", "already a service that takes"),
    # journeys
    (SIMPLE, "kind: work", "kind: §wrok", "did you mean `work`?"),
    (SIMPLE, "    next: judge\n", "", "never reached"),
    (LONG, "next: both", "next: §[]", "names nothing"),
    (SIMPLE, "next: {yes: end, no: end}", "next: {yes: look, no: look}", "no way leads from the start to `end`"),
    (
        SIMPLE,
        "    next: judge\n",
        "    next: [judge, spin]\n  - id: §spin\n    kind: work\n    title: {en: Spin, fr: Tourner}\n    next: spin\n",
        "step `spin` has no way out",
    ),
    (SIMPLE, "outcomes: [yes, no]", "outcomes: [yes, no, §later]", "no way for outcome `later`"),
    (SIMPLE, "next: {yes: end, no: end}", "next: {yes: end, no: end, §late: end}", "no outcome of this step"),
    (SIMPLE, "    outcomes: [yes, no]\n", "", "needs `outcomes`"),
    (SIMPLE, "  - id: judge", "  - id: §look", "already a step `look`"),
    (SIMPLE, "  - id: judge", "  - id: §end", "meaning of its own"),
    (SIMPLE, "queue: desk", "queue: desk\n    §needs: 2", "for steps of kind `join`"),
    (LONG, "needs: 1", "needs: §2", "waits for 2 arrivals, but 1 way leads here"),
    (LONG, "    action: tell\n", "", "needs `action`"),
    (LONG, "      - to: judge", "      - when: answers.girth > 5\n        to: judge", "last way must have no `when`"),
    (LONG, "      - when: answers.girth > 100\n        to: split", "      - §to: split", "only the last way"),
    (LONG, "      - to: judge", "      - §too: judge", "did you mean `to`?"),
    (LONG, "next: [tell, both]", "next: §[both, both]", "2 times"),
    # conditions
    (LONG, "when: answers.girth > 100", "when: answers§.girht > 100", "cannot be used with service `tree`"),
    (LONG, "when: answers.girth > 100", "when: answers.girth §> 'x'", "cannot be used with service `tree`"),
    (LONG, "when: answers.girth > 100", "when: §answers.girth", "not a condition"),
]


def faults(folder: Path) -> tuple[Fault, ...]:
    try:
        load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    except CatalogueFaults as trouble:
        return trouble.faults
    return ()


def test_the_small_city_has_no_fault(tmp_path: Path) -> None:
    write(tmp_path)
    assert faults(tmp_path) == ()


@pytest.mark.parametrize(("name", "old", "new", "says"), PLANTED)
def test_a_planted_fault_is_found_at_its_place(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    text = plant(name, old, new)
    write(tmp_path, {name: text})
    found = faults(tmp_path)
    places = [(fault.file, fault.line, fault.column) for fault in found if says in fault.message]
    assert places, f"not found; found: {[str(fault) for fault in found]}"
    if HERE in text:
        assert (str(tmp_path / name), *marked(text)) in places


def test_faults_of_all_files_are_told_in_one_run(tmp_path: Path) -> None:
    changes = {
        AGENCY: plant(AGENCY, "currency: EUR", "currency: §euro"),
        TREE: plant(TREE, "    minimum: 1", "    §minimun: 1").replace("warn_at: [0.5, 0.8]", "warn_at: [0.5, 8]").replace("journey: long", "journey: lang"),
        SIMPLE: plant(SIMPLE, "  - id: judge\n", "  - id: judge\n    colour: red\n") + "  - id: lost\n    kind: wrok\n",
        "journeys/broken.yaml": "id: broken\n  title: [",
    }
    write(tmp_path, changes)
    told = "\n".join(str(fault) for fault in faults(tmp_path))
    for says in (
        "euro",
        "minimun",
        "8 is no share",
        "`lang`",
        "`colour`",
        "step `lost` is never reached",
        "did you mean `work`?",
        "`title` is missing",
        "not YAML",
    ):
        assert says in told, f"{says} is missing from:\n{told}"


def test_a_broken_file_makes_no_faults_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, {LONG: "id: [", AGENCY: "}"})
    assert {Path(fault.file).name for fault in faults(tmp_path)} == {"long.yaml", "agency.yaml"}


def test_two_definitions_of_one_id(tmp_path: Path) -> None:
    write(tmp_path, {"services/zoo/agency.yaml": plant(AGENCY, "id: hall", "id: zoo"), "services/zoo/tree.yaml": plant(TREE, "agency: hall", "agency: zoo")})
    (only,) = faults(tmp_path)
    assert (only.file, only.line, only.column) == (str(tmp_path / "services/zoo/tree.yaml"), 1, 5)
    assert f"{tmp_path / TREE}:1" in only.message


def test_exactly_one_service_takes_what_fits_no_other(tmp_path: Path) -> None:
    write(tmp_path, {DOOR: plant(DOOR, "triage: true\n", "")})
    (only,) = faults(tmp_path)
    assert "write `triage: true` in exactly one" in only.message


def test_danger_needs_somebody_on_duty(tmp_path: Path) -> None:
    write(tmp_path, {TREE: plant(TREE, "journey: long", "journey: long\ndanger: §true"), AGENCY: plant(AGENCY, 'emergency: "112"\n', "")})
    (only,) = faults(tmp_path)
    assert (only.line, only.column) == marked(plant(TREE, "journey: long", "journey: long\ndanger: §true"))


def test_files_in_the_wrong_place(tmp_path: Path) -> None:
    write(tmp_path, {"services/loose.yaml": "id: loose", "services/empty/one.yaml": "id: one", "journeys/deep/x.yaml": "id: x", "journeys/y.yml": "id: y"})
    assert {Path(fault.file).name for fault in faults(tmp_path)} == {"loose.yaml", "one.yaml", "x.yaml", "y.yml"}


def test_a_queue_of_the_holder_that_it_has_not(tmp_path: Path) -> None:
    write(tmp_path, {SIMPLE: plant(SIMPLE, "queue: desk", "queue: vault")})
    (only,) = faults(tmp_path)
    assert only.file.endswith("front-door.yaml")
    assert "uses queue `vault`" in only.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  letter: told\n", "", "outcome `granted` of step `judge` has no letter"),
        ('  remedy:\n    kind: appeal\n    within: 6 calendar_weeks\n    law: {title: {en: Code, fr: Code}, article: "7"}\n', "", "has no remedy"),
    ],
)
def test_every_outcome_has_a_letter_and_a_remedy_or_says_why_not(old: str, new: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, {AGENCY: plant(AGENCY, old, new)})
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[tmp_path])
    assert {(Path(fault.file).name, fault.line) for fault in trouble.value.faults} == {("tree.yaml", 6), ("front-door.yaml", 6)}
    assert all(message in fault.message or "of step `judge`" in fault.message for fault in trouble.value.faults)
    why = "  no_letter: {en: Told at the desk., fr: Dit au guichet.}\n" if "letter" in old else ""
    why += "  remedy: {kind: none, text: {en: It is only advice., fr: Ce n'est qu'un avis.}}\n" if "remedy" in old else ""
    write(tmp_path, {AGENCY: plant(AGENCY, old, why)})
    assert load(directories=[tmp_path]).agencies["hall"].decision


def test_a_letter_names_only_answers_the_service_asks_for(tmp_path: Path) -> None:
    write(tmp_path, {LETTER: plant(LETTER, 'en: "{{ reasons }}"', 'en: "{{ answers.girt }}"')})
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[tmp_path])
    assert "did you mean `girth`?" in str(trouble.value)
