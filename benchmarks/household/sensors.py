"""What motion, presence and door sensors report about the people and the pet."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby

import numpy as np
import numpy.typing as npt

from .config import HouseholdConfig
from .people import Life, Stay
from .routines import PET

type Floats = npt.NDArray[np.float64]
type Spans = tuple[Floats, Floats]  # starts and ends, UTC epoch seconds
type Movements = npt.NDArray[np.float64]  # rows of start, end, faintness in 0..1
type ByRoom = dict[str, Movements]
type Messages = list[tuple[float, str]]  # moment and state, in time order

ENTRY = 1.0  # s from the doorway into a motion sensor's field of view
MOVEMENT = 5.0  # s, mean length of one movement; shorter than any hold time
BATCH = 16  # movements drawn at a time; a stay has a few to some hundreds
RADAR_DELAY = 1.5  # s a radar presence sensor takes to be sure
DAY = 86400.0  # s
PET_ROOMS = 3  # at most this many rooms in one wander
PET_WAY = (6.0, 40.0)  # s between two rooms of a wander
PET_MOVEMENT = (1.0, 5.0)  # s a motion sensor sees the pet


def merge(spans: Spans, hold: float = 0.0) -> Spans:
    """Join spans that overlap, or follow within the hold, into on-times."""
    order = np.argsort(spans[0], kind="stable")
    starts = spans[0][order]
    if not len(starts):
        return spans
    ends = np.maximum.accumulate(spans[1][order]) + hold
    first = np.concatenate(([True], starts[1:] > ends[:-1]))
    last = np.concatenate((first[1:], [True]))
    return starts[first], ends[last]


def switch(spans: Spans, states: tuple[str, str]) -> Messages:
    """Turn spans into messages: one state when they begin, another when they end."""
    on, off = states
    messages: Messages = []
    for start, end in zip(spans[0].tolist(), spans[1].tolist(), strict=True):
        messages += [(start, on), (end, off)]
    return messages


def room_spans(lives: Mapping[str, Life], room_id: str, *, awake: bool) -> Spans:
    """Return every stay in a room, or only those of people who are awake."""
    stays = [
        (stay.start, stay.end)
        for life in lives.values()
        for stay in life.stays
        if stay.room == room_id and (stay.awake or not awake)
    ]
    bounds = np.array(stays, dtype=float).reshape(-1, 2)
    return bounds[:, 0], bounds[:, 1]


def _stay_movements(generator: np.random.Generator, stay: Stay) -> Movements:
    """Draw the movements in one stay: on entering, then at the stay's own rate.

    They are drawn one after the other, a fixed number at a time, so that the end of
    the stay, which may hang on the next day's plan, changes none before it.
    """
    entered = min(stay.start + ENTRY, stay.end)
    lasting, faintness = generator.exponential(MOVEMENT), generator.random()
    parts = [np.array([[entered, min(entered + lasting, stay.end), faintness]])]
    moment = stay.start
    while moment < stay.end:
        begun = moment + generator.exponential(stay.still, BATCH).cumsum()
        ended = np.minimum(begun + generator.exponential(MOVEMENT, BATCH), stay.end)
        part = np.column_stack((begun, ended, generator.random(BATCH)))
        parts.append(part[begun < stay.end])
        moment = float(begun[-1])
    return np.concatenate(parts)


def _day_movements(
    generator: np.random.Generator, stays: list[Stay]
) -> dict[str, Movements]:
    """Draw the movements in the stays of a day, by room."""
    found: dict[str, list[Movements]] = defaultdict(list)
    for stay, own in zip(stays, generator.spawn(len(stays)), strict=True):
        found[str(stay.room)].append(_stay_movements(own, stay))
    return {room_id: np.concatenate(parts) for room_id, parts in found.items()}


def _movements(config: HouseholdConfig, lives: Mapping[str, Life]) -> list[ByRoom]:
    """Return all movements of people, one part for each person and day."""
    parts: list[ByRoom] = []
    for name, life in lives.items():
        for day, group in groupby(life.stays, key=lambda stay: stay.day):
            if stays := [stay for stay in group if stay.room is not None]:
                generator = config.random("movements", name, day)
                parts.append(_day_movements(generator, stays))
    return parts


def _pet_movements(config: HouseholdConfig) -> ByRoom:
    """Return all movements of the pet, which goes along on holidays."""
    present = {room.room_id for room in config.rooms}
    roamed = [room_id for room_id in PET.rooms if room_id in present]
    moves: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for day in config.planned_days if roamed else ():
        if config.on_holiday(day):
            continue
        generator = config.random("pet", day.toordinal())
        midnight = config.moment(day)
        for bout in generator.random(generator.poisson(PET.bouts_per_day)):
            moment = midnight + float(bout) * DAY
            for _ in range(int(generator.integers(1, PET_ROOMS, endpoint=True))):
                room_id = roamed[int(generator.integers(len(roamed)))]
                end = moment + float(generator.uniform(*PET_MOVEMENT))
                moves[room_id].append((moment, end, float(generator.random())))
                moment = end + float(generator.uniform(*PET_WAY))
    return {room_id: np.array(found) for room_id, found in moves.items()}


def motion_messages(
    config: HouseholdConfig, lives: Mapping[str, Life]
) -> dict[str, Messages]:
    """Return what each motion sensor says.

    On at a movement, off when none was seen for its hold; each new movement starts
    the hold again.
    """
    parts = _movements(config, lives)
    if config.pet:
        parts.append(_pet_movements(config))
    said: dict[str, Messages] = {}
    for room_id, sensor in config.sensors:
        if sensor.sensor_type == "motion":
            found = [part[room_id] for part in parts if room_id in part]
            moves = np.concatenate([np.empty((0, 3)), *found])
            seen = moves[moves[:, 2] < sensor.sight]
            on_times = merge((seen[:, 0], seen[:, 1]), sensor.hold)
            said[sensor.sensor_id] = switch(on_times, ("on", "off"))
    return said


def presence_messages(
    config: HouseholdConfig, lives: Mapping[str, Life]
) -> dict[str, Messages]:
    """Return what each radar presence sensor says; it sees people who sit still."""
    said: dict[str, Messages] = {}
    for room_id, sensor in config.sensors:
        if sensor.sensor_type == "presence":
            starts, ends = room_spans(lives, room_id, awake=False)
            seen = (starts + RADAR_DELAY, np.maximum(ends, starts + RADAR_DELAY))
            said[sensor.sensor_id] = switch(merge(seen, sensor.hold), ("on", "off"))
    return said


def door_messages(
    config: HouseholdConfig, lives: Mapping[str, Life]
) -> dict[str, Messages]:
    """Return what the contacts of the front door say."""
    openings = [each for life in lives.values() for each in life.door_openings]
    bounds = np.array(openings, dtype=float).reshape(-1, 2)
    said = switch(merge((bounds[:, 0], bounds[:, 1])), ("open", "closed"))
    entrance = config.entrance.room_id
    return {
        sensor.sensor_id: said if room_id == entrance else []
        for room_id, sensor in config.sensors
        if sensor.sensor_type == "door"
    }
