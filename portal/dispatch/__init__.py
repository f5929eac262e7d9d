"""Worker: everything that leaves."""
