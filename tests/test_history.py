"""Importing what the recorder knows."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
import sqlite3

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_test_home_assistant
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.engine.types import Observation, SensorKind
from custom_components.occupancy_prediction.history import (
    CHUNK_SENSORS,
    ImportReport,
    RecorderMissing,
    SkipReason,
    async_import_history,
)

MOTION = "binary_sensor.hall_motion"
DOOR = "binary_sensor.front_door"
TEMPERATURE = "sensor.hall_temperature"
SENSORS = {
    MOTION: SensorKind.MOTION,
    DOOR: SensorKind.DOOR,
    TEMPERATURE: SensorKind.TEMPERATURE,
}
START = 1_764_000_000.0
HOUR = 3600.0
DAY = 86_400.0

type Rows = list[tuple[float, str, str]]


class Importer:
    """Imports and keeps what came."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with nothing."""
        self._hass = hass
        self.chunks: list[list[Observation]] = []
        self.progress: list[float] = []

    async def __call__(
        self,
        start: float,
        end: float,
        sensors: dict[str, SensorKind] | None = None,
    ) -> ImportReport:
        """Import a period."""
        return await async_import_history(
            self._hass,
            SENSORS if sensors is None else sensors,
            start=start,
            end=end,
            sink=self._sink,
            progress=self.progress.append,
        )

    async def _sink(self, rows: list[Observation]) -> None:
        self.chunks.append(rows)

    @property
    def rows(self) -> Rows:
        """Return hours since START, sensor and value of what came."""
        return [
            (round((row.timestamp - START) / HOUR, 7), row.sensor_id, str(row.value))
            for chunk in self.chunks
            for row in chunk
        ]


@pytest.fixture
def importer(hass: HomeAssistant) -> Importer:
    """Return what imports."""
    return Importer(hass)


@pytest.fixture
def at(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Callable[..., None]:
    """Return what sets states at an hour after START."""

    def set_states(hour: float, *states: tuple[str, str]) -> None:
        freezer.move_to(dt_util.utc_from_timestamp(START + hour * HOUR))
        for entity_id, state in states:
            hass.states.async_set(entity_id, state)

    return set_states


async def test_no_recorder(hass: HomeAssistant, importer: Importer) -> None:
    """Without a recorder it is told that there is none."""
    with pytest.raises(RecorderMissing) as caught:
        await importer(START, START + DAY)
    assert caught.value.translation_key == "recorder_missing"
    assert importer.progress == []


async def test_import(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
) -> None:
    """All that was said in a period comes, in order, over the end of days."""
    at(1, (MOTION, "on"), ("binary_sensor.other", "on"))
    at(2, (MOTION, "off"), (TEMPERATURE, "20.5"))
    at(30, (MOTION, "on"))
    at(31, (MOTION, "unavailable"), (DOOR, "on"))
    at(60, (MOTION, "off"))
    at(72)
    report = await importer(START, START + 72 * HOUR)
    assert importer.rows == [
        (1, MOTION, "1.0"),
        (2, MOTION, "0.0"),
        (2, TEMPERATURE, "20.5"),
        (30, MOTION, "1.0"),
        (31, MOTION, "nan"),
        (31, DOOR, "1.0"),
        (60, MOTION, "0.0"),
    ]
    assert report.rows == 7
    assert report.sensors == {MOTION: 5, DOOR: 1, TEMPERATURE: 1}
    assert report.first == START + HOUR
    assert report.unrecorded == ()
    assert report.skipped == dict.fromkeys(SkipReason, 0)


async def test_only_the_period(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
) -> None:
    """The period has its start, with what held then, and not its end."""
    at(1, (MOTION, "on"))
    at(2, (MOTION, "off"))
    at(3, (DOOR, "on"))
    at(27, (MOTION, "on"))
    at(30, (MOTION, "off"))
    at(31, (DOOR, "off"))
    at(32)
    report = await importer(START + 3 * HOUR, START + 30 * HOUR)
    assert importer.rows == [
        (3, MOTION, "0.0"),
        (3, DOOR, "1.0"),
        # Exactly where one day's chunk ends and the next begins.
        (27, MOTION, "1.0"),
    ]
    assert report.first == START + 3 * HOUR


async def test_attributes_and_repetitions(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
) -> None:
    """What says nothing new is not imported; what repeats itself on purpose is."""
    at(1)
    hass.states.async_set(MOTION, "on", {"battery": 90})
    at(2)
    hass.states.async_set(MOTION, "on", {"battery": 89})
    at(3)
    hass.states.async_set(MOTION, "on", {"battery": 89}, force_update=True)
    at(4, (MOTION, "unavailable"))
    at(5, (MOTION, "unknown"))
    at(6)
    hass.states.async_remove(MOTION)
    at(7, (MOTION, "off"))
    at(8)
    hass.states.async_set(MOTION, "on")
    at(8 + 0.000_2 / HOUR)
    hass.states.async_set(MOTION, "off")
    at(9)
    report = await importer(START, START + 9 * HOUR)
    assert importer.rows == [
        (1, MOTION, "1.0"),
        (3, MOTION, "1.0"),
        (4, MOTION, "nan"),
        (7, MOTION, "0.0"),
        (8, MOTION, "0.0"),
    ]
    assert report.skipped == {
        SkipReason.STILL_UNAVAILABLE: 2,
        SkipReason.SAME_MOMENT: 1,
        SkipReason.NO_CHANGE: 0,
    }


async def test_measurements_that_hardly_change(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
) -> None:
    """They are thinned as they would have been live, across the chunks of days."""
    for hour, degrees in ((1, 20.0), (2, 20.05), (23, 20.0), (25, 20.09), (26, 20.1)):
        at(hour, (TEMPERATURE, str(degrees)))
    at(27, (TEMPERATURE, "unavailable"))
    at(28, (TEMPERATURE, "20.1"))
    at(29)
    report = await importer(START, START + 29 * HOUR)
    assert importer.rows == [
        (1, TEMPERATURE, "20.0"),
        (26, TEMPERATURE, "20.1"),
        (27, TEMPERATURE, "nan"),
        (28, TEMPERATURE, "20.1"),
    ]
    assert report.skipped[SkipReason.NO_CHANGE] == 3


async def test_chunks_and_progress(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
) -> None:
    """Many sensors and days come in pieces; the empty time before them does not."""
    many = {
        f"binary_sensor.motion_{number}": SensorKind.MOTION
        for number in range(CHUNK_SENSORS + 1)
    }
    for day in (0, 1, 3):
        at(24 * day, *((sensor, "on") for sensor in many))
        at(24 * day + 12, *((sensor, "off") for sensor in many))
    at(96)
    report = await importer(START - 365 * DAY, START + 4 * DAY, many)
    assert report.rows == 6 * len(many)
    assert report.sensors == dict.fromkeys(many, 6)
    assert [len(chunk) for chunk in importer.chunks] == [2 * CHUNK_SENSORS, 2] * 3
    assert importer.progress == pytest.approx([n / 8 for n in range(9)])


@pytest.mark.parametrize("end", [START - DAY, START - 30 * DAY])
async def test_nothing(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
    end: float,
) -> None:
    """A period of which the recorder knows nothing is an import of nothing."""
    at(1, (MOTION, "on"))
    report = await importer(START - 20 * DAY, end)
    assert report == ImportReport(dict.fromkeys(SENSORS, 0))
    assert report.rows == 0
    assert importer.chunks == []
    assert importer.progress == [1.0]


async def test_empty_recorder(
    recorder_mock: Recorder, hass: HomeAssistant, importer: Importer
) -> None:
    """A recorder without a single state is an import of nothing."""
    report = await importer(START, START + DAY)
    assert report.rows == 0
    assert importer.progress == [1.0]


@pytest.mark.parametrize(
    "recorder_config", [{"exclude": {"entities": [DOOR]}, "commit_interval": 1}]
)
async def test_unrecorded(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    importer: Importer,
    at: Callable[..., None],
) -> None:
    """A sensor that the recorder leaves out is named."""
    at(1, (MOTION, "on"), (DOOR, "on"))
    at(2)
    report = await importer(START, START + 2 * HOUR)
    assert report.unrecorded == (DOOR,)
    assert report.sensors == {MOTION: 1, DOOR: 0, TEMPERATURE: 0}


async def test_into_the_archive(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    at: Callable[..., None],
    tmp_path: Path,
) -> None:
    """What is imported twice is in the archive once."""
    at(1, (MOTION, "on"), (TEMPERATURE, "19.25"))
    at(2, (MOTION, "off"))
    at(3)
    archive, _ = Archive.open(tmp_path / "archive.db", START)
    with closing(archive):

        async def sink(rows: list[Observation]) -> None:
            await hass.async_add_executor_job(archive.append, rows)

        for _ in range(2):
            await async_import_history(
                hass,
                SENSORS,
                start=START,
                end=START + 3 * HOUR,
                sink=sink,
                progress=lambda _share: None,
            )
        table = archive.load([MOTION, TEMPERATURE])
    assert table.timestamps.tolist() == [START + HOUR, START + HOUR, START + 2 * HOUR]
    assert table.values.tolist() == [1.0, 19.25, 0.0]


@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.parametrize("crash", [False, True])
async def test_outage(
    async_test_recorder: RecorderInstanceContextManager,
    recorder_db_url: str,
    freezer: FrozenDateTimeFactory,
    crash: bool,
) -> None:
    """Where Home Assistant did not run, nobody knows what the sensors said."""

    def move(hour: float) -> None:
        freezer.move_to(dt_util.utc_from_timestamp(START + hour * HOUR))

    move(0)
    async with async_test_home_assistant() as hass, async_test_recorder(hass):
        move(1)
        hass.states.async_set(MOTION, "on")
        hass.states.async_set(TEMPERATURE, "unavailable")
        move(2)
        hass.states.async_set("sensor.other", "1")
        await async_wait_recording_done(hass)
        move(3)
        await hass.async_stop()
    if crash:
        # A crash leaves the run without an end.
        path = recorder_db_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute('UPDATE recorder_runs SET "end" = NULL')
    move(6)
    async with async_test_home_assistant() as hass, async_test_recorder(hass):
        move(7)
        hass.states.async_set(MOTION, "on")
        move(8)
        await async_wait_recording_done(hass)
        importer = Importer(hass)
        await importer(START, START + 8 * HOUR)
        lost = (2 if crash else 3) + round(0.001 / HOUR, 7)
        assert importer.rows == [
            (1, MOTION, "1.0"),
            (1, TEMPERATURE, "nan"),
            (lost, MOTION, "nan"),
            (7, MOTION, "1.0"),
        ]
        # What held before the outage does not hold in it.
        during = Importer(hass)
        await during(START + 4 * HOUR, START + 8 * HOUR)
        assert during.rows == [(7, MOTION, "1.0")]
        await hass.async_stop()
