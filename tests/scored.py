"""A home whose forecasts are scored, for the tests of that."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import ARCHIVE_FILE, MODEL_FILE
from custom_components.occupancy_prediction.engine import (
    Accuracy,
    HomeAccuracy,
    Issued,
    Scores,
    Window,
)

from .home import add_home, room, set_up
from .life import (
    NOW,
    START,
    fill_archive,
    lived_days,
    pass_time,
    settle,
    storage_folder,
)

MOTION = "binary_sensor.kitchen_motion"
OTHER_MOTION = "binary_sensor.bath_motion"
KITCHEN, BATH = "room_kitchen", "room_bath"

# The model of the home once it has been trained: all that follow start with it.
_TRAINED: list[bytes] = []


async def start_lived_home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Start a home that has been lived in for two days and is empty now."""
    freezer.move_to(START)
    past = lived_days(MOTION, 2, NOW) + lived_days(OTHER_MOTION, 2, NOW)
    await fill_archive(hass, past, NOW)
    path = storage_folder(hass) / MODEL_FILE
    if _TRAINED:
        await hass.async_add_executor_job(path.write_bytes, _TRAINED[0])
    for sensor in (MOTION, OTHER_MOTION):
        hass.states.async_set(sensor, "off")
    entry = add_home(
        hass,
        room("Kitchen", motion_sensors=[MOTION]),
        room("Bath", motion_sensors=[OTHER_MOTION]),
    )
    await set_up(hass, entry)
    await settle(hass)
    if not _TRAINED:
        _TRAINED.append(await hass.async_add_executor_job(path.read_bytes))
    return entry


def log_of(entry: MockConfigEntry) -> tuple[dict[str, Issued], dict[str, Scores]]:
    """Return what is open and what is scored, while the home runs."""
    archive = entry.runtime_data.archive
    assert isinstance(archive, Archive)
    return archive.forecasts.unscored(0.0), archive.forecasts.scores(0.0)


async def read_log(
    hass: HomeAssistant,
) -> tuple[dict[str, Issued], dict[str, Scores]]:
    """Return what is open and what is scored, while the home is not running."""

    def read() -> tuple[dict[str, Issued], dict[str, Scores]]:
        archive, _ = Archive.open(storage_folder(hass) / ARCHIVE_FILE, 0.0)
        found = archive.forecasts.unscored(0.0), archive.forecasts.scores(0.0)
        archive.close()
        return found

    return await hass.async_add_executor_job(read)


def count_of(entry: MockConfigEntry) -> tuple[int, int]:
    """Return how many forecasts of the kitchen are open, and how many are scored."""
    waiting, scores = log_of(entry)
    return len(waiting.get(KITCHEN, ())), len(scores.get(KITCHEN, ()))


def accuracy_of(entry: MockConfigEntry) -> Accuracy:
    """Return the figures of the kitchen of the last day."""
    accuracy = entry.runtime_data.coordinator.accuracy
    assert isinstance(accuracy, HomeAccuracy)
    if KITCHEN not in accuracy.rooms:
        return Accuracy()
    return accuracy.rooms[KITCHEN].of(Window.DAY)


def now() -> float:
    """Return the time."""
    return dt_util.utcnow().timestamp()


async def forecast_for(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: int
) -> None:
    """Let time pass with a forecast every five minutes, and let them be written."""
    for _ in range(minutes // 5):
        # What follows a change has its forecast within a second.
        await pass_time(hass, freezer, 1)
        await pass_time(hass, freezer, 299)
    await pass_time(hass, freezer, 3)
