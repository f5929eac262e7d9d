"""How a life event gets done across agencies. YAML only; see README.md beside this file."""
