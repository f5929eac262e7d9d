"""Ledger: people and organisations on a case."""
