"""Door: what channels and agencies speak to us."""
