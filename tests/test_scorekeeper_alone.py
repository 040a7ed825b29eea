"""Tests of the scorekeeper by itself: what comes while it reads or stops."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
import sqlite3

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.archive_writer import ArchiveWriter
from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    EngineConfig,
    Forecast,
    HomeAccuracy,
    HomeSpec,
    HomeTimeline,
    HomeTracker,
    Observation,
    RoomSpec,
    SensorKind,
    SensorSpec,
    Window,
)
from custom_components.occupancy_prediction.forecast_log import SLOT_SECONDS
from custom_components.occupancy_prediction.scorekeeper import Scorekeeper

from .disk import busy_database
from .life import NOW, START, pass_time, settle

MOTION, HALL = "binary_sensor.hall_motion", "hall"
CONFIG = EngineConfig()
SPEC = HomeSpec((RoomSpec(HALL, (SensorSpec(MOTION, SensorKind.MOTION),)),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the archive."""
    return tmp_path / "archive.db"


@pytest.fixture
def archive(path: Path, freezer: FrozenDateTimeFactory) -> Iterator[Archive]:
    """Return a new archive; time stands still at NOW."""
    freezer.move_to(START)
    archive, _ = Archive.open(path, NOW)
    yield archive
    archive.close()


@pytest.fixture
async def writer(hass: HomeAssistant, archive: Archive) -> AsyncIterator[ArchiveWriter]:
    """Return a writer that runs."""
    writer = ArchiveWriter(hass, archive, lambda problem: None)
    writer.async_start()
    yield writer
    await writer.async_stop()


@pytest.fixture
async def scorekeeper(
    hass: HomeAssistant, archive: Archive, writer: ArchiveWriter
) -> AsyncIterator[Scorekeeper]:
    """Return a scorekeeper that has seen nothing yet."""
    scorekeeper = Scorekeeper(hass, SPEC, CONFIG, archive, writer, 15.0)
    yield scorekeeper
    await scorekeeper.async_stop()


def timeline(seconds: float, came: float | None = None) -> HomeTimeline:
    """Return what is known then of a hall that was empty until somebody came."""
    tracker = HomeTracker(SPEC, CONFIG)
    tracker.observe(Observation(NOW - 3600, MOTION, 0.0))
    if came is not None:
        tracker.observe(Observation(NOW + came, MOTION, 1.0))
    tracker.advance(NOW + seconds)
    return tracker.timeline(NOW + seconds)


def forecast(seconds: float) -> Forecast:
    """Return a forecast of the hall, issued then."""
    cdf = tuple((GRID[1:] / HORIZON).tolist())
    return Forecast(HALL, NOW + seconds, False, cdf=cdf)


def take(scorekeeper: Scorekeeper, seconds: float, came: float | None = None) -> None:
    """Let the scorekeeper have a forecast of that time."""
    scorekeeper.async_take(timeline(seconds, came), [forecast(seconds)])


def logged(archive: Archive) -> tuple[list[float], list[float]]:
    """Return when those were issued that are open, and those that are scored."""
    waiting, scores = archive.forecasts.unscored(0.0), archive.forecasts.scores(0.0)
    return tuple(
        (found[HALL].issued_at - NOW).tolist() if HALL in found else []
        for found in (waiting, scores)
    )


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Let forecasts be unreadable for a while."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE forecasts RENAME TO hidden")
        yield
        connection.execute("ALTER TABLE hidden RENAME TO forecasts")


async def test_first_read_that_fails(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    path: Path,
    archive: Archive,
    writer: ArchiveWriter,
    scorekeeper: Scorekeeper,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is issued meanwhile is kept, and what is in the file found afterwards."""
    take(scorekeeper, 0)
    take(scorekeeper, SLOT_SECONDS)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    assert logged(archive) == ([SLOT_SECONDS], [])
    # Another one, as after a restart.
    other = Scorekeeper(hass, SPEC, CONFIG, archive, writer, 15.0)
    with unreadable(path):
        take(other, 2 * SLOT_SECONDS)
        take(other, 3 * SLOT_SECONDS)
        await settle(hass)
        take(other, 4 * SLOT_SECONDS)
        await settle(hass)
    assert caplog.text.count("Forecasts are not scored for now") == 1
    take(other, 5 * SLOT_SECONDS, came=5 * SLOT_SECONDS - 1)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    # In the slot of the start there may have been one before it.
    assert logged(archive) == (
        [5 * SLOT_SECONDS],
        [SLOT_SECONDS, 3 * SLOT_SECONDS, 4 * SLOT_SECONDS],
    )
    assert "Forecasts are scored again" in caplog.text
    await other.async_stop()


async def test_clock_set_back_while_looking(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    scorekeeper: Scorekeeper,
) -> None:
    """What is taken in meanwhile is of a time that never was, and is forgotten too."""
    take(scorekeeper, 0)
    for slot in (10, 11):
        take(scorekeeper, slot * SLOT_SECONDS)
        # The look is under way in an executor.
        await asyncio.sleep(0)
    take(scorekeeper, 12 * SLOT_SECONDS)
    take(scorekeeper, 5 * SLOT_SECONDS)
    take(scorekeeper, 6 * SLOT_SECONDS)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    assert logged(archive) == ([6 * SLOT_SECONDS], [])
    take(scorekeeper, 7 * SLOT_SECONDS, came=7 * SLOT_SECONDS - 1)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    assert logged(archive) == ([7 * SLOT_SECONDS], [6 * SLOT_SECONDS])


async def test_stop_while_looking(
    hass: HomeAssistant,
    path: Path,
    archive: Archive,
    writer: ArchiveWriter,
    scorekeeper: Scorekeeper,
) -> None:
    """What has been taken in is handed to the writer before the end."""
    take(scorekeeper, 0)
    with busy_database(path):
        take(scorekeeper, SLOT_SECONDS)
        await asyncio.sleep(0)
        stop = hass.async_create_task(scorekeeper.async_stop())
        take(scorekeeper, 2 * SLOT_SECONDS)
        scorekeeper.async_archive_filled()
    await stop
    await writer.async_stop()
    assert logged(archive) == ([SLOT_SECONDS], [])


async def test_stop_while_summing_up(
    hass: HomeAssistant, path: Path, scorekeeper: Scorekeeper
) -> None:
    """Figures that come after the end are told to nobody."""
    told: list[HomeAccuracy] = []
    scorekeeper.async_start(told.append)
    await settle(hass)
    assert [each.threshold for each in told] == [15.0]
    assert told[0].home.of(Window.DAY).count == 0
    with busy_database(path):
        scorekeeper.async_start(told.append)
        await asyncio.sleep(0)
        await scorekeeper.async_stop()
    await settle(hass)
    assert len(told) == 1
