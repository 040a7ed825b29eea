"""From the event loop into the archive, whatever the disk says."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
import sqlite3

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from sqlalchemy.exc import OperationalError

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.archive_writer import (
    BATCH_ROWS,
    MEMORY_ENTRIES,
    MEMORY_ROWS,
    ArchiveWriter,
    WriteProblem,
)
from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    Forecast,
    Issued,
    score,
)
from custom_components.occupancy_prediction.engine.samples import Outcomes
from custom_components.occupancy_prediction.engine.types import Observation
from custom_components.occupancy_prediction.forecast_log import SLOT_SECONDS, LogEntry

from .disk import busy_database, full_disk

START = 1_764_000_000.0
HALL = "binary_sensor.hall_motion"


@pytest.fixture
def archive(tmp_path: Path, freezer: FrozenDateTimeFactory) -> Iterator[Archive]:
    """Return a new archive; time stands still at START."""
    freezer.move_to(dt_util.utc_from_timestamp(START))
    archive, _ = Archive.open(tmp_path / "archive.db", START)
    yield archive
    archive.close()


@pytest.fixture
def problems() -> list[WriteProblem | None]:
    """Return what the writer told about the disk."""
    return []


@pytest.fixture
def writer(
    hass: HomeAssistant, archive: Archive, problems: list[WriteProblem | None]
) -> ArchiveWriter:
    """Return a writer that runs."""
    writer = ArchiveWriter(hass, archive, problems.append)
    writer.async_start()
    return writer


def _put(writer: ArchiveWriter, first: int, count: int = 1) -> None:
    for number in range(first, first + count):
        writer.put(Observation(START + number, HALL, number % 2))


def _written(archive: Archive) -> list[int]:
    return [round(moment - START) for moment in archive.load([HALL]).timestamps]


async def _pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time pass and what is due be done."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_batch(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """What comes within two seconds is written at their end, once."""
    _put(writer, 1, 3)
    await _pass(hass, freezer, 1)
    _put(writer, 4)
    assert writer.pending == 4
    assert _written(archive) == []
    await _pass(hass, freezer, 1.1)
    assert _written(archive) == [1, 2, 3, 4]
    assert writer.pending == 0
    _put(writer, 5)
    await _pass(hass, freezer, 2.1)
    assert _written(archive) == [1, 2, 3, 4, 5]
    await writer.async_stop()


async def test_large_batch(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """Many at once do not wait two seconds, and come in no more than two writes."""
    _put(writer, 0, BATCH_ROWS - 1)
    await _pass(hass, freezer, 0)
    assert _written(archive) == []
    _put(writer, BATCH_ROWS - 1)
    await _pass(hass, freezer, 0)
    assert len(_written(archive)) == BATCH_ROWS
    await writer.async_stop()


async def test_alive(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """Once a minute it is kept that Home Assistant was watching."""
    await _pass(hass, freezer, 50)
    assert archive.alive_until() is None
    await _pass(hass, freezer, 11)
    assert archive.alive_until() == START + 61
    _put(writer, 62)
    await _pass(hass, freezer, 5)
    assert archive.alive_until() == START + 61
    await _pass(hass, freezer, 60)
    assert archive.alive_until() == START + 126
    await writer.async_stop()


async def test_stop(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """At the end all is written, and the end itself is kept."""
    _put(writer, 1, 2)
    freezer.tick(0.5)
    await writer.async_stop()
    assert _written(archive) == [1, 2]
    assert archive.alive_until() == START + 0.5
    await _pass(hass, freezer, 120)
    assert archive.alive_until() == START + 0.5


async def test_home_assistant_stops(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """Home Assistant unloads nothing when it stops; all is written even so."""
    _put(writer, 1, 2)
    freezer.tick(0.5)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert _written(archive) == [1, 2]
    assert archive.alive_until() == START + 0.5
    await writer.async_stop()


async def test_full_disk(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    problems: list[WriteProblem | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is lost on a full disk; the trouble is told once, and its end."""
    with full_disk():
        _put(writer, 1, 2)
        await _pass(hass, freezer, 2.1)
        assert len(problems) == 1
        assert isinstance(problems[0], OperationalError)
        _put(writer, 3)
        # Tries after 5 s and 10 s; the heartbeat in between tries nothing.
        await _pass(hass, freezer, 5.1)
        await _pass(hass, freezer, 10.1)
        await _pass(hass, freezer, 3)
        assert writer.pending == 3
        assert archive.alive_until() is None
    _put(writer, 4)
    # The next try is due after 20 s.
    await _pass(hass, freezer, 10)
    assert _written(archive) == []
    await _pass(hass, freezer, 7.1)
    assert _written(archive) == [1, 2, 3, 4]
    assert len(problems) == 2
    assert problems[1] is None
    assert caplog.text.count("cannot be written") == 1
    assert caplog.text.count("is written again") == 1
    _put(writer, 5)
    await _pass(hass, freezer, 2.1)
    assert _written(archive) == [1, 2, 3, 4, 5]
    assert writer.dropped == 0
    await writer.async_stop()


async def test_long_outage(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    problems: list[WriteProblem | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Tries go on every five minutes, and say that one is watching afterwards."""
    with full_disk():
        _put(writer, 1)
        for _ in range(20):
            await _pass(hass, freezer, 300.1)
        assert caplog.text.count("cannot be written") == 1
        assert len(problems) == 1
    await _pass(hass, freezer, 300.1)
    assert _written(archive) == [1]
    assert archive.alive_until() == dt_util.utcnow().timestamp()
    await writer.async_stop()


async def test_bounded_memory(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What does not fit into memory any more is the oldest, and it is counted."""
    with full_disk():
        _put(writer, 0)
        await _pass(hass, freezer, 2.1)
        _put(writer, 1, MEMORY_ROWS + 4)
        assert writer.pending == MEMORY_ROWS
        assert writer.dropped == 5
        await _pass(hass, freezer, 5.1)
        assert writer.pending == MEMORY_ROWS
    await writer.async_stop()
    written = _written(archive)
    assert len(written) == MEMORY_ROWS
    assert (written[0], written[-1]) == (5, MEMORY_ROWS + 4)
    assert "observations lost so far: 5" in caplog.text


async def test_stop_on_full_disk(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What cannot be written at the end is told, and nobody tries any more."""
    _put(writer, 1, 3)
    with full_disk():
        await writer.async_stop()
    assert "3 observations could not be archived" in caplog.text
    await _pass(hass, freezer, 600)
    assert _written(archive) == []


async def test_put_while_writing(
    tmp_path: Path,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """What comes during a write waits for the next, however much it is."""
    with busy_database(tmp_path / "archive.db"):
        _put(writer, 0, BATCH_ROWS)
        assert writer.pending == 0
        _put(writer, BATCH_ROWS, 2 * BATCH_ROWS)
        assert writer.pending == 2 * BATCH_ROWS
    await hass.async_block_till_done()
    await _pass(hass, freezer, 2.1)
    assert _written(archive) == list(range(3 * BATCH_ROWS))
    await writer.async_stop()


async def test_slow_disk(
    tmp_path: Path,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """What waits for a slow write is written after it, by whoever comes first."""
    with busy_database(tmp_path / "archive.db"):
        _put(writer, 0, BATCH_ROWS)
        _put(writer, BATCH_ROWS)
        freezer.tick(61)
        # Both the end of the batch and the minute.
        async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert len(_written(archive)) == BATCH_ROWS + 1
    assert archive.alive_until() == START + 61
    assert writer.pending == 0
    await writer.async_stop()


async def test_put_during_the_last_write(
    tmp_path: Path, hass: HomeAssistant, archive: Archive, writer: ArchiveWriter
) -> None:
    """What comes while the end is being written is written too."""
    _put(writer, 0)
    with busy_database(tmp_path / "archive.db"):
        stop = hass.async_create_task(writer.async_stop())
        assert writer.pending == 0
        _put(writer, 1, 2)
    await stop
    assert _written(archive) == [0, 1, 2]


async def test_put_while_failing(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    problems: list[WriteProblem | None],
) -> None:
    """What comes while a write fails stays behind what that wrote."""
    with full_disk():
        _put(writer, 0, BATCH_ROWS)
        _put(writer, BATCH_ROWS, 2)
        await hass.async_block_till_done()
        assert len(problems) == 1
        assert writer.pending == BATCH_ROWS + 2
        # The first try is due after 5 s, not with the batch.
        await _pass(hass, freezer, 2.1)
    await _pass(hass, freezer, 2)
    assert _written(archive) == []
    await _pass(hass, freezer, 1)
    assert _written(archive) == list(range(BATCH_ROWS + 2))
    await writer.async_stop()


def _issued(number: int) -> Issued:
    """Return a forecast, each in a slot of its own."""
    cdf = tuple((GRID[1:] / HORIZON).tolist())
    return Issued.of([Forecast("hall", START + number * SLOT_SECONDS, True, cdf=cdf)])


def _put_forecast(writer: ArchiveWriter, number: int) -> None:
    writer.put_entry(LogEntry({"hall": _issued(number)}))


def _put_score(writer: ArchiveWriter, number: int) -> None:
    outcomes = Outcomes(np.array([60.0]), np.array([True]))
    writer.put_entry(LogEntry(scores={"hall": score(_issued(number), outcomes)}))


def _logged(archive: Archive) -> tuple[list[int], list[int]]:
    """Return the numbers of the forecasts that are open, and of those scored."""
    open_ones, scored = (
        [
            round((moment - START) / SLOT_SECONDS)
            for room in found.values()
            for moment in room.issued_at
        ]
        for found in (archive.forecasts.unscored(0.0), archive.forecasts.scores(0.0))
    )
    return open_ones, scored


async def test_forecasts(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """They go along with the observations of their batch, or alone."""
    _put(writer, 1)
    _put_forecast(writer, 0)
    await _pass(hass, freezer, 2.1)
    assert _written(archive) == [1]
    assert _logged(archive) == ([0], [])
    _put_forecast(writer, 1)
    _put_score(writer, 0)
    await _pass(hass, freezer, 1)
    assert _logged(archive) == ([0], [])
    await _pass(hass, freezer, 1.1)
    assert _logged(archive) == ([1], [0])
    _put_score(writer, 1)
    await writer.async_stop()
    assert _logged(archive) == ([], [0, 1])


async def test_forecasts_on_a_full_disk(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    problems: list[WriteProblem | None],
) -> None:
    """They wait in their order: a score finds its forecast."""
    with full_disk():
        _put_forecast(writer, 0)
        await _pass(hass, freezer, 2.1)
        assert len(problems) == 1
        _put_score(writer, 0)
        _put_forecast(writer, 1)
        await _pass(hass, freezer, 5.1)
    await _pass(hass, freezer, 10.1)
    assert _logged(archive) == ([1], [0])
    assert problems[1] is None
    await writer.async_stop()


async def test_write_that_fails_halfway(
    tmp_path: Path,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
    problems: list[WriteProblem | None],
) -> None:
    """What is written again counts once."""
    with closing(sqlite3.connect(tmp_path / "archive.db")) as connection:
        connection.execute(
            "CREATE TRIGGER fail BEFORE INSERT ON marks"
            " BEGIN SELECT raise(ABORT, 'no more marks'); END"
        )
        _put_forecast(writer, 0)
        _put_score(writer, 0)
        _put_forecast(writer, 1)
        await _pass(hass, freezer, 61)
        assert len(problems) == 1
        assert _logged(archive) == ([1], [0])
        connection.execute("DROP TRIGGER fail")
    await _pass(hass, freezer, 5.1)
    assert problems[1:] == [None]
    assert _logged(archive) == ([1], [0])
    await writer.async_stop()


async def test_bounded_memory_of_forecasts(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    archive: Archive,
    writer: ArchiveWriter,
) -> None:
    """The oldest go, as with observations."""
    with full_disk():
        _put_forecast(writer, 0)
        await _pass(hass, freezer, 2.1)
        for number in range(1, MEMORY_ENTRIES + 4):
            _put_forecast(writer, number)
    await writer.async_stop()
    assert _logged(archive) == (list(range(4, MEMORY_ENTRIES + 4)), [])
