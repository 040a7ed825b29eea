"""The report on accuracy: as values, as text, as a page, from the command line."""
