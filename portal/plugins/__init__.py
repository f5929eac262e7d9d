"""The socket: all that content may import."""
