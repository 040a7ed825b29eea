"""What is known of the home beyond its rooms: people, days and the place."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Input of a home of which it is known where it is, beside the kinds of the context.
PLACE: Final = "place"


class ContextKind(StrEnum):
    """What a source tells, and in which numbers; NaN is "not known" in all."""

    # Of one person or tracker: 1 at home, 0 away.
    PERSON = "person"
    # Kilometers from home, of one person or tracker.
    DISTANCE = "distance"
    # Minutes one person would need to be at home.
    TRAVEL_TIME = "travel_time"
    # UTC seconds at which an alarm clock rings next; NaN where none is set, too.
    ALARM = "alarm"
    # 1 while an event of a calendar is on, else 0.
    CALENDAR = "calendar"
    # 1 on a day people work, 0 on one they have off, public holidays included.
    WORKDAY = "workday"


@dataclass(frozen=True, slots=True)
class ContextSpec:
    """One source of what is known of the home as a whole."""

    sensor_id: str
    kind: ContextKind


@dataclass(frozen=True, slots=True)
class Place:
    """Where on earth the home is: degrees, north and east positive."""

    latitude: float
    longitude: float

    @property
    def is_on_earth(self) -> bool:
        """Tell whether there is such a place; one of NaN there is not."""
        return abs(self.latitude) <= 90 and abs(self.longitude) <= 180
