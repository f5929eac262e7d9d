"""Failures as they are logged: where and of what kind, without their own words, which may quote what a citizen wrote."""

from __future__ import annotations

import traceback


def without_values(error: BaseException) -> str:
    """Type and places of an exception."""
    return f"{type(error).__qualname__}\n{''.join(traceback.format_tb(error.__traceback__))}"
