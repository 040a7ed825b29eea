"""Tests of what counts as the record of a home."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
    train,
)
from custom_components.occupancy_prediction.engine.silence import recorded
from custom_components.occupancy_prediction.engine.timeline import (
    UNKNOWN,
    VACANT,
    build_timeline,
)

from .family import QUICK, home
from .made import MONDAY

DAY = 86400.0
CONFIG = EngineConfig()
END = MONDAY + 500 * DAY
SPEC = HomeSpec(
    tuple(
        RoomSpec(name, (SensorSpec(name, SensorKind.MOTION),))
        for name in ("hall", "bath")
    )
)


def told(*days: float) -> ObservationTable:
    """Return a message on each of some days, of two sensors by turns."""
    count = len(days)
    return ObservationTable.from_columns(
        MONDAY + np.array(days) * DAY,
        np.arange(count, dtype=np.int64) % 2,
        np.zeros(count),
        ("hall", "bath"),
    )


def days_of(table: ObservationTable) -> list[float]:
    """Return on which days something was said."""
    return [float(day) for day in (table.timestamps - MONDAY) / DAY]


def test_nothing_and_an_ordinary_record_stay_as_they_are() -> None:
    """Pauses up to two weeks are life."""
    assert not len(recorded(SPEC, ObservationTable.empty(), CONFIG, END))
    table = told(450, 464, 478, 490)
    assert days_of(recorded(SPEC, table, CONFIG, END)) == days_of(table)
    assert not len(recorded(SPEC, table, CONFIG, MONDAY))


def test_the_record_is_as_long_as_the_archive() -> None:
    """What is older than 400 days is not learned from, nor what comes later."""
    days = np.arange(80.0, 520.0, 5.0)
    kept = days_of(recorded(SPEC, told(*days), CONFIG, END))
    assert (kept[0], kept[-1]) == (100.0, 495.0)


@pytest.mark.parametrize("stray", [-6000.0, 105.0, 460.0])
def test_a_stray_message_is_not_the_beginning(stray: float) -> None:
    """However long ago: the record begins behind the silence."""
    table = told(stray, 490, 491, 492)
    assert days_of(recorded(SPEC, table, CONFIG, END)) == [490, 491, 492]


def test_a_season_without_a_message_is_unknown() -> None:
    """What was before is kept; in between no sensor can tell."""
    table = told(*range(300, 400, 5), *range(440, 500, 5))
    kept = recorded(SPEC, table, CONFIG, END)
    assert len(kept) == len(table) + 2
    hall = build_timeline(SPEC, kept, CONFIG, END).rooms["hall"]
    moments = MONDAY + np.array([390.0, 395.5, 396, 420, 439, 441, 499]) * DAY
    # The hall was the first to speak again on day 440.
    known, unknown = VACANT, UNKNOWN
    assert hall.state_at(moments).tolist() == [
        *(known, unknown, unknown, unknown, unknown, known, known),
    ]


def test_a_silence_that_lasts_leaves_the_record() -> None:
    """Sensors that all died a month ago are no month of vacancy."""
    table = told(470, 471, 472, 473)
    kept = recorded(SPEC, table, CONFIG, END)
    assert days_of(kept)[:4] == [470, 471, 472, 473]
    assert np.isnan(kept.values[4:]).all()
    assert len(kept) == 6


def test_thermometers_do_not_watch() -> None:
    """What they say neither begins a record nor ends a silence."""
    climate = SensorSpec("climate", SensorKind.TEMPERATURE)
    hall = replace(SPEC.rooms[0], sensors=(*SPEC.rooms[0].sensors, climate))
    days = np.r_[490.0, 491, 492, np.arange(400.0, 500.0, 5.0)]
    table = ObservationTable.from_columns(
        MONDAY + days * DAY,
        np.r_[[0, 0, 0], np.full(20, 1)],
        np.r_[[0.0, 1, 0], np.full(20, 21.5)],
        ("hall", "climate"),
    )
    kept = recorded(HomeSpec((hall,)), table, CONFIG, END)
    assert days_of(kept) == [490, 490, 491, 492, 495]
    alone = recorded(HomeSpec((hall,)), table.before(MONDAY + 480 * DAY), CONFIG, END)
    assert len(alone) == 16


def test_training_does_not_sample_empty_years() -> None:
    """One message of ten years ago changes nothing of what is learned."""
    spec, table, _, end = home()
    spec = HomeSpec(spec.rooms[:1], spec.time_zone)
    table = table.since(end - 3 * DAY)
    stray = ObservationTable.from_columns(
        np.r_[end - 3650 * DAY, end - 200 * DAY, table.timestamps],
        np.r_[0, 0, table.sensors],
        np.r_[0.0, 1.0, table.values],
        table.sensor_ids,
    )
    with_stray, without = (
        train(spec, each, QUICK, now=end, version="v") for each in (stray, table)
    )
    assert with_stray.data_start == without.data_start
    assert with_stray.to_bytes() == without.to_bytes()
