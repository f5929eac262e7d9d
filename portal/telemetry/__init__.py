"""What the portal tells of itself: log, counters, and the number that follows one request everywhere. No personal data ever."""
