"""Worker: reads the feed; measures, indicators, report."""
