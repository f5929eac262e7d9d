"""Worker: runs journeys."""
