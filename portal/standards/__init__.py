"""Ledger: clocks and timers; working time."""
