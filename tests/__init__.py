"""What the portal promises, tried on real servers."""
