"""The rooms of the simulated home and the sensors in them."""

from dataclasses import dataclass
from typing import Literal

type SensorType = Literal[
    "motion", "presence", "door", "temperature", "humidity", "light", "other"
]


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor and how it sees its room."""

    sensor_id: str
    sensor_type: SensorType
    hold: float = 0.0  # s a motion or presence sensor stays on after the last sight
    sight: float = 1.0  # share of movements a motion sensor notices
    base: float = 0.0  # degC, % or lux at rest
    gain: float = 0.0  # degC, % or lux added by people, or by the sun for light


@dataclass(frozen=True, slots=True)
class Room:
    """One room; ways between rooms not open to each other lead through the entrance."""

    room_id: str
    sensors: tuple[Sensor, ...]
    open_to: tuple[str, ...] = ()
    entrance: bool = False


def _motion(room_id: str, hold: float, sight: float = 0.95) -> Sensor:
    """Build a motion sensor; holds differ, as makers ship 30 to 60 s."""
    return Sensor(f"{room_id}_motion", "motion", hold=hold, sight=sight)


FAMILY_HOME = (
    Room(
        "living_room",
        (
            _motion("living_room", hold=30),
            Sensor("living_room_presence", "presence", hold=20),
            Sensor("living_room_temperature", "temperature", base=20.5, gain=0.5),
            Sensor("living_room_light", "light", base=120, gain=700),
        ),
        open_to=("kitchen",),
    ),
    Room(
        "kitchen",
        (
            _motion("kitchen", hold=30),
            Sensor("kitchen_light", "light", base=180, gain=450),
        ),
        open_to=("living_room",),
    ),
    Room(
        "bedroom",
        (
            _motion("bedroom", hold=45, sight=0.9),
            Sensor("bedroom_temperature", "temperature", base=18.0, gain=0.6),
            Sensor("bedroom_humidity", "humidity", base=48, gain=2.5),
        ),
    ),
    Room(
        "kids_room",
        (
            _motion("kids_room", hold=45, sight=0.9),
            Sensor("kids_room_temperature", "temperature", base=19.5, gain=0.6),
        ),
    ),
    Room(
        "bathroom",
        (
            _motion("bathroom", hold=60),
            Sensor("bathroom_temperature", "temperature", base=21.0, gain=0.9),
            Sensor("bathroom_humidity", "humidity", base=52, gain=28),
        ),
    ),
    Room(
        "hall",
        (
            _motion("hall", hold=30),
            Sensor("front_door", "door"),
        ),
        entrance=True,
    ),
)
