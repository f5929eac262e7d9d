"""The language of definitions: what a team may write in YAML, how it is read, checked, stored and found."""
