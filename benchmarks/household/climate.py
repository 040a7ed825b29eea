"""Temperature, humidity and light, as far as people, sun and season move them."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from .config import HouseholdConfig
from .home import Sensor
from .people import Life
from .sensors import DAY, Floats, Messages, Spans, room_spans

STEP = 300.0  # s between two readings, as battery sensors measure
DECIMALS = {"temperature": 1, "humidity": 0, "light": 0}  # digits makers send
YEAR = 365.25  # days
COLDEST_DAY = 20  # day of the year, late in January
COLDEST_HOUR, DAY_HOURS = 3.0, 24.0  # local solar time
OUTSIDE_MEAN, OUTSIDE_SEASON, OUTSIDE_DAY, OUTSIDE_WEATHER = 10.0, 9.0, 4.0, 3.0  # degC
LEAK = 0.08  # degC inside for each degC outside, of a heated house
HUMID_WEATHER = 3.0  # % for one standard deviation of weather
MEMORY = {"temperature": 90.0, "humidity": 25.0}  # min a room takes to settle
KERNEL_MEMORIES = 4.0  # time constants after which a visit is forgotten
NOON, SHORTEST_HALF_DAY, LONGEST_HALF_DAY = 12.5, 4.0, 8.3  # h, central Europe
CLOUDS = 0.6  # log-scale spread of daylight from day to day
DUSK = 60.0  # lux below which people turn on a lamp
LIGHT_STEP = 0.15  # log-scale; light sensors report changes of about 15 %


class _Sky:
    """Season, sun and weather on the common grid of readings."""

    def __init__(self, config: HouseholdConfig) -> None:
        """Lay the grid over all planned days."""
        days = config.planned_days
        knots = np.array([config.moment(day) for day in days])
        weather = [
            config.random("weather", day.toordinal()).standard_normal() for day in days
        ]
        self.grid = np.arange(knots[0], knots[-1] + DAY, STEP)
        # The weather of the day after the last is unknown and stays as it is; that
        # day is planned only to be cut off.
        self.weather = np.interp(self.grid, knots, np.array(weather))
        # The sun does not keep summer time: local solar hours have a fixed offset.
        local = self.grid + _standard_offset(config)
        self.hour = (local % DAY) / DAY * DAY_HOURS
        first = days[0].timetuple().tm_yday
        day_of_year = first + (self.grid - knots[0]) / DAY
        self.winter = np.cos(2 * np.pi * (day_of_year - COLDEST_DAY) / YEAR)

    def outside(self) -> Floats:
        """Return the temperature outside."""
        night = np.cos(2 * np.pi * (self.hour - COLDEST_HOUR) / DAY_HOURS)
        outside: Floats = (
            OUTSIDE_MEAN
            - OUTSIDE_SEASON * self.winter
            - OUTSIDE_DAY * night
            + OUTSIDE_WEATHER * self.weather
        )
        return outside

    def daylight(self) -> Floats:
        """Return the share of full daylight, 0 at night, dimmed by clouds."""
        share = (1 - self.winter) / 2
        half = SHORTEST_HALF_DAY + share * (LONGEST_HALF_DAY - SHORTEST_HALF_DAY)
        height = np.cos(np.pi / 2 * np.clip((self.hour - NOON) / half, -1, 1))
        sun: Floats = height * np.exp(CLOUDS * self.weather)
        return sun


def _standard_offset(config: HouseholdConfig) -> float:
    """Return how far local standard time is ahead of UTC, in seconds."""
    year = config.start.year
    # Summer time is ahead of standard time, and either hemisphere has one of both.
    january, july = (datetime(year, month, 1, tzinfo=config.zone) for month in (1, 7))
    offsets = (january.utcoffset(), july.utcoffset())
    return min(offset.total_seconds() for offset in offsets if offset is not None)


def _present(spans: Spans, grid: Floats) -> Floats:
    """Count the people in a room at each reading."""
    entered = np.searchsorted(np.sort(spans[0]), grid, "right")
    left = np.searchsorted(np.sort(spans[1]), grid, "right")
    return (entered - left).astype(float)


def _settled(people: Floats, minutes: float) -> Floats:
    """Follow the number of people with the inertia of air and walls."""
    steps = np.arange(0.0, KERNEL_MEMORIES * minutes * 60, STEP)
    kernel = np.exp(-steps / (minutes * 60))
    followed: Floats = np.convolve(people, kernel / kernel.sum())[: len(people)]
    return followed


def _values(sensor: Sensor, sky: _Sky, people: Floats, awake: Floats) -> Floats:
    """Return the rounded reading at every point of the grid."""
    values: Floats
    if sensor.sensor_type == "light":
        daylight = sensor.gain * sky.daylight()
        lux = daylight + np.where((awake > 0) & (daylight < DUSK), sensor.base, 0.0)
        values = np.expm1(np.round(np.log1p(lux) / LIGHT_STEP) * LIGHT_STEP)
    elif sensor.sensor_type == "humidity":
        moist = _settled(np.minimum(awake, 1), MEMORY["humidity"]) * sensor.gain
        values = np.clip(sensor.base + moist + HUMID_WEATHER * sky.weather, 0, 100)
    else:
        warmth = _settled(people, MEMORY["temperature"]) * sensor.gain
        values = sensor.base + warmth + LEAK * (sky.outside() - OUTSIDE_MEAN)
    rounded: Floats = np.round(values, DECIMALS[sensor.sensor_type])
    return rounded


def climate_messages(
    config: HouseholdConfig, lives: Mapping[str, Life]
) -> dict[str, Messages]:
    """Return the readings of each sensor that differ from the one before."""
    sky = _Sky(config)
    said: dict[str, Messages] = {}
    for room_id, sensor in config.sensors:
        if sensor.sensor_type not in DECIMALS:
            continue
        people = _present(room_spans(lives, room_id, awake=False), sky.grid)
        awake = _present(room_spans(lives, room_id, awake=True), sky.grid)
        values = _values(sensor, sky, people, awake)
        changed = np.concatenate(([True], values[1:] != values[:-1]))
        phase = float(config.random("phase", sensor.sensor_id).uniform(0, STEP))
        decimals = DECIMALS[sensor.sensor_type]
        said[sensor.sensor_id] = [
            (moment + phase, f"{value:.{decimals}f}")
            for moment, value in zip(
                sky.grid[changed].tolist(), values[changed].tolist(), strict=True
            )
        ]
    return said
