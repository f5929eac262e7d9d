"""Journeys kept in PostgreSQL at every step, beside SpiffWorkflow: the same six steps, the same rows, the same commit, the same durable server.

One row of state a run and one event a step on both sides (tests/bench/step_rows.py), read under a lock and committed with the disk's say. What is
compared is the engine and the size of its state: 12 kB of the peer's, some 100 bytes of ours.
"""

from __future__ import annotations

import json
import subprocess
import time
from statistics import median

import orjson

from portal.catalogue.conditions import holds, typed
from portal.workflow.runner import Ended, Run, Started, apply, decide
from tests.bench.entries import Entry, paired
from tests.bench.journeys import FACTS, FIELDS, six, spiff
from tests.bench.machine import Machine
from tests.bench.step_rows import StepRows
from tests.servers import ROOT

ROUNDS, SECONDS = 3, 4.0


def measure(machine: Machine) -> list[Entry]:
    """The entry of durable steps; without a ratio where the peer cannot be had."""
    ours, peer, python = [], [], spiff()
    for _ in range(ROUNDS):
        rows = StepRows(machine.superuser_url)
        ours.append(steps(rows, SECONDS))
        rows.connection.close()
        if python:
            line = [python, "-m", "tests.bench.spiff", str(SECONDS), machine.superuser_url]
            peer.append(json.loads(subprocess.run(line, stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout)["rate"])
    rate = round(median(ours), 1)
    if not peer:
        return [Entry("journey.steps.durable", rate, "steps/s")]
    return [Entry("journey.steps.durable", rate, "steps/s", round(paired(ours, peer), 4), "spiffworkflow-durable")]


def steps(rows: StepRows, seconds: float) -> float:
    """Steps a second, each committed."""
    journey, fields = six(), typed(FIELDS)
    ended, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        run = Run()
        for event in decide(journey, run, Started(), lambda when: holds(when, fields, FACTS)):
            run = apply(run, event)
        rows.begin(orjson.dumps(run.state()).decode())
        done = 0
        while not run.ended:
            run = Run.of(orjson.loads(rows.read()))
            number, step = next(iter(run.active.items()))
            done += 1
            for event in decide(journey, run, Ended(number, "granted" if step == "judge" else None), lambda when: holds(when, fields, FACTS)):
                run = apply(run, event)
            rows.keep(done, orjson.dumps(run.state()).decode(), f"{step} ended")
        assert done == 6, f"{done} steps"
        ended += done
    return ended / (time.perf_counter() - began)
