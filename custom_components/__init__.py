"""Makes the component importable for tools and tests."""
