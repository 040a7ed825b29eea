"""Settings of the property tests of the engine."""

from hypothesis import settings

# The same examples on every run: a red build must mean a change of the code. No
# deadline, since the first example of a test pays for imports and caches.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, max_examples=50
)
settings.load_profile("repeatable")
