"""Storms: the whole portal in real processes, faults by a seeded plan, and a checker of what must hold afterwards."""
