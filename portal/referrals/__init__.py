"""Ledger: referrals between doors."""
