"""Ledger: files on a case: what they are, who brought them, which replaces which, and whether they may be opened."""
