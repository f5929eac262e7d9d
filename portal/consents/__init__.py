"""Ledger: what citizens agreed to, until when, and what they took back."""
