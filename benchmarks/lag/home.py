"""A home that is learned in seconds, so that many trainings can be cut off."""

from benchmarks.homes import SimulatedHome, simulated_home

_ROOMS, _DAYS = 2, 12


def small_home() -> SimulatedHome:
    """Return the home, the same one each time."""
    return simulated_home(_ROOMS, _DAYS)
