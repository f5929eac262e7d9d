"""Exhaustive crash points: every use case dies before and after each statement, commit and outside call, and is then taken up again."""
