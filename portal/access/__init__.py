"""Ledger: who may see a case, secrets, the permission table."""
