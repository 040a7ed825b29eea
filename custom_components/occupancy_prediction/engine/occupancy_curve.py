"""P(occupied) over the next 24 hours.

Two things are known of a room: when its state will change next (the forecast)
and how its occupancy usually runs over the day (the profile). After the next
transition the room is described by the profile plus what is left of the
surprise, which fades with time at a rate learned from the room: the regression
of the occupancy anomaly on the anomaly right after a transition.
"""

from collections.abc import Mapping

import numpy as np

from .distribution import probability_within
from .local_time import local_time
from .models.base import Arrays, circular_distance
from .timeline import OCCUPIED, UNKNOWN, RoomTimeline
from .types import HORIZON, FloatArray, IntArray

# The curve has a point now and every 15 min for 24 h.
STEP_MINUTES = 15.0
POINTS = 97
_CELLS = 96
# Width of the kernel over the clock (min).
_WIDTH = 30.0
# Minutes of observation by which a cell is pulled to the room's mean, and a lag
# of the fading is pulled to the shape a room with short memory has.
_PROFILE_PRIOR = 60.0
_FADE_PRIOR = 10.0
_FADE_HOURS = 1.0
# Minutes of observation of each cell for which what rooms of a kind do stands. On
# recorded homes 2 to 15 were about as good, up to the second week of a room.
_COMMON_MINUTES = 5.0


def common_profile(shares: FloatArray) -> dict[str, np.ndarray]:
    """Return the profile of a room never observed, from P(occupied) by hour, (24,)."""
    seen = np.full((2, _CELLS), _COMMON_MINUTES)
    occupied = seen * np.repeat(shares, _CELLS // len(shares))
    nothing = np.zeros((2, POINTS))
    return {"occupied": occupied, "seen": seen, "product": nothing, "square": nothing}


def learn_profile(
    room: RoomTimeline,
    moments: FloatArray,
    step: float,
    end: float,
    time_zone: str,
    *,
    before: Arrays | None = None,
) -> dict[str, np.ndarray]:
    """Count how occupied the room was by day type and clock, and its memory.

    ``moments`` are ``step`` seconds apart, at most up to ``end``; ``before`` is the
    profile that is counted on from. Shapes: ``occupied`` and ``seen`` (2, 96) minutes,
    ``product`` and ``square`` (2, 97) sums for the fading after a change to vacant and
    to occupied.
    """
    arrays = _count(room, moments, step, time_zone)
    if before is not None:
        arrays = {name: array + before[name] for name, array in arrays.items()}
    return {**arrays, **_learn_fading(room, arrays, end, time_zone)}


def update_profile(
    arrays: Arrays, room: RoomTimeline, moments: FloatArray, step: float, time_zone: str
) -> dict[str, np.ndarray]:
    """Return the profile with more moments counted; the fading stays as it was.

    A surprise is measured against the whole profile, so its fading is learned
    only when everything is learned anew.
    """
    new = _count(room, moments, step, time_zone)
    return {name: array + new.get(name, 0.0) for name, array in arrays.items()}


def _count(
    room: RoomTimeline, moments: FloatArray, step: float, time_zone: str
) -> dict[str, np.ndarray]:
    states = room.state_at(moments)
    known = states != UNKNOWN
    day, cell = _cells(moments, time_zone)
    place = (day * _CELLS + cell)[known]
    seen = np.bincount(place, minlength=2 * _CELLS)
    occupied = np.bincount(place[states[known] == OCCUPIED], minlength=2 * _CELLS)
    return {
        "occupied": (occupied * step / 60).reshape(2, _CELLS),
        "seen": (seen * step / 60).reshape(2, _CELLS),
    }


def _cells(moments: FloatArray, time_zone: str) -> tuple[IntArray, IntArray]:
    local = local_time(moments, time_zone)
    cell = np.floor(local.minute / STEP_MINUTES).astype(np.int64) % _CELLS
    return local.weekend.astype(np.int64), cell


def _profile(arrays: Mapping[str, np.ndarray]) -> FloatArray:
    """Return P(occupied) by day type and cell, smoothed and shrunk, (2, 96)."""
    centers: FloatArray = np.linspace(
        STEP_MINUTES / 2, 1440.0 - STEP_MINUTES / 2, _CELLS
    )
    distance = circular_distance(centers[:, None], centers[None])
    kernel = np.exp(-0.5 * (distance / _WIDTH) ** 2)
    mean = (arrays["occupied"].sum() + 1.0) / (arrays["seen"].sum() + 2.0)
    occupied = arrays["occupied"] @ kernel
    seen = arrays["seen"] @ kernel
    # The other type of day steps in where this one has hardly been seen.
    other = (occupied[::-1] + _PROFILE_PRIOR * mean) / (seen[::-1] + _PROFILE_PRIOR)
    profile: FloatArray = (occupied + _PROFILE_PRIOR * other) / (seen + _PROFILE_PRIOR)
    return profile


def _learn_fading(
    room: RoomTimeline, arrays: Mapping[str, np.ndarray], end: float, time_zone: str
) -> dict[str, np.ndarray]:
    profile = _profile(arrays)
    lags = np.arange(POINTS) * STEP_MINUTES * 60
    product, square = np.zeros((2, POINTS)), np.zeros((2, POINTS))
    for state in (0, 1):
        entries = room.change_times[room.change_states == state]
        moments = entries[:, None] + lags[None]
        states = room.state_at(moments.ravel()).reshape(moments.shape)
        usable = (states != UNKNOWN) & (moments <= end)
        day, cell = _cells(moments.ravel(), time_zone)
        usual = profile[day, cell].reshape(moments.shape)
        first = state - usual[:, :1]
        anomaly = (states == OCCUPIED) - usual
        product[state] = np.where(usable, anomaly * first, 0.0).sum(0)
        square[state] = np.where(usable, first**2, 0.0).sum(0)
    return {"product": product, "square": square}


def occupancy_curve(
    arrays: Mapping[str, np.ndarray],
    cdf: FloatArray,
    *,
    occupied: bool,
    now: float,
    time_zone: str,
) -> FloatArray:
    """Return P(occupied) at now + 0, 15, ... 1440 min, shape (97,).

    ``cdf`` (1, BINS) is the forecast of the next transition.
    """
    minutes: FloatArray = np.linspace(0.0, HORIZON, POINTS)
    day, cell = _cells(now + minutes * 60, time_zone)
    usual = _profile(arrays)[day, cell]
    changed = probability_within(np.repeat(cdf, POINTS, 0), minutes)
    density = np.diff(changed)
    other = 0.0 if occupied else 1.0
    fade = _fading(arrays, int(other))
    # after[h] sums over the step u in which the change fell what is left of the
    # surprise (other - usual at u) after h - u steps, centered in the step.
    surprise = density * (other - (usual[1:] + usual[:-1]) / 2)
    centered = (fade[1:] + fade[:-1]) / 2
    left = np.convolve(surprise, centered)[: POINTS - 1]
    staying = (1.0 - other) * (1 - changed)
    curve = staying.copy()
    curve[1:] += changed[1:] * usual[1:] + left
    # Taking each step at its center can overshoot what the change alone allows.
    return np.clip(curve, staying, staying + changed)


def _fading(arrays: Mapping[str, np.ndarray], state: int) -> FloatArray:
    """Return the share of a surprise that is left after each lag, (97,)."""
    lags = np.arange(POINTS) * STEP_MINUTES / 60
    prior = np.exp(-lags / _FADE_HOURS)
    share = (arrays["product"][state] + _FADE_PRIOR * prior) / (
        arrays["square"][state] + _FADE_PRIOR
    )
    return np.asarray(np.clip(share, 0.0, 1.0), np.float64)
