"""Tests of the language of definitions and of the content the project ships."""
