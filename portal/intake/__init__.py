"""Worker: everything that comes in."""
