"""Journeys: steps a second with the state kept and restored at each, beside SpiffWorkflow; the proof of soundness; loading many definitions.

A step is one ending of a step that waits (six in a run, one split and one join between them, one condition judged by CEL on the answers of a service): the
state is read from JSON, the runner decides, the events are applied, the state is written as JSON. The peer does the same in an environment of its own, made
below build/ the first time; where it cannot be made, the entry has no ratio.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import version
from pathlib import Path
from statistics import median

import orjson

from portal.catalogue.conditions import holds, typed
from portal.catalogue.definitions import Arm, Field, Journey, Next, Step
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from portal.workflow.runner import Ended, Run, Started, apply, decide
from portal.workflow.soundness import unsound
from tests.bench.entries import Entry, beside, paired
from tests.definitions.small_city import FILES
from tests.servers import ROOT

SPIFF = "SpiffWorkflow==3.2.0"
PSYCOPG = f"psycopg[binary]=={version('psycopg')}"
ROUNDS, SECONDS = 3, 2.0
FIELDS = tuple(Field(id, "integer", {"en": id}) for id in ("girth", "trees"))
FACTS = {"answers": {"girth": 120, "trees": 1}}


def measure() -> list[Entry]:
    """The entries of journeys."""
    ours, peer, size = [], [], 0
    python = spiff()
    for _ in range(ROUNDS):
        rate, size = steps(SECONDS)
        ours.append(rate)
        if python:
            said = subprocess.run([python, "-m", "tests.bench.spiff", str(SECONDS)], stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout
            peer.append(json.loads(said)["rate"])
    rate = round(median(ours), 1)
    return [
        Entry("journey.steps", rate, "steps/s", round(paired(ours, peer), 4), SPIFF) if peer else Entry("journey.steps", rate, "steps/s"),
        beside("journey.state_bytes", size, "bytes", "limit", 500),
        beside("journey.soundness_60", median(_soundness() for _ in range(ROUNDS)), "s", "limit", 2),
        beside("catalogue.load_500", median(load_500() for _ in range(ROUNDS)), "s", "limit", 3),
    ]


def six() -> Journey:
    """Six steps that wait, a split and its join, a condition."""
    return Journey(
        "six",
        1,
        {"en": "Six steps"},
        "register",
        (
            _step("register", "work", "council", "water"),
            _step("council", "work", "both"),
            _step("water", "send", "both"),
            _step("both", "join", "assess"),
            Step("assess", "work", {"en": "Assess"}, Next("first", (Arm("inspect", when="answers.girth >= 100 || answers.trees > 3"), Arm("judge")))),
            _step("inspect", "work", "judge"),
            Step(
                "judge",
                "decide",
                {"en": "Judge"},
                Next("outcome", (Arm("end", outcome="granted"), Arm("end", outcome="refused"))),
                outcomes=("granted", "refused"),
            ),
        ),
    )


def _step(id: str, kind: str, *to: str) -> Step:
    return Step(id, kind, {"en": id.capitalize()}, Next("all", tuple(Arm(one) for one in to)))  # type: ignore[arg-type]


def steps(seconds: float) -> tuple[float, int]:
    """Steps a second, and the largest state in bytes."""
    journey, fields = six(), typed(FIELDS)
    ended, largest, began = 0, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        kept, done = orjson.dumps(Run().state()), 0
        happening: Started | Ended = Started()
        while True:
            run = Run.of(orjson.loads(kept))
            for event in decide(journey, run, happening, lambda when: holds(when, fields, FACTS)):
                run = apply(run, event)
            kept = orjson.dumps(run.state())
            largest = max(largest, len(kept))
            if run.ended:
                break
            number, step = next(iter(run.active.items()))
            happening, done = Ended(number, "granted" if step == "judge" else None), done + 1
        assert done == 6, f"{done} steps"
        ended += done
    return ended / (time.perf_counter() - began), largest


def sixty() -> Journey:
    """Eight ways at once, each of seven decisions that go on, stop or go back three times: sixty steps, millions of standings if all orders were tried."""
    ways = []
    for way in range(8):
        for at in range(7):
            on = f"w{way}-{at + 1}" if at < 6 else "all"
            back = Arm(f"w{way}-{max(at - 1, 0)}", outcome="again", at_most=3)
            arms = (Arm(on, outcome="on"), Arm("all", outcome="stop"), back, Arm("all", outcome="again"))
            ways.append(Step(f"w{way}-{at}", "decide", {"en": "Decide"}, Next("outcome", arms), outcomes=("on", "stop", "again")))
    begin = _step("begin", "work", *(f"w{way}-0" for way in range(8)))
    join = Step("all", "join", {"en": "All"}, Next("all", (Arm("judge"),)), needs=8)
    return Journey("sixty", 1, {"en": "Sixty"}, "begin", (begin, *ways, join, _step("judge", "work", "write"), _step("write", "work", "end")))


def _soundness() -> float:
    journey = sixty()
    assert len(journey.steps) == 60
    began = time.perf_counter()
    assert unsound(journey) == []
    return time.perf_counter() - began


def load_500() -> float:
    """Ten agencies, 245 services, 245 journeys, each file its own text, and the letter of all; everything checked, calendars resolved."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder))
        began = time.perf_counter()
        catalogue = load(directories=[Path(folder)], resolve_calendar=resolve, checks=CHECKS)
        passed = time.perf_counter() - began
    assert len(catalogue.agencies) + len(catalogue.services) + len(catalogue.journeys) == 500
    return passed


def _write(folder: Path) -> None:
    (folder / "journeys").mkdir()
    letters = folder / "services" / "hall-0" / "letters"
    letters.mkdir(parents=True)
    (letters / "told.yaml").write_text(FILES["services/hall/letters/told.yaml"])
    for number in range(10):
        hall = folder / "services" / f"hall-{number}"
        hall.mkdir(parents=True, exist_ok=True)
        (hall / "agency.yaml").write_text(FILES["services/hall/agency.yaml"].replace("id: hall", f"id: hall-{number}"))
    for number in range(245):
        agency, journey = f"hall-{number % 10}", f"way-{number}"
        text = FILES["journeys/long.yaml"].replace("id: long", f"id: {journey}").replace("agency: hall", f"agency: {agency}").replace("> 100", f"> {number}")
        (folder / "journeys" / f"{journey}.yaml").write_text(text)
        service = FILES["services/hall/tree.yaml"].replace("id: tree", f"id: tree-{number}").replace("agency: hall", f"agency: {agency}")
        service = service.replace("journey: long", f"journey: {journey}") + ("triage: true\n" if number == 0 else "")
        (folder / "services" / agency / f"tree-{number}.yaml").write_text(service)


def spiff() -> str | None:
    """Python of the peer's environment, or None where it cannot be made."""
    place = ROOT / "build" / "spiff"
    python = place / "bin" / "python"
    if subprocess.run([python, "-c", "import SpiffWorkflow, psycopg"], stderr=subprocess.DEVNULL, check=False).returncode == 0 if python.exists() else False:
        return str(python)
    try:
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", SPIFF, PSYCOPG], check=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as trouble:
        print(f"no peer for journey.steps: {trouble}", file=sys.stderr)
        return None
    return str(python)
