"""The peer of `journey.steps`: SpiffWorkflow doing the same six steps. Run with the Python of its own environment; prints JSON `{"rate", "bytes"}`.

Each step: the workflow restored from its JSON, one task completed, what follows run, the workflow stored as JSON again.
"""

from __future__ import annotations

import json
import sys
import time

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


def main(seconds: float) -> None:
    """Runs the journey again and again for so long."""
    from SpiffWorkflow import TaskState
    from SpiffWorkflow.bpmn.parser import BpmnParser
    from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

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
        kept, done = serializer.serialize_json(workflow), 0
        while True:
            workflow = serializer.deserialize_json(kept)
            ready = workflow.get_tasks(state=TaskState.READY, manual=True)
            if not ready:
                break
            ready[0].run()
            workflow.do_engine_steps()
            kept, done = serializer.serialize_json(workflow), done + 1
            largest = max(largest, len(kept))
        assert done == len(TASKS) and workflow.is_completed(), f"{done} steps"
        steps += done
    print(json.dumps({"rate": steps / (time.perf_counter() - began), "bytes": largest}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
