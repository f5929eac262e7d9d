"""A small flood; `make long` sends ten thousand in each scenario and holds the times too."""

from __future__ import annotations

import pytest

from tests.limits.flood import run


@pytest.mark.slow
def test_a_flood_loses_nothing_and_breaks_nothing() -> None:
    """Everything answered with 201 is there, nothing is answered with 5xx, those who use the portal at their pace are never refused."""
    seen = run("rates, Redis stopped", requests=400, connections=60)
    assert [fault for fault in seen.faults if not fault.startswith("95 of")] == []
    assert seen.taken > 50
