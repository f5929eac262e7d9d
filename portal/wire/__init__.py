"""Outgoing I/O: guarded HTTP, SMTP."""
