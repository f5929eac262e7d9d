"""How people reach us and we them; see README.md beside this file."""
