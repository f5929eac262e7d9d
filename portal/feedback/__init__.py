"""Ledger: what citizens say."""
