"""The API does what its description says: a sample of `make long`, by schemathesis with all its checks."""

from __future__ import annotations

import pytest

from tests.fuzz.described import fuzz, running


@pytest.mark.slow
def test_the_api_is_as_described() -> None:
    with running() as one:
        cases, wrong = fuzz(one, "caseworker", examples=3, phases="coverage,fuzzing", paths=("/api/v1/cases", "/api/v1/tasks", "/api/v1/indicators/{id}"))
    assert wrong == []
    assert cases > 50
