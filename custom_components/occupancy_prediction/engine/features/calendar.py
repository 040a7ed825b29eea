"""What day it is and how much of it is over."""

import numpy as np

from ..surroundings import PLACE, ContextKind
from ..types import FloatArray
from .registry import Scene, feature, log_minutes, occupied_share, optional_feature
from .sun import elevation

# A day of living begins when most people sleep (local hour): who is up at one
# in the morning has not got up early.
_DAY_BEGINS = 4.0 * 60
_DAY = 86400.0
# An alarm that rings later than in a day (min) is as good as none.
_NO_ALARM = 1440.0


@feature
def weekday(scene: Scene) -> FloatArray:
    """Return the day of the week, Monday 0."""
    return ((scene.local.day - 1) % 7).astype(np.float64)


@feature
def since_first_activity(scene: Scene) -> FloatArray:
    """Return the time since the home's first activity of the day, log minutes.

    0 before the first: nobody has got up yet.
    """
    into_day = (scene.local.minute - _DAY_BEGINS) % 1440.0
    begun = scene.moments - into_day * 60
    times = scene.home.home_on_times
    if not len(times):
        return np.zeros(len(scene.moments))
    index = np.searchsorted(times, begun, "left")
    first = np.where(
        index < len(times), times[np.minimum(index, len(times) - 1)], np.inf
    )
    return np.where(
        first <= scene.moments, log_minutes((scene.moments - first) / 60), 0.0
    )


@feature
def occupied_today(scene: Scene) -> FloatArray:
    """Return how long the room was occupied since the day began, in hours."""
    into_day = ((scene.local.minute - _DAY_BEGINS) % 1440.0) * 60
    begun = scene.moments - into_day
    share = occupied_share(scene.room, begun, scene.moments)
    return share * into_day / 3600.0


@feature
def occupied_yesterday(scene: Scene) -> FloatArray:
    """Return the share of the hour after this time yesterday it was occupied."""
    then = scene.moments - _DAY
    return occupied_share(scene.room, then, then + 3600.0)


@feature
def occupied_last_week(scene: Scene) -> FloatArray:
    """Return the share of the hour after this time a week ago it was occupied."""
    then = scene.moments - 7 * _DAY
    return occupied_share(scene.room, then, then + 3600.0)


@optional_feature(ContextKind.WORKDAY)
def workday(scene: Scene) -> FloatArray:
    """Tell whether people work today; where that is not known, on Monday to Friday."""
    works = ~scene.local.weekend
    # The first that knows is believed.
    for steps in reversed(scene.home.timeline.context[ContextKind.WORKDAY]):
        told = steps.at(scene.moments)
        works = np.where(np.isfinite(told), told == 1.0, works)
    return works.astype(np.float64)


@optional_feature(ContextKind.ALARM)
def until_alarm(scene: Scene) -> FloatArray:
    """Return the time until the next alarm clock rings, as log minutes.

    That of a day where none is set, or none that is known.
    """
    least: FloatArray = np.full(len(scene.moments), _NO_ALARM)
    for steps in scene.home.timeline.context[ContextKind.ALARM]:
        left = (steps.at(scene.moments) - scene.moments) / 60
        # What has rung is over; a NaN is not ahead.
        least = np.where(left >= 0, np.minimum(least, left), least)
    return log_minutes(least)


@optional_feature(PLACE)
def sun_elevation(scene: Scene) -> FloatArray:
    """Return the angle of the sun above the horizon, in degrees."""
    place = scene.home.timeline.place
    if place is None:
        return np.zeros(len(scene.moments))
    return elevation(scene.moments, place)
