"""Ledger: journey runs and step runs."""
