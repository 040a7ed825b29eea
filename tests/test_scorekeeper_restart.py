"""Tests of the score across restarts, with what came while nobody watched."""

import math

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.engine import Observation
from custom_components.occupancy_prediction.scorekeeper import WRITER_LAG

from .home import set_up
from .life import DAY, HOUR, NOW, fill_archive, pass_time, settle, shown
from .scored import (
    KITCHEN,
    MOTION,
    accuracy_of,
    count_of,
    forecast_for,
    log_of,
    now,
    read_log,
    start_lived_home,
)

MEAN_ERROR = "sensor.kitchen_mean_absolute_error"


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    """Start a home that has been lived in for two days and is empty now."""
    return await start_lived_home(hass, freezer)


async def test_short_restart_goes_on_with_what_is_open(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The truth comes after the restart, of forecasts made before it."""
    await forecast_for(hass, freezer, 20)
    assert await hass.config_entries.async_unload(home.entry_id)
    before, _ = await read_log(hass)
    assert len(before[KITCHEN]) == 4
    freezer.tick(120)
    await set_up(hass, home)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    assert count_of(home) == (4, 0)
    hass.states.async_set(MOTION, "on")
    came = now()
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 3)
    _, scores = log_of(home)
    assert scores[KITCHEN].issued_at.tolist() == before[KITCHEN].issued_at.tolist()
    ends = scores[KITCHEN].issued_at + scores[KITCHEN].remaining * 60
    assert ends == pytest.approx(came, abs=0.01)


async def test_figures_are_there_after_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Nothing that was scored is lost, and it is shown at once."""
    await forecast_for(hass, freezer, 20)
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 1)
    # The scores are not written yet.
    assert await hass.config_entries.async_unload(home.entry_id)
    freezer.tick(60)
    await set_up(hass, home)
    await settle(hass)
    assert accuracy_of(home).count == 4
    assert shown(hass, MEAN_ERROR) not in ("unknown", "unavailable")


async def test_home_assistant_stops(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """It unloads nothing; what was forecast and scored is written even so."""
    await forecast_for(hass, freezer, 10)
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 1)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert count_of(home) == (0, 2)


async def test_killed_before_scores_were_written(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The truth is in the archive: the next start scores what is open."""
    await forecast_for(hass, freezer, 10)
    moment = now()
    # As the file is when the process dies between both writes.
    assert await hass.config_entries.async_unload(home.entry_id)
    await fill_archive(hass, [Observation(moment + 60, MOTION, 1.0)], moment + 90)
    freezer.tick(120)
    await set_up(hass, home)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    _, scores = log_of(home)
    ends = scores[KITCHEN].issued_at + scores[KITCHEN].remaining * 60
    assert ends == pytest.approx([moment + 60] * 2, abs=0.01)


async def test_change_while_nobody_watched(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """It is no miss; once the archive is filled it is known what came."""
    await forecast_for(hass, freezer, 20)
    assert await hass.config_entries.async_unload(home.entry_id)
    stopped = now()
    came = stopped + HOUR
    freezer.tick(2 * HOUR)
    hass.states.async_set(MOTION, "on")
    await set_up(hass, home)
    await settle(hass)
    await forecast_for(hass, freezer, 10)
    waiting, scores = log_of(home)
    assert scores == {}
    assert (waiting[KITCHEN].issued_at < stopped).sum() == 4

    # An import tells how it was when the watch ended, and what happened then.
    archive = home.runtime_data.archive
    lost = archive.load([MOTION], stopped - 60, stopped + 60)
    (mark,) = lost.timestamps[[math.isnan(value) for value in lost.values]]
    archive.append([Observation(mark, MOTION, 0.0), Observation(came, MOTION, 1.0)])
    home.runtime_data.scorekeeper.async_archive_filled()
    await settle(hass)
    await pass_time(hass, freezer, WRITER_LAG)
    _, scores = log_of(home)
    assert scores.keys() == {KITCHEN}
    ends = scores[KITCHEN].issued_at + scores[KITCHEN].remaining * 60
    assert ends == pytest.approx([came] * 4, abs=0.01)
    # When the stay that goes on ends, they are not scored once more.
    hass.states.async_set(MOTION, "off")
    await pass_time(hass, freezer, 301)
    await pass_time(hass, freezer, 3)
    _, scores = log_of(home)
    assert (scores[KITCHEN].issued_at < stopped).sum() == 4


async def test_long_absence(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """After weeks without Home Assistant what was open then stays unscored."""
    await forecast_for(hass, freezer, 10)
    assert await hass.config_entries.async_unload(home.entry_id)
    freezer.tick(20 * DAY)
    await set_up(hass, home)
    await settle(hass)
    await forecast_for(hass, freezer, 10)
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 3)
    waiting, scores = log_of(home)
    assert (waiting[KITCHEN].issued_at < NOW + DAY).sum() == 2
    assert (scores[KITCHEN].issued_at > NOW + DAY).all()


async def test_imports_are_looked_at(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Nothing is lost where an import tells nothing new, or there is nothing open."""
    home.runtime_data.scorekeeper.async_archive_filled()
    await settle(hass)
    await forecast_for(hass, freezer, 10)
    home.runtime_data.scorekeeper.async_archive_filled()
    await settle(hass)
    await pass_time(hass, freezer, WRITER_LAG)
    assert count_of(home) == (2, 0)
