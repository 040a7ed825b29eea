"""Where the sun stands."""

import numpy as np

from ..surroundings import Place
from ..types import FloatArray

_DAY_MINUTES = 1440.0
# Julian days of the beginning of 1970, and of the middle of the first day of 2000.
_EPOCH_1970, _EPOCH_2000 = 2_440_587.5, 2_451_545.0
_CENTURY = 36_525.0  # days


def elevation(moments: FloatArray, place: Place) -> FloatArray:
    """Return the angle of the sun above the horizon (degrees), without refraction.

    As worked out by NOAA's Solar Calculator (after Meeus, Astronomical Algorithms,
    1998): within a hundredth of a degree in this century. All angles are in degrees
    unless they are arguments of a function.
    """
    century = (moments / 86400 + _EPOCH_1970 - _EPOCH_2000) / _CENTURY
    mean_longitude = 280.46646 + century * (36_000.76983 + century * 0.0003032)
    anomaly = np.radians(357.52911 + century * (35_999.05029 - century * 0.0001537))
    eccentricity = 0.016708634 - century * (0.000042037 + century * 0.0000001267)
    center = (
        np.sin(anomaly) * (1.914602 - century * (0.004817 + century * 0.000014))
        + np.sin(2 * anomaly) * (0.019993 - century * 0.000101)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * century)
    longitude = np.radians(mean_longitude + center - 0.00569 - 0.00478 * np.sin(node))
    seconds = 21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))
    tilt = np.radians(23 + (26 + seconds / 60) / 60 + 0.00256 * np.cos(node))
    declination = np.arcsin(np.sin(tilt) * np.sin(longitude))

    # How far a sundial is ahead of the clock (min).
    half_tilt = np.tan(tilt / 2) ** 2
    twice = 2 * np.radians(mean_longitude)
    ahead = 4 * np.degrees(
        half_tilt * np.sin(twice)
        - 2 * eccentricity * np.sin(anomaly)
        + 4 * eccentricity * half_tilt * np.sin(anomaly) * np.cos(twice)
        - 0.5 * half_tilt**2 * np.sin(2 * twice)
        - 1.25 * eccentricity**2 * np.sin(2 * anomaly)
    )
    solar_minutes = moments / 60 % _DAY_MINUTES + ahead + 4 * place.longitude
    hour_angle = np.radians(solar_minutes / 4 - 180)
    latitude = np.radians(place.latitude)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(
        declination
    ) * np.cos(hour_angle)
    above: FloatArray = np.degrees(np.arcsin(np.clip(height, -1.0, 1.0)))
    return above
