"""A small home whose days repeat, so that now nobody is there, at any time of day."""

from benchmarks.demo.home import DemoHome, DemoRoom, DemoSensor, EventStream
from custom_components.occupancy_prediction.engine import Observation, SensorKind

DAY = 86400.0
DAYS = 10
HOUR = 3600.0
STAY = 1200.0  # s
PULSE = 60.0  # s between two movements
HOLD = 20.0  # s a motion sensor stays on

KITCHEN = DemoSensor("kitchen_motion", SensorKind.MOTION, "kitchen")
DOOR = DemoSensor("kitchen_door", SensorKind.DOOR, "kitchen")
BEDROOM = DemoSensor("bedroom_motion", SensorKind.MOTION, "bedroom")
# Hours before now at which somebody comes in, on every day.
VISITS = {KITCHEN: (3, 7, 11, 15, 19, 23), BEDROOM: (2, 9, 13, 18, 22)}


def free_home(now: float) -> DemoHome:
    """Return a home of two rooms that are both vacant at a moment."""
    events = [
        Observation(moment + after, sensor.entity_id, value)
        for sensor, hours in VISITS.items()
        for day in range(DAYS)
        for hour in hours
        for moment in _pulses(now - day * DAY - hour * HOUR)
        for after, value in ((0.0, 1.0), (HOLD, 0.0))
    ]
    # The door has been open for hours.
    events.append(Observation(now - HOUR * 5, DOOR.entity_id, 1.0))
    events.sort(key=lambda event: event.timestamp)
    return DemoHome(
        "Small home",
        "Europe/Berlin",
        (DemoRoom("kitchen"), DemoRoom("bedroom")),
        (KITCHEN, DOOR, BEDROOM),
        EventStream(iter(events)),
    )


def _pulses(start: float) -> list[float]:
    return [start + PULSE * number for number in range(int(STAY / PULSE))]
