"""Door: JSON."""
