"""Every operation and page, for twelve subjects and five objects, by both layers and by each alone; and what removing a check does to that."""
