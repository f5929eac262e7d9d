"""Ledger: what administrators change without YAML, and what a second one has to confirm."""
