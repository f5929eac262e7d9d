"""Ledger: fees, what was paid, waived and paid back, and the cash of each desk's day."""
