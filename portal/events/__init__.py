"""The log: types, the only writer, chain, feed."""
