"""Stories of people in a real browser."""
