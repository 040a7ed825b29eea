"""A seeded household: people with routines, and the sensors that see them.

For tests and the demo only. People of flesh and blood are less regular than these,
so nothing measured on this household says how accurate forecasts are in a real one.
"""

from .config import Fault, FaultKind, HouseholdConfig
from .faults import example_faults
from .home import FAMILY_HOME, Room, Sensor, SensorType
from .people import Presence
from .routines import FAMILY, Activity, Person, Routine, Step, Visit
from .simulation import Household, SimulatedEvent, live_events, simulate, write_events

__all__ = [
    "FAMILY",
    "FAMILY_HOME",
    "Activity",
    "Fault",
    "FaultKind",
    "Household",
    "HouseholdConfig",
    "Person",
    "Presence",
    "Room",
    "Routine",
    "Sensor",
    "SensorType",
    "SimulatedEvent",
    "Step",
    "Visit",
    "example_faults",
    "live_events",
    "simulate",
    "write_events",
]
