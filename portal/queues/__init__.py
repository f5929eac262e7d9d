"""Ledger: worklists."""
