"""Whole stories, told to a running portal from outside."""
