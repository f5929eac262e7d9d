"""Ledger: personal data, apart from everything else."""
