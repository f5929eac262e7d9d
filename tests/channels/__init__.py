"""Channels from outside: real clients, real servers, real words."""
