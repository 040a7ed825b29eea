"""Where the people of the home are, and what their calendars say."""

from collections.abc import Sequence

import numpy as np

from ..surroundings import ContextKind
from ..types import BoolArray, FloatArray
from .registry import Scene, log_minutes, optional_feature, since

# Where nobody can tell, as many are at home as not.
_NOBODY_TELLS = 0.5
# What lies further back than a day (min) is not remembered in use.
_DAY = 1440.0
# Nearer than this (km) somebody is at home: positions are that sure, gardens that large.
_AT_HOME = 0.2
# Further away (km) nobody is on the way home.
_FURTHEST = 1000.0


@optional_feature(ContextKind.PERSON)
def people_home(scene: Scene) -> FloatArray:
    """Return the share of those people at home of whom it is known; else 0.5."""
    people = _told(scene, ContextKind.PERSON)
    home = np.sum([person == 1.0 for person in people], 0)
    known = np.sum([np.isfinite(person) for person in people], 0)
    return np.where(known > 0, home / np.maximum(known, 1), _NOBODY_TELLS)


@optional_feature(ContextKind.PERSON)
def since_came_home(scene: Scene) -> FloatArray:
    """Return the time since somebody came home, a day at most, as log minutes."""
    times = scene.home.arrivals
    return log_minutes(np.minimum(since(times, scene.moments), _DAY))


@optional_feature(ContextKind.PERSON)
def since_left_home(scene: Scene) -> FloatArray:
    """Return the time since somebody left home, a day at most, as log minutes."""
    times = scene.home.departures
    return log_minutes(np.minimum(since(times, scene.moments), _DAY))


@optional_feature(ContextKind.DISTANCE)
def nearest_distance(scene: Scene) -> FloatArray:
    """Return how far away the nearest is who is not at home, as log(1 + km).

    0 where nobody is away, as far as is known.
    """
    distance = _least(_told(scene, ContextKind.DISTANCE), _AT_HOME, scene)
    return np.log1p(np.clip(distance, 0.0, _FURTHEST))


@optional_feature(ContextKind.TRAVEL_TIME)
def shortest_travel(scene: Scene) -> FloatArray:
    """Return how long the way home is of the nearest who is away, as log minutes.

    0 where nobody is away, as far as is known.
    """
    times = _least(_told(scene, ContextKind.TRAVEL_TIME), 0.0, scene)
    return log_minutes(np.minimum(times, _DAY))


@optional_feature(ContextKind.CALENDAR)
def calendar_event(scene: Scene) -> FloatArray:
    """Tell whether an event of a calendar is on, as far as is known."""
    events = _told(scene, ContextKind.CALENDAR)
    is_on: BoolArray = np.any([event == 1.0 for event in events], 0)
    return is_on.astype(np.float64)


def _told(scene: Scene, kind: ContextKind) -> list[FloatArray]:
    """Return what each source of a kind says, NaN where it says nothing."""
    return [steps.at(scene.moments) for steps in scene.home.timeline.context[kind]]


def _least(columns: Sequence[FloatArray], over: float, scene: Scene) -> FloatArray:
    """Return the least number over some bound, 0 where there is none."""
    least: FloatArray = np.full(len(scene.moments), np.inf)
    for column in columns:
        # A NaN is not over anything.
        least = np.where(column > over, np.minimum(least, column), least)
    return np.where(np.isfinite(least), least, 0.0)
