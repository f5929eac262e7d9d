"""What no honest client sends, and what honest clients might: the whole API and every page against both."""
