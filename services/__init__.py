"""What government offers: a folder for each agency. Definitions only; see README.md beside this file."""
