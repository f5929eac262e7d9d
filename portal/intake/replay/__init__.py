"""A historical log, read through the same registry at its own times."""
