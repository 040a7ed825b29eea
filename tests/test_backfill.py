"""Tests of the import of history for new sensors."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import numpy as np
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy.exc import OperationalError

from custom_components.occupancy_prediction import backfill as module
from custom_components.occupancy_prediction.const import DOMAIN
from custom_components.occupancy_prediction.engine import Observation
from custom_components.occupancy_prediction.history import (
    ImportReport,
    async_import_history,
)

from .home import add_home, room, set_up
from .life import HOUR, NOW, START, pass_time, read_archive, settle, shown

MOTION = "binary_sensor.kitchen_motion"
OTHER_MOTION = "binary_sensor.bath_motion"
SIX_HOURS_AGO = START - timedelta(hours=6)
PENDING = "occupancy_prediction.import"


async def record_past(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *sensors: str
) -> None:
    """Let the recorder see six hours, with motion in each of them."""
    freezer.move_to(SIX_HOURS_AGO)
    for _ in range(6):
        for state in ("on", "off"):
            for sensor in sensors:
                hass.states.async_set(sensor, state)
            freezer.tick(HOUR / 2)
    await async_wait_recording_done(hass)
    freezer.move_to(START)


async def test_history_is_imported_and_learned(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A new home begins with what the recorder has."""
    await record_past(hass, freezer, MOTION)
    entry = add_home(hass, room("Kitchen", motion_sensors=[MOTION]))
    await set_up(hass, entry)
    await settle(hass)
    coordinator = entry.runtime_data.coordinator
    assert coordinator.status.progress is None
    assert coordinator.status.last_trained == pytest.approx(NOW, abs=15)
    await hass.config_entries.async_unload(entry.entry_id)
    table = await read_archive(hass, MOTION)
    assert (table.values == 1).sum() == 6
    assert table.timestamps[0] == pytest.approx(NOW - 6 * HOUR, abs=1)
    assert (DOMAIN, "recorder_missing") not in ir.async_get(hass).issues


async def test_history_is_imported_once(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A restart imports nothing again, a new room only its own sensors."""
    await record_past(hass, freezer, MOTION, OTHER_MOTION)
    entry = add_home(hass, room("Kitchen", motion_sensors=[MOTION]))
    asked: list[list[str]] = []

    async def spy(hass: HomeAssistant, sensors: Any, **kwargs: Any) -> ImportReport:
        asked.append(sorted(sensors))
        return await async_import_history(hass, sensors, **kwargs)

    with patch.object(module, "async_import_history", spy):
        await set_up(hass, entry)
        await settle(hass)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert asked == [[MOTION]]
        (kitchen,) = entry.subentries.values()
        hass.config_entries.async_update_subentry(
            entry, kitchen, data={"motion_sensors": [MOTION, OTHER_MOTION]}
        )
        await settle(hass)
    assert asked == [[MOTION], [OTHER_MOTION]]
    assert len(entry.runtime_data.archive.load([OTHER_MOTION])) >= 12


async def test_interrupted_import_goes_on_at_the_next_start(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    """Sensors of which something is there already are imported all the same."""
    await record_past(hass, freezer, MOTION)
    entry = add_home(hass, room("Kitchen", motion_sensors=[MOTION]))

    async def interrupted(
        hass: HomeAssistant,
        sensors: Any,
        *,
        sink: Callable[[list[Observation]], Awaitable[None]],
        progress: Callable[[float], None],
        **_: Any,
    ) -> ImportReport:
        await sink([Observation(NOW - 6 * HOUR, MOTION, 1.0)])
        progress(0.5)
        begun.set()
        await asyncio.Future()
        raise AssertionError("unloading cancels it")

    begun = asyncio.Event()
    with patch.object(module, "async_import_history", interrupted):
        await set_up(hass, entry)
        await begun.wait()
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[PENDING]["data"] == [MOTION]
    assert len(await read_archive(hass, MOTION)) < 6
    await set_up(hass, entry)
    await settle(hass)
    assert hass_storage[PENDING]["data"] == []
    await hass.config_entries.async_unload(entry.entry_id)
    assert len(await read_archive(hass, MOTION)) > 12


async def test_unreadable_history_is_tried_again(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The home goes on without history, and says so in one line."""
    freezer.move_to(START)
    hass.states.async_set(MOTION, "off")
    entry = add_home(hass, room("Kitchen", motion_sensors=[MOTION]))
    error = OperationalError("SELECT", {}, Exception("database is locked"))
    with patch.object(module, "async_import_history", side_effect=error):
        await set_up(hass, entry)
        await settle(hass)
    assert caplog.text.count("History is not imported") == 1
    assert hass_storage[PENDING]["data"] == [MOTION]
    assert entry.runtime_data.coordinator.status.progress is None
    assert shown(hass, "binary_sensor.kitchen_occupancy") == "off"


async def test_missing_recorder_is_reported_until_there_is_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    """Learning begins with now; when all is imported the issue is taken back."""
    freezer.move_to(START)
    hass.states.async_set(MOTION, "off")
    entry = add_home(hass, room("Kitchen", motion_sensors=[MOTION]))
    await set_up(hass, entry)
    await settle(hass)
    issues = ir.async_get(hass).issues
    assert (DOMAIN, "recorder_missing") in issues
    await pass_time(hass, freezer, 60)
    assert shown(hass, "binary_sensor.kitchen_occupancy") == "off"

    async def nothing(_: HomeAssistant, sensors: Any, **__: Any) -> ImportReport:
        return ImportReport(dict.fromkeys(sensors, 0))

    with patch.object(module, "async_import_history", nothing):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
    assert (DOMAIN, "recorder_missing") not in issues
    assert hass_storage[PENDING]["data"] == []


async def test_progress_is_shown(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The status tells how far the import is."""
    freezer.move_to(START)
    hass.states.async_set(MOTION, "off")
    entry = add_home(hass, room("Kitchen", motion_sensors=[MOTION]))
    seen: list[tuple[str, int | None]] = []

    async def half(
        hass: HomeAssistant,
        sensors: Any,
        *,
        progress: Callable[[float], None],
        **_: Any,
    ) -> ImportReport:
        for share in np.linspace(0, 1, 5):
            progress(float(share))
            status = entry.runtime_data.coordinator.status
            seen.append((status.activity, status.progress))
        return ImportReport(dict.fromkeys(sensors, 0))

    with patch.object(module, "async_import_history", half):
        await set_up(hass, entry)
        await settle(hass)
    assert seen == [("importing", percent) for percent in (0, 25, 50, 75, 100)]
    assert entry.runtime_data.coordinator.status.activity == "idle"
