"""Following the sensors."""

from collections.abc import Callable
from datetime import timedelta
import math
import time

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.occupancy_prediction.collector import Collector
from custom_components.occupancy_prediction.engine.types import Observation, SensorKind

MOTION = "binary_sensor.hall_motion"
DOOR = "binary_sensor.front_door"
TEMPERATURE = "sensor.hall_temperature"
SENSORS = {
    MOTION: SensorKind.MOTION,
    DOOR: SensorKind.DOOR,
    TEMPERATURE: SensorKind.TEMPERATURE,
}
START = 1_764_000_000.0


@pytest.fixture
def heard() -> list[Observation]:
    """Return where observations end up."""
    return []


@pytest.fixture
def collector(
    hass: HomeAssistant, heard: list[Observation], freezer: FrozenDateTimeFactory
) -> Collector:
    """Return a collector that is not started; time stands still at START."""
    freezer.move_to(dt_util.utc_from_timestamp(START))
    return Collector(hass, SENSORS, heard.append)


async def test_start(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    freezer: FrozenDateTimeFactory,
) -> None:
    """The state of each sensor is told as of now, whenever it last changed."""
    hass.states.async_set(MOTION, "on")
    hass.states.async_set(TEMPERATURE, "unavailable")
    freezer.tick(3600)
    collector.async_start()
    assert [(item.sensor_id, item.timestamp) for item in heard] == [
        (MOTION, START + 3600),
        (DOOR, START + 3600),
        (TEMPERATURE, START + 3600),
    ]
    assert heard[0].value == 1.0
    assert math.isnan(heard[1].value)
    assert math.isnan(heard[2].value)
    collector.async_stop()


async def test_changes(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    freezer: FrozenDateTimeFactory,
) -> None:
    """Each change of a followed sensor is told at its moment, no other."""
    collector.async_start()
    heard.clear()
    for entity_id, state in (
        (MOTION, "on"),
        ("binary_sensor.other", "on"),
        (TEMPERATURE, "20.5"),
        (MOTION, "off"),
        (DOOR, "on"),
        (TEMPERATURE, "20.6"),
    ):
        freezer.tick(10)
        hass.states.async_set(entity_id, state)
    await hass.async_block_till_done()
    assert heard == [
        Observation(START + 10, MOTION, 1.0),
        Observation(START + 30, TEMPERATURE, 20.5),
        Observation(START + 40, MOTION, 0.0),
        Observation(START + 50, DOOR, 1.0),
        Observation(START + 60, TEMPERATURE, 20.6),
    ]
    collector.async_stop()


async def test_measurements_are_thinned(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    freezer: FrozenDateTimeFactory,
) -> None:
    """A sensor that flickers all day costs a few hundred rows, one that rests none."""
    hass.states.async_set(TEMPERATURE, "20.0")
    collector.async_start()
    heard.clear()
    for tenth in range(50):
        freezer.tick(10)
        hass.states.async_set(TEMPERATURE, str(20.0 + tenth % 2 / 20))
    await hass.async_block_till_done()
    assert heard == []
    for turn in range(24 * 60):
        freezer.tick(60)
        hass.states.async_set(TEMPERATURE, str(20 + turn % 2))
        hass.states.async_set(MOTION, "on" if turn % 2 else "off")
    await hass.async_block_till_done()
    told = [item for item in heard if item.sensor_id == TEMPERATURE]
    assert 12 <= len(told) <= 24 * 12 + 12
    assert len(heard) - len(told) == 24 * 60
    # A new start tells how it is, whatever was told before.
    collector.async_stop()
    heard.clear()
    collector.async_start()
    assert [item.value for item in heard if item.sensor_id == TEMPERATURE] == [21.0]
    collector.async_stop()


async def test_attributes_are_no_messages(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    freezer: FrozenDateTimeFactory,
) -> None:
    """Attributes and repetitions change nothing; a forced update is a message."""
    hass.states.async_set(MOTION, "on", {"battery": 90})
    collector.async_start()
    heard.clear()
    freezer.tick(10)
    hass.states.async_set(MOTION, "on", {"battery": 89})
    freezer.tick(10)
    hass.states.async_set(MOTION, "on", {"battery": 89})
    await hass.async_block_till_done()
    assert heard == []
    freezer.tick(10)
    hass.states.async_set(MOTION, "on", {"battery": 89}, force_update=True)
    await hass.async_block_till_done()
    assert heard == [Observation(START + 30, MOTION, 1.0)]
    collector.async_stop()


async def test_loss_and_return(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    freezer: FrozenDateTimeFactory,
) -> None:
    """A sensor that is unavailable or removed is told so, and when it is back."""
    hass.states.async_set(MOTION, "off")
    collector.async_start()
    heard.clear()
    for action in (
        lambda: hass.states.async_set(MOTION, "unavailable"),
        lambda: hass.states.async_set(MOTION, "off"),
        lambda: hass.states.async_remove(MOTION),
        lambda: hass.states.async_set(MOTION, "on"),
    ):
        freezer.tick(10)
        action()
    await hass.async_block_till_done()
    assert [item.timestamp for item in heard] == [START + 10 * n for n in (1, 2, 3, 4)]
    assert [str(item.value) for item in heard] == ["nan", "0.0", "nan", "1.0"]
    collector.async_stop()


@pytest.mark.parametrize("remove", [False, True])
async def test_never_the_future(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    remove: bool,
) -> None:
    """A moment that lies ahead is told as now."""
    hass.states.async_set(MOTION, "off")
    collector.async_start()
    heard.clear()
    hass.states.async_set(MOTION, "on", timestamp=START + 3600)
    await hass.async_block_till_done()
    if remove:
        hass.states.async_remove(MOTION)
        await hass.async_block_till_done()
    assert [item.timestamp for item in heard] == [START] * (2 if remove else 1)
    collector.async_stop()


async def test_within_a_moment(
    hass: HomeAssistant, collector: Collector, heard: list[Observation]
) -> None:
    """Two changes at the same moment are two messages."""
    hass.states.async_set(MOTION, "off")
    collector.async_start()
    heard.clear()
    hass.states.async_set(MOTION, "on")
    hass.states.async_set(MOTION, "off")
    await hass.async_block_till_done()
    assert [item.value for item in heard] == [1.0, 0.0]
    collector.async_stop()


async def test_stop(
    hass: HomeAssistant,
    collector: Collector,
    heard: list[Observation],
    freezer: FrozenDateTimeFactory,
) -> None:
    """After the end nothing is told; stopping twice or unstarted does no harm."""
    collector.async_stop()
    collector.async_start()
    heard.clear()
    collector.async_stop()
    collector.async_stop()
    freezer.tick(timedelta(seconds=10))
    hass.states.async_set(MOTION, "on")
    await hass.async_block_till_done()
    assert heard == []


async def test_cheap(hass: HomeAssistant) -> None:
    """A message costs the event loop less than 0.1 ms, Home Assistant's part too."""
    heard: list[Observation] = []
    collector = Collector(hass, SENSORS, heard.append)
    collector.async_start()

    def cost(change: Callable[[str], None]) -> float:
        start = time.perf_counter()
        for _ in range(250):
            change("on")
            change("off")
        return (time.perf_counter() - start) / 500

    # The best of several: what else runs on the machine is not the question.
    best = min(
        cost(lambda state: hass.states.async_set(MOTION, state)) for _ in range(8)
    )
    assert len(heard) == 8 * 500 + len(SENSORS)
    assert best < 0.000_1
    collector.async_stop()
