"""Tests with a Home Assistant of its own in another process."""
