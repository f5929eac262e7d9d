"""Signing in: providers, sessions, proofs; and everything that must not work."""
