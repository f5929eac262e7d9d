"""Ledger: the case registry."""
