"""A demo home in a real Home Assistant: its past, its live events, its forecasts."""
