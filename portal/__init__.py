"""The engine of the one-stop service portal."""
