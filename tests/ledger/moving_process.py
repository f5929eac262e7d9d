"""Moves cases and stops just before the commit of a batch, to be killed: `python -m tests.ledger.moving_process URL FOLDER MOVE BATCH`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from portal.catalogue.load import load
from portal.db import connect
from portal.reactions import REACTIONS
from portal.runs import moves
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import Portal
from portal.workflow import moving
from tests.ledger.conftest import SECRET


def main(url: str, folder: str, id: str, stop_at: int) -> None:
    """Batches of two; waits to be killed in the one of that number, everything of it done but the commit."""
    moving.BATCH = 2  # type: ignore[misc]
    catalogue = load(directories=[Path(folder)], resolve_calendar=resolve)
    portal = Portal(connect(url), catalogue, REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    noted, count = moves.note, 0

    def note(*arguments: Any, **named: Any) -> None:
        nonlocal count
        noted(*arguments, **named)
        count += 1
        if count == stop_at:
            print("here", flush=True)
            sys.stdin.read()

    moves.note = note
    while moving.turn(portal, UUID(id)):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))  # type: ignore[misc]
