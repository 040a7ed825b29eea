"""What an explanation of a forecast consists of, and how it is said in English."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
import math
from zoneinfo import ZoneInfo

from .models import PRIOR
from .surroundings import PLACE, ContextKind
from .types import SensorKind, Transition

# Inputs, members and days put into words: what one reads in one go.
_INPUTS_TOLD = 3
_MEMBERS_TOLD = 3
_DAYS_TOLD = 3
# Share of the prior from which a forecast is mostly that of any such room.
_MOSTLY = 0.5
# What changes less is no reason: minutes of the median, or log of the hazard.
_SHIFT_TOLD = 1.0
_LOG_HAZARD_TOLD = 0.1
# Before the id of another room, in the name of an input.
ROOM_INPUT = "room@"

# What forecasts are always made of; subjects of features; inputs that not every home
# has.
CLOCK_SUBJECT = "time of day"
SUBJECTS = {
    "motion": "movement in the room",
    "context": "the other rooms",
    "transitions": "the way through the rooms",
    "calendar": "the day so far and earlier days",
}
INPUTS: dict[str, str] = {
    SensorKind.LIGHT: "light",
    SensorKind.TEMPERATURE: "temperature",
    SensorKind.HUMIDITY: "humidity",
    ContextKind.PERSON: "people",
    ContextKind.DISTANCE: "distance from home",
    ContextKind.TRAVEL_TIME: "travel time",
    ContextKind.ALARM: "alarm clocks",
    ContextKind.CALENDAR: "calendars",
    ContextKind.WORKDAY: "working days",
    PLACE: "the sun",
}


@dataclass(frozen=True, slots=True)
class MemberView:
    """What one member expects: its share, and its median (None: beyond a day)."""

    name: str
    weight: float
    predicted_time: float | None


@dataclass(frozen=True, slots=True)
class Influence:
    """What one input does to the forecast of the logistic hazard.

    Attributes:
        name: the feature; ``room@`` and the id for all that is known of another room;
            or ``clock``, ``elapsed``, ``since_on``.
        value, average: what it is and what it is compared with, in the unit of the
            feature; None where it is more than one number.
        shift: minutes by which it moves the median; negative is sooner.
        log_hazard: change of the log of the hazard over the next hour.
    """

    name: str
    value: float | None
    average: float | None
    shift: float
    log_hazard: float


@dataclass(frozen=True, slots=True)
class SimilarDay:
    """A past day, and its weight among those that went most like this one."""

    day: date
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the forecast of one room says what it says.

    Where no sensor can tell only ``sentences`` is filled, which otherwise says in
    English what the rest is as data. Times are UTC seconds, None where beyond the horizon.

    Attributes:
        occupied: the confirmed state, None if no sensor can tell.
        transition: what the room will become, None without a forecast.
        predicted_time, lower, upper: as in the forecast.
        earliest: when the vacancy delay of an occupied room is over at the soonest;
            before that it cannot become vacant. None for a vacant room.
        members: who had a say, the largest share first.
        inputs: the most telling first.
        learned_from: what the model of the room was made of.
        similar_days: the most similar first.
    """

    room_id: str
    issued_at: float
    occupied: bool | None = None
    transition: Transition | None = None
    predicted_time: float | None = None
    lower: float | None = None
    upper: float | None = None
    earliest: float | None = None
    members: tuple[MemberView, ...] = ()
    inputs: tuple[Influence, ...] = ()
    learned_from: tuple[str, ...] = ()
    similar_days: tuple[SimilarDay, ...] = ()
    sentences: tuple[str, ...] = ()


def sentences(
    explanation: Explanation, names: Mapping[str, str], time_zone: str
) -> tuple[str, ...]:
    """Say an explanation in short sentences.

    ``names`` are what people call the rooms; one that is missing goes by its id.
    """
    room = names.get(explanation.room_id, explanation.room_id)
    if explanation.occupied is None:
        return (f"No sensor of {room} can tell whether it is occupied.",)
    zone = ZoneInfo(time_zone)
    return (
        _forecast(explanation, room, zone),
        *_newness(explanation, room),
        *_delay(explanation, zone),
        *_members(explanation, zone),
        *_inputs(explanation, names),
        *_days(explanation),
    )


def _forecast(explanation: Explanation, room: str, zone: ZoneInfo) -> str:
    becomes = f"{room} will become {explanation.transition}"
    begins = _clock(explanation.lower, explanation, zone)
    if explanation.predicted_time is None:
        return f"{becomes} more likely than not only after more than a day."
    expected = _clock(explanation.predicted_time, explanation, zone)
    ends = _clock(explanation.upper, explanation, zone)
    return (
        f"{becomes} at about {expected}; four times out of five between {begins} "
        f"and {ends}."
    )


def _newness(explanation: Explanation, room: str) -> Iterator[str]:
    if sum(m.weight for m in explanation.members if m.name == PRIOR.name) > _MOSTLY:
        yield f"Little is known of {room} yet: it is taken to be like others of its kind."


def _delay(explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    if explanation.earliest is not None:
        earliest = _clock(explanation.earliest, explanation, zone)
        yield f"Its vacancy delay is not over before {earliest}."


def _clock(moment: float | None, explanation: Explanation, zone: ZoneInfo) -> str:
    if moment is None:
        return "more than a day from now"
    local = datetime.fromtimestamp(moment, zone)
    today = datetime.fromtimestamp(explanation.issued_at, zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%A %H:%M}"


def _members(explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    told = [
        f"{member.name.replace('_', ' ')} ({member.weight:.0%}) says "
        f"{_clock(member.predicted_time, explanation, zone)}"
        for member in explanation.members[:_MEMBERS_TOLD]
    ]
    if told:
        yield f"Of the members with most weight, {_listed(told)}."


def _inputs(explanation: Explanation, names: Mapping[str, str]) -> Iterator[str]:
    told = 0
    for influence in explanation.inputs:
        effect = _effect(influence)
        if effect is not None and told < _INPUTS_TOLD:
            told += 1
            yield f"{_subject(influence, names)} makes it {effect}."


def _effect(influence: Influence) -> str | None:
    if abs(influence.shift) >= _SHIFT_TOLD:
        word = "sooner" if influence.shift < 0 else "later"
        return f"about {_duration(abs(influence.shift))} {word}"
    if abs(influence.log_hazard) >= _LOG_HAZARD_TOLD:
        word = "likelier" if influence.log_hazard > 0 else "less likely"
        return f"{word} within the hour"
    return None


def _subject(influence: Influence, names: Mapping[str, str]) -> str:
    if influence.name.startswith(ROOM_INPUT):
        room_id = influence.name.removeprefix(ROOM_INPUT)
        return f"What is going on in {names.get(room_id, room_id)}"
    phrase, unit = _WORDS.get(
        influence.name, (influence.name.replace("_", " "), _number)
    )
    phrase = phrase[:1].upper() + phrase[1:]
    if influence.value is None or influence.average is None:
        return phrase
    value, average = unit(influence.value), unit(influence.average)
    return f"{phrase} ({value}, on average {average})"


def _days(explanation: Explanation) -> Iterator[str]:
    told = [f"{each.day:%A} {each.day}" for each in explanation.similar_days]
    if told:
        yield f"So far the day is most like {_listed(told[:_DAYS_TOLD])}."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _duration(minutes: float) -> str:
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2880 else f"{minutes / 1440:.0f} days"


def _log_minutes(value: float) -> str:
    return _duration(math.expm1(value))


def _log_count(value: float) -> str:
    return f"{math.expm1(value):.1f}"


def _share(value: float) -> str:
    return f"{value:.0%}"


def _hours(value: float) -> str:
    return _duration(value * 60)


def _ratio(value: float) -> str:
    return f"{math.exp(value):.1f} times"


def _lux(value: float) -> str:
    # Told beside a dim room of 50 lux.
    return f"{max(51 * math.exp(value) - 1, 0):.0f} lux"


def _degrees(value: float) -> str:
    return f"{value:+.1f} degrees"


def _percent(value: float) -> str:
    return f"{value:+.0f} %"


def _log_kilometers(value: float) -> str:
    return f"{math.expm1(value):.1f} km"


def _angle(value: float) -> str:
    return f"{value:.0f} degrees"


# How inputs are called and their numbers told; of others the name has to do.
_WORDS: dict[str, tuple[str, Callable[[float], str]]] = {
    "clock": ("the time of day", _number),
    "elapsed": ("how long it has been like this", _duration),
    "since_on": ("how long ago somebody last moved here", _duration),
    "quiet_elsewhere": ("how long it has been quiet elsewhere", _log_minutes),
    "quiet_home": ("how long it has been quiet in the home", _log_minutes),
    "active_elsewhere": ("that somebody moves elsewhere just now", _share),
    "rooms_occupied": ("how many of the other rooms are occupied", _share),
    "home_activations_5": ("movement in the home in the last 5 min", _log_count),
    "home_activations_30": ("movement in the home in the last 30 min", _log_count),
    "home_activations_240": ("movement in the home in the last 4 h", _log_count),
    "activations_15": ("movement here in the last 15 min", _log_count),
    "activations_60": ("movement here in the last hour", _log_count),
    "activations_240": ("movement here in the last 4 h", _log_count),
    "occupied_share_60": ("how much of the last hour it was occupied", _share),
    "occupied_share_240": ("how much of the last 4 h it was occupied", _share),
    "occupied_share_1440": ("how much of the last day it was occupied", _share),
    "last_spell": ("how long it was the other way before", _log_minutes),
    "since_door": ("how long ago a door last moved", _log_minutes),
    "since_room_change": ("how long ago somebody changed rooms", _log_minutes),
    "movement_interval": ("how fast people change rooms", _log_minutes),
    "is_last_room": ("whether somebody was last active here", _share),
    "since_first_activity": ("how long ago the day began", _log_minutes),
    "occupied_today": ("how long it has been occupied today", _hours),
    "occupied_yesterday": ("the same hour of yesterday", _share),
    "occupied_last_week": ("the same hour a week ago", _share),
    "weekday": ("the day of the week", _number),
    "workday": ("whether it is a working day", _share),
    "until_alarm": ("how soon the alarm clock rings", _log_minutes),
    "sun_elevation": ("how high the sun stands", _angle),
    "light_level": ("how light it is here", _lux),
    "light_change_15": ("how the light has changed in 15 min", _ratio),
    "temperature_change_60": ("how the temperature has changed in an hour", _degrees),
    "humidity_change_15": ("how the humidity has changed in 15 min", _percent),
    "humidity_change_60": ("how the humidity has changed in an hour", _percent),
    "people_home": ("how many of the people are at home", _share),
    "since_came_home": ("how long ago somebody came home", _log_minutes),
    "since_left_home": ("how long ago somebody left home", _log_minutes),
    "nearest_distance": ("how far away the nearest person is", _log_kilometers),
    "shortest_travel": ("how long the way home is for the nearest", _log_minutes),
    "calendar_event": ("whether the calendar has something on", _share),
}
