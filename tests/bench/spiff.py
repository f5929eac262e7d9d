"""The peer of `journey.steps`: SpiffWorkflow doing the same six steps. Run with the Python of its own environment; prints JSON `{"rate", "bytes"}`.

Each step: the workflow restored from its JSON, one task completed, what follows run, the workflow stored as JSON again: in memory, or (`SECONDS URL`) in
PostgreSQL, as tests/bench/step_rows.py has it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

TASKS = ("register", "council", "water", "assess", "inspect", "judge")
_FLOWS = [
    ("start", "register"),
    ("register", "split"),
    ("split", "council"),
    ("split", "water"),
    ("council", "join"),
    ("water", "join"),
    ("join", "assess"),
    ("assess", "gate"),
    ("gate", "inspect"),
    ("gate", "judge"),
    ("inspect", "judge"),
    ("judge", "done"),
]


def bpmn() -> bytes:
    """The journey of tests/bench/journeys.py as BPMN 2.0."""
    nodes = '<startEvent id="start"/><endEvent id="done"/><parallelGateway id="split"/><parallelGateway id="join"/>'
    nodes += '<exclusiveGateway id="gate" default="gate_judge"/>' + "".join(f'<manualTask id="{task}" name="{task}"/>' for task in TASKS)
    for start, to in _FLOWS:
        when = "<conditionExpression>girth &gt;= 100 or trees &gt; 3</conditionExpression>" if (start, to) == ("gate", "inspect") else ""
        nodes += f'<sequenceFlow id="{start}_{to}" sourceRef="{start}" targetRef="{to}">{when}</sequenceFlow>'
    head = '<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">'
    return f'{head}<process id="six" isExecutable="true">{nodes}</process></definitions>'.encode()


class InMemory:
    """Keeps the state of the run in hand."""

    def begin(self, state: str) -> None:
        """A new run."""
        self.state = state

    def read(self) -> str:
        """What was kept."""
        return self.state

    def keep(self, seq: int, state: str, event: str) -> None:
        """A step was done."""
        self.state = state


def main(seconds: float, url: str | None = None) -> None:
    """Runs the journey again and again for so long."""
    from SpiffWorkflow import TaskState
    from SpiffWorkflow.bpmn.parser import BpmnParser
    from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

    rows: Any = InMemory()
    if url is not None:
        from tests.bench.step_rows import StepRows

        rows = StepRows(url)
    parser = BpmnParser()
    parser.add_bpmn_str(bpmn())
    spec, serializer = parser.get_spec("six"), BpmnWorkflowSerializer()
    steps = largest = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        workflow = BpmnWorkflow(spec)
        workflow.data = {"girth": 120, "trees": 1}
        workflow.do_engine_steps()
        next(iter(workflow.get_tasks(state=TaskState.READY))).data |= {"girth": 120, "trees": 1}
        rows.begin(serializer.serialize_json(workflow))
        done = 0
        while not workflow.is_completed():
            workflow = serializer.deserialize_json(rows.read())
            ready = workflow.get_tasks(state=TaskState.READY, manual=True)
            ready[0].run()
            workflow.do_engine_steps()
            kept, done = serializer.serialize_json(workflow), done + 1
            rows.keep(done, kept, f"{ready[0].task_spec.name} ended")
            largest = max(largest, len(kept))
        assert done == len(TASKS), f"{done} steps"
        steps += done
    print(json.dumps({"rate": steps / (time.perf_counter() - began), "bytes": largest}))


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:3])
