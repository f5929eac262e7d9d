"""Set `permission-mutation` of `make long`."""

from __future__ import annotations

from tests.matrix.test_matrix import every_mutation as exhaustive

__all__ = ["exhaustive"]
