"""Ledger: rows that wait to leave, messages that came back."""
