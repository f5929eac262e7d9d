"""What schemathesis cannot read off the description: cursors and keys belong to earlier answers, and some requests are to find what is there."""

from __future__ import annotations

import json
import os
import random  # noqa: TID251  # seeded: the run's own seed
import re
from typing import Any
from uuid import UUID

import schemathesis

#: Ids of what is there, by the part of an address that names them: FUZZ_KNOWN is a JSON object of lists.
KNOWN: dict[str, list[str]] = json.loads(os.environ.get("FUZZ_KNOWN", "{}"))
CHANCE = random.Random(int(os.environ.get("FUZZ_SEED", "1")))
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,1000}")
_KEY = re.compile(r"[!-~]{1,255}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """A well-formed cursor nobody gave out is no valid one, so it is left out; a well-formed key is made new, as each new request has its own."""
    if case.query and isinstance(case.query.get("after"), str) and _CURSOR.fullmatch(case.query["after"]):
        del case.query["after"]
    for name in [name for name, value in (case.query or {}).items() if value is None]:
        del case.query[name]  # a query has no null: what is not said is not there
    for name in list(case.headers or ()):
        if name.lower() == "idempotency-key" and isinstance(case.headers[name], str) and _KEY.fullmatch(case.headers[name]):
            case.headers[name] = str(UUID(int=CHANCE.getrandbits(128)))
        if name.lower() == "if-match" and case.headers[name] == "0":
            # The shortest ETag, "0", loses its quotes in the coverage phase.
            case.headers[name] = '"0"'


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the requests find what they name."""
    for name in path_parameters or {}:
        if KNOWN.get(name) and CHANCE.random() < 0.5:
            path_parameters[name] = CHANCE.choice(KNOWN[name])  # type: ignore[index]
    return path_parameters
