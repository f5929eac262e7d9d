"""Read compositions that several doors show."""
