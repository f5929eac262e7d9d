"""The doors as strangers see them."""
